//! The serial link: a card without PCIe, reached by a UART. The whole protocol is on this page.
//!
//! **Line.** 8 data bits, no parity, one stop bit, least significant bit first, no flow control.
//!
//! **Frames.** A frame is [`FLAG`], then the stuffed bytes of body and CRC, then [`FLAG`]. Two
//! frames may share one flag; a frame of no bytes means nothing. Stuffing: a byte that is [`FLAG`]
//! or [`ESCAPE`] goes as [`ESCAPE`] and the byte exclusive-or [`ESCAPE_XOR`]. The CRC is that of
//! IEEE 802.3 ([`crc32`]) over the body, four bytes, little-endian. A frame with a wrong CRC, an
//! unknown kind, a wrong length, or an escape before a flag is dropped: nobody answers it, whoever
//! sent it sends it again.
//!
//! **Bodies.** Byte 0 is the kind, byte 1 the sequence number; an answer has its question's number
//! and its question's kind with bit 7 set. Numbers are little-endian.
//!
//! | kind | asks | body after kind and number | answer's |
//! |---|---|---|---|
//! | [`READ`] | host | offset: u16 | value: u32 |
//! | [`WRITE`] | host | offset: u16, value: u32 | |
//! | [`HELLO`] | host | | version: u8 ([`VERSION`]) |
//! | [`MASTER`] | host | on: u8, 0 or 1; the lowest bit counts | |
//! | [`RESET`] | host | | |
//! | [`FETCH`] | card | address: u64, count: u16 | status: u8, then `count` bytes if it is [`OK`] |
//! | [`STORE`] | card | address: u64, count: u16, `count` bytes | status: u8 |
//! | [`INTERRUPT`] | card | | |
//!
//! Offsets are those of BAR0's registers. `count` is a multiple of 32, 32 to [`MAX_DATA`]; the
//! bytes `address .. address + count` cross no multiple of 4096.
//!
//! **Two channels**, host's questions and card's questions, each with one question under way and
//! sequence numbers of its own, which go up by one (modulo 256) with each new question. Who asks
//! sends the question again when no answer has come for a while. Who answers remembers the number
//! of the last question: the same number again is not executed again but answered again (a READ,
//! WRITE, MASTER and RESET with the answer of the first time; a FETCH may be read anew). An answer
//! whose number is not that of the question under way is dropped. Questions and answers share the line frame by
//! frame.
//!
//! **Mastering.** After power-up, HELLO and RESET the card may not ask for memory: what it reads
//! then is answered with an error inside the card and what it writes is dropped likewise, as with a
//! PCI function whose bus mastering is off. MASTER turns it on and off. HELLO opens a session: it
//! is executed whatever its number, its number is then that of the last question, the card's
//! question under way ends with an error, and the card's next question may have any number. A host
//! that waits for the answer to HELLO drops all other frames. RESET does what the card's pin
//! `reset` does, a pulse; its answer does not wait for the reset's end, which STATUS shows.
//!
//! **Interrupts.** The card asks INTERRUPT once for each rising edge of its interrupt line (an
//! edge that comes before the last INTERRUPT was answered may be merged with it only if it was
//! not sent yet).

/// Begins and ends a frame.
pub const FLAG: u8 = 0x7e;
/// Announces a byte that had to be changed.
pub const ESCAPE: u8 = 0x7d;
/// How it was changed.
pub const ESCAPE_XOR: u8 = 0x20;
/// Version of this protocol, in HELLO's answer.
pub const VERSION: u8 = 1;
/// Most bytes of memory in one question or answer: one burst.
pub const MAX_DATA: usize = 512;
/// Most bytes of a body: a STORE's.
pub const MAX_BODY: usize = 2 + 8 + 2 + MAX_DATA;
/// Bytes of the CRC.
pub const CRC_BYTES: usize = 4;
/// Bits a second that boards use unless told otherwise.
pub const DEFAULT_BAUD: u32 = 3_000_000;

/// Host: reads a register.
pub const READ: u8 = 0x01;
/// Host: writes a register.
pub const WRITE: u8 = 0x02;
/// Host: opens a session.
pub const HELLO: u8 = 0x03;
/// Host: lets the card reach host memory, or no longer.
pub const MASTER: u8 = 0x04;
/// Host: resets the card.
pub const RESET: u8 = 0x05;
/// Card: reads host memory.
pub const FETCH: u8 = 0x11;
/// Card: writes host memory.
pub const STORE: u8 = 0x12;
/// Card: the interrupt line has risen.
pub const INTERRUPT: u8 = 0x13;
/// Bit 7 of an answer's kind.
pub const ANSWER: u8 = 0x80;

/// Status of FETCH and STORE: done.
pub const OK: u8 = 0;
/// Status of FETCH and STORE: no such memory; nothing was read or written.
pub const REFUSED: u8 = 1;

/// CRC-32 of IEEE 802.3: polynomial 0x04c11db7 reflected, begins with all ones, inverted at the end.
/// A frame's CRC is this number of its body, least significant byte first.
pub const fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    let mut i = 0;
    while i < bytes.len() {
        crc = crc32_step(crc, bytes[i]);
        i += 1;
    }
    !crc
}

/// One byte more in a CRC that began with all ones and is not inverted yet.
pub const fn crc32_step(crc: u32, byte: u8) -> u32 {
    let mut crc = crc ^ byte as u32;
    let mut bit = 0;
    while bit < 8 {
        crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        bit += 1;
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_the_usual_one() {
        // The check value that every catalogue of CRCs gives for CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_burst_fits_a_body() {
        assert_eq!(MAX_BODY, 524);
        assert_eq!(MAX_DATA, 16 * 32);
    }
}

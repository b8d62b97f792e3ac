//! Frames of the serial link: bytes in, bodies out, and back. Nothing else, and no allocation.

use gristmill_abi::serial::{CRC_BYTES, ESCAPE, ESCAPE_XOR, FLAG, MAX_BODY, crc32, crc32_step};

/// Most bytes of a frame on the line: every byte of body and CRC escaped, and two flags.
pub const MAX_FRAME: usize = 2 + 2 * (MAX_BODY + CRC_BYTES);

/// Writes a frame to the beginning of `out` and returns its length; `None` if there is no room for
/// it. The body may come in parts.
pub fn encode(parts: &[&[u8]], out: &mut [u8]) -> Option<usize> {
    let mut len = 0;
    let mut put = |byte: u8| -> Option<()> {
        *out.get_mut(len)? = byte;
        len += 1;
        Some(())
    };
    let mut crc = u32::MAX;
    put(FLAG)?;
    let mut stuffed = |byte: u8| match byte {
        FLAG | ESCAPE => put(ESCAPE).and_then(|()| put(byte ^ ESCAPE_XOR)),
        byte => put(byte),
    };
    for byte in parts.iter().copied().flatten().copied() {
        crc = crc32_step(crc, byte);
        stuffed(byte)?;
    }
    for byte in (!crc).to_le_bytes() {
        stuffed(byte)?;
    }
    put(FLAG)?;
    Some(len)
}

/// What a byte led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Nothing yet.
    More,
    /// A whole frame with the right CRC: its body, at least two bytes.
    Body(&'a [u8]),
    /// A frame that has to be dropped.
    Damaged,
}

/// Takes frames apart, byte by byte.
#[derive(Clone, Debug)]
pub struct Decoder {
    buffer: [u8; MAX_BODY + CRC_BYTES],
    len: usize,
    escaped: bool,
    /// The frame is longer than any can be.
    overlong: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder { buffer: [0; MAX_BODY + CRC_BYTES], len: 0, escaped: false, overlong: false }
    }
}

impl Decoder {
    /// Takes the next byte of the line.
    pub fn push(&mut self, byte: u8) -> Step<'_> {
        if byte == FLAG {
            return self.end();
        }
        if byte == ESCAPE && !self.escaped {
            self.escaped = true;
            return Step::More;
        }
        let byte = if std::mem::take(&mut self.escaped) { byte ^ ESCAPE_XOR } else { byte };
        match self.buffer.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.overlong = true,
        }
        Step::More
    }

    /// A flag: the end of a frame, and the beginning of the next.
    fn end(&mut self) -> Step<'_> {
        let (len, escaped) = (std::mem::take(&mut self.len), std::mem::take(&mut self.escaped));
        let overlong = std::mem::take(&mut self.overlong);
        if len == 0 && !escaped {
            return Step::More;
        }
        let Some(body) = len.checked_sub(CRC_BYTES).filter(|n| *n >= 2 && !escaped && !overlong) else {
            return Step::Damaged;
        };
        let (body, crc) = self.buffer[..len].split_at(body);
        if crc32(body).to_le_bytes() == *crc { Step::Body(body) } else { Step::Damaged }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        let mut out = [0; MAX_FRAME];
        let len = encode(&[body], &mut out).unwrap();
        out[..len].to_vec()
    }

    /// Bodies that come out of these bytes, and how many frames were dropped.
    fn decode(bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (mut decoder, mut bodies, mut damaged) = (Decoder::default(), vec![], 0);
        for byte in bytes {
            match decoder.push(*byte) {
                Step::More => {}
                Step::Body(body) => bodies.push(body.to_vec()),
                Step::Damaged => damaged += 1,
            }
        }
        (bodies, damaged)
    }

    #[test]
    fn a_frame_written_by_hand() {
        // READ of register 0x7d7e, number 7: the CRC is zlib's crc32(b"\x01\x07\x7e\x7d").
        let expected = [0x7e, 0x01, 0x07, 0x7d, 0x5e, 0x7d, 0x5d, 0x05, 0xf7, 0xbf, 0x03, 0x7e];
        assert_eq!(frame(&[1, 7, 0x7e, 0x7d]), expected);
    }

    #[test]
    fn no_room_is_no_frame() {
        let body = [FLAG; 10];
        let len = frame(&body).len();
        for room in 0..len {
            assert_eq!(encode(&[&body], &mut vec![0; room]), None);
        }
        assert_eq!(encode(&[&[ESCAPE; MAX_BODY]], &mut [0; MAX_FRAME]).map(|n| n > 2 * MAX_BODY), Some(true));
    }

    #[test]
    fn frames_that_are_none_are_dropped_and_the_next_is_read() {
        let good = frame(&[9, 8, 7]);
        let too_long: Vec<u8> = [&[FLAG][..], &[1; 5000], &[FLAG]].concat();
        let broken: [&[u8]; 6] = [
            &[FLAG, 1, 2, 3, 4, 5, FLAG],          // one byte of a body and its CRC
            &[FLAG, 1, FLAG],                      // less than a CRC
            &[FLAG, ESCAPE, FLAG],                 // an escape before a flag
            &[FLAG, 1, 7, 0, 0, 1, 2, 3, 4, FLAG], // wrong CRC
            &[&good[..good.len() - 1], &[ESCAPE, FLAG]].concat(),
            &too_long,
        ];
        for bytes in broken {
            assert_eq!(decode(&[bytes, &good].concat()), (vec![vec![9, 8, 7]], 1), "{bytes:x?}");
        }
        // Flags without a frame between them mean nothing; one flag may serve two frames.
        let shared = [&[FLAG; 5][..], &good[..good.len() - 1], &good].concat();
        assert_eq!(decode(&shared), (vec![vec![9, 8, 7]; 2], 0));
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 2..=MAX_BODY), 1..4)) {
            let line: Vec<u8> = bodies.iter().flat_map(|b| frame(b)).collect();
            prop_assert_eq!(decode(&line), (bodies, 0));
        }

        /// Nothing but a flag is ever a flag on the line.
        #[test]
        fn a_frame_has_two_flags(body in prop::collection::vec(prop::sample::select(vec![FLAG, ESCAPE, 0]), 2..=MAX_BODY)) {
            let line = frame(&body);
            prop_assert!(line.len() <= MAX_FRAME);
            prop_assert_eq!(line.iter().filter(|b| **b == FLAG).count(), 2);
        }

        /// One changed, lost or doubled byte never yields another body: CRC-32 finds every burst
        /// of up to 32 bits, and what is longer here does not parse.
        #[test]
        fn damage_is_found(body in prop::collection::vec(any::<u8>(), 2..200), at in any::<prop::sample::Index>(), how in 0u8..3, flip in 1u8..=255) {
            let mut line = frame(&body);
            let at = at.index(line.len());
            match how {
                0 => line[at] ^= flip,
                1 => { line.remove(at); }
                _ => line.insert(at, line[at]),
            }
            line.extend([FLAG]);
            prop_assert!(decode(&line).0.iter().all(|b| *b == body), "{line:x?}");
        }

        #[test]
        fn any_bytes_are_taken(bytes in prop::collection::vec(prop::sample::select(vec![FLAG, ESCAPE, 0, 1, 2]), 0..4000)) {
            for body in decode(&bytes).0 {
                prop_assert!((2..=MAX_BODY).contains(&body.len()));
            }
        }
    }
}

//! The register map: 32-bit registers at byte offsets in BAR0.
//!
//! 64-bit values are pairs `*_LO`, `*_HI`. Reading a `*_LO` register of a counter latches its
//! upper half, which the next read of the matching `*_HI` returns: read low first.
//! Offsets that no register has read as zero and ignore writes. Registers are written whole:
//! a write whose byte strobes are not all set is ignored.

/// How software may use a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only; writes are ignored.
    Ro,
    /// Read and write.
    Rw,
    /// Write only; reads as zero.
    Wo,
    /// Read; writing a one clears that bit.
    W1c,
}

impl Access {
    /// The abbreviation used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Access::Ro => "RO",
            Access::Rw => "RW",
            Access::Wo => "WO",
            Access::W1c => "W1C",
        }
    }
}

/// One register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Name in documentation and messages.
    pub name: &'static str,
    /// Byte offset in BAR0.
    pub offset: u16,
    /// How software may use it.
    pub access: Access,
    /// Bits that can be written (Rw, Wo) or cleared (W1c), or that can read as one (Ro).
    pub mask: u32,
    /// What it holds.
    pub doc: &'static str,
}

macro_rules! registers {
    ($($(#[doc = $doc:literal])+ $name:ident = $offset:literal, $access:ident, $mask:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: u16 = $offset;)+
        /// Every register, in order of offset.
        pub const REGISTERS: &[Register] = &[$(Register {
            name: stringify!($name),
            offset: $offset,
            access: Access::$access,
            mask: $mask,
            doc: concat!($($doc),+),
        }),+];
    };
}

registers! {
    /// `ap_ctrl` of Vitis/XRT shells: bit 2 (`ap_idle`) is set while no command is in the card. Start bits are ignored: work starts with a doorbell.
    AP_CTRL = 0x000, Ro, 0x0000_0004;
    /// Always [`CARD_ID`](crate::CARD_ID). All ones mean that the card is gone.
    ID = 0x010, Ro, 0xffff_ffff;
    /// Version of this contract, [`ABI_VERSION`](crate::ABI_VERSION).
    VERSION = 0x014, Ro, 0xffff_ffff;
    /// Identity of the card's configuration (a hash of its parameters).
    CONFIG_ID = 0x018, Ro, 0xffff_ffff;
    /// Capabilities: operations, see [`caps`](crate::caps).
    CAPS = 0x01c, Ro, 0xffff_ffff;
    /// Capabilities of the MSM engine, see [`caps::Msm`](crate::caps::Msm).
    CAP_MSM = 0x020, Ro, 0xffff_ffff;
    /// Capabilities of the NTT engine, see [`caps::Ntt`](crate::caps::Ntt).
    CAP_NTT = 0x024, Ro, 0xffff_ffff;
    /// Bit i set: the curve with id i is offered, see [`layout::Curve`](crate::layout::Curve).
    CAP_CURVES = 0x028, Ro, 0xffff_ffff;
    /// Bit i set: the field with id i is offered for vectors, see [`layout::Field`](crate::layout::Field).
    CAP_FIELDS = 0x02c, Ro, 0xffff_ffff;
    /// Bus widths in bytes: host memory in bits 7:0, card memory in bits 15:8.
    CAP_BUS = 0x030, Ro, 0x0000_ffff;
    /// Bytes of card memory, lower half.
    CARD_MEM_LO = 0x034, Ro, 0xffff_ffff;
    /// Bytes of card memory, upper half.
    CARD_MEM_HI = 0x038, Ro, 0x0000_00ff;
    /// Card cycles a second, as the shell straps it; a simulator reports the rate it reaches.
    CLOCK_HZ = 0x03c, Ro, 0xffff_ffff;
    /// Bit 0: run (commands are fetched). Bit 1: reset (stop issue, drain the buses, clear; clears itself).
    CONTROL = 0x040, Rw, 0x0000_0003;
    /// Bit 0: ready (memories initialised). Bit 1: busy (a command is in the card). Bit 2: a reset is under way. Bit 3: a queue error stopped the queue (fault while reading the ring or writing a completion).
    STATUS = 0x044, Ro, 0x0000_000f;
    /// Number of resets since power-up; descriptors carry it, so that a stale one is refused.
    EPOCH = 0x048, Ro, 0xffff_ffff;
    /// Free for software; no effect.
    SCRATCH = 0x04c, Rw, 0xffff_ffff;
    /// Card cycles since power-up, lower half; reading latches the upper half.
    CYCLES_LO = 0x050, Ro, 0xffff_ffff;
    /// Card cycles since power-up, latched upper half.
    CYCLES_HI = 0x054, Ro, 0xffff_ffff;
    /// Pending interrupts: bit 0 a completion was written, bit 1 a queue error.
    IRQ_PENDING = 0x060, W1c, 0x0000_0003;
    /// Enabled interrupts, same bits. The interrupt is high while a pending bit is enabled.
    IRQ_ENABLE = 0x064, Rw, 0x0000_0003;
    /// Queue 0: address of the submission ring in host memory, lower half; 64-byte aligned.
    SQ_BASE_LO = 0x100, Rw, 0xffff_ffc0;
    /// Queue 0: address of the submission ring, upper half.
    SQ_BASE_HI = 0x104, Rw, 0xffff_ffff;
    /// Queue 0: log2 of the entries of both rings (1 to 12).
    Q_LOG_SIZE = 0x108, Rw, 0x0000_000f;
    /// Queue 0: submission doorbell: index after the last descriptor written, modulo the ring.
    SQ_TAIL = 0x10c, Rw, 0x0000_0fff;
    /// Queue 0: index of the next descriptor that the card fetches.
    SQ_HEAD = 0x110, Ro, 0x0000_0fff;
    /// Queue 0: address of the completion ring in host memory, lower half; 64-byte aligned.
    CQ_BASE_LO = 0x114, Rw, 0xffff_ffc0;
    /// Queue 0: address of the completion ring, upper half.
    CQ_BASE_HI = 0x118, Rw, 0xffff_ffff;
    /// Queue 0: completion doorbell: index after the last completion consumed, modulo the ring.
    CQ_HEAD = 0x11c, Rw, 0x0000_0fff;
    /// Queue 0: index of the next completion that the card writes.
    CQ_TAIL = 0x120, Ro, 0x0000_0fff;
    /// Queue 0: bit 0 enables it. Writing 0 then 1 puts all four indices to zero and the phase to one.
    Q_ENABLE = 0x124, Rw, 0x0000_0001;
    /// Cycles with a command in the card (fetch to completion), lower half.
    CNT_BUSY_LO = 0x200, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_BUSY_HI = 0x204, Ro, 0xffff_ffff;
    /// Cycles in which the MSM engine worked, lower half.
    CNT_MSM_LO = 0x208, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_MSM_HI = 0x20c, Ro, 0xffff_ffff;
    /// Useful additions: both operands real points that the MSM needs; lower half.
    CNT_ADDS_LO = 0x210, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_ADDS_HI = 0x214, Ro, 0xffff_ffff;
    /// MSM cycles without a useful addition because a base or scalar was awaited; lower half.
    CNT_STALL_INPUT_LO = 0x218, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_STALL_INPUT_HI = 0x21c, Ro, 0xffff_ffff;
    /// The same because the operand's bucket was in flight; lower half.
    CNT_STALL_BUCKET_LO = 0x220, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_STALL_BUCKET_HI = 0x224, Ro, 0xffff_ffff;
    /// The same because the digit was zero, the base infinity, or the bucket empty (a move, no addition); lower half.
    CNT_STALL_EMPTY_LO = 0x228, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_STALL_EMPTY_HI = 0x22c, Ro, 0xffff_ffff;
    /// The same while the adder drains, sums turn around or results are written; lower half.
    CNT_STALL_DRAIN_LO = 0x230, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_STALL_DRAIN_HI = 0x234, Ro, 0xffff_ffff;
    /// Cycles in which the NTT engine worked, lower half.
    CNT_NTT_LO = 0x238, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_NTT_HI = 0x23c, Ro, 0xffff_ffff;
    /// Butterflies issued, lower half.
    CNT_BUTTERFLIES_LO = 0x240, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_BUTTERFLIES_HI = 0x244, Ro, 0xffff_ffff;
    /// Bytes read from host memory, lower half.
    CNT_HOST_READ_LO = 0x248, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_HOST_READ_HI = 0x24c, Ro, 0xffff_ffff;
    /// Bytes written to host memory, lower half.
    CNT_HOST_WRITE_LO = 0x250, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_HOST_WRITE_HI = 0x254, Ro, 0xffff_ffff;
    /// Bytes read from card memory, lower half.
    CNT_CARD_READ_LO = 0x258, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_CARD_READ_HI = 0x25c, Ro, 0xffff_ffff;
    /// Bytes written to card memory, lower half.
    CNT_CARD_WRITE_LO = 0x260, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_CARD_WRITE_HI = 0x264, Ro, 0xffff_ffff;
    /// Commands completed with status Ok, lower half.
    CNT_COMMANDS_LO = 0x268, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_COMMANDS_HI = 0x26c, Ro, 0xffff_ffff;
    /// Commands completed with another status, lower half.
    CNT_ERRORS_LO = 0x270, Ro, 0xffff_ffff;
    /// Its latched upper half.
    CNT_ERRORS_HI = 0x274, Ro, 0xffff_ffff;
}

/// First performance counter; counters are pairs of 8 bytes up to [`LAST_COUNTER`].
pub const FIRST_COUNTER: u16 = CNT_BUSY_LO;
/// Last performance counter (its low half).
pub const LAST_COUNTER: u16 = CNT_ERRORS_LO;
/// Number of performance counters.
pub const COUNTERS: usize = ((LAST_COUNTER - FIRST_COUNTER) / 8 + 1) as usize;

/// CONTROL: fetch and run commands.
pub const CONTROL_RUN: u32 = 1 << 0;
/// CONTROL: reset; clears itself.
pub const CONTROL_RESET: u32 = 1 << 1;
/// STATUS: memories are initialised.
pub const STATUS_READY: u32 = 1 << 0;
/// STATUS: a command is in the card.
pub const STATUS_BUSY: u32 = 1 << 1;
/// STATUS: a reset is under way.
pub const STATUS_RESETTING: u32 = 1 << 2;
/// STATUS: a queue error stopped the queue; reset to go on.
pub const STATUS_QUEUE_ERROR: u32 = 1 << 3;
/// IRQ_PENDING, IRQ_ENABLE: a completion was written.
pub const IRQ_COMPLETION: u32 = 1 << 0;
/// IRQ_PENDING, IRQ_ENABLE: a queue error.
pub const IRQ_ERROR: u32 = 1 << 1;
/// AP_CTRL: no command is in the card.
pub const AP_IDLE: u32 = 1 << 2;
/// Smallest log2 of ring entries.
pub const MIN_LOG_RING: u32 = 1;
/// Largest log2 of ring entries.
pub const MAX_LOG_RING: u32 = 12;

/// The register at `offset`, if there is one.
pub fn find(offset: u16) -> Option<&'static Register> {
    REGISTERS.iter().find(|r| r.offset == offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_aligned_ascending_and_inside_the_bar() {
        for pair in REGISTERS.windows(2) {
            assert!(pair[0].offset < pair[1].offset, "{} before {}", pair[0].name, pair[1].name);
        }
        for r in REGISTERS {
            assert_eq!(r.offset % 4, 0, "{}", r.name);
            assert!(u64::from(r.offset) < crate::pci::REGISTER_BAR_BYTES, "{}", r.name);
        }
    }

    #[test]
    fn ap_ctrl_range_of_vitis_shells_is_kept() {
        for r in REGISTERS.iter().filter(|r| r.offset < 0x10) {
            assert_eq!(r.name, "AP_CTRL");
        }
    }

    #[test]
    fn counters_are_pairs() {
        for i in 0..COUNTERS as u16 {
            let lo = find(FIRST_COUNTER + 8 * i).expect("low half");
            let hi = find(FIRST_COUNTER + 8 * i + 4).expect("high half");
            assert_eq!(lo.name.strip_suffix("_LO"), hi.name.strip_suffix("_HI"));
        }
    }
}

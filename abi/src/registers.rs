//! The register map: 32-bit registers at byte offsets in BAR0.
//!
//! 64-bit values are pairs `*_LO`, `*_HI`. Reading a `*_LO` register of a counter latches its
//! upper half, which the next read of the matching `*_HI` returns: read low first.
//! Offsets that no register has read as zero and ignore writes. Registers are written whole:
//! a write whose byte strobes are not all set is ignored.
//!
//! A card has one to [`MAX_QUEUES`] queue pairs (CAPS tells how many). The table lists the
//! registers of queue 0; those of queue q lie q times [`QUEUE_STRIDE`] higher ([`of_queue`]).

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
    /// Identity of the card's configuration (a hash of its parameters); part of what the source hash covers.
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
    /// Bit 0: ready (memories initialised). Bit 1: busy (a command is in the card). Bit 2: a reset is under way. Bit 3: a queue error stopped a queue; its Q_STATUS tells which.
    STATUS = 0x044, Ro, 0x0000_000f;
    /// Number of resets since power-up; descriptors carry it, so that a stale one is refused.
    EPOCH = 0x048, Ro, 0xffff_ffff;
    /// Free for software; no effect.
    SCRATCH = 0x04c, Rw, 0xffff_ffff;
    /// Card cycles since power-up, lower half; reading latches the upper half.
    CYCLES_LO = 0x050, Ro, 0xffff_ffff;
    /// Card cycles since power-up, latched upper half.
    CYCLES_HI = 0x054, Ro, 0xffff_ffff;
    /// Pending interrupts, two bits a queue: bit 2q a completion was written to queue q, bit 2q + 1 an error of queue q.
    IRQ_PENDING = 0x060, W1c, 0x0000_00ff;
    /// Enabled interrupts, same bits. The interrupt is high while a pending bit is enabled.
    IRQ_ENABLE = 0x064, Rw, 0x0000_00ff;
    /// Word 0 of the source hash (the sha256 of the card's generated Verilog with these eight words zero): its first four bytes, the first on top. All eight zero: simulated.
    SOURCE_HASH0 = 0x080, Ro, 0xffff_ffff;
    /// Word 1 of the source hash.
    SOURCE_HASH1 = 0x084, Ro, 0xffff_ffff;
    /// Word 2 of the source hash.
    SOURCE_HASH2 = 0x088, Ro, 0xffff_ffff;
    /// Word 3 of the source hash.
    SOURCE_HASH3 = 0x08c, Ro, 0xffff_ffff;
    /// Word 4 of the source hash.
    SOURCE_HASH4 = 0x090, Ro, 0xffff_ffff;
    /// Word 5 of the source hash.
    SOURCE_HASH5 = 0x094, Ro, 0xffff_ffff;
    /// Word 6 of the source hash.
    SOURCE_HASH6 = 0x098, Ro, 0xffff_ffff;
    /// Word 7 of the source hash.
    SOURCE_HASH7 = 0x09c, Ro, 0xffff_ffff;
    /// Address of the submission ring in host memory, lower half; 64-byte aligned.
    SQ_BASE_LO = 0x100, Rw, 0xffff_ffc0;
    /// Address of the submission ring, upper half.
    SQ_BASE_HI = 0x104, Rw, 0xffff_ffff;
    /// Log2 of the entries of both rings (1 to 12).
    Q_LOG_SIZE = 0x108, Rw, 0x0000_000f;
    /// Submission doorbell: index after the last descriptor written, modulo the ring.
    SQ_TAIL = 0x10c, Rw, 0x0000_0fff;
    /// Index of the next descriptor that the card fetches.
    SQ_HEAD = 0x110, Ro, 0x0000_0fff;
    /// Address of the completion ring in host memory, lower half; 64-byte aligned.
    CQ_BASE_LO = 0x114, Rw, 0xffff_ffc0;
    /// Address of the completion ring, upper half.
    CQ_BASE_HI = 0x118, Rw, 0xffff_ffff;
    /// Completion doorbell: index after the last completion consumed, modulo the ring.
    CQ_HEAD = 0x11c, Rw, 0x0000_0fff;
    /// Index of the next completion that the card writes.
    CQ_TAIL = 0x120, Ro, 0x0000_0fff;
    /// Bit 0 enables it. Writing 0 then 1 puts all four indices to zero and the phase to one, and ends the queue's error.
    Q_ENABLE = 0x124, Rw, 0x0000_0001;
    /// Bit 0: an error stopped this queue (fault while reading its ring or writing a completion, ring size out of range, CQ_HEAD moved back). Bit 1: the card reads a descriptor of this queue, holds one, or runs a command of it.
    Q_STATUS = 0x128, Ro, 0x0000_0003;
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
/// STATUS: a queue error stopped a queue, see [`Q_STATUS_ERROR`].
pub const STATUS_QUEUE_ERROR: u32 = 1 << 3;
/// Q_STATUS: an error stopped this queue; enable it anew or reset the card to go on.
pub const Q_STATUS_ERROR: u32 = 1 << 0;
/// Q_STATUS: a descriptor or a command of this queue is in the card.
pub const Q_STATUS_BUSY: u32 = 1 << 1;
/// IRQ_PENDING, IRQ_ENABLE: a completion was written to queue 0; see [`irq_completion`].
pub const IRQ_COMPLETION: u32 = irq_completion(0);
/// IRQ_PENDING, IRQ_ENABLE: an error of queue 0; see [`irq_error`].
pub const IRQ_ERROR: u32 = irq_error(0);
/// Most queue pairs of a card.
pub const MAX_QUEUES: u32 = 4;
/// Bytes from a queue's registers to the next queue's.
pub const QUEUE_STRIDE: u16 = 0x40;
/// First register of queue 0.
pub const FIRST_QUEUE_REGISTER: u16 = SQ_BASE_LO;
/// First offset after the registers of the last queue that a card may have.
pub const AFTER_QUEUES: u16 = FIRST_QUEUE_REGISTER + MAX_QUEUES as u16 * QUEUE_STRIDE;
/// AP_CTRL: no command is in the card.
pub const AP_IDLE: u32 = 1 << 2;
/// Smallest log2 of ring entries.
pub const MIN_LOG_RING: u32 = 1;
/// Largest log2 of ring entries.
pub const MAX_LOG_RING: u32 = 12;

/// The register of queue `queue` that queue 0 has at `register` (`of_queue(2, SQ_TAIL)`).
pub const fn of_queue(queue: u32, register: u16) -> u16 {
    register + queue as u16 * QUEUE_STRIDE
}

/// IRQ_PENDING, IRQ_ENABLE: a completion was written to this queue.
pub const fn irq_completion(queue: u32) -> u32 {
    1 << (2 * queue)
}

/// IRQ_PENDING, IRQ_ENABLE: an error of this queue.
pub const fn irq_error(queue: u32) -> u32 {
    2 << (2 * queue)
}

/// IRQ_PENDING, IRQ_ENABLE: every bit of a card with so many queues.
pub const fn irq_mask(queues: u32) -> u32 {
    (1 << (2 * queues)) - 1
}

/// The queue to whose registers an offset belongs, and the offset in queue 0; `None` outside of them.
pub const fn queue_of(offset: u16) -> Option<(u32, u16)> {
    if offset < FIRST_QUEUE_REGISTER || offset >= AFTER_QUEUES {
        return None;
    }
    let queue = (offset - FIRST_QUEUE_REGISTER) / QUEUE_STRIDE;
    Some((queue as u32, offset - queue * QUEUE_STRIDE))
}

/// The register at `offset` of a card with [`MAX_QUEUES`] queues, if there is one.
pub fn find(offset: u16) -> Option<Register> {
    on_card(offset, MAX_QUEUES)
}

/// The register at `offset` of a card with so many queues, if there is one: its own offset, and
/// only the bits that such a card has.
pub fn on_card(offset: u16, queues: u32) -> Option<Register> {
    let (queue, in_first) = queue_of(offset).unwrap_or((0, offset));
    if queue >= queues {
        return None;
    }
    let register = *REGISTERS.iter().find(|r| r.offset == in_first)?;
    let mask = match in_first {
        IRQ_PENDING | IRQ_ENABLE => register.mask & irq_mask(queues),
        _ => register.mask,
    };
    Some(Register { offset, mask, ..register })
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
    fn queues_have_their_registers_apart() {
        let block: Vec<_> = REGISTERS.iter().filter(|r| queue_of(r.offset).is_some()).collect();
        assert_eq!(block.len(), 11);
        assert!(block.iter().all(|r| queue_of(r.offset) == Some((0, r.offset))), "queue 0's only");
        for queue in 0..MAX_QUEUES {
            for r in &block {
                let offset = of_queue(queue, r.offset);
                assert_eq!(queue_of(offset), Some((queue, r.offset)));
                assert_eq!(on_card(offset, queue), None);
                let found = on_card(offset, queue + 1).expect("this card has the queue");
                assert_eq!((found.offset, found.name, found.mask), (offset, r.name, r.mask));
            }
        }
        assert_eq!(queue_of(FIRST_QUEUE_REGISTER - 4), None);
        assert_eq!(queue_of(AFTER_QUEUES), None);
        assert!(REGISTERS.iter().all(|r| r.offset < AFTER_QUEUES || r.offset >= FIRST_COUNTER));
    }

    #[test]
    fn interrupt_bits_are_those_of_the_queues() {
        assert_eq!((IRQ_COMPLETION, IRQ_ERROR), (1, 2));
        assert_eq!(on_card(IRQ_PENDING, 1).map(|r| r.mask), Some(3));
        for queue in 0..MAX_QUEUES {
            let bits = irq_completion(queue) | irq_error(queue);
            assert_eq!(bits.count_ones(), 2);
            assert_eq!(irq_mask(queue + 1), irq_mask(queue) | bits);
        }
        assert_eq!(find(IRQ_ENABLE).map(|r| r.mask), Some(irq_mask(MAX_QUEUES)));
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

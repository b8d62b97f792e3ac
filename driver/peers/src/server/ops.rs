//! What a hostile client can do.

ops! {
    /// One operation. Addresses and sizes are pages of 4 KiB with a `twist`, see [`twisted`].
    pub enum Op {
        /// Any bytes.
        0 => Bytes { data: Vec<u8> },
        /// A message with any header and content; `lie` is added to its size.
        1 => Message { command: u8, flags: u32, lie: u32, files: u8, kind: u8, payload: Vec<u8> },
        /// Version; the text is one of several.
        2 => Version { major: u16, minor: u16, text: u8 },
        /// DMA_MAP with `files` descriptors of a kind.
        3 => Map { flags: u32, offset: u8, iova: u8, size: u8, twist: u8, files: u8, kind: u8 },
        /// DMA_UNMAP.
        4 => Unmap { flags: u32, iova: u8, size: u8, twist: u8 },
        /// One of the information commands.
        5 => Info { command: u8, argsz: u8, index: u8, words: u8 },
        /// SET_IRQS.
        6 => SetIrqs { flags: u32, index: u8, start: u32, count: u32, data: Vec<u8>, files: u8, kind: u8 },
        /// REGION_READ.
        7 => Read { region: u8, offset: u64, count: u32 },
        /// REGION_WRITE; `lie` is added to the count.
        8 => Write { region: u8, offset: u64, lie: u32, data: Vec<u8> },
        /// DEVICE_RESET.
        9 => Reset { extra: bool },
        /// Writes a register of the table.
        10 => Register { index: u8, value: u32 },
        /// Version, memory space, bus mastering, a window, an interrupt and a running queue.
        11 => Start { log: u8, master: bool },
        /// A command for the card: descriptor and doorbell.
        12 => Job { opcode: u8, unit: u8, count: u16, epoch: u8, from: u8, to: u8, spaces: u8 },
        /// The card's turn.
        13 => Step { times: u8 },
        /// Shrinks or grows a file that may be mapped.
        14 => Resize { kind: u8, pages: u8 },
        /// Messages go out in pieces of so many bytes (0: whole), a turn between them or not.
        15 => Pieces { bytes: u8, turns: bool },
        /// Leaves without a word; the next client comes.
        16 => Leave { how: u8 },
        /// A message longer than is taken.
        17 => Long { command: u8, kilobytes: u8, files: u8 },
        /// Writes into the memory that is mapped.
        18 => Poke { page: u8, at: u8, data: Vec<u8> },
        /// Many windows at once, a page each and `gap` pages apart.
        19 => Windows { iova: u8, gap: u8, count: u8, kind: u8 },
    }
}

/// Pages, made odd by a selector: unaligned, negative, near the end of the address space.
pub fn twisted(pages: u8, twist: u8) -> u64 {
    let bytes = u64::from(pages) << 12;
    match twist % 8 {
        0..=3 => bytes,
        4 => bytes + 1,
        5 => bytes.wrapping_neg(),
        6 => bytes << 36,
        _ => bytes.wrapping_sub(1),
    }
}

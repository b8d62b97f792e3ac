//! What a hostile server can do, and what the driver is made to do.

ops! {
    /// One operation. Those before [`Op::Read`] are the server's, and are used up one after the
    /// other as commands arrive: those marked "ends" are the reaction to one command, the others
    /// come on top. The rest are the driver's calls. A server without operations left is honest.
    pub enum Op {
        /// Answers so many commands (and one) as it should. Ends.
        0 => Honest { times: u8 },
        /// Answers with parts of the reply exchanged (`xor`), cut, or longer. Ends.
        1 => Lie { id: u16, command: u16, flags: u32, size: u32, errno: u32, at: u8, xor: Vec<u8>, cut: u8, more: u8 },
        /// Answers with an error number and a payload. Ends.
        2 => Refuse { errno: u32, payload: u8 },
        /// Asks something itself.
        3 => Ask { id: u16, command: u8, flags: u32, payload: u8 },
        /// Sends any bytes.
        4 => Raw { data: Vec<u8> },
        /// Does not answer. Ends.
        5 => Silence {},
        /// Closes the connection. Ends.
        6 => Close {},
        /// Bytes come in pieces of so many from now on (0: as they are).
        7 => Pieces { bytes: u8 },
        /// Asks again and again.
        8 => Flood { count: u8, reply: bool },
        /// The driver's sending fails, or takes few bytes, from now on.
        9 => Clog { bytes: u8, error: u8 },
        /// So many milliseconds go by with every receipt from now on.
        10 => Delay { milliseconds: u8 },
        /// Signals the interrupt.
        11 => Interrupt { fill: bool },
        /// Answers a version with these numbers and one of several texts. Ends.
        12 => Version { major: u16, minor: u16, text: u8 },
        /// Answers with one 32-bit word exchanged. Ends.
        13 => Word { at: u8, value: u32 },
        /// Waiting for bytes or the event fails, from now on.
        14 => Poll { error: u8 },
        /// Reads a register.
        15 => Read { offset: u16 },
        /// Writes a register.
        16 => Write { offset: u16, value: u32 },
        /// Reads configuration space.
        17 => ConfigRead { offset: u16, len: u16 },
        /// Writes configuration space.
        18 => ConfigWrite { offset: u16, len: u16 },
        /// Maps memory.
        19 => Map {},
        /// Takes a window back.
        20 => Unmap { iova: u64, len: u64 },
        /// Routes the interrupt.
        21 => Enable {},
        /// Waits for the interrupt.
        22 => Wait { milliseconds: u16 },
        /// Resets the function.
        23 => Reset {},
        /// Writes a register without waiting for a reply.
        24 => Post { offset: u16, value: u32 },
    }
}

impl Op {
    /// Whether this is the driver's.
    pub fn is_call(&self) -> bool {
        use Op::*;
        matches!(
            self,
            Read { .. }
                | Write { .. }
                | ConfigRead { .. }
                | ConfigWrite { .. }
                | Map {}
                | Unmap { .. }
                | Enable {}
                | Wait { .. }
                | Reset {}
                | Post { .. }
        )
    }
}

//! What a hostile card can do, and what the driver is made to do with it.

ops! {
    /// One operation, done in turn: the card's set a trap, the driver's walk into it.
    pub enum Op {
        /// How the driver is opened, if this comes first: ring size, and which of its limits are
        /// zero (bits: stall, wall, slice, cycles) or far away, one queue or two (the next bit); waiting by interrupt or by watching.
        0 => Open { log: u8, limits: u8, watch: bool },
        /// Changes completions from the one after the next `skip` on, so many `times`.
        1 => Tamper { what: u8, value: u32, skip: u8, times: u8 },
        /// Writes bytes into the completion ring.
        2 => Scribble { slot: u8, at: u8, data: Vec<u8> },
        /// Writes a completion of its own into the next slot, with the due phase or the other.
        3 => Forge { id: u16, status: u8, epoch: u8, head: u16, due: bool },
        /// A register reads as this, so many times (255: for ever).
        4 => Register { index: u8, value: u32, times: u8 },
        /// Unplugged: everything reads as ones, nothing happens. Or plugged in again.
        5 => Ones { on: bool },
        /// Cycles that go by with each look at the counter, forwards, backwards or not.
        6 => Cycles { step: u32, backwards: bool, jump: u32 },
        /// What a reset does.
        7 => Resets { how: u8, looks: u8 },
        /// A call of the transport fails, after so many others of its kind.
        8 => Fail { call: u8, error: u8, after: u8 },
        /// Whether interrupts come, and how many commands run in one wait.
        9 => Work { interrupts: bool, commands: u8 },
        /// Configuration space.
        10 => Config { at: u8, value: u16 },
        /// Submits commands with one doorbell.
        11 => Submit { kind: u8, count: u8 },
        /// Waits for one of the tickets.
        12 => Wait { ticket: u8 },
        /// Waits for the oldest.
        13 => WaitAny {},
        /// Looks whether one has ended.
        14 => TryWait { ticket: u8 },
        /// Submits if there is room.
        15 => TrySubmit { kind: u8 },
        /// Resets the card.
        16 => Reset {},
        /// Counters, cycles, clock.
        17 => Counters {},
        /// The check-up.
        18 => Doctor {},
        /// Takes memory, or lets it go.
        19 => Memory { pages: u16, keep: bool },
        /// An interrupt that an event loop took.
        20 => InterruptCame {},
        /// Pushes into a batch that is dropped, not submitted.
        21 => Batch { kind: u8, count: u8 },
        /// Submits to a queue by its number.
        22 => Queue { index: u8 },
    }
}

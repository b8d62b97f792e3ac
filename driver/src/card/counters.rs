//! The card's performance counters.

use crate::transport::{Transport, TransportError};
use gristmill_abi::registers as reg;

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident = $low:ident;)+) => {
        /// A snapshot of the counters, all since power-up (resets do not clear them unless the
        /// card says so); see [`since`](Self::since).
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters { $($(#[doc = $doc])+ pub $name: u64),+ }

        impl Counters {
            /// Reads them all. They are read one after the other while the card may work.
            pub(super) fn read(transport: &mut dyn Transport) -> Result<Self, TransportError> {
                Ok(Counters { $($name: read(transport, reg::$low)?),+ })
            }

            /// What was counted between an earlier snapshot and this one. Counters wrap at 2^64.
            pub fn since(&self, earlier: &Counters) -> Counters {
                Counters { $($name: self.$name.wrapping_sub(earlier.$name)),+ }
            }

            /// Name and value of each.
            pub fn entries(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name)),+]
            }

            #[cfg(test)]
            const OFFSETS: &'static [u16] = &[$(reg::$low),+];
        }
    };
}

counters! {
    /// Card cycles.
    cycles = CYCLES_LO;
    /// Cycles with a command in the card.
    busy = CNT_BUSY_LO;
    /// Cycles in which the MSM engine worked.
    msm = CNT_MSM_LO;
    /// Useful additions.
    additions = CNT_ADDS_LO;
    /// MSM cycles without a useful addition: awaiting input.
    stall_input = CNT_STALL_INPUT_LO;
    /// The same: bucket in flight.
    stall_bucket = CNT_STALL_BUCKET_LO;
    /// The same: nothing to add (zero digit, infinity, empty bucket).
    stall_empty = CNT_STALL_EMPTY_LO;
    /// The same: drains, turn-around, results.
    stall_drain = CNT_STALL_DRAIN_LO;
    /// Cycles in which the NTT engine worked.
    ntt = CNT_NTT_LO;
    /// Butterflies.
    butterflies = CNT_BUTTERFLIES_LO;
    /// Bytes read from host memory.
    host_read = CNT_HOST_READ_LO;
    /// Bytes written to host memory.
    host_write = CNT_HOST_WRITE_LO;
    /// Bytes read from card memory.
    card_read = CNT_CARD_READ_LO;
    /// Bytes written to card memory.
    card_write = CNT_CARD_WRITE_LO;
    /// Commands that ended with Ok.
    commands = CNT_COMMANDS_LO;
    /// Commands that ended otherwise.
    errors = CNT_ERRORS_LO;
}

/// Low half first: reading it latches the upper one.
fn read(transport: &mut dyn Transport, low: u16) -> Result<u64, TransportError> {
    let value = u64::from(transport.read32(low)?);
    Ok(value | u64::from(transport.read32(low + 4)?) << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_of_the_card_is_here() {
        let all: Vec<u16> = (0..reg::COUNTERS as u16).map(|i| reg::FIRST_COUNTER + 8 * i).collect();
        assert_eq!(Counters::OFFSETS[1..], all[..]);
    }

    #[test]
    fn differences_wrap() {
        let early = Counters { busy: u64::MAX, ..Counters::default() };
        let late = Counters { busy: 4, msm: 2, ..Counters::default() };
        let d = late.since(&early);
        assert_eq!((d.busy, d.msm), (5, 2));
    }
}

//! Performance counters: sixteen 64-bit counters in one primitive.

use gristmill_abi::layout::WORD_BYTES;
use gristmill_abi::registers as r;
use gristmill_hdl_kit::gate::NOTED;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::ports::Word;
use gristmill_hdl_kit::sim::note_activity;
use gristmill_hdl_kit::word::{LIMBS, U};
use rust_hdl::prelude::*;

/// Number of counters: those of the register map and, last, the card's cycles.
pub const COUNTERS: usize = r::COUNTERS + 1;
/// Index of the counter of cycles.
pub const CYCLES: usize = r::COUNTERS;
const _: () = assert!(COUNTERS == 16, "Events and the index of 4 bits are made for 16 counters");

/// What happened in a cycle, one bit a counter, in the order of the registers from
/// [`r::CNT_BUSY_LO`] on.
#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
pub struct Events {
    pub busy: Bit,
    pub msm: Bit,
    pub adds: Bit,
    pub stall_input: Bit,
    pub stall_bucket: Bit,
    pub stall_empty: Bit,
    pub stall_drain: Bit,
    pub ntt: Bit,
    pub butterflies: Bit,
    pub host_read: Bit,
    pub host_write: Bit,
    pub card_read: Bit,
    pub card_write: Bit,
    pub commands: Bit,
    pub errors: Bit,
}

impl Events {
    /// Bit i is event i.
    pub fn bits(self) -> u16 {
        [
            self.busy,
            self.msm,
            self.adds,
            self.stall_input,
            self.stall_bucket,
            self.stall_empty,
            self.stall_drain,
            self.ntt,
            self.butterflies,
            self.host_read,
            self.host_write,
            self.card_read,
            self.card_write,
            self.commands,
            self.errors,
        ]
        .iter()
        .enumerate()
        .fold(0, |bits, (i, on)| bits | u16::from(*on) << i)
    }
}

impl Word for Events {
    fn from_limbs(limbs: &[u64]) -> Self {
        let bit = |i: usize| limbs.first().is_some_and(|l| l >> i & 1 == 1);
        Events {
            busy: bit(0),
            msm: bit(1),
            adds: bit(2),
            stall_input: bit(3),
            stall_bucket: bit(4),
            stall_empty: bit(5),
            stall_drain: bit(6),
            ntt: bit(7),
            butterflies: bit(8),
            host_read: bit(9),
            host_write: bit(10),
            card_read: bit(11),
            card_write: bit(12),
            commands: bit(13),
            errors: bit(14),
        }
    }

    fn to_limbs(self) -> [u64; LIMBS] {
        *U::<16>::from(u64::from(self.bits())).limbs()
    }
}

/// The counter of butterflies.
const BUTTERFLIES: usize = (r::CNT_BUTTERFLIES_LO - r::FIRST_COUNTER) as usize / 8;

/// What one event adds: one, the bytes of a beat, or all butterflies of a cycle.
fn step(index: usize, butterflies: u64) -> u64 {
    let beats = [r::CNT_HOST_READ_LO, r::CNT_HOST_WRITE_LO, r::CNT_CARD_READ_LO, r::CNT_CARD_WRITE_LO];
    if beats.iter().any(|lo| usize::from(lo - r::FIRST_COUNTER) / 8 == index) {
        WORD_BYTES as u64
    } else if index == BUTTERFLIES {
        butterflies
    } else {
        1
    }
}

/// Sixteen 64-bit counters with one read port.
///
/// `clear` zeroes all but the cycles. A read takes one cycle: `low` and `high` belong to the
/// `index` of the cycle before. `latch` keeps the upper half of the counter being read; `high` is
/// the half kept last for that counter, so a counter is read low first and whole.
#[derive(LogicBlock)]
pub struct Counters {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub events: Signal<In, Events>,
    /// Of a card that counts adders ([`crate::config::CardConfig::counts_adders`]), else none: how many of them added, awaited an input and so on, 4 bits each; for the five counters from
    /// [`r::CNT_ADDS_LO`] on, whose bits of `events` do not count then.
    pub lanes: Vec<Signal<In, Bits<20>>>,
    pub index: Signal<In, Bits<4>>,
    pub latch: Signal<In, Bit>,
    pub low: Signal<Out, Bits<32>>,
    pub high: Signal<Out, Bits<32>>,
    _counts: [u64; COUNTERS],
    _kept: [u32; COUNTERS],
    _butterflies: u64,
}

ports!(Counters { in: clear, events, index, latch; out: low, high });

impl Default for Counters {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            events: Default::default(),
            lanes: vec![],
            index: Default::default(),
            latch: Default::default(),
            low: Default::default(),
            high: Default::default(),
            _counts: [0; COUNTERS],
            _kept: [0; COUNTERS],
            _butterflies: 1,
        }
    }
}

/// The counters of what each adder does.
const PER_ADDER: std::ops::Range<usize> = {
    let first = (r::CNT_ADDS_LO - r::FIRST_COUNTER) as usize / 8;
    first..first + 5
};

impl Counters {
    /// Of a card that counts adders (`lanes` 1) or has one (0), and so many butterflies in a cycle that has some.
    pub fn of(lanes: usize, butterflies: u64) -> Self {
        Self { lanes: (0..lanes).map(|_| Default::default()).collect(), _butterflies: butterflies, ..Self::default() }
    }
}

impl Logic for Counters {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            note_activity();
            let index = self.index.val().index();
            self.low.next = u64::from(self._counts[index] as u32).into();
            self.high.next = u64::from(self._kept[index]).into();
            if self.latch.val() {
                self._kept[index] = (self._counts[index] >> 32) as u32;
            }
            let mut events = self.events.val().bits();
            if !self.lanes.is_empty() {
                events &= !PER_ADDER.fold(0, |mask, i| mask | 1 << i);
            }
            while events != 0 {
                let i = events.trailing_zeros() as usize;
                self._counts[i] = self._counts[i].wrapping_add(step(i, self._butterflies));
                events &= events - 1;
            }
            for lanes in &self.lanes {
                let counts: u64 = lanes.val().into();
                for (nibble, i) in PER_ADDER.enumerate() {
                    self._counts[i] = self._counts[i].wrapping_add(counts >> (4 * nibble) & 0xf);
                }
            }
            if self.clear.val() {
                self._counts[..CYCLES].fill(0);
            }
            self._counts[CYCLES] = self._counts[CYCLES].wrapping_add(1);
        }
    }

    fn connect(&mut self) {
        self.low.connect();
        self.high.connect();
    }

    fn hdl(&self) -> Verilog {
        let mut text = format!(
            "reg [63:0] counts [0:{top}];
reg [31:0] kept [0:{top}];
integer i;
initial begin
    low = 32'd0;
    high = 32'd0;
    for (i = 0; i < {COUNTERS}; i = i + 1) begin
        counts[i] = 64'd0;
        kept[i] = 32'd0;
    end
end
wire [63:0] chosen = counts[index];
always @(posedge clock) begin
    low <= chosen[31:0];
    high <= kept[index];
    if (latch) kept[index] <= chosen[63:32];
    counts[{CYCLES}] <= counts[{CYCLES}] + 64'd1;
",
            top = COUNTERS - 1
        );
        for i in 0..CYCLES {
            let step = step(i, self._butterflies);
            if !self.lanes.is_empty() && PER_ADDER.contains(&i) {
                let low = 4 * (i - PER_ADDER.start);
                text += &format!(
                    "    if (clear) counts[{i}] <= 64'd0; else counts[{i}] <= counts[{i}] + lanes$0[{high}:{low}];\n",
                    high = low + 3
                );
                continue;
            }
            text += &format!(
                "    if (clear) counts[{i}] <= 64'd0; else if (events[{i}]) counts[{i}] <= counts[{i}] + 64'd{step};\n"
            );
        }
        text += "end\n";
        text += NOTED;
        Verilog::Custom(text)
    }
}

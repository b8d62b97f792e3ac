//! Pace: when the adder takes an addition, and when what stands around it moves.

use gristmill_hdl_kit::ports;
use rust_hdl::prelude::*;

/// Every signal of the count comes from a register of its own: they enable wide words all over the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// Cycles since the last slot.
    count: Bits<8>,
    between: Bit,
    last: Bit,
    decide: Bit,
    off_beat: Bit,
    result: Bit,
}

/// Counts the cycles of the adder's interval while `running`: a `slot` in the first.
///
/// Around an adder that takes an addition each cycle, every cycle is all of it but `result`, which only a serial
/// adder needs. Around a serial one `ahead` is the cycle before a slot, a `beat` each fourth cycle from the slot on and
/// `decide` the cycle before each beat; `result` is the cycle in which the oldest sum stands at the adder's outputs
/// (in the first cycle of a run there is none).
#[derive(LogicBlock)]
pub struct Pace {
    pub clock: Signal<In, Clock>,
    pub running: Signal<In, Bit>,
    pub slot: Signal<Out, Bit>,
    pub ahead: Signal<Out, Bit>,
    pub decide: Signal<Out, Bit>,
    pub beat: Signal<Out, Bit>,
    pub result: Signal<Out, Bit>,
    s: DFF<State>,
    goes: Signal<Local, Bit>,
    quarter: Signal<Local, Bits<8>>,
    one: Constant<Bits<8>>,
    two: Constant<Bits<8>>,
    three: Constant<Bits<8>>,
    last: Constant<Bits<8>>,
    before_last: Constant<Bits<8>>,
    before_result: Constant<Bits<8>>,
    _serial: usize,
}

ports!(Pace { in: running; out: slot, ahead, decide, beat, result });

impl Pace {
    /// Of an adder that takes an addition each cycle.
    pub fn pipelined() -> Self {
        Self::new(1, 0, 0)
    }

    /// Of an adder that takes one every `interval` cycles, four at least; the sum taken at a slot comes `latency` cycles
    /// after the cycle behind that slot.
    pub fn serial(interval: usize, latency: usize) -> Self {
        Self::new(interval as u64, latency as u64, 1)
    }

    fn new(interval: u64, latency: u64, serial: usize) -> Self {
        Self {
            clock: Default::default(),
            running: Default::default(),
            slot: Default::default(),
            ahead: Default::default(),
            decide: Default::default(),
            beat: Default::default(),
            result: Default::default(),
            s: Default::default(),
            goes: Default::default(),
            quarter: Default::default(),
            one: Constant::new(1.into()),
            two: Constant::new(2.into()),
            three: Constant::new(3.into()),
            last: Constant::new((interval - 1).into()),
            before_last: Constant::new(((2 * interval - 2) % interval).into()),
            // One cycle behind the slot the adder takes its operands, and the register is set one cycle before.
            before_result: Constant::new((latency % interval).into()),
            _serial: serial,
        }
    }
}

impl Logic for Pace {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.quarter.next = self.s.q.val().count & self.three.val();
        self.goes.next = self.running.val() && (self.s.q.val().count != self.last.val());
        self.s.d.next.count = 0.into();
        if self.goes.val() {
            self.s.d.next.count = self.s.q.val().count + self.one.val();
        }
        self.s.d.next.between = self.goes.val();
        self.s.d.next.last = self.running.val() && (self.s.q.val().count == self.before_last.val());
        self.s.d.next.decide = self.goes.val() && (self.quarter.val() == self.two.val());
        self.s.d.next.off_beat = self.goes.val() && (self.quarter.val() != self.three.val());
        self.s.d.next.result = self.running.val() && (self.s.q.val().count == self.before_result.val());

        self.slot.next = self.running.val() && (!self.s.q.val().between);
        self.ahead.next = self.slot.val();
        self.decide.next = true;
        self.beat.next = true;
        self.result.next = false;
        for _i in 0..self._serial {
            self.ahead.next = self.running.val() && self.s.q.val().last;
            self.decide.next = self.s.q.val().decide;
            self.beat.next = !self.s.q.val().off_beat;
            self.result.next = self.s.q.val().result;
        }
    }
}

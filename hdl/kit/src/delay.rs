//! A delay line of constant length as one primitive.

use crate::gate::NOTED;
use crate::sim::note_activity;
use crate::word::U;
use rust_hdl::prelude::*;

/// `q` follows `d` with latency n: n registers in a row (n = 0: a wire). Everything starts at zero.
///
/// Simulated as a ring, so the cost does not grow with n; in Verilog a shift register.
#[derive(LogicBlock)]
pub struct Delay<T: Synth> {
    pub clock: Signal<In, Clock>,
    pub d: Signal<In, T>,
    pub q: Signal<Out, T>,
    _n: usize,
    _ring: Vec<T>,
    _at: usize,
    /// Edges in a row that found the same `d`.
    _same: usize,
    _last: T,
}

impl<T: Synth> Delay<T> {
    /// A delay of `n` cycles.
    pub fn new(n: usize) -> Self {
        Self {
            clock: Default::default(),
            d: Default::default(),
            q: Default::default(),
            _n: n,
            _ring: vec![T::default(); n.max(1) - 1],
            _at: 0,
            _same: n,
            _last: T::default(),
        }
    }

    /// Cycles from `d` to `q`.
    pub fn latency(&self) -> usize {
        self._n
    }
}

impl<T: Synth> Logic for Delay<T> {
    #[inline]
    fn update(&mut self) {
        if self._n == 0 {
            self.q.next = self.d.val();
        } else if self.clock.pos_edge() {
            let d = self.d.val();
            if self._n == 1 {
                self.q.next = d;
                return;
            }
            if d == self._last {
                if self._same >= self._n {
                    return; // the ring holds nothing but d
                }
                self._same += 1;
            } else {
                self._last = d;
                self._same = 1;
            }
            self.q.next = self._ring[self._at];
            self._ring[self._at] = d;
            self._at += 1;
            if self._at == self._ring.len() {
                self._at = 0;
            }
            note_activity();
        }
    }
    fn connect(&mut self) {
        self.q.connect();
    }
    fn hdl(&self) -> Verilog {
        let w = T::BITS;
        let body = match self._n {
            0 => "always @(*) q = d;\n".into(),
            1 => format!("initial q = {w}'d0;\nalways @(posedge clock) q <= d;\n"),
            n => {
                let all = w * (n - 1);
                let shift = if n == 2 { "d".into() } else { format!("{{line[{}:0], d}}", all - w - 1) };
                format!(
                    "reg [{top}:0] line = {all}'d0;
initial q = {w}'d0;
always @(posedge clock) begin
    line <= {shift};
    q <= line[{top}:{low}];
end
",
                    top = all - 1,
                    low = all - w,
                )
            }
        };
        Verilog::Custom(format!("{NOTED}{body}"))
    }
    fn timing(&self) -> Vec<TimingInfo> {
        if self._n == 0 {
            return vec![];
        }
        vec![TimingInfo {
            name: "delay".into(),
            clock: "clock".into(),
            inputs: vec!["d".into()],
            outputs: vec!["q".into()],
        }]
    }
}

crate::ports!([const N: usize] Delay<U<N>> { in: d; out: q });

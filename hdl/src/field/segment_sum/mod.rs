//! A sum of many words, each at its place: a tree of registered additions.
//!
//! The sum is cut into slices of 64 bits that are summed apart, so that no carry chain is longer than a slice and its
//! carries (80 bits). A slice's result has the carries on top: the value is the sum of y\[k\] * 2^(64 k), and
//! whoever takes it may go on with slices (sums and products by constants are linear) or resolve the carries.
//!
//! Words that do not overlap share a row; each level adds rows in pairs. Multiples 3, 5 and 7 of inputs are
//! computed once, in a cycle of their own. A subtracted word is added inverted, -x = ~x + 1 - 2^n, and the constants
//! of all inversions are collected in one.
//!
//! Which bits are added to which follows from the digits of a constant, so no fixed kernel can say it: this is a primitive, whose
//! Verilog is written from the same [`Plan`] that its simulation executes. (From power-on until its latency has passed, simulation shows
//! zeros, where the registers of the Verilog fill level by level.)
//!
//! Cost: an adder bit removes one bit of the heap, so a sum of n bits in all with a result of m bits takes about n - m
//! adder bits and as many registers.

mod plan;
#[cfg(test)]
mod tests;
mod verilog;

pub use plan::{Output, Plan, Request, Term, SLICE_BITS, SUM_BITS};

use gristmill_hdl_kit::sim::note_activity;
use gristmill_hdl_kit::word::U;
use plan::{ones, Node, Operand, Source};
use rust_hdl::prelude::*;

/// y\[0\] + y\[1\] * 2^64 + ... = the terms of a [`Request`], modulo 2^top, for inputs x and z of X bits.
#[derive(LogicBlock)]
pub struct SegmentSum<const X: usize> {
    pub clock: Signal<In, Clock>,
    pub x: Vec<Signal<In, U<X>>>,
    pub z: Vec<Signal<In, U<X>>>,
    pub y: Vec<Signal<Out, U<80>>>,
    _plan: Box<Plan>,
    /// Results under way, as in a twin.
    _ring: Vec<Vec<u128>>,
    _at: usize,
    _same: usize,
    _last: Vec<U<X>>,
    _result: Vec<u128>,
}

impl<const X: usize> SegmentSum<X> {
    /// A sum as asked for.
    ///
    /// # Panics
    /// As [`Plan::new`] does, or if a term lies beyond X bits of its input.
    pub fn new(request: &Request) -> Self {
        let beyond = request.terms.iter().find(|term| term.multiple == 1 && term.low + term.bits > X);
        assert_eq!(beyond, None, "SegmentSum<{X}>: a term beyond its input");
        let plan = Plan::new(request);
        let [x, z] = request.inputs;
        Self {
            clock: Default::default(),
            x: vec![Default::default(); x],
            z: vec![Default::default(); z],
            y: vec![Default::default(); request.slices],
            _ring: vec![vec![0; request.slices]; plan.latency - 1],
            _at: 0,
            _same: 0,
            _last: vec![U::default(); x + z],
            _result: vec![],
            _plan: Box::new(plan),
        }
    }

    /// The plan: excess, bits of the slices' sums.
    pub fn plan(&self) -> &Plan {
        &self._plan
    }

    /// Cycles from inputs to outputs.
    pub fn latency(&self) -> usize {
        self._plan.latency
    }

    /// What the tree makes of the inputs.
    fn compute(&self) -> Vec<u128> {
        let plan = &self._plan;
        let bits = |input: usize, low: usize, bits: usize| {
            let limbs = self._last[input].limbs();
            let limb = |i: usize| limbs.get(i).copied().map_or(0, u128::from);
            let (at, shift) = (low / 64, low % 64);
            let pair = limb(at) | limb(at + 1) << 64;
            let high = if shift == 0 { 0 } else { limb(at + 2) << (128 - shift) };
            (pair >> shift | high) & ones(bits)
        };
        let mut values: Vec<u128> = Vec::with_capacity(plan.nodes.len());
        for Node { a, b, bits: width } in &plan.nodes {
            let value = |operand: &Operand| {
                let value = match &operand.source {
                    Source::Node(node) => values[*node],
                    Source::Constant(value) => *value,
                    Source::Pieces(pieces) => pieces.iter().fold(0, |value, piece| {
                        let (input, multiple) = plan.words[piece.word];
                        let of_word = if multiple == 1 {
                            bits(input, piece.low, piece.bits)
                        } else {
                            ((bits(input, 0, SUM_BITS) * u128::from(multiple)) >> piece.low) & ones(piece.bits)
                        };
                        value | of_word << piece.at
                    }),
                };
                (if operand.inverted { value ^ ones(operand.bits) } else { value }) << operand.shift
            };
            values.push((value(a) + b.as_ref().map_or(0, value)) & ones(*width));
        }
        plan.outputs.iter().map(|output| output.node.map_or(0, |(node, shift)| values[node] << shift)).collect()
    }

    fn show(&mut self, result: &[u128]) {
        for (y, value) in self.y.iter_mut().zip(result) {
            y.next = U::from_limbs(&[*value as u64, (*value >> 64) as u64]);
        }
    }
}

impl<const X: usize> Logic for SegmentSum<X> {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        let inputs = self.x.iter().chain(&self.z).map(|input| input.val());
        if self._result.is_empty() || inputs.clone().ne(self._last.iter().copied()) {
            self._last = inputs.collect();
            self._result = self.compute();
            self._same = 1;
        } else if self._same > self._ring.len() {
            return; // the ring holds nothing else
        } else {
            self._same += 1;
        }
        note_activity();
        let mut result = self._result.clone();
        if !self._ring.is_empty() {
            std::mem::swap(&mut self._ring[self._at], &mut result);
            self._at = (self._at + 1) % self._ring.len();
        }
        self.show(&result);
    }

    fn connect(&mut self) {
        self.y.iter_mut().for_each(|y| y.connect());
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(verilog::text(&self._plan))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let names = |name: &str, n: usize| -> Vec<String> { (0..n).map(|i| format!("{name}${i}")).collect() };
        vec![TimingInfo {
            name: "segment_sum".into(),
            clock: "clock".into(),
            inputs: [names("x", self.x.len()), names("z", self.z.len())].concat(),
            outputs: names("y", self.y.len()),
        }]
    }
}

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
//! Verilog is written from the same [`Plan`] that its simulation executes, register by register.
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
    /// The registers: of the plan's nodes, and of the inputs where there are multiples.
    _nodes: Vec<u128>,
    _inputs: Vec<U<X>>,
    /// Inputs of the last edge, and edges for which they have not changed.
    _last: Vec<U<X>>,
    _same: usize,
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
            _nodes: vec![0; plan.nodes.len()],
            _inputs: vec![U::default(); x + z],
            _last: vec![],
            _same: 0,
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

    /// What the nodes' registers take at an edge before which they and the inputs (or their registers) are these.
    fn step(&self, nodes: &[u128], inputs: &[U<X>]) -> Vec<u128> {
        let plan = &self._plan;
        let bits = |input: usize, low: usize, bits: usize| {
            let limbs = inputs[input].limbs();
            let limb = |i: usize| limbs.get(i).copied().map_or(0, u128::from);
            let (at, shift) = (low / 64, low % 64);
            let pair = limb(at) | limb(at + 1) << 64;
            let high = if shift == 0 { 0 } else { limb(at + 2) << (128 - shift) };
            (pair >> shift | high) & ones(bits)
        };
        let value = |operand: &Operand| {
            let value = match &operand.source {
                Source::Node(node) => nodes[*node],
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
        plan.nodes.iter().map(|Node { a, b, bits }| (value(a) + b.as_ref().map_or(0, value)) & ones(*bits)).collect()
    }
}

impl<const X: usize> Logic for SegmentSum<X> {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        let inputs = self.x.iter().chain(&self.z).map(|input| input.val());
        if inputs.clone().eq(self._last.iter().copied()) {
            if self._same > self._plan.latency {
                return; // every register holds what it would take
            }
            self._same += 1;
        } else {
            self._last = inputs.collect();
            self._same = 0;
        }
        note_activity();
        self._nodes = self.step(&self._nodes, if self._plan.multiples { &self._inputs } else { &self._last });
        self._inputs.clone_from(&self._last);
        for (y, output) in self.y.iter_mut().zip(&self._plan.outputs) {
            let value = output.node.map_or(0, |(node, shift)| self._nodes[node] << shift);
            y.next = U::from_limbs(&[value as u64, (value >> 64) as u64]);
        }
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

//! Arithmetic against the model; streams of all kinds through the engine, natively and under Verilator.

use super::{Combine, Elementwise};
use crate::field::model::Model;
use crate::field::testing::{assert_same, edge_values, random_values, stream};
use crate::field::{FieldParams, BLS12_377_FR, BLS12_381_FR, BN254_FR};
use gristmill_abi::command::Operation;
use gristmill_hdl_kit::cosim::{check, check_with, Options, Outcome};
use gristmill_hdl_kit::ports::Value;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{LIMBS, U};
use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::Block;
use std::collections::VecDeque;

/// r of a, b, c in Montgomery form.
fn result(model: &Model, op: u64, a: &BigUint, b: &BigUint, c: &BigUint) -> BigUint {
    match op {
        0 => model.add(a, b),
        1 => model.sub(a, b),
        2 => model.mont_mul(a, b),
        _ => model.sub(&model.mont_mul(a, b), c),
    }
}

/// Every pair of edge values under each operation, c going round; random ones.
fn vectors(field: &FieldParams, random: usize) -> Vec<Vec<BigUint>> {
    let edge = edge_values(field);
    let mut all = Vec::new();
    for (i, a) in edge.iter().enumerate() {
        for (j, b) in edge.iter().enumerate() {
            for op in 0..4u32 {
                all.push(vec![a.clone(), b.clone(), edge[(i * 5 + j) % edge.len()].clone(), op.into()]);
            }
        }
    }
    let values = random_values(field, 3 * random, 12);
    all.extend(values.chunks(3).enumerate().map(|(i, v)| [v, &[BigUint::from(i % 4)]].concat()));
    all
}

fn combines(field: &FieldParams, fidelity: Fidelity, random: usize) {
    let vectors = vectors(field, random);
    let model = Model::new(field);
    let op = |v: &[BigUint]| v[3].iter_u64_digits().next().unwrap_or(0);
    let expected: Vec<Vec<BigUint>> =
        vectors.iter().map(|v| vec![result(&model, op(v), &v[0], &v[1], &v[2])]).collect();
    let mut combine = Combine::new(field, fidelity);
    let latency = combine.latency();
    let results = stream(&mut combine, latency, &vectors);
    assert_same(field.name, &vectors, &results, &expected);
}

#[test]
fn twin_is_the_model() {
    for field in [&BN254_FR, &BLS12_381_FR, &BLS12_377_FR] {
        combines(field, Fidelity::Twin, 200);
    }
}

#[test]
fn rtl_is_the_model() {
    combines(&BN254_FR, Fidelity::Rtl, 20);
    combines(&BLS12_381_FR, Fidelity::Rtl, 20);
}

#[test]
fn operations_have_the_codes_of_the_contract() {
    assert_eq!(Operation::ALL.map(|o| o as u64), [0, 1, 2, 3]);
}

fn value(x: &BigUint) -> Value {
    *U::<256>::from(x).limbs()
}

fn small(x: u64) -> Value {
    let mut v = [0; LIMBS];
    v[0] = x;
    v
}

/// The native side is the twin.
#[test]
fn verilog_of_the_arithmetic() {
    let mut combine = Combine::new(&BN254_FR, Fidelity::Twin);
    combine.connect_all();
    let operands = vectors(&BN254_FR, 200);
    let inputs: Vec<Vec<Value>> = operands.iter().map(|v| v.iter().map(value).collect()).collect();
    let options = Options { warm_up: combine.latency(), ..Default::default() };
    match check(&mut combine, &inputs, &options).unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { cycles } => assert_eq!(cycles, operands.len() - options.warm_up),
        Outcome::Skipped => {}
    }
}

// Indices of ports, in the order of `ports!`.
const START: usize = 1;
const OP: usize = 2;
const SCALAR: usize = 3;
const STREAMS: [usize; 3] = [4, 6, 8];
const OUT_READY: usize = 10;
const OUT_DATA: usize = 3;
const OUT_VALID: usize = 4;

/// Commands one after the other, streams with pauses. Which words an edge takes is computed beside the engine, which takes them in the
/// cycle in which it sees that they are offered.
struct Driver {
    rng: StdRng,
    model: Model,
    /// Operation, one element for all of b, elements.
    commands: VecDeque<(u64, bool, usize)>,
    words: [VecDeque<Value>; 3],
    offered: [bool; 3],
    expected: VecDeque<Value>,
    op: u64,
    scalar: bool,
    held: bool,
    /// Elements begun whose results have not left, and the most that there may be.
    begun: usize,
    room: usize,
    /// How often of ten a stream goes on.
    pace: u32,
    /// Of each command, from the start to the last result.
    cycles: Vec<usize>,
    done: usize,
}

impl Driver {
    fn new(commands: &[(u64, bool, usize)], room: usize, pace: u32) -> Self {
        Driver {
            rng: StdRng::seed_from_u64(6),
            model: Model::new(&BN254_FR),
            commands: commands.iter().copied().collect(),
            words: Default::default(),
            offered: [false; 3],
            expected: VecDeque::new(),
            op: 0,
            scalar: false,
            held: false,
            begun: 0,
            room,
            pace,
            cycles: vec![],
            done: 0,
        }
    }

    fn begin(&mut self, inputs: &mut [Value]) {
        let Some((op, scalar, n)) = self.commands.pop_front() else { return };
        let vector = |n: usize, seed| random_values(&BN254_FR, n, seed);
        let seed = self.rng.gen_range(0..1 << 32);
        let a = vector(n, seed);
        let b = vector(if scalar { 1 } else { n }, seed + 1);
        let c = if op == 3 { vector(n, seed + 2) } else { vec![] };
        let zero = BigUint::from(0u32);
        let element = |i: usize| {
            let b = &b[if scalar { 0 } else { i }];
            value(&result(&self.model, op, &a[i], b, c.get(i).unwrap_or(&zero)))
        };
        self.expected = (0..n).map(element).collect();
        self.words = [&a, &b, &c].map(|v| v.iter().map(value).collect());
        (self.op, self.scalar, self.held) = (op, scalar, false);
        inputs[START] = small(1);
        inputs[OP] = small(op);
        inputs[SCALAR] = small(scalar.into());
        self.cycles.push(0);
    }

    fn drive(&mut self, outputs: &[Value], inputs: &mut [Value]) {
        inputs[START] = small(0);
        let starts = self.expected.is_empty();
        if starts {
            self.begin(inputs);
        }
        for (stream, port) in STREAMS.into_iter().enumerate() {
            // The readers begin in the cycle of the start, and offer nothing in it.
            let there = !self.words[stream].is_empty() && !starts;
            self.offered[stream] |= there && self.rng.gen_ratio(self.pace, 10);
            inputs[port] = match self.words[stream].front() {
                Some(word) if self.offered[stream] => *word,
                _ => value(&BigUint::from(self.rng.gen::<u128>())),
            };
            inputs[port + 1] = small(self.offered[stream].into());
        }
        let willing = self.rng.gen_ratio(self.pace, 10);
        inputs[OUT_READY] = small(willing.into());

        if let Some(cycles) = self.cycles.last_mut().filter(|_| !self.expected.is_empty()) {
            *cycles += 1;
        }
        let [a, b, c] = self.offered;
        let goes = a && if self.scalar { self.held } else { b } && (c || self.op != 3) && self.begun < self.room;
        let takes = [goes, if self.scalar { b && !self.held } else { goes }, goes && self.op == 3];
        for (stream, _) in takes.into_iter().enumerate().filter(|(_, takes)| *takes) {
            self.words[stream].pop_front();
            self.offered[stream] = false;
        }
        self.held |= self.scalar && b;
        let leaves = willing && outputs[OUT_VALID][0] == 1;
        if leaves {
            assert_eq!(Some(outputs[OUT_DATA]), self.expected.pop_front(), "a result of command {}", self.done);
            self.done += usize::from(self.expected.is_empty());
        }
        self.begun = self.begun + usize::from(goes) - usize::from(leaves);
    }
}

#[test]
fn streams_with_pauses_natively_and_in_verilog() {
    let mut engine = Elementwise::new(&BN254_FR, Fidelity::Twin);
    engine.connect_all();
    let mut commands = Vec::new();
    for n in [1, 2, 70, 3, 130] {
        for op in 0..4 {
            commands.extend([(op, false, n), (op, true, n)]);
        }
    }
    let mut driver = Driver::new(&commands, engine.room(), 8);
    let outcome =
        check_with(&mut engine, 6_000, &Options::default(), |_, outputs, inputs| driver.drive(outputs, inputs));
    match outcome.unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { .. } => assert_eq!(driver.done, commands.len(), "commands done"),
        Outcome::Skipped => {}
    }
}

/// An element a cycle where nothing pauses.
#[test]
fn one_element_a_cycle() {
    let mut engine = Elementwise::new(&BN254_FR, Fidelity::Twin);
    let latency = engine.latency();
    engine.connect_all();
    let mut driver = Driver::new(&[(3, false, 500), (2, true, 500), (0, false, 500)], engine.room(), 10);
    let outcome =
        check_with(&mut engine, 1_700, &Options::default(), |_, outputs, inputs| driver.drive(outputs, inputs));
    match outcome.unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { .. } => {
            assert_eq!(driver.done, 3);
            // The start, the elements, the last one's way; one more for the scalar.
            let cycles = 1 + 500 + latency;
            assert_eq!(driver.cycles[..3], [cycles, cycles + 1, cycles]);
        }
        Outcome::Skipped => {}
    }
}

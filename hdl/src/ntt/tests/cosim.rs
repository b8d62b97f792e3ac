//! Generated Verilog under Verilator against the native simulation, cycle by cycle.

use super::butterfly::vectors;
use crate::field::BN254_FR;
use crate::ntt::model::{Factors, VectorField};
use crate::ntt::{Butterfly, PackedNtt, PipelinedNtt, SerialNtt, BN254_FR_VECTORS, GOLDILOCKS_VECTORS};
use gristmill_hdl_kit::cosim::{check, check_with, Options, Outcome};
use gristmill_hdl_kit::ports::{Ports, Value};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{LIMBS, U};
use num_bigint::BigUint;
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::Block;
use std::collections::VecDeque;

fn value(x: &BigUint) -> Value {
    *U::<256>::from(x).limbs()
}

fn small(x: u64) -> Value {
    let mut v = [0; LIMBS];
    v[0] = x;
    v
}

/// The native side is the twin, so all three agree: model, twin (see the butterfly's tests), Verilog.
#[test]
fn butterfly() {
    let mut butterfly = Butterfly::new(&BN254_FR, Fidelity::Twin);
    butterfly.connect_all();
    let operands = vectors(&BN254_FR, 300);
    let inputs: Vec<Vec<Value>> = operands.iter().map(|v| v.iter().map(value).collect()).collect();
    let options = Options { warm_up: butterfly.latency(), ..Default::default() };
    match check(&mut butterfly, &inputs, &options).unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { cycles } => assert_eq!(cycles, operands.len() - options.warm_up),
        Outcome::Skipped => {}
    }
}

/// A command: with one factor sequence, or sixteen if it has columns.
struct Order {
    log_n: u32,
    columns: bool,
    /// How many, and whether they come (1) and leave (2) reversed: of commands without factors.
    vectors: usize,
    turned: u64,
    inverse: bool,
    before: Option<Vec<Factors>>,
    after: Option<Vec<Factors>>,
}

/// Streams of one command after the other, with random pauses.
struct Driver {
    rng: StdRng,
    field: VectorField,
    commands: VecDeque<Order>,
    words: VecDeque<Value>,
    factors: VecDeque<Value>,
    expected: VecDeque<Value>,
    offered: bool,
    factor_offered: bool,
    running: bool,
    willing: bool,
    done: usize,
}

// Indices of ports, in the order of `ports!`.
const START: usize = 1;
const LOG_N: usize = 2;
const IN_DATA: usize = 6;
const FACTOR_DATA: usize = 8;
const OUT_READY: usize = 10;
const MORE: usize = 11;
const ORDER: usize = 12;
const IN_READY: usize = 0;
const FACTOR_READY: usize = 1;
const OUT_DATA: usize = 2;
const OUT_VALID: usize = 3;
const DONE: usize = 4;
const READY: usize = 5;

impl Driver {
    fn random(&mut self) -> BigUint {
        BigUint::from_bytes_le(&self.rng.gen::<[u8; 32]>()) % &self.field.modulus
    }

    fn stream(&self, elements: &[BigUint]) -> VecDeque<Value> {
        let forms: Vec<BigUint> = elements.iter().map(|x| self.field.to_montgomery(x)).collect();
        self.field.pack(&forms).iter().map(value).collect()
    }

    fn drive(&mut self, outputs: &[Value], inputs: &mut [Value], log_seeds: u32) {
        let is_set = |port: usize| outputs[port][0] == 1;
        inputs[START] = small(0);
        if is_set(DONE) && self.running {
            assert!(self.words.is_empty() && self.factors.is_empty() && self.expected.is_empty());
            self.running = false;
            self.done += 1;
        }
        if is_set(READY) && !self.running {
            if let Some(Order { log_n, columns, vectors, turned, inverse, before, after }) = self.commands.pop_front() {
                let one = |f: &Option<Vec<Factors>>| f.as_ref().map(|f| f[0].clone());
                let turn = |x: &[BigUint], on: u64| -> Vec<BigUint> {
                    let at = |i: usize| if on == 0 { i } else { i.reverse_bits() >> (usize::BITS - log_n) };
                    (0..x.len()).map(|i| x[at(i)].clone()).collect()
                };
                for _ in 0..vectors {
                    let input: Vec<BigUint> = (0..1 << log_n).map(|_| self.random()).collect();
                    let output = match columns {
                        true => self.field.columns(&input, inverse, before.as_deref(), after.as_deref()),
                        false => self.field.command(&input, inverse, one(&before).as_ref(), one(&after).as_ref()),
                    };
                    self.words.extend(self.stream(&turn(&input, turned & 1)));
                    self.expected.extend(self.stream(&turn(&output, turned & 2)));
                    let blocks = [&before, &after].into_iter().flatten();
                    let block = |f: &Vec<Factors>| match columns {
                        true => self.field.column_block(f, log_seeds),
                        false => self.field.factor_block(&f[0], log_seeds),
                    };
                    self.factors.extend(blocks.flat_map(block).map(|x| value(&x)));
                }
                if inputs.len() > ORDER {
                    inputs[MORE] = small(vectors as u64 - 1);
                    inputs[ORDER] = small(turned);
                }
                let code = u64::from(log_n) | if columns { 32 } else { 0 };
                let flags = [code, inverse.into(), before.is_some().into(), after.is_some().into()];
                inputs[START] = small(1);
                for (i, flag) in flags.into_iter().enumerate() {
                    inputs[LOG_N + i] = small(flag);
                }
                self.running = true;
            }
        }
        self.offered |= !self.words.is_empty() && self.rng.gen_ratio(9, 10);
        let noise = value(&self.random());
        inputs[IN_DATA] = if self.offered { self.words[0] } else { noise };
        inputs[IN_DATA + 1] = small(self.offered.into());
        if self.offered && is_set(IN_READY) {
            self.words.pop_front();
            self.offered = false;
        }
        self.factor_offered |= !self.factors.is_empty() && self.rng.gen_ratio(9, 10);
        inputs[FACTOR_DATA] = if self.factor_offered { self.factors[0] } else { noise };
        inputs[FACTOR_DATA + 1] = small(self.factor_offered.into());
        if self.factor_offered && is_set(FACTOR_READY) {
            self.factors.pop_front();
            self.factor_offered = false;
        }
        self.willing = self.rng.gen_ratio(8, 10);
        inputs[OUT_READY] = small(self.willing.into());
        if self.willing && is_set(OUT_VALID) {
            assert_eq!(Some(outputs[OUT_DATA]), self.expected.pop_front(), "result of command {}", self.done);
        }
    }
}

/// Every kind of command on the whole engine: the Verilog's multipliers and unit in full, the
/// native side with twins.
fn engine(ntt: impl Ports, field: VectorField, sizes: &[u32], log_seeds: u32, cycles: usize) {
    let sizes: Vec<(u32, bool)> = sizes.iter().map(|log_n| (*log_n, false)).collect();
    orders(ntt, field, &sizes, log_seeds, cycles, false);
}

/// The same with some commands of columns, and of `several` vectors, in other orders.
fn orders(ntt: impl Ports, field: VectorField, sizes: &[(u32, bool)], log_seeds: u32, cycles: usize, several: bool) {
    let mut ntt = ntt;
    ntt.connect_all();
    let mut driver = Driver {
        rng: StdRng::seed_from_u64(5),
        field,
        commands: VecDeque::new(),
        words: VecDeque::new(),
        factors: VecDeque::new(),
        expected: VecDeque::new(),
        offered: false,
        factor_offered: false,
        running: false,
        willing: false,
        done: 0,
    };
    for &(log_n, columns) in sizes {
        for kind in 0..8u32 {
            let mut factors = |bit: u32| {
                let mut one = || Factors { start: driver.random(), ratio: driver.random() };
                (kind & bit != 0).then(|| (0..if columns { 16 } else { 1 }).map(|_| one()).collect())
            };
            let (before, after) = (factors(2), factors(4));
            let (vectors, turned) = match (several, kind < 2 && !columns) {
                (true, plain) => {
                    (1 + (kind as usize + log_n as usize) % 3, if plain { u64::from(log_n) % 4 } else { 0 })
                }
                (false, _) => (1, 0),
            };
            driver.commands.push_back(Order { log_n, columns, vectors, turned, inverse: kind & 1 != 0, before, after });
        }
    }
    let outcome = check_with(&mut ntt, cycles, &Options::default(), |_, outputs, inputs| {
        driver.drive(outputs, inputs, log_seeds)
    });
    match outcome.unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { .. } => assert_eq!(driver.done, 8 * sizes.len(), "commands done"),
        Outcome::Skipped => {}
    }
}

fn serial(log_seeds: u32, cycles: usize) {
    let ntt = SerialNtt::new(&BN254_FR_VECTORS, 6, log_seeds, Fidelity::Twin);
    engine(ntt, VectorField::bn254_fr(), &[6, 1, 3, 6], log_seeds, cycles);
}

#[test]
fn pipelined_engine() {
    let ntt = PipelinedNtt::<256>::new(&BN254_FR_VECTORS, 7, 6, 0, Fidelity::Twin);
    let sizes = [(6, false), (1, false), (7, true), (3, false), (5, true), (6, true), (6, false)];
    orders(ntt, VectorField::bn254_fr(), &sizes, 6, 60_000, true);
}

#[test]
fn pipelined_engine_with_four_butterflies() {
    let ntt = PipelinedNtt::<256>::new(&BN254_FR_VECTORS, 7, 6, 2, Fidelity::Twin);
    let sizes = [(6, false), (2, false), (7, true), (1, false), (5, true), (7, false)];
    orders(ntt, VectorField::bn254_fr(), &sizes, 6, 50_000, true);
}

#[test]
fn serial_engine() {
    serial(7, 160_000);
}

#[test]
fn serial_engine_with_the_fewest_seeds() {
    serial(2, 160_000);
}

#[test]
fn goldilocks_engine() {
    let ntt = PackedNtt::new(6, 4, 0, Fidelity::Twin);
    let sizes = [(6, false), (2, false), (5, true), (3, false), (6, true), (6, false)];
    orders(ntt, VectorField::new(&GOLDILOCKS_VECTORS), &sizes, 4, 30_000, true);
}

/// Columns long enough to be begun, and stored, before the pipeline is empty: either field.
#[test]
fn long_columns() {
    let ntt = PipelinedNtt::<256>::new(&BN254_FR_VECTORS, 10, 5, 1, Fidelity::Twin);
    assert_eq!(ntt.timing().long_columns(), 10);
    orders(ntt, VectorField::bn254_fr(), &[(10, true)], 5, 60_000, false);
    let ntt = PackedNtt::new(10, 5, 2, Fidelity::Twin);
    orders(ntt, VectorField::new(&GOLDILOCKS_VECTORS), &[(10, true)], 5, 100_000, true);
}

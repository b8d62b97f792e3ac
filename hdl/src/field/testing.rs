//! What the tests of field and curve share: values, and driving a block of fixed latency.

use gristmill_hdl_kit::ports::{Ports, Value};
use gristmill_hdl_kit::sim;
use num_bigint::BigUint;
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::{Block, Clock, In, Signal};

use super::params::from_limbs;
use super::FieldParams;

/// Values at which reductions and carries change: 0, 1, p-1 and their neighbours, the middle, R,
/// long runs of ones and zeros.
pub fn edge_values(params: &FieldParams) -> Vec<BigUint> {
    let p = params.prime();
    let one = BigUint::from(1u32);
    let r = (&one << params.word_bits) % &p;
    let mut values = vec![0u32.into(), one.clone(), 2u32.into(), &p - 1u32, &p - 2u32, &p >> 1, (&p >> 1) + 1u32, r];
    values.push(&one << (params.bits() - 1));
    values.push((&one << (params.bits() - 1)) - 1u32);
    values.push((&one << 128) - 1u32);
    values.push(&one << 32);
    values
}

/// `count` uniform elements; the same ones for the same seed.
pub fn random_values(params: &FieldParams, count: usize, seed: u64) -> Vec<BigUint> {
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let p = params.prime();
    (0..count).map(|_| from_limbs(&std::array::from_fn::<u64, 7, _>(|_| rng.gen())) % &p).collect()
}

/// Every pair of edge values, then random pairs.
pub fn pairs(params: &FieldParams, random: usize, seed: u64) -> Vec<Vec<BigUint>> {
    let edge = edge_values(params);
    let mut all: Vec<Vec<BigUint>> =
        edge.iter().flat_map(|a| edge.iter().map(|b| vec![a.clone(), b.clone()])).collect();
    all.extend(random_values(params, 2 * random, seed).chunks(2).map(<[BigUint]>::to_vec));
    all
}

/// Edge values with each other at different places, then random ones; four operands each.
pub fn quadruples(params: &FieldParams, random: usize, seed: u64) -> Vec<Vec<BigUint>> {
    let edge = edge_values(params);
    let n = edge.len();
    let mut all: Vec<Vec<BigUint>> = Vec::new();
    for i in 0..n {
        for j in 0..n {
            all.push([i, j, (i + j) % n, (i * j + 1) % n].map(|k| edge[k].clone()).to_vec());
            // Equal products, and the largest ones on either side.
            all.push([i, j, j, i].map(|k| edge[k].clone()).to_vec());
        }
        all.push([3, 3, i, 0].map(|k| edge[k].clone()).to_vec());
        all.push([0, i, 3, 3].map(|k| edge[k].clone()).to_vec());
    }
    all.extend(random_values(params, 4 * random, seed).chunks(4).map(<[BigUint]>::to_vec));
    all
}

/// One clock cycle of a block whose ports are vectors of signals, which `Ports` cannot name.
pub fn clock_cycle<B: Block>(block: &mut B, clock: impl Fn(&mut B) -> &mut Signal<In, Clock>) {
    sim::settle(block, sim::MAX_WALKS).expect("the block settles");
    for high in [true, false] {
        clock(block).next = high.into();
        sim::settle(block, sim::MAX_WALKS).expect("the block settles");
    }
}

/// Feeds one vector of operands a cycle and returns the results, `latency` cycles behind each.
pub fn stream<B: Ports>(block: &mut B, latency: usize, vectors: &[Vec<BigUint>]) -> Vec<Vec<BigUint>> {
    let outputs = B::outputs().len();
    let mut results = Vec::new();
    for cycle in 0..vectors.len() + latency - 1 {
        let operands = &vectors[cycle.min(vectors.len() - 1)];
        for (port, operand) in operands.iter().enumerate() {
            block.poke(port, &operand.to_u64_digits());
        }
        sim::cycle(block).expect("the block settles");
        if cycle + 1 >= latency {
            results.push((0..outputs).map(|port| from_limbs(&block.peek(port))).collect());
        }
    }
    results
}

/// Fails on the first vector whose results differ from the expectation.
pub fn assert_same(what: &str, vectors: &[Vec<BigUint>], results: &[Vec<BigUint>], expected: &[Vec<BigUint>]) {
    assert_eq!(results.len(), vectors.len(), "{what}: number of results");
    assert_eq!(expected.len(), vectors.len(), "{what}: number of expectations");
    for ((operands, result), expectation) in vectors.iter().zip(results).zip(expected) {
        assert_eq!(result, expectation, "{what} of {operands:x?}");
    }
}

/// As values of ports.
pub fn values(vectors: &[Vec<BigUint>]) -> Vec<Vec<Value>> {
    let value = |x: &BigUint| {
        let mut value = Value::default();
        for (limb, digit) in value.iter_mut().zip(x.iter_u64_digits()) {
            *limb = digit;
        }
        value
    };
    vectors.iter().map(|operands| operands.iter().map(value).collect()).collect()
}

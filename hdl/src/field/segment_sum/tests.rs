//! Sums against big integers, natively and in Verilog.

use num_bigint::BigUint;
use num_traits::{One, Zero};
use rand::{Rng, SeedableRng};
use rust_hdl::prelude::Block;

use super::super::testing::clock_cycle;
use super::*;

fn random_terms(rng: &mut impl Rng, inputs: usize, count: usize, top: usize) -> Vec<Term> {
    (0..count)
        .map(|_| {
            let multiple = [1, 3, 5, 7][rng.gen_range(0..4)];
            let bits = rng.gen_range(1..=70);
            Term {
                multiple,
                low: rng.gen_range(0..=72 - bits),
                negative: rng.gen_bool(0.4),
                ..Term::word(rng.gen_range(0..inputs), bits, rng.gen_range(0..top))
            }
        })
        .collect()
}

/// The terms' sum by definition, modulo 2^top.
fn expected(request: &Request, x: &[BigUint]) -> BigUint {
    let modulus = BigUint::one() << request.top();
    let mut sum = request.constant.clone().unwrap_or_default() % &modulus;
    for t in &request.terms {
        let value = ((&x[t.input] * t.multiple) >> t.low) % (BigUint::one() << t.bits);
        let value = (value << t.position) % &modulus;
        sum = if t.negative { sum + &modulus - value } else { sum + value } % &modulus;
    }
    sum
}

fn run(block: &mut SegmentSum<80>, x: &[BigUint]) -> BigUint {
    let first = block.x.len();
    for (i, value) in x.iter().enumerate() {
        let port = if i < first { &mut block.x[i] } else { &mut block.z[i - first] };
        port.next = value.into();
    }
    for _ in 0..block.latency() {
        clock_cycle(block, |block| &mut block.clock);
    }
    block.y.iter().enumerate().map(|(k, y)| BigUint::from(y.val()) << (SLICE_BITS * k)).sum()
}

#[test]
fn sums_are_those_of_integers() {
    let mut rng = rand::rngs::StdRng::seed_from_u64(5);
    for round in 0..40 {
        let (slices, last_bits) = (rng.gen_range(1..6), rng.gen_range(40..=72));
        let top = (slices - 1) * SLICE_BITS + last_bits;
        let inputs = [rng.gen_range(1..5), round % 3];
        let all = inputs[0] + inputs[1];
        let count = rng.gen_range(1..40);
        let mut terms = random_terms(&mut rng, all, count, top);
        // Each slice starts with a positive term.
        terms.extend((0..slices).map(|k| Term::word(0, 30, SLICE_BITS * k)));
        let constant = (round % 2 == 0).then(|| BigUint::from(rng.gen::<u128>()) << (top / 2));
        let request = Request { inputs, terms, constant, slices, last_bits, levels: 7, slack: round % 9 };
        let mut block = SegmentSum::<80>::new(&request);
        block.connect_all();
        let modulus = BigUint::one() << top;
        let excess = block.plan().excess.clone();
        assert!(request.constant.is_none() || excess.is_zero());
        let ones = BigUint::from((1u128 << 72) - 1);
        for vector in 0..6 {
            let value = |_| match vector {
                0 => BigUint::zero(),
                1 => ones.clone(),
                _ => BigUint::from(rng.gen::<u128>()) & &ones,
            };
            let x: Vec<_> = (0..all).map(value).collect();
            let sum = run(&mut block, &x);
            assert_eq!(sum % &modulus, (expected(&request, &x) + &excess) % &modulus, "round {round}, {x:x?}");
        }
    }
}

#[test]
fn results_come_one_a_cycle() {
    let terms = vec![Term { multiple: 3, bits: 12, ..Term::word(0, 10, 0) }, Term::word(1, 10, 4)];
    let request = Request { inputs: [1, 1], terms, constant: None, slices: 1, last_bits: 64, levels: 2, slack: 8 };
    let mut block = SegmentSum::<80>::new(&request);
    block.connect_all();
    assert_eq!(block.latency(), 3);
    for cycle in 0..40u64 {
        // Some values stand for longer than the latency.
        let at = |cycle: u64| if (10..20).contains(&cycle) { 7 } else { cycle };
        block.x[0].next = at(cycle).into();
        block.z[0].next = (1000 - at(cycle)).into();
        clock_cycle(&mut block, |block| &mut block.clock);
        if cycle >= 2 {
            let x = at(cycle - 2);
            assert_eq!(block.y[0].val().low_u64(), 3 * x + 16 * (1000 - x), "cycle {cycle}");
        }
    }
}

#[test]
#[should_panic(expected = "levels leave")]
fn too_few_levels_are_refused() {
    let terms = (0..5).map(|i| Term::word(0, 10, i)).collect();
    let _ = SegmentSum::<80>::new(&Request {
        inputs: [1, 0],
        terms,
        constant: None,
        slices: 1,
        last_bits: 64,
        levels: 2,
        slack: 8,
    });
}

//! The digit-serial unit and its sums: model against RTL and twin, generated Verilog against both.

use crate::field::model::Model;
use crate::field::testing::{edge_values, pairs, random_values};
use crate::field::{FieldParams, BLS12_381_FR, BN254_FR};
use crate::ntt::serial::butterfly::SerialUnit;
use crate::ntt::serial::sums::SerialSums;
use gristmill_hdl_kit::cosim::{check, random_vectors, Options, Outcome};
use gristmill_hdl_kit::ports::{Ports, Value};
use gristmill_hdl_kit::sim::cycle;
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::U;
use num_bigint::BigUint;
use num_traits::One;
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::Block;

fn value(x: &BigUint) -> Value {
    *U::<256>::from(x).limbs()
}

fn small(x: u64) -> Value {
    value(&x.into())
}

fn check_sums(field: &FieldParams) {
    let model = Model::new(field);
    let mut sums = SerialSums::new(field);
    for (i, operands) in pairs(field, 100, 11).iter().enumerate() {
        let (a, r) = (&operands[0], &operands[1]);
        for swap in [i % 2 == 0, i % 2 == 1] {
            sums.start.next = true;
            sums.swap.next = swap;
            sums.a.next = U::from(a);
            sums.r.next = U::from(r);
            cycle(&mut sums).expect("settles");
            // Inputs matter in the cycle of the start alone.
            sums.start.next = false;
            sums.swap.next = !swap;
            sums.a.next = U::from(0xdead_u64);
            for _ in 1..SerialSums::LATENCY + i % 3 {
                cycle(&mut sums).expect("settles");
            }
            let (x, y) = (model.add(a, r), model.sub(a, r));
            let want = if swap { (y, x) } else { (x, y) };
            let got = (BigUint::from(sums.word_0.val()), BigUint::from(sums.word_1.val()));
            assert_eq!(got, want, "{a:x} and {r:x}, swap {swap}");
        }
    }
}

#[test]
fn sums_are_the_models() {
    check_sums(&BN254_FR);
    check_sums(&BLS12_381_FR);
}

#[test]
fn verilog_of_the_sums() {
    let mut sums = SerialSums::new(&BN254_FR);
    sums.connect_all();
    // Starts at random, most of them in the middle of another sum; then in peace.
    let mut vectors = random_vectors::<SerialSums>(600, 12);
    for (i, operands) in pairs(&BN254_FR, 50, 13).iter().enumerate() {
        let words = [small(1), small(i as u64 & 1), value(&operands[0]), value(&operands[1])];
        vectors.push(words.to_vec());
        vectors.extend(vec![vec![small(0), small(1), words[3], words[2]]; SerialSums::LATENCY + i % 2]);
    }
    match check(&mut sums, &vectors, &Options::default()).unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { cycles } => assert_eq!(cycles, vectors.len()),
        Outcome::Skipped => {}
    }
}

/// One operation: operands a, b, w and a tag.
struct Operation {
    slot: usize,
    words: [BigUint; 3],
    tag: u64,
}

/// Operations of all kinds in slots, some left out, edge values first; and a pause after which the
/// slots lie otherwise.
fn operations(field: &FieldParams, random: usize) -> (Vec<Operation>, usize) {
    let edge = edge_values(field);
    let mut wide = edge.clone();
    wide.extend([field.prime(), (BigUint::one() << 256u32) - 1u32]);
    let mut words: Vec<[BigUint; 3]> = Vec::new();
    for (i, b) in wide.iter().enumerate() {
        for (j, w) in edge.iter().enumerate() {
            words.push([edge[(i + j) % edge.len()].clone(), b.clone(), w.clone()]);
        }
    }
    let values = random_values(field, 3 * random, 14);
    words.extend(values.chunks(3).map(|v| [v[0].clone(), v[1].clone(), v[2].clone()]));
    let mut rng = StdRng::seed_from_u64(15);
    let mut at = 5;
    let mut all = Vec::new();
    for (i, words) in words.into_iter().enumerate() {
        // Load, butterfly, store, successor; exchanged or not; any lines.
        let kind = [1, 2, 4, 32][rng.gen_range(0..4)] | (rng.gen_range(0..2u64) << 4) | (rng.gen_range(0..2u64) << 3);
        all.push(Operation { slot: at, words, tag: kind | (rng.gen::<u32>() as u64) << 8 });
        at += SerialUnit::INTERVAL * if rng.gen_ratio(1, 5) { rng.gen_range(2..6) } else { 1 };
        if i % 40 == 39 {
            at += 100 + i % 17;
        }
    }
    (all, at + 100)
}

/// Values of the inputs a, b, w, tag in every cycle; between slots there is noise without a kind.
fn inputs(operations: &[Operation], cycles: usize) -> Vec<Vec<Value>> {
    let mut vectors = random_vectors::<SerialUnit>(cycles, 16);
    for vector in &mut vectors {
        vector[3][0] &= !SerialUnit::KINDS;
    }
    for operation in operations {
        for (port, word) in operation.words.iter().enumerate() {
            vectors[operation.slot][port] = value(word);
        }
        vectors[operation.slot][3] = small(operation.tag);
    }
    vectors
}

fn check_unit(field: &FieldParams, fidelity: Fidelity, random: usize) {
    let model = Model::new(field);
    let mut unit = SerialUnit::new(field, fidelity);
    let latency = unit.latency();
    let (operations, cycles) = operations(field, random);
    let mut due = operations.iter().peekable();
    for (now, vector) in inputs(&operations, cycles).iter().enumerate() {
        let tag = unit.peek(2)[0];
        if let Some(operation) = due.next_if(|o| o.slot + latency == now) {
            let [a, b, w] = &operation.words;
            let product = model.mont_mul(b, w) % &model.p;
            let (x, y) = (model.add(a, &product), model.sub(a, &product));
            let swapped = operation.tag & 16 != 0 && operation.tag & 3 != 0;
            let want = if swapped { (y, x) } else { (x, y) };
            let got = (BigUint::from(unit.word_0.val()), BigUint::from(unit.word_1.val()));
            assert_eq!(tag, operation.tag, "tag in cycle {now}");
            assert_eq!(got, want, "operands {:x?}, tag {tag:x}", operation.words);
        } else {
            assert_eq!(tag, 0, "a tag in cycle {now}");
        }
        for (port, word) in vector.iter().enumerate() {
            unit.poke(port, word);
        }
        cycle(&mut unit).expect("settles");
    }
    assert!(due.next().is_none());
}

#[test]
fn unit_twin_is_the_model() {
    check_unit(&BN254_FR, Fidelity::Twin, 300);
    check_unit(&BLS12_381_FR, Fidelity::Twin, 300);
}

#[test]
fn unit_rtl_is_the_model() {
    check_unit(&BN254_FR, Fidelity::Rtl, 50);
    check_unit(&BLS12_381_FR, Fidelity::Rtl, 10);
}

#[test]
fn verilog_of_the_unit() {
    let mut unit = SerialUnit::new(&BN254_FR, Fidelity::Rtl);
    unit.connect_all();
    let (operations, cycles) = operations(&BN254_FR, 50);
    match check(&mut unit, &inputs(&operations, cycles), &Options::default()).unwrap_or_else(|e| panic!("{e}")) {
        Outcome::Agreed { cycles: compared } => assert_eq!(compared, cycles),
        Outcome::Skipped => {}
    }
}

#[test]
fn an_operation_takes_64_cycles_and_a_slot_17() {
    assert_eq!(SerialUnit::new(&BN254_FR, Fidelity::Twin).latency(), 64);
    assert_eq!(SerialUnit::INTERVAL, 17);
}

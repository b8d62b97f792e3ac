//! RTL and twins against the model, on edge and random operands.

use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim;
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use rust_hdl::prelude::Block;

use super::karatsuba::WideProduct;
use super::model::Model;
use super::testing::{assert_same, clock_cycle, edge_values, pairs, quadruples, random_values, stream};
use super::*;

type Vectors = Vec<Vec<BigUint>>;

fn expect(vectors: &Vectors, f: impl Fn(&[BigUint]) -> BigUint) -> Vectors {
    vectors.iter().map(|operands| vec![f(operands)]).collect()
}

fn check<B: Ports>(what: &str, mut block: B, latency: usize, vectors: &Vectors, f: impl Fn(&[BigUint]) -> BigUint) {
    block.connect_all();
    let results = stream(&mut block, latency, vectors);
    assert_same(what, vectors, &results, &expect(vectors, f));
}

fn check_sums<const W: usize>(params: &FieldParams) {
    let model = Model::new(params);
    let vectors = pairs(params, 200, 1);
    let add = ModAdd::<W>::new(params);
    let latency = add.latency();
    check("ModAdd", add, latency, &vectors, |x| model.add(&x[0], &x[1]));
    let sub = ModSub::<W>::new(params);
    let latency = sub.latency();
    check("ModSub", sub, latency, &vectors, |x| model.sub(&x[0], &x[1]));
}

#[test]
fn sums_are_the_models() {
    check_sums::<256>(&BN254_FQ);
    check_sums::<256>(&BN254_FR);
    check_sums::<256>(&BLS12_381_FR);
    check_sums::<384>(&BLS12_381_FQ);
}

#[test]
fn sums_by_turns_are_the_models() {
    let model = Model::new(&BN254_FQ);
    let mut vectors = vec![];
    for (i, pair) in pairs(&BN254_FQ, 200, 8).into_iter().enumerate() {
        for subtract in [i as u32 % 2, 1 - i as u32 % 2] {
            vectors.push(vec![pair[0].clone(), pair[1].clone(), subtract.into()]);
        }
    }
    let unit = ModSum::<256>::new(&BN254_FQ);
    let latency = unit.latency();
    assert_eq!(latency, 4);
    check("ModSum", unit, latency, &vectors, |x| {
        if x[2] == 0u32.into() {
            model.add(&x[0], &x[1])
        } else {
            model.sub(&x[0], &x[1])
        }
    });
}

/// A product every 17 cycles for a time, then one left out.
#[test]
fn products_in_a_loop_are_the_models() {
    let model = Model::new(&BN254_FQ);
    let vectors = pairs(&BN254_FQ, 10, 9);
    let mut block = MontLoop256::new(&BN254_FQ);
    block.connect_all();
    let start = |i: usize| (i + i / 20) * MontLoop256::INTERVAL;
    let mut done = 0;
    for cycle in 0..start(vectors.len()) + MontLoop256::LATENCY {
        if done < vectors.len() && cycle == start(done) + MontLoop256::LATENCY {
            let sum = BigUint::from(block.low.val()) + BigUint::from(block.high.val());
            let expected = model.mont_mul(&vectors[done][0], &vectors[done][1]);
            assert!(sum == expected || sum == expected + &model.p, "product {done} of {:x?}", vectors[done]);
            done += 1;
        }
        let load = (0..vectors.len()).find(|&i| start(i) == cycle);
        block.load.next = load.is_some();
        let operands = &vectors[load.unwrap_or(cycle % vectors.len())];
        block.a.next = (&operands[0]).into();
        block.b.next = (&operands[1]).into();
        sim::cycle(&mut block).expect("the block settles");
    }
    assert_eq!(done, vectors.len());
    assert_eq!((MontLoop256::LATENCY, MontLoop256::INTERVAL), (52, 17));
}

fn check_small<const W: usize>(params: &FieldParams, ks: &[u32]) {
    let model = Model::new(params);
    let p = params.prime();
    for &k in ks {
        let mut values = edge_values(params);
        // Where the quotient steps: around every multiple of p/k.
        for i in 1..k {
            let step = &p * i / k;
            values.extend([&step - 1u32, step.clone(), &step + 1u32, &step + 2u32]);
        }
        values.extend(random_values(params, 200, 2));
        let vectors: Vectors = values.into_iter().map(|x| vec![x]).collect();
        let block = MulSmall::<W>::new(params, k);
        let latency = block.latency();
        check(&format!("{k} times"), block, latency, &vectors, |x| model.mul_small(k as u64, &x[0]));
    }
}

#[test]
fn small_multiples_are_the_models() {
    check_small::<256>(&BN254_FQ, &[3, 5, 6, 9, 10, 12]);
    check_small::<256>(&BLS12_381_FR, &[3, 12]);
    check_small::<384>(&BLS12_381_FQ, &[3, 12]);
}

fn check_product<const W: usize>(params: &FieldParams, random: usize) {
    let model = Model::new(params);
    let vectors = pairs(params, random, 3);
    for fidelity in [Fidelity::Twin, Fidelity::Rtl] {
        let block = MontMul::<W>::new(params, fidelity);
        let latency = block.latency();
        let what = format!("{} MontMul, {fidelity:?}", params.name);
        check(&what, block, latency, &vectors, |x| model.mont_mul(&x[0], &x[1]));
    }
}

fn check_product_sum<const W: usize>(params: &FieldParams, random: usize) {
    let model = Model::new(params);
    let vectors = quadruples(params, random, 4);
    for (fidelity, minus) in [Fidelity::Twin, Fidelity::Rtl].into_iter().flat_map(|f| [(f, false), (f, true)]) {
        let block = MontMulSum::<W>::new(params, minus, fidelity);
        let latency = block.latency();
        let what = format!("{} MontMulSum, {fidelity:?}, minus: {minus}", params.name);
        check(&what, block, latency, &vectors, |x| {
            let (first, second) = (model.mont_mul(&x[0], &x[1]), model.mont_mul(&x[2], &x[3]));
            if minus {
                model.sub(&first, &second)
            } else {
                model.add(&first, &second)
            }
        });
    }
}

#[test]
fn sums_of_products_are_the_models() {
    check_product_sum::<256>(&BN254_FQ, 50);
    check_product_sum::<256>(&BLS12_381_FR, 20);
    check_product_sum::<384>(&BLS12_381_FQ, 20);
}

/// Slices of a product before reduction, against integers.
#[test]
fn wide_products_are_those_of_integers() {
    fn check<const W: usize>(params: &FieldParams) {
        let mut block = WideProduct::<W>::new(params);
        block.connect_all();
        let modulus = BigUint::from(1u32) << (2 * W);
        for pair in pairs(params, 20, 6) {
            block.a.next = (&pair[0]).into();
            block.b.next = (&pair[1]).into();
            for _ in 0..WideProduct::<W>::LATENCY {
                clock_cycle(&mut block, |block| &mut block.clock);
            }
            let sum: BigUint = block.y.iter().enumerate().map(|(k, y)| BigUint::from(y.val()) << (64 * k)).sum();
            assert_eq!(sum % &modulus, (&pair[0] * &pair[1] + block.excess()) % &modulus, "{pair:x?}");
        }
    }
    check::<256>(&BN254_FQ);
    check::<384>(&BLS12_381_FQ);
}

#[test]
fn products_are_the_models_bn254() {
    check_product::<256>(&BN254_FQ, 100);
    check_product::<256>(&BN254_FR, 100);
}

#[test]
fn products_are_the_models_bls12_381() {
    check_product::<256>(&BLS12_381_FR, 50);
    check_product::<384>(&BLS12_381_FQ, 50);
}

#[test]
fn latencies() {
    // Other blocks count on these; a change is a decision.
    assert_eq!(ModAdd::<256>::new(&BN254_FQ).latency(), 2);
    assert_eq!(ModSub::<256>::new(&BN254_FQ).latency(), 2);
    assert_eq!(MulSmall::<256>::new(&BN254_FQ, 9).latency(), 3);
    assert_eq!((MontMul256::LATENCY, MontMulSum::<256>::LATENCY), (26, 27));
    assert_eq!((MontMul384::LATENCY, MontMulSum::<384>::LATENCY), (29, 30));
    assert_eq!((MontMulSerial256::LATENCY, MontMulSerial256::INTERVAL), (55, 17));
    assert_eq!((MontMulSerial384::LATENCY, MontMulSerial384::INTERVAL), (79, 25));
}

/// What a run of the serial multiplier showed.
struct SerialRun {
    /// Tag and product, in order.
    results: Vec<(u64, BigUint)>,
    /// Cycles from the first product's acceptance to the last result.
    cycles: usize,
}

/// Offers the products one after the other, pausing where `pause` says so (by cycle).
fn run_serial<const L: usize, const W: usize, const LW: usize>(
    block: &mut MontMulSerial<L, W, LW>,
    vectors: &Vectors,
    pause: impl Fn(usize) -> bool,
) -> SerialRun {
    let (mut next, mut cycle, mut first) = (0, 0, None);
    let mut results = Vec::new();
    while results.len() < vectors.len() {
        assert!(cycle < 200 * (vectors.len() + 2), "results stopped coming: {} so far", results.len());
        let offer = next < vectors.len() && !pause(cycle);
        block.in_valid.next = offer;
        if offer {
            block.a.next = (&vectors[next][0]).into();
            block.b.next = (&vectors[next][1]).into();
            block.tag.next = (next as u64 ^ 0x5555).into();
        }
        sim::settle(block, sim::MAX_WALKS).expect("the block settles");
        if offer && block.in_ready.val() {
            next += 1;
            first.get_or_insert(cycle);
        }
        sim::cycle(block).expect("the block settles");
        cycle += 1;
        if block.out_valid.val() {
            results.push((block.out_tag.val().low_u64(), block.r.val().into()));
        }
    }
    SerialRun { results, cycles: cycle - first.unwrap_or(0) }
}

fn check_serial<const L: usize, const W: usize, const LW: usize>(params: &FieldParams, random: usize, most: usize) {
    let model = Model::new(params);
    let vectors = pairs(params, random, 4);
    let expected: Vec<_> =
        vectors.iter().enumerate().map(|(i, x)| (i as u64 ^ 0x5555, model.mont_mul(&x[0], &x[1]))).collect();
    let mut block = MontMulSerial::<L, W, LW>::new(params);
    block.connect_all();
    let full = run_serial(&mut block, &vectors, |_| false);
    assert_eq!(full.results, expected, "{}", params.name);
    // A result's registers are the latency behind the last start; starts are `INTERVAL` apart on average.
    assert!(
        full.cycles <= vectors.len() * most + block.latency(),
        "{} products took {} cycles, more than {most} each",
        vectors.len(),
        full.cycles
    );
    // Gaps of any length, on a multiplier that was reset with products inside.
    block.in_valid.next = true;
    for _ in 0..5 {
        sim::cycle(&mut block).expect("the block settles");
    }
    block.reset.next = true;
    sim::cycle(&mut block).expect("the block settles");
    block.reset.next = false;
    let few = vectors[vectors.len() - 20..].to_vec();
    let gaps = run_serial(&mut block, &few, |cycle| cycle % 7 < 3 || (cycle / 100) % 3 == 1);
    let products: Vec<_> = gaps.results.into_iter().map(|(_, product)| product).collect();
    let tail: Vec<_> = expected[expected.len() - 20..].iter().map(|(_, product)| product.clone()).collect();
    assert_eq!(products, tail, "{} with gaps", params.name);
}

#[test]
fn serial_products_are_the_models() {
    check_serial::<16, 256, 391>(&BN254_FQ, 50, 17);
    check_serial::<16, 256, 391>(&BN254_FR, 20, 17);
    check_serial::<24, 384, 575>(&BLS12_381_FQ, 20, 25);
}

#[test]
fn serial_latency_of_a_lone_product() {
    let mut block = MontMulSerial256::new(&BN254_FQ);
    block.connect_all();
    let run = run_serial(&mut block, &vec![vec![1u32.into(), 2u32.into()]], |_| false);
    assert_eq!(run.cycles, block.latency());
}

//! The adder's RTL and twin against the textbook's affine addition.

use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;

use super::model::{Affine, Model, Projective};
use super::point_adder::PointAdderRtl;
use super::*;
use crate::field::testing::{random_values, stream};

/// Pairs with every case of the textbook: infinity on either side and both, equal and opposite
/// points, doubles, and points of small and random multiples.
pub(super) fn point_pairs(curve: &CurveParams, random: usize) -> Vec<(Affine, Affine)> {
    let model = Model::new(curve);
    let g = model.generator();
    let mut points = vec![Affine::Infinity, g.clone(), model.neg(&g)];
    for k in random_values(&curve.field, 2, 11) {
        let point = model.mul(&k, &g);
        points.extend([model.neg(&point), point]);
    }
    points.push(model.mul(&2u32.into(), &g));
    let mut all: Vec<_> = points.iter().flat_map(|p| points.iter().map(|q| (p.clone(), q.clone()))).collect();
    let (mut p, mut q) = (points[3].clone(), g);
    for _ in 0..random {
        (p, q) = (model.add(&p, &q), p);
        all.push((p.clone(), q.clone()));
    }
    all
}

/// Operands on the ports, each point under a random scale; half of the infinities as (0 : 1 : 0).
pub(super) fn operands(curve: &CurveParams, pairs: &[(Affine, Affine)]) -> Vec<Vec<BigUint>> {
    let model = Model::new(curve);
    let scales = random_values(&curve.field, 2 * pairs.len(), 12);
    let ports = |point: &Affine, scale: &BigUint, i: usize| {
        let scale = if i.is_multiple_of(2) { scale.clone() } else { 1u32.into() };
        let Projective { x, y, z } = model.to_projective(point, &scale);
        [x, y, z]
    };
    let of = |i: usize, (p, q): &(Affine, Affine)| {
        [ports(p, &scales[2 * i], i), ports(q, &scales[2 * i + 1], i / 2)].concat()
    };
    pairs.iter().enumerate().map(|(i, pair)| of(i, pair)).collect()
}

fn check<B: Ports>(what: &str, curve: &CurveParams, mut block: B, latency: usize, random: usize) -> Vec<Vec<BigUint>> {
    let model = Model::new(curve);
    let pairs = point_pairs(curve, random);
    block.connect_all();
    let results = stream(&mut block, latency, &operands(curve, &pairs));
    assert_eq!(results.len(), pairs.len());
    for ((p, q), result) in pairs.iter().zip(&results) {
        let [x, y, z] = <[BigUint; 3]>::try_from(result.clone()).expect("three coordinates");
        assert!([&x, &y, &z].into_iter().all(|c| c < &model.field.p), "{what}: not reduced");
        assert_eq!(model.to_affine(&Projective { x, y, z }), Some(model.add(p, q)), "{what}: {p:?} + {q:?}");
    }
    results
}

fn check_all<const W: usize>(curve: &CurveParams, random: usize) {
    let twin = PointAdder::<W>::new(curve, Fidelity::Twin);
    let latency = twin.latency();
    let by_twin = check("twin", curve, twin, latency, random);
    let by_wiring = check("RTL over twins", curve, PointAdderRtl::<W>::new(curve, Fidelity::Twin), latency, random);
    // Not only the same points: the same coordinates.
    assert_eq!(by_twin, by_wiring);
}

#[test]
fn twin_and_schedule_are_the_model() {
    check_all::<256>(&BN254, 200);
    check_all::<384>(&BLS12_381, 50);
}

#[test]
fn rtl_is_the_model_bn254() {
    let (twin, rtl) = (PointAdder256::new(&BN254, Fidelity::Twin), PointAdder256::new(&BN254, Fidelity::Rtl));
    let latency = twin.latency();
    assert_eq!(check("RTL", &BN254, rtl, latency, 8), check("twin", &BN254, twin, latency, 8));
}

#[test]
fn latencies() {
    // The scheduler of buckets counts on these; a change is a decision.
    assert_eq!(PointAdder256::LATENCY, 62);
    assert_eq!(PointAdder384::LATENCY, 68);
}

#[test]
fn twin_agrees_with_arkworks() {
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_ff::{PrimeField, UniformRand};
    use gristmill_hdl_kit::word::U;

    let mut rng = ark_std::test_rng();
    let adder = native::NativeAdderWord::new(&BN254);
    let model = Model::new(&BN254);
    for _ in 0..100 {
        let p = ark_bn254::G1Affine::rand(&mut rng);
        let q = ark_bn254::G1Affine::rand(&mut rng);
        let word = |f: ark_bn254::Fq| U::<256>::from_limbs(&f.0 .0);
        let ports = |p: ark_bn254::G1Affine| [word(p.x), word(p.y), word(1u32.into())];
        let [x, y, z] = adder.add(&ports(p), &ports(q)).map(BigUint::from);
        let theirs = (p + q).into_affine();
        let (x3, y3) = theirs.xy().expect("random points are not opposite");
        let expected = Affine::Point(x3.into_bigint().into(), y3.into_bigint().into());
        assert_eq!(model.to_affine(&Projective { x, y, z }), Some(expected));
    }
}

/// The whole adder's Verilog, 12 multipliers, against the twin in every cycle.
#[test]
fn verilog_is_the_twin() {
    use crate::field::testing::values;
    use gristmill_hdl_kit::cosim::{check, Options, Outcome};
    use gristmill_hdl_kit::verilator;
    use rust_hdl::prelude::Block;

    let mut adder = PointAdder256::new(&BN254, Fidelity::Twin);
    adder.connect_all();
    let vectors = values(&operands(&BN254, &point_pairs(&BN254, 500)));
    let apart = PointAdder256::VERILATE_APART.map(String::from).to_vec();
    let options = Options {
        warm_up: PointAdder256::LATENCY,
        verilator: verilator::Options { hierarchical: apart, ..Default::default() },
    };
    match check(&mut adder, &vectors, &options) {
        Ok(Outcome::Agreed { cycles }) => assert_eq!(cycles, vectors.len() - PointAdder256::LATENCY),
        Ok(Outcome::Skipped) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Times for the documentation; prints only.
#[test]
#[ignore = "measures, checks nothing: run with --ignored --nocapture"]
fn figures() {
    use gristmill_hdl_kit::word::U;
    use gristmill_hdl_kit::{sim, verilog};
    use rust_hdl::prelude::Block;
    use std::time::Instant;

    let start = Instant::now();
    let mut adder = PointAdder256::new(&BN254, Fidelity::Twin);
    adder.connect_all();
    println!("construction of PointAdder256: {:?}", start.elapsed());
    let start = Instant::now();
    let text = verilog::generate(&adder);
    println!("its Verilog: {} bytes in {:?}", text.len(), start.elapsed());

    let native = native::NativeAdderWord::new(&BN254);
    let operands = operands(&BN254, &point_pairs(&BN254, 200));
    let words: Vec<[U<256>; 6]> = operands.iter().map(|o| std::array::from_fn(|i| (&o[i]).into())).collect();
    const CALLS: u32 = 200_000;
    let start = Instant::now();
    let mut sum = [words[0][0], words[0][1], words[0][2]];
    for call in 0..CALLS {
        let [.., x, y, z] = words[call as usize % words.len()];
        sum = native.add(&sum, &[x, y, z]);
    }
    println!("the twin's function: {:?} a call ({sum:x?})", start.elapsed() / CALLS);

    let start = Instant::now();
    for call in 0..CALLS {
        let [x1, y1, z1, x2, y2, z2] = words[call as usize % words.len()];
        adder.x1.next = x1;
        adder.y1.next = y1;
        adder.z1.next = z1;
        adder.x2.next = x2;
        adder.y2.next = y2;
        adder.z2.next = z2;
        sim::cycle(&mut adder).expect("the adder settles");
    }
    println!("the twin simulated, new operands in each cycle: {:?} a cycle", start.elapsed() / CALLS);
}

//! The card's engine on cards of each curve, against arkworks: bases in card memory, in host memory, brought each
//! time; commands cut; curves that the card has not; bases and results that cannot be.

use super::engine::{CardEngine, Nature};
use super::soft::{Seen, Soft};
use crate::curve::outsider;
use crate::device::engine::{Engine, MsmEngine};
use crate::device::{Check, Device, Fallback, Options};
use crate::{Bases, Curve, Error, MsmCurve};
use ark_bls12_377::{Fq, G1Affine};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{One, UniformRand, Zero};
use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use gristmill_abi::command::{FLAG_MONTGOMERY, Opcode};
use gristmill_driver::Card;
use std::sync::{Arc, Mutex};

type Bn254 = ark_bn254::g1::Config;
type Bls381 = ark_bls12_381::g1::Config;
type Bls377 = ark_bls12_377::g1::Config;

struct Bench {
    device: Device,
    seen: Arc<Mutex<Seen>>,
}

/// A device on a card that keeps so many bytes of bases in host memory.
fn bench<C: MsmCurve>(log_max_points: u8, card_mem_bytes: usize, kept: u64, check: Check) -> Bench {
    let soft = Soft::<C>::new(log_max_points, card_mem_bytes);
    let seen = soft.seen.clone();
    let card = Card::open(Box::new(soft)).expect("open");
    let engine: Arc<dyn Engine> =
        Arc::new(CardEngine::keeping(kept, card, Nature { kind: "simulator", ..Nature::default() }));
    let options = Options { fallback: Fallback::Never, check, ..Options::default() };
    let device = Device::with_engine("soft".into(), Some(engine), None, &options).expect("device");
    Bench { device, seen }
}

/// Points and scalars, with what is special among them.
fn terms<C: MsmCurve>(n: usize, rng: &mut StdRng) -> (Vec<Affine<C>>, Vec<C::ScalarField>) {
    let (mut points, mut scalars) = (Vec::<Affine<C>>::new(), Vec::<C::ScalarField>::new());
    for i in 0..n {
        points.push(match i % 8 {
            3 => Affine::identity(),
            5 => points[i - 1],
            6 => -points[i - 1],
            _ => Projective::rand(rng).into_affine(),
        });
        scalars.push(match i % 7 {
            1 => C::ScalarField::zero(),
            2 => C::ScalarField::one(),
            3 => -C::ScalarField::one(),
            5 => scalars[i - 1],
            6 => C::ScalarField::from(rng.r#gen::<u16>()),
            _ => C::ScalarField::rand(rng),
        });
    }
    (points, scalars)
}

fn sum<C: MsmCurve>(points: &[Affine<C>], scalars: &[C::ScalarField]) -> Projective<C> {
    Projective::msm(points, scalars).expect("of one length")
}

/// Sums of several sizes; in card memory, host memory, and brought for each command.
fn sums_are_those_of_arkworks<C: MsmCurve>() {
    let rng = &mut StdRng::seed_from_u64(1);
    let base = 32 * C::CURVE.affine_words();
    for (memory, kept) in [(100 * base, 0), (0, 100 * base as u64), (0, 0), (30 * base, 20 * base as u64)] {
        let Bench { device, seen } = bench::<C>(10, memory, kept, Check::Dual);
        for n in [0, 1, 2, 17, 40] {
            let (points, scalars) = terms::<C>(n, rng);
            let bases = device.upload_bases(&points).expect("upload");
            let expected = sum(&points, &scalars);
            assert_eq!(device.msm(&bases, &scalars).expect("msm"), expected, "{n} points, memory {memory}, {kept}");
            assert_eq!(device.msm(&bases, &scalars).expect("msm"), expected, "again");
        }
        let seen = seen.lock().expect("no panic");
        let copies = seen.commands.iter().filter(|d| d.opcode == Opcode::Copy as u8).map(|d| d.count);
        let copied: u32 = copies.sum();
        // Each set once, if it fits: 1 + 2 + 17 + 40 points, or all but the last.
        let fitting = if memory >= 40 * base {
            60
        } else if memory > 0 {
            20
        } else {
            0
        };
        assert_eq!(copied as usize, fitting * C::CURVE.affine_words());
        let report = device.report();
        assert!(report.cycles > 0 && report.fallbacks == 0, "{report:?}");
        assert!(!report.host_stages.iter().any(|s| s == "msm"), "{:?}", report.host_stages);
    }
}

#[test]
fn sums_are_those_of_arkworks_on_every_curve() {
    sums_are_those_of_arkworks::<Bn254>();
    sums_are_those_of_arkworks::<Bls381>();
    sums_are_those_of_arkworks::<Bls377>();
}

/// Commands of 8 points, in both forms of scalars; sets that displace each other in a batch.
fn commands_are_cut<C: MsmCurve>() {
    let rng = &mut StdRng::seed_from_u64(2);
    let base = 32 * C::CURVE.affine_words();
    let Bench { device, seen } = bench::<C>(3, 32 * base, 0, Check::Dual);
    let sets: Vec<_> = [30, 21, 5].map(|n| terms::<C>(n, rng)).into();
    let bases: Vec<Bases<C>> = sets.iter().map(|(p, _)| device.upload_bases(p).expect("upload")).collect();
    let order = [0, 1, 2, 1, 0];
    let jobs: Vec<(&Bases<C>, &[C::ScalarField])> = order.iter().map(|i| (&bases[*i], &sets[*i].1[..])).collect();
    let expected: Vec<_> = order.iter().map(|i| sum(&sets[*i].0, &sets[*i].1)).collect();
    assert_eq!(device.msm_batch(&jobs).expect("batch"), expected);
    let counts = |seen: &Mutex<Seen>| -> Vec<(u32, u8)> {
        let seen = seen.lock().expect("no panic");
        seen.commands.iter().filter(|d| d.opcode == Opcode::Msm as u8).map(|d| (d.count, d.flags)).collect()
    };
    let all = counts(&seen);
    let points: usize = order.iter().map(|i| sets[*i].0.len()).sum();
    assert_eq!(all.iter().map(|(n, _)| *n as usize).sum::<usize>(), points);
    assert!(all.iter().all(|(n, flags)| *n <= 8 && *flags == FLAG_MONTGOMERY), "{all:?}");
    // Small scalars go in canonical form.
    let small: Vec<C::ScalarField> = (0..30u64).map(|i| C::ScalarField::from(3 * i)).collect();
    assert_eq!(device.msm(&bases[0], &small).expect("msm"), sum(&sets[0].0, &small));
    assert!(counts(&seen)[all.len()..].iter().all(|(_, flags)| *flags == 0));
}

#[test]
fn commands_are_cut_on_every_curve() {
    commands_are_cut::<Bn254>();
    commands_are_cut::<Bls381>();
    commands_are_cut::<Bls377>();
}

/// A card of curve C, asked for D: the host does it, and that is no failure.
fn is_left_to_the_host<C: MsmCurve, D: MsmCurve>() {
    let Bench { device, seen } = bench::<C>(10, 1 << 16, 0, Check::Curve);
    let info = device.info().expect("info");
    assert!(info.has_curve(C::CURVE) && !info.has_curve(D::CURVE) && info.msm.is_some(), "{info:?}");
    let (points, scalars) = terms::<D>(9, &mut StdRng::seed_from_u64(3));
    let bases = device.upload_bases(&points).expect("upload");
    assert_eq!(device.msm(&bases, &scalars).expect("msm"), sum(&points, &scalars));
    let report = device.report();
    assert_eq!((report.cycles, report.fallbacks), (0, 0));
    assert_eq!(report.host_stages, ["msm"]);
    assert!(seen.lock().expect("no panic").commands.is_empty());
    // And the engine says why.
    let card = Card::open(Box::new(Soft::<C>::new(10, 0))).expect("open");
    let engine = CardEngine::new(card, Nature::default());
    let points: Arc<[Affine<D>]> = points.into();
    let told = [MsmEngine::<D>::offers(&engine).err(), MsmEngine::<D>::upload(&engine, &points).err()];
    for error in told {
        let error = error.expect("not offered").to_string();
        let (asked, has) = (format!("over {}", D::CURVE.name()), format!("the card's curve is {}", C::CURVE.name()));
        assert!(error.contains("not offered") && error.contains(&asked) && error.contains(&has), "{error}");
    }
}

#[test]
fn other_curves_are_left_to_the_host() {
    is_left_to_the_host::<Bn254, Bls381>();
    is_left_to_the_host::<Bn254, Bls377>();
    is_left_to_the_host::<Bls381, Bn254>();
    is_left_to_the_host::<Bls381, Bls377>();
    is_left_to_the_host::<Bls377, Bn254>();
    is_left_to_the_host::<Bls377, Bls381>();
}

fn of_order_two() -> G1Affine {
    G1Affine::new_unchecked(-Fq::one(), Fq::zero())
}

#[test]
fn a_card_of_bls12_377_takes_its_subgroup_only() {
    let rng = &mut StdRng::seed_from_u64(4);
    let (mut points, _) = terms::<Bls377>(20, rng);
    points[13] = of_order_two();
    points[17] = (points[16] + of_order_two()).into_affine();
    assert_eq!(outsider(&points), Some(13));
    let Bench { device, seen } = bench::<Bls377>(10, 1 << 16, 0, Check::Curve);
    let error = device.upload_bases(&points).expect_err("13 is of order two");
    assert!(matches!(error, Error::BaseOutsideSubgroup { index: 13, curve: "bls12-377" }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("base 13") && text.contains("bls12-377") && text.contains("`cpu`"), "{text}");
    assert!(seen.lock().expect("no panic").commands.is_empty() && device.quarantined().is_none());
    // The next set goes well.
    let (good, scalars) = terms::<Bls377>(20, rng);
    let bases = device.upload_bases(&good).expect("upload");
    assert_eq!(device.msm(&bases, &scalars).expect("msm"), sum(&good, &scalars));
    assert!(device.report().host_stages.iter().any(|s| s == "check bases"));
    // Where the CPU does it, any points of the curve will do.
    let scalars: Vec<_> = (0..20u64).map(ark_bls12_377::Fr::from).collect();
    let expected: Projective<Bls377> = points.iter().zip(0..20u64).map(|(p, s)| small_multiple(p, s)).sum();
    for device in
        [Device::open("cpu", &Options::default()).expect("cpu"), bench::<Bn254>(10, 0, 0, Check::Curve).device]
    {
        let bases = device.upload_bases(&points).expect("upload");
        assert_eq!(device.msm(&bases, &scalars).expect("msm"), expected, "{}", device.name());
    }
    // Off the curve is worse, everywhere.
    points[2].x += Fq::one();
    let error = device.upload_bases(&points).expect_err("2 is not on the curve");
    assert!(matches!(error, Error::BaseOffCurve { index: 2, curve: "bls12-377" }), "{error:?}");
}

/// By additions: arkworks' own multiplication is for the subgroup.
fn small_multiple(point: &G1Affine, times: u64) -> Projective<Bls377> {
    (0..times).fold(Projective::zero(), |sum, _| sum + point)
}

/// A card that answers with coordinates that are none, or with points off the curve.
fn wrong_answers_are_found<C: MsmCurve>() {
    let (points, scalars) = terms::<C>(9, &mut StdRng::seed_from_u64(5));
    let size = C::CURVE.coordinate_bytes();
    let Bench { device, seen } = bench::<C>(10, 1 << 16, 0, Check::Curve);
    let bases = device.upload_bases(&points).expect("upload");
    // Coordinate 7 is Y of the second segment's A.
    seen.lock().expect("no panic").tamper = Some(Box::new(move |sums| sums[7 * size..][..size].fill(0xff)));
    let error = device.msm(&bases, &scalars).expect_err("not below the modulus").to_string();
    assert!(error.contains("coordinate 7 of the card's segment sums"), "{error}");
    assert_eq!(device.quarantined(), None);
    seen.lock().expect("no panic").tamper = Some(Box::new(move |sums| sums[size] ^= 1));
    let error = device.msm(&bases, &scalars).expect_err("off the curve");
    assert!(matches!(error, Error::WrongAnswer { .. }), "{error:?}");
    assert!(device.quarantined().is_some());
}

#[test]
fn wrong_answers_are_found_on_every_curve() {
    wrong_answers_are_found::<Bn254>();
    wrong_answers_are_found::<Bls381>();
    wrong_answers_are_found::<Bls377>();
}

#[test]
fn a_sum_outside_the_subgroup_is_no_sum() {
    let (points, scalars) = terms::<Bls377>(9, &mut StdRng::seed_from_u64(6));
    let Bench { device, seen } = bench::<Bls377>(10, 1 << 16, 0, Check::Curve);
    let bases = device.upload_bases(&points).expect("upload");
    // The lowest window's first sum becomes the point of order two: on the curve, in no sum of the bases.
    seen.lock().expect("no panic").tamper = Some(Box::new(|sums| {
        let mut point = Vec::new();
        super::words::put_point::<Bls377>(&of_order_two().into(), Fq::from(3u64), &mut point);
        sums[..point.len()].copy_from_slice(&point);
    }));
    let error = device.msm(&bases, &scalars).expect_err("not in the group").to_string();
    assert!(error.contains("is not in the group"), "{error}");
    assert!(device.quarantined().is_some());
}

#[test]
fn transforms_on_a_card_of_another_field_are_the_hosts() {
    let Bench { device, .. } = bench::<Bls381>(10, 1 << 16, 0, Check::Curve);
    assert_eq!(device.info().expect("info").field, Curve::Bls12_381.scalar_field().name());
    let mut values: Vec<_> = (0..16u64).map(ark_bn254::Fr::from).collect();
    let before = values.clone();
    device.ntt(&mut values, &crate::Transform::FORWARD).expect("ntt");
    device.ntt(&mut values, &crate::Transform::INVERSE).expect("ntt");
    assert_eq!(values, before);
    assert_eq!((device.report().host_stages, device.report().fallbacks), (vec!["ntt".to_owned()], 0));
}

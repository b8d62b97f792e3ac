use super::{plan::Plan, *};
use crate::Engine;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{Field, One, UniformRand};
use ark_std::test_rng;
use proptest::prelude::*;

/// Multiples of the generator, some of them equal, opposite and infinity.
fn some_points<P: SWCurveConfig>(n: usize, seed: u64) -> Vec<Affine<P>> {
    let mut next = Projective::<P>::from(P::GENERATOR).mul_bigint([seed | 1]);
    let points: Vec<_> = (0..n)
        .map(|i| {
            let old = next;
            match (i as u64 + seed) % 11 {
                3 => next = -old,
                7 => return Projective::zero(),
                _ => next = old.double() + P::GENERATOR,
            }
            old
        })
        .collect();
    Projective::normalize_batch(&points)
}

/// On both engines, in pools of some numbers of threads, against arkworks.
fn agree<P: SWCurveConfig<BaseField: Coordinate>>(points: &[Affine<P>], scalars: &[P::ScalarField], what: &str) {
    let expected = Projective::<P>::msm_unchecked(points, scalars);
    for engine in Engine::tested() {
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let sum = pool.install(|| msm::<P>(engine, points, scalars));
            assert_eq!(sum, expected, "{what}, {engine:?}, {threads} threads, {} points", points.len());
        }
    }
}

fn curve<P: SWCurveConfig<BaseField: Coordinate>>(sizes: &[usize]) {
    let rng = &mut test_rng();
    for &n in sizes {
        let points = some_points::<P>(n, n as u64);
        let random: Vec<P::ScalarField> = (0..n).map(|_| UniformRand::rand(rng)).collect();
        agree(&points, &random, "random scalars");
        let one = P::ScalarField::one();
        let small = |i: usize| P::ScalarField::from(i as u64 % 3);
        agree(&points, &(0..n).map(small).collect::<Vec<_>>(), "small scalars");
        agree(
            &points,
            &(0..n).map(|i| if i % 2 == 0 { -one } else { -small(i) }).collect::<Vec<_>>(),
            "negative scalars",
        );
        agree(&points, &vec![random[0]; n], "equal scalars");
        let sparse: Vec<_> = (0..n).map(|i| if i % 50 == 0 { random[i] } else { P::ScalarField::zero() }).collect();
        agree(&points, &sparse, "sparse scalars");
        agree(&vec![points[0]; n], &random, "equal points");
        agree(&vec![points[0]; n], &vec![-one; n], "equal points and scalars");
    }
}

#[test]
fn bn254_g1() {
    curve::<ark_bn254::g1::Config>(&[1, 49, 300, 5000]);
}

#[test]
fn bn254_g2() {
    curve::<ark_bn254::g2::Config>(&[300]);
}

#[test]
fn bls12_381() {
    curve::<ark_bls12_381::g1::Config>(&[700]);
    curve::<ark_bls12_381::g2::Config>(&[200]);
}

#[test]
fn bls12_377() {
    curve::<ark_bls12_377::g1::Config>(&[700]);
    curve::<ark_bls12_377::g2::Config>(&[200]);
}

/// One bucket with more entries than a thread takes at a time, beside many small ones.
#[test]
fn a_bucket_larger_than_a_chunk() {
    let n = 3 * CHUNK + 17;
    let few = some_points::<ark_bn254::g1::Config>(1000, 5);
    let points: Vec<_> = (0..n).map(|i| few[i % 1000]).collect();
    let scalars: Vec<Fr> = (0..n).map(|i| if i % 20 == 0 { Fr::from(i as u64) } else { Fr::from(77u64) }).collect();
    agree(&points, &scalars, "one large bucket");
}

/// A point of order two is on BLS12-377's curve, outside the subgroup: twice it is infinity.
#[test]
fn points_outside_the_subgroup() {
    use ark_bls12_377::{Fq, Fr, G1Affine};
    let two = G1Affine::new_unchecked(-Fq::one(), Fq::zero());
    assert!(two.is_on_curve());
    let mut points = some_points::<ark_bls12_377::g1::Config>(200, 3);
    points[..100].fill(two);
    let scalars: Vec<Fr> = (0..200u64).map(|i| Fr::from(i / 10 + 1)).collect();
    let expected: Projective<_> = points.iter().zip(&scalars).map(|(p, s)| p.mul_bigint(s.into_bigint())).sum();
    for engine in Engine::tested() {
        assert_eq!(msm::<ark_bls12_377::g1::Config>(engine, &points, &scalars), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_lengths_and_scalars(n in 0usize..2000, m in 0usize..2000, seed in any::<u64>(), bits in 1u64..254) {
        let rng = &mut <ark_std::rand::rngs::StdRng as ark_std::rand::SeedableRng>::seed_from_u64(seed);
        let points = some_points::<ark_bn254::g1::Config>(n, seed >> 8);
        // About `bits` bits, negative at times.
        let top = Fr::from(2u64).pow([bits]).into_bigint();
        let scalars: Vec<Fr> = (0..m)
            .map(|i| {
                let mut v = Fr::rand(rng).into_bigint();
                v.0.iter_mut().zip(top.0).for_each(|(v, t)| *v &= t.wrapping_sub(1));
                let v = Fr::from_bigint(v).unwrap_or(Fr::one());
                if i % 5 == 0 { -v } else { v }
            })
            .collect();
        let k = n.min(m);
        let expected = G1Projective::msm_unchecked(&points[..k], &scalars[..k]);
        for engine in Engine::tested() {
            prop_assert_eq!(msm::<ark_bn254::g1::Config>(engine, &points, &scalars), expected);
        }
    }
}

/// Every width, forced: digits of all lengths, and the recoding's edges.
#[test]
fn every_width_gives_the_same_sum() {
    let rng = &mut test_rng();
    let points: Vec<G1Affine> = (0..90).map(|_| G1Projective::rand(rng).into_affine()).collect();
    let mut scalars: Vec<Fr> = (0..60).map(|_| Fr::rand(rng)).collect();
    for i in 0..10 {
        // 2^k - 1, 2^k, 2^(k-1) + ...: carries through all windows.
        let power = Fr::from(2u64).pow([25 * i + 3]);
        scalars.extend([power, power - Fr::one(), -power]);
    }
    let expected: G1Projective = points.iter().zip(&scalars).map(|(p, s)| *p * s).sum();
    for width in 3..=digits::WIDEST {
        let plan = Plan::new(254, 90, 3).of_width(width);
        assert_eq!(run(Engine::best(), &points, &scalars, &plan), expected, "width {width}");
    }
}

/// A digit is taken back by its window's weight; the sum is the scalar, or less the order.
#[test]
fn digits_add_up_to_the_scalar() {
    let rng = &mut test_rng();
    let points = vec![<ark_bn254::g1::Config as SWCurveConfig>::GENERATOR; 1];
    for width in 3..=digits::WIDEST {
        let half = 1i64 << (width - 1);
        let top = Fr::from(half as u64);
        let mut scalars =
            vec![Fr::one(), -Fr::one(), top, -top, top - Fr::one(), Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO)];
        for bits in 1..253u64 {
            let power = Fr::from(2u64).pow([bits]);
            scalars.extend([power, power - Fr::one(), -power, Fr::one() - power, Fr::rand(rng)]);
        }
        for scalar in scalars {
            let digits = Digits::new(&points, &[scalar], width);
            let mut sum = Fr::zero();
            for w in (0..digits.windows).rev() {
                let digit = digits.window(w).next().unwrap()[0];
                assert!((-half..=half).contains(&i64::from(digit)));
                sum = sum * Fr::from(2 * half as u64) + Fr::from(digit);
            }
            assert_eq!(sum, scalar, "width {width}");
        }
    }
}

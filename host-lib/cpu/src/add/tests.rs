use super::*;
use crate::Engine;
use ark_ec::{AffineRepr, CurveGroup, short_weierstrass::Projective};
use ark_ff::UniformRand;
use ark_std::test_rng;

fn affine<P: SWCurveConfig<BaseField: Coordinate>>(p: &Point<P::BaseField>) -> Affine<P> {
    if p.is_infinity() {
        return Affine::identity();
    }
    #[cfg(target_arch = "x86_64")]
    let p = &Point { x: p.x.canonical(), y: p.y.canonical() };
    let affine = Affine::new_unchecked(p.x, p.y);
    assert!(affine.is_on_curve());
    affine
}

fn point<P: SWCurveConfig<BaseField: Coordinate>>(p: &Affine<P>) -> Point<P::BaseField> {
    p.xy().map_or(Point::default(), |(x, y)| Point { x, y })
}

/// Exceptional pairs of every kind, at every place of a batch, in sums of sums (whose coordinates
/// the IFMA engine leaves slightly above the modulus at times).
fn complete<P: SWCurveConfig<BaseField: Coordinate>>() {
    let rng = &mut test_rng();
    let mut points: Vec<Affine<P>> = (0..24).map(|_| Projective::<P>::rand(rng).into_affine()).collect();
    points.extend([Affine::identity(), -points[0], -points[1], points[2], points[3]]);
    points.push((points[4] + points[5]).into_affine());
    let memory: Vec<_> = points.iter().map(point::<P>).collect();
    let mut pairs: Vec<Pair> = Vec::new();
    for a in 0..points.len() as u32 {
        pairs.extend((0..points.len() as u32).map(|b| [a, b]));
    }
    for engine in Engine::tested() {
        let mut adder = Adder::new(engine);
        let mut out = vec![Point::default(); pairs.len()];
        adder.add(&Points(&memory), &pairs, &mut out);
        let sums: Vec<Affine<P>> = out.iter().map(affine::<P>).collect();
        for (pair, sum) in pairs.iter().zip(&sums) {
            let expected = points[pair[0] as usize] + points[pair[1] as usize];
            assert_eq!(*sum, expected.into_affine(), "{pair:?} {engine:?}");
        }
        // Sums of sums: each with its neighbours, itself, and the sum the other way round.
        let n = points.len() as u32;
        let second: Vec<Pair> =
            (0..n * n).flat_map(|i| [[i, (i + 1) % (n * n)], [i, i], [i, i % n * n + i / n]]).collect();
        let mut twice = vec![Point::default(); second.len()];
        adder.add(&Points(&out), &second, &mut twice);
        for (pair, sum) in second.iter().zip(&twice) {
            let expected = sums[pair[0] as usize] + sums[pair[1] as usize];
            assert_eq!(affine::<P>(sum), expected.into_affine(), "second {pair:?} {engine:?}");
        }
        // Bases with signs, and every length of a batch's tail.
        let finite = &points[..24];
        for length in [1, 2, 7, 8, 9, 15, 16, 17, 23, 24] {
            let pairs: Vec<Pair> = (0..length).map(|i| [2 * i + i % 2, 2 * ((i + 5) % 24) + i / 2 % 2]).collect();
            let mut out = vec![Point::default(); pairs.len()];
            adder.add(&Bases(finite), &pairs, &mut out);
            for (&[a, b], sum) in pairs.iter().zip(&out) {
                let signed = |e: u32| if e & 1 == 1 { -finite[e as usize / 2] } else { finite[e as usize / 2] };
                assert_eq!(affine::<P>(sum), (signed(a) + signed(b)).into_affine());
            }
        }
    }
}

#[test]
fn additions_are_complete() {
    complete::<ark_bn254::g1::Config>();
    complete::<ark_bn254::g2::Config>();
    complete::<ark_bls12_381::g1::Config>();
    complete::<ark_bls12_381::g2::Config>();
    complete::<ark_bls12_377::g1::Config>();
    complete::<ark_bls12_377::g2::Config>();
}

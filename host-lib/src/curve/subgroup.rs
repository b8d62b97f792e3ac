//! Membership in the subgroup of prime order.

use super::MsmCurve;
use ark_bls12_377::{Config, g1};
use ark_ec::{
    AdditiveGroup, AffineRepr, CurveGroup,
    bls12::Bls12Config,
    scalar_mul::glv::GLVConfig,
    short_weierstrass::{Affine, Projective},
};
use ark_ff::Zero;
use rand::{RngCore, rngs::OsRng};
use rayon::prelude::*;

/// Whether a point on BLS12-377's curve is in G1: iff phi(P) = -x^2 P, x the curve's seed and phi the
/// endomorphism (X, Y) -> (beta X, Y), beta a cube root of one (Scott, "A note on group membership tests for G1,
/// G2 and GT on BLS pairing-friendly curves", 2021, section 6). Half as many doublings as a multiplication by r.
///
/// If: phi^2 + phi + 1 is zero on the whole curve, so with l = -x^2 a P with phi(P) = l P has
/// (l^2 + l + 1) P = (x^4 - x^2 + 1) P = r P = 0. Only if: arkworks' beta belongs to that l.
pub(super) fn of_bls12_377(point: &Affine<g1::Config>) -> bool {
    if point.is_zero() {
        return true;
    }
    let point = point.into_group();
    times_seed(&times_seed(&point)) == -g1::Config::endomorphism(&point)
}

/// By doublings and additions, without the endomorphism: arkworks' own multiplication uses that, which is right in
/// the subgroup only.
fn times_seed(point: &Projective<g1::Config>) -> Projective<g1::Config> {
    let seed: u64 = Config::X[0];
    let mut sum = *point;
    for bit in (0..seed.ilog2()).rev() {
        sum.double_in_place();
        if seed >> bit & 1 == 1 {
            sum += point;
        }
    }
    sum
}

/// The first of some points on the curve that a card must not be given, if there is one.
pub(crate) fn outsider<C: MsmCurve>(points: &[Affine<C>]) -> Option<usize> {
    if !C::SUBGROUP_ONLY || (points.len() >= FEW && sums_are_inside(points)) {
        return None;
    }
    points.par_iter().position_first(|p| !C::is_in_subgroup(p))
}

/// Below so many points, each for itself is as quick.
const FEW: usize = 256;
/// Points that are summed by one thread at a time.
const CHUNK: usize = 1 << 14;
/// Sums of one pass over the points: their random bits choose one of 2^8 buckets.
const BITS: usize = 8;
/// Passes.
const PASSES: usize = 8;

/// Whether 64 random subsets have their sums in the subgroup. If a point is outside, then of two subsets that differ
/// in it alone one sum at most is inside: it passes with a probability of at most 2^-64, whatever the cofactor's
/// factors (Bellare, Garay, Rabin, "Fast batch verification for modular exponentiation and digital signatures",
/// EUROCRYPT 1998, section 3: the random subset test, and its bucket test for the passes). False without randomness.
fn sums_are_inside<C: MsmCurve>(points: &[Affine<C>]) -> bool {
    let mut bits = vec![0u8; PASSES * points.len()];
    if OsRng.try_fill_bytes(&mut bits).is_err() {
        return false;
    }
    let sums = points
        .par_chunks(CHUNK)
        .zip(bits.par_chunks(PASSES * CHUNK))
        .map(|(points, bits)| {
            let mut sums = Vec::with_capacity(PASSES * BITS);
            for pass in 0..PASSES {
                let mut buckets = [Projective::<C>::zero(); 1 << BITS];
                for (point, bits) in points.iter().zip(bits.chunks_exact(PASSES)) {
                    buckets[usize::from(bits[pass])] += point;
                }
                let with = |bit: usize| buckets.iter().enumerate().filter(move |(i, _)| i >> bit & 1 == 1);
                sums.extend((0..BITS).map(|bit| with(bit).map(|(_, sum)| sum).sum::<Projective<C>>()));
            }
            sums
        })
        .reduce_with(|a, b| a.iter().zip(&b).map(|(a, b)| *a + b).collect())
        .unwrap_or_default();
    Projective::normalize_batch(&sums).par_iter().all(C::is_in_subgroup)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ark_bls12_377::{Fq, Fr, G1Affine};
    use ark_ec::{CurveConfig, scalar_mul::double_and_add_affine, short_weierstrass::SWCurveConfig};
    use ark_ff::{Field, One, PrimeField, UniformRand};
    use ark_std::test_rng;

    /// A point of order two: y = 0, so x^3 = -1.
    pub(crate) fn of_order_two() -> G1Affine {
        G1Affine::new_unchecked(-Fq::one(), Fq::zero())
    }

    /// A random point of the whole curve.
    fn anywhere(rng: &mut impl ark_std::rand::Rng) -> G1Affine {
        loop {
            if let Some(point) = G1Affine::get_point_from_x_unchecked(Fq::rand(rng), true) {
                return point;
            }
        }
    }

    /// The definition: r P = 0, without any endomorphism.
    fn by_definition(point: &G1Affine) -> bool {
        double_and_add_affine(point, Fr::MODULUS).is_zero()
    }

    #[test]
    fn the_quick_test_is_the_definition() {
        let rng = &mut test_rng();
        assert_eq!(Config::X.len(), 1);
        let beta = g1::Config::ENDO_COEFFS[0];
        assert!(!beta.is_one() && (beta.square() + beta + Fq::ONE).is_zero());
        let mut outside = 0;
        let mut points = vec![G1Affine::zero(), g1::Config::GENERATOR, of_order_two()];
        for _ in 0..20 {
            let (inside, any) = (G1Affine::rand(rng), anywhere(rng));
            // In the subgroup but for a component of order two, and one of a random point's order.
            points.extend([inside, any, (inside + of_order_two()).into_affine(), (inside + any).into_affine()]);
            // Multiplied by r: only components outside are left, multiplied by the cofactor: only the inside.
            points.push(double_and_add_affine(&any, Fr::MODULUS).into_affine());
            points.push(double_and_add_affine(&any, g1::Config::COFACTOR).into_affine());
        }
        for point in &points {
            assert!(point.is_on_curve());
            assert_eq!(of_bls12_377(point), by_definition(point), "{point}");
            outside += usize::from(!by_definition(point));
        }
        assert!(outside >= 4 * 20 && outside + 3 * 20 <= points.len() + 20, "{outside} of {}", points.len());
    }

    /// Small orders: 2^46 divides x - 1, and 3 does.
    #[test]
    fn points_of_small_order_are_found() {
        let rng = &mut test_rng();
        let mut found = [0; 2];
        for _ in 0..20 {
            // (x - 1)^2 / 3 * r is the order of the curve, (x - 1) / 3 times a power of two its odd part's exponent.
            let residue = double_and_add_affine(&anywhere(rng), Fr::MODULUS).into_affine();
            let odd = (Config::X[0] - 1) >> 46;
            let (two, odd) = (
                double_and_add_affine(&residue, [odd]).into_affine(),
                double_and_add_affine(&residue, [1u64 << 46]).into_affine(),
            );
            for (count, point) in found.iter_mut().zip([two, odd]) {
                assert_eq!(of_bls12_377(&point), point.is_zero());
                *count += usize::from(!point.is_zero());
            }
        }
        assert!(found.iter().all(|count| *count > 5), "{found:?}");
    }

    #[test]
    fn the_first_outsider_is_named() {
        let rng = &mut test_rng();
        let start = ark_bls12_377::G1Projective::rand(rng);
        let mut points: Vec<G1Affine> = (0..50u64).map(|i| (start * Fr::from(i)).into_affine()).collect();
        assert_eq!(outsider(&points), None);
        for at in [49, 20, 7] {
            points[at] = (points[at] + of_order_two()).into_affine();
            assert_eq!(outsider(&points), Some(at));
        }
        // Many points, of several chunks: the hardest to find is of order two.
        let rng = &mut test_rng();
        let few: Vec<G1Affine> = (0..100).map(|_| G1Affine::rand(rng)).collect();
        let mut points: Vec<G1Affine> = few.iter().copied().cycle().take(CHUNK + 300).collect();
        points[3] = G1Affine::zero();
        assert!(sums_are_inside(&points));
        assert_eq!(outsider(&points), None);
        for at in [CHUNK + 299, CHUNK, 1000, 0] {
            let good = points[at];
            points[at] = if at == 1000 { of_order_two() } else { (good + of_order_two()).into_affine() };
            assert!(!sums_are_inside(&points));
            assert_eq!(outsider(&points), Some(at));
            points[at] = good;
        }
        // On the other curves a card takes any point.
        assert_eq!(outsider::<ark_bn254::g1::Config>(&[Default::default(); 3]), None);
        assert_eq!(outsider::<ark_bls12_381::g1::Config>(&[Default::default(); 3]), None);
    }

    /// Prints microseconds a point: `cargo test --release -p gristmill --lib subgroup -- --ignored --nocapture`.
    #[test]
    #[ignore = "measures for some seconds, on a quiet machine only; prints the figures of docs/library.md"]
    fn speed() {
        let start = ark_bls12_377::G1Projective::rand(&mut test_rng());
        let points: Vec<_> = std::iter::successors(Some(start), |p| Some(*p + start)).take(1 << 16).collect();
        let points = Projective::normalize_batch(&points);
        let time = |n: usize, f: &dyn Fn(&[G1Affine]) -> bool| {
            let best = (0..5).map(|_| {
                let begin = std::time::Instant::now();
                assert!(f(&points[..n]));
                begin.elapsed().as_secs_f64()
            });
            best.fold(f64::INFINITY, f64::min) * 1e6 / n as f64
        };
        println!("one thread, one by one: {:.2} us a point", time(1 << 10, &|p| p.iter().all(of_bls12_377)));
        println!("one thread, by the order: {:.2} us a point", time(1 << 10, &|p| p.iter().all(by_definition)));
        println!("all threads, 2^16 at once: {:.2} us a point", time(1 << 16, &sums_are_inside));
    }
}

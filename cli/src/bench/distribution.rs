//! What random inputs an MSM gets: scalars that stress one part of an engine or another.

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AdditiveGroup, CurveGroup, PrimeGroup};
use ark_ff::{BigInt, PrimeField, UniformRand, Zero};
use ark_std::One;
use ark_std::rand::{Rng, rngs::StdRng};
use clap::ValueEnum;
use gristmill::MsmCurve;
use serde::Serialize;

/// How scalars (and in one case bases) are distributed.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// Uniform below the order
    #[default]
    Uniform,
    /// One random value for all
    Equal,
    /// All 0
    Zero,
    /// All 1
    One,
    /// All -1
    MinusOne,
    /// Each one of two random values
    TwoValues,
    /// Uniform, in ascending order
    Sorted,
    /// Uniform below 2^16
    Small16,
    /// Nine of ten are 0, the others uniform
    Sparse,
    /// Uniform scalars, one base for all
    SameBase,
}

impl Distribution {
    /// As it is written on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Random bases by a walk: multiples of random points, without a scalar multiplication each.
pub struct Walk<C: MsmCurve> {
    start: Projective<C>,
    steps: Vec<Projective<C>>,
}

impl<C: MsmCurve> Walk<C> {
    pub fn new(rng: &mut StdRng) -> Self {
        let start = Projective::generator() * C::ScalarField::rand(rng);
        Self { start, steps: (0..16).map(|_| Projective::generator() * C::ScalarField::rand(rng)).collect() }
    }

    pub fn points(&self, n: usize, distribution: Distribution) -> Vec<Affine<C>> {
        let mut point = self.start;
        if distribution == Distribution::SameBase {
            return vec![point.into_affine(); n];
        }
        let points: Vec<Projective<C>> = (0..n)
            .map(|i| {
                point += self.steps[i % 16];
                if i % 5 == 0 {
                    point.double_in_place();
                }
                point
            })
            .collect();
        Projective::normalize_batch(&points)
    }
}

/// `n` scalars, one after the other.
pub struct Scalars<C: MsmCurve> {
    distribution: Distribution,
    rng: StdRng,
    values: [C::ScalarField; 2],
    index: u64,
    n: u64,
}

impl<C: MsmCurve> Scalars<C> {
    pub fn new(distribution: Distribution, n: usize, mut rng: StdRng) -> Self {
        let values = match distribution {
            Distribution::Equal | Distribution::TwoValues => {
                [C::ScalarField::rand(&mut rng), C::ScalarField::rand(&mut rng)]
            }
            _ => [C::ScalarField::one(), -C::ScalarField::one()],
        };
        Self { distribution, rng, values, index: 0, n: n as u64 }
    }

    /// The scalar of this place in ascending order: the upper limb from an even share of its range.
    fn sorted(&mut self) -> C::ScalarField {
        let most = u128::from(C::ScalarField::MODULUS.0[3]);
        let from = |i: u64| (most * u128::from(i) / u128::from(self.n)) as u64;
        let (low, high) = (from(self.index), from(self.index + 1));
        let upper = if low < high { self.rng.gen_range(low..high) } else { low };
        // Below the modulus, because its upper limb is.
        C::ScalarField::from_bigint(BigInt([self.rng.r#gen(), self.rng.r#gen(), self.rng.r#gen(), upper]))
            .unwrap_or_default()
    }
}

impl<C: MsmCurve> Clone for Scalars<C> {
    fn clone(&self) -> Self {
        Self { rng: self.rng.clone(), ..*self }
    }
}

impl<C: MsmCurve> Iterator for Scalars<C> {
    type Item = C::ScalarField;

    fn next(&mut self) -> Option<C::ScalarField> {
        if self.index == self.n {
            return None;
        }
        let scalar = match self.distribution {
            Distribution::Uniform | Distribution::SameBase => C::ScalarField::rand(&mut self.rng),
            Distribution::Zero => C::ScalarField::zero(),
            Distribution::Equal | Distribution::One => self.values[0],
            Distribution::MinusOne => self.values[1],
            Distribution::TwoValues => self.values[usize::from(self.rng.r#gen::<bool>())],
            Distribution::Sorted => self.sorted(),
            Distribution::Small16 => C::ScalarField::from(self.rng.r#gen::<u16>()),
            Distribution::Sparse if self.rng.gen_range(0..10) > 0 => C::ScalarField::zero(),
            Distribution::Sparse => C::ScalarField::rand(&mut self.rng),
        };
        self.index += 1;
        Some(scalar)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.n - self.index) as usize;
        (left, Some(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_std::rand::SeedableRng;

    fn scalars<C: MsmCurve>(distribution: Distribution, n: usize) -> Vec<C::ScalarField> {
        Scalars::<C>::new(distribution, n, StdRng::seed_from_u64(7)).collect()
    }

    #[test]
    fn each_is_what_it_says() {
        are_what_they_say::<ark_bn254::g1::Config>();
        are_what_they_say::<ark_bls12_381::g1::Config>();
        are_what_they_say::<ark_bls12_377::g1::Config>();
    }

    fn are_what_they_say<C: MsmCurve>() {
        let from = |value: u128| C::ScalarField::from(value);
        for &distribution in Distribution::value_variants() {
            let values = scalars::<C>(distribution, 500);
            assert_eq!(values.len(), 500);
            let mut distinct = values.clone();
            distinct.sort();
            distinct.dedup();
            let zeros = values.iter().filter(|s| s.is_zero()).count();
            let wanted = match distribution {
                Distribution::Uniform | Distribution::Sorted | Distribution::SameBase => distinct.len() == 500,
                Distribution::Equal => distinct.len() == 1 && distinct[0] > from(u128::MAX),
                Distribution::Zero => zeros == 500,
                Distribution::One => values.iter().all(|s| s.is_one()),
                Distribution::MinusOne => values.iter().all(|s| (*s + from(1)).is_zero()),
                Distribution::TwoValues => distinct.len() == 2,
                Distribution::Small16 => distinct.len() > 400 && distinct[distinct.len() - 1] < from(1 << 16),
                Distribution::Sparse => (400..490).contains(&zeros),
            };
            assert!(wanted, "{distribution:?}");
        }
        let sorted = scalars::<C>(Distribution::Sorted, 300);
        assert!(sorted.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(sorted[299] > -from(u128::MAX) - sorted[1]);
    }

    #[test]
    fn bases_are_in_the_group_and_differ_unless_they_shall_not() {
        are_in_the_group::<ark_bn254::g1::Config>();
        are_in_the_group::<ark_bls12_381::g1::Config>();
        are_in_the_group::<ark_bls12_377::g1::Config>();
    }

    fn are_in_the_group<C: MsmCurve>() {
        let walk = Walk::<C>::new(&mut StdRng::seed_from_u64(1));
        let points = walk.points(40, Distribution::Uniform);
        assert!(points.iter().all(|p| p.is_on_curve() && C::is_in_subgroup(p)));
        assert!(points.windows(2).all(|pair| pair[0] != pair[1]));
        let same = walk.points(3, Distribution::SameBase);
        assert!(same[0] == same[1] && same[1] == same[2] && same[0].is_on_curve());
    }
}

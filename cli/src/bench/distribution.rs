//! What random inputs an MSM gets: scalars that stress one part of an engine or another.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{BigInt, PrimeField, UniformRand, Zero};
use ark_std::One;
use ark_std::rand::{Rng, rngs::StdRng};
use clap::ValueEnum;
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
pub struct Walk {
    start: G1Projective,
    steps: Vec<G1Projective>,
}

impl Walk {
    pub fn new(rng: &mut StdRng) -> Self {
        let start = G1Projective::generator() * Fr::rand(rng);
        Self { start, steps: (0..16).map(|_| G1Projective::generator() * Fr::rand(rng)).collect() }
    }

    pub fn points(&self, n: usize, distribution: Distribution) -> Vec<G1Affine> {
        let mut point = self.start;
        if distribution == Distribution::SameBase {
            return vec![point.into_affine(); n];
        }
        let points: Vec<G1Projective> = (0..n)
            .map(|i| {
                point += self.steps[i % 16];
                if i % 5 == 0 {
                    point += point;
                }
                point
            })
            .collect();
        G1Projective::normalize_batch(&points)
    }
}

/// `n` scalars, one after the other.
#[derive(Clone)]
pub struct Scalars {
    distribution: Distribution,
    rng: StdRng,
    values: [Fr; 2],
    index: u64,
    n: u64,
}

impl Scalars {
    pub fn new(distribution: Distribution, n: usize, mut rng: StdRng) -> Self {
        let values = match distribution {
            Distribution::Equal | Distribution::TwoValues => [Fr::rand(&mut rng), Fr::rand(&mut rng)],
            _ => [Fr::one(), -Fr::one()],
        };
        Self { distribution, rng, values, index: 0, n: n as u64 }
    }

    /// The scalar of this place in ascending order: the upper limb from an even share of its range.
    fn sorted(&mut self) -> Fr {
        let most = u128::from(Fr::MODULUS.0[3]);
        let from = |i: u64| (most * u128::from(i) / u128::from(self.n)) as u64;
        let (low, high) = (from(self.index), from(self.index + 1));
        let upper = if low < high { self.rng.gen_range(low..high) } else { low };
        // Below the modulus, because its upper limb is.
        Fr::from_bigint(BigInt([self.rng.r#gen(), self.rng.r#gen(), self.rng.r#gen(), upper])).unwrap_or_default()
    }
}

impl Iterator for Scalars {
    type Item = Fr;

    fn next(&mut self) -> Option<Fr> {
        if self.index == self.n {
            return None;
        }
        let scalar = match self.distribution {
            Distribution::Uniform | Distribution::SameBase => Fr::rand(&mut self.rng),
            Distribution::Zero => Fr::zero(),
            Distribution::Equal | Distribution::One => self.values[0],
            Distribution::MinusOne => self.values[1],
            Distribution::TwoValues => self.values[usize::from(self.rng.r#gen::<bool>())],
            Distribution::Sorted => self.sorted(),
            Distribution::Small16 => Fr::from(self.rng.r#gen::<u16>()),
            Distribution::Sparse if self.rng.gen_range(0..10) > 0 => Fr::zero(),
            Distribution::Sparse => Fr::rand(&mut self.rng),
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

    fn scalars(distribution: Distribution, n: usize) -> Vec<Fr> {
        Scalars::new(distribution, n, StdRng::seed_from_u64(7)).collect()
    }

    #[test]
    fn each_is_what_it_says() {
        for &distribution in Distribution::value_variants() {
            let values = scalars(distribution, 500);
            assert_eq!(values.len(), 500);
            let mut distinct = values.clone();
            distinct.sort();
            distinct.dedup();
            let zeros = values.iter().filter(|s| s.is_zero()).count();
            let wanted = match distribution {
                Distribution::Uniform | Distribution::Sorted | Distribution::SameBase => distinct.len() == 500,
                Distribution::Equal => distinct.len() == 1 && distinct[0] > Fr::from(u128::MAX),
                Distribution::Zero => zeros == 500,
                Distribution::One => values.iter().all(|s| s.is_one()),
                Distribution::MinusOne => values.iter().all(|s| (*s + Fr::one()).is_zero()),
                Distribution::TwoValues => distinct.len() == 2,
                Distribution::Small16 => distinct.len() > 400 && distinct[distinct.len() - 1] < Fr::from(1u64 << 16),
                Distribution::Sparse => (400..490).contains(&zeros),
            };
            assert!(wanted, "{distribution:?}");
        }
        let sorted = scalars(Distribution::Sorted, 300);
        assert!(sorted.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(sorted[299] > -Fr::from(u128::MAX) - sorted[1]);
    }

    #[test]
    fn bases_are_on_the_curve_and_differ_unless_they_shall_not() {
        let walk = Walk::new(&mut StdRng::seed_from_u64(1));
        let points = walk.points(40, Distribution::Uniform);
        assert!(points.iter().all(|p| p.is_on_curve()));
        assert!(points.windows(2).all(|pair| pair[0] != pair[1]));
        let same = walk.points(3, Distribution::SameBase);
        assert!(same[0] == same[1] && same[1] == same[2] && same[0].is_on_curve());
    }
}

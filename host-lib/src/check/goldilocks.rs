//! A transform over Goldilocks checked in O(n), at one random point, as [`transform_holds`](super::transform_holds) does it.
//!
//! Two different polynomials of degree below n agree at a random point with probability below n/p: 2^-40 for 2^24 elements. That finds a
//! card that errs; it is no proof against one that answers after it knows the point, which it never does.

use super::ntt::Natural;
use crate::device::GoldilocksTransform;
use gristmill_cpu::goldilocks::{GOLDILOCKS, canonical, inverse, mul, pow, root};
use rand::{RngCore, rngs::OsRng};

fn add(a: u64, b: u64) -> u64 {
    canonical_sum(u128::from(a) + u128::from(b))
}

fn sub(a: u64, b: u64) -> u64 {
    canonical_sum(u128::from(a) + u128::from(GOLDILOCKS - b))
}

/// Of a sum of two elements.
fn canonical_sum(sum: u128) -> u64 {
    (sum % u128::from(GOLDILOCKS)) as u64
}

/// Is `output` the transform of `input`, and reduced? Wrong for lengths that no transform has.
pub fn goldilocks_holds(input: &[u64], output: &[u64], transform: &GoldilocksTransform) -> bool {
    let n = input.len();
    if n != output.len() || !n.is_power_of_two() || output.iter().any(|x| *x >= GOLDILOCKS) {
        return false;
    }
    let input = Natural::of(input, transform.order.input());
    let output = Natural::of(output, transform.order.output());
    let (input, output) = (input.elements(), output.elements());
    let (coefficients, evaluations) = if transform.inverse { (output, input) } else { (input, output) };
    let generator = canonical(transform.coset.unwrap_or(1));
    // t = point / generator: on the coset of g, P(g*t) interpolates at the plain roots.
    let (t, vanishing) = loop {
        let t = OsRng.next_u64();
        let vanishing = sub(pow(canonical(t), n as u64), 1);
        if t < GOLDILOCKS && vanishing != 0 {
            break (t, vanishing);
        }
    };
    let point = mul(generator, t);
    let left = coefficients.iter().rev().fold(0, |sum, c| add(mul(sum, point), canonical(*c)));
    // P(g*t) = (t^n - 1)/n * sum of e_k * w^k / (t - w^k), with the inverses of all t - w^k from that of their product.
    let step = root(n.ilog2());
    let mut roots = Vec::with_capacity(n);
    let mut products = Vec::with_capacity(n);
    let (mut w, mut product) = (1, 1);
    for _ in 0..n {
        roots.push(w);
        products.push(product);
        product = mul(product, sub(t, w));
        w = mul(w, step);
    }
    let mut rest = inverse(product);
    let mut sum = 0;
    for ((e, w), before) in evaluations.iter().zip(&roots).zip(&products).rev() {
        sum = add(sum, mul(mul(canonical(*e), *w), mul(rest, *before)));
        rest = mul(rest, sub(t, *w));
    }
    left == mul(mul(sum, vanishing), inverse(n as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Order, cpu};
    use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn right_transforms_pass_and_one_wrong_element_does_not() {
        let rng = &mut StdRng::seed_from_u64(9);
        for log_n in 0..8 {
            for inverse in [false, true] {
                for coset in [None, Some(7), Some(u64::MAX)] {
                    let order = Order::of(log_n % 2 == 1, log_n % 3 == 1);
                    let transform = GoldilocksTransform { inverse, coset, order };
                    // Some of them not reduced.
                    let input: Vec<u64> =
                        (0..1 << log_n).map(|i| if i % 5 == 2 { u64::MAX } else { rng.r#gen() }).collect();
                    let mut output = input.clone();
                    cpu::goldilocks_ntt(&mut output, &transform);
                    assert!(goldilocks_holds(&input, &output, &transform), "{log_n} {transform:?}");
                    let at = output.len() / 2;
                    let right = output[at];
                    output[at] = if right == 0 { 1 } else { right - 1 };
                    assert!(!goldilocks_holds(&input, &output, &transform), "{log_n} {transform:?}");
                    output[at] = right.saturating_add(GOLDILOCKS);
                    assert!(!goldilocks_holds(&input, &output, &transform), "not reduced");
                }
            }
        }
        assert!(!goldilocks_holds(&[1; 3], &[1; 3], &GoldilocksTransform::FORWARD));
    }
}

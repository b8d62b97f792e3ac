//! NTT on the CPU, by `gristmill-cpu`.

use super::engine;
use crate::NttField;
use crate::device::{GoldilocksTransform, Transform, reverse};

/// Transforms in place; see [`Transform`] for the meaning.
/// Lengths that are no power of two, or above the field's largest, are left as they are ([`Device`](crate::Device)
/// refuses them before).
pub fn ntt<F: NttField>(values: &mut [F], transform: &Transform<F>) {
    if transform.order.input() {
        reverse(values);
    }
    F::ntt_on_cpu(values, transform.inverse, transform.coset);
    if transform.order.output() {
        reverse(values);
    }
}

/// In natural order, on the engine that was chosen.
pub(crate) fn transform<F: gristmill_cpu::TransformField>(values: &mut [F], inverse: bool, coset: Option<F>) {
    let _done: bool = gristmill_cpu::ntt(engine(), values, inverse, coset);
}

/// Transforms over Goldilocks in place; see [`GoldilocksTransform`] for the meaning. Lengths that are no power of two are left as they
/// are, and so is everything on the coset of zero ([`Device`](crate::Device) refuses them before).
pub fn goldilocks_ntt(values: &mut [u64], transform: &GoldilocksTransform) {
    if transform.order.input() {
        reverse(values);
    }
    let _ = gristmill_cpu::goldilocks_ntt(engine(), values, transform.inverse, transform.coset);
    if transform.order.output() {
        reverse(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Order;
    use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
    use ark_std::test_rng;

    fn orders_agree<F: NttField>() {
        let rng = &mut test_rng();
        for log in [0, 1, 2, 5, 9] {
            let values: Vec<F> = (0..1 << log).map(|_| F::rand(rng)).collect();
            let domain = Radix2EvaluationDomain::<F>::new(1 << log).unwrap().get_coset(F::GENERATOR).unwrap();
            for (input, output) in [(false, false), (true, false), (false, true), (true, true)] {
                for inverse in [false, true] {
                    let mut expected = if inverse { domain.ifft(&values) } else { domain.fft(&values) };
                    let mut found = values.clone();
                    if input {
                        reverse(&mut found);
                    }
                    if output {
                        reverse(&mut expected);
                    }
                    let plain = if inverse { Transform::INVERSE } else { Transform::FORWARD };
                    ntt(&mut found, &plain.on_coset(F::GENERATOR).ordered(Order::of(input, output)));
                    assert_eq!(found, expected, "2^{log}, {input} {output}, inverse {inverse}");
                }
            }
        }
    }

    #[test]
    fn in_any_order() {
        orders_agree::<ark_bn254::Fr>();
        orders_agree::<ark_bls12_381::Fr>();
        orders_agree::<ark_bls12_377::Fr>();
    }

    #[test]
    fn goldilocks_in_any_order() {
        let values: Vec<u64> = (3..35).collect();
        let mut natural = values.clone();
        goldilocks_ntt(&mut natural, &GoldilocksTransform::FORWARD.on_coset(7));
        let mut found = values;
        reverse(&mut found);
        goldilocks_ntt(&mut found, &GoldilocksTransform::FORWARD.on_coset(7).ordered(Order::Reversed));
        reverse(&mut found);
        assert_eq!(found, natural);
    }
}

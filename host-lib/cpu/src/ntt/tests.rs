use super::*;
use ark_ff::{Field, Zero};
use ark_std::test_rng;

/// Every length, direction and coset, both engines, against ark-poly.
fn equals_ark_poly<F: TransformField>(largest: u32) {
    let rng = &mut test_rng();
    for log in 0..=largest {
        let domain = Radix2EvaluationDomain::<F>::new(1 << log).unwrap();
        let mut values: Vec<F> = (0..1usize << log).map(|_| F::rand(rng)).collect();
        if log % 3 == 1 {
            // Edges: zeros, the largest element, ones.
            values.iter_mut().enumerate().for_each(|(i, v)| *v = [F::zero(), -F::one(), F::one(), *v][i % 4]);
        }
        if log % 3 == 2 {
            values.fill(-F::one());
        }
        for coset in [None, Some(F::GENERATOR), Some(F::rand(rng))] {
            let domain = coset.map_or(domain, |g| domain.get_coset(g).unwrap());
            for inverse in [false, true] {
                let expected = if inverse { domain.ifft(&values) } else { domain.fft(&values) };
                for engine in Engine::tested() {
                    let mut own = values.clone();
                    assert!(ntt(engine, &mut own, inverse, coset));
                    assert_eq!(own, expected, "2^{log}, inverse {inverse}, coset {coset:?}, {engine:?}");
                }
            }
        }
    }
}

#[test]
fn bn254() {
    equals_ark_poly::<ark_bn254::Fr>(14);
}

#[test]
fn bls12_381_whose_modulus_has_least_room() {
    equals_ark_poly::<ark_bls12_381::Fr>(13);
    // 10 stages of 11 fit the bounds.
    assert!(ark_bls12_381::Fr::vectorised(1 << 20) && !ark_bls12_381::Fr::vectorised(1 << 21));
}

#[test]
fn bls12_377() {
    equals_ark_poly::<ark_bls12_377::Fr>(12);
}

#[test]
fn what_cannot_be_transformed_stays() {
    let mut three = vec![ark_bn254::Fr::from(7u64); 3];
    assert!(!ntt(Engine::best(), &mut three, false, None));
    let mut eight = vec![ark_bn254::Fr::from(7u64).pow([2]); 64];
    assert!(!ntt(Engine::best(), &mut eight, false, Some(ark_bn254::Fr::zero())));
    assert_eq!(eight, vec![ark_bn254::Fr::from(49u64); 64]);
}

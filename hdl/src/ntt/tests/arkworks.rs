//! The engine against ark-poly's transforms, and the odd coset of snarkjs' quotient.

use super::bench::{Bench, Command, Flow};
use crate::field::Arithmetic;
use crate::ntt::model::{Factors, VectorField};
use crate::ntt::{VectorNtt, BN254_FR_VECTORS};
use ark_bn254::Fr;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use num_traits::One;

fn to_ark(values: &[BigUint]) -> Vec<Fr> {
    values.iter().map(|v| Fr::from(v.clone())).collect()
}

fn from_ark(values: &[Fr]) -> Vec<BigUint> {
    values.iter().map(|v| (*v).into()).collect()
}

fn run(bench: &mut Bench, command: Command) -> Vec<BigUint> {
    bench.run(&command, Flow::FREE, None).expect("runs to its end").output
}

fn check_all(bench: &mut Bench, log_n: u32) {
    let n = 1usize << log_n;
    let field = bench.field.clone();
    let input = bench.random(n);
    let domain = Radix2EvaluationDomain::<Fr>::new(n).expect("2^28 and less");
    let offset = BigUint::from(5u32);
    let coset = domain.get_coset(Fr::from(offset.clone())).expect("not zero");
    let n_inverse = field.inverse(&BigUint::from(n));
    let shift = Factors { start: BigUint::one(), ratio: offset.clone() };
    let scale = Factors { start: n_inverse.clone(), ratio: BigUint::one() };
    let unshift = Factors { start: n_inverse, ratio: field.inverse(&offset) };
    let cases = [
        ("fft", false, None, None, domain.fft(&to_ark(&input))),
        ("ifft", true, None, Some(scale), domain.ifft(&to_ark(&input))),
        ("coset_fft", false, Some(shift), None, coset.fft(&to_ark(&input))),
        ("coset_ifft", true, None, Some(unshift), coset.ifft(&to_ark(&input))),
    ];
    for (name, inverse, before, after, want) in cases {
        let got = run(bench, Command { inverse, before, after, input: input.clone() });
        assert!(got == from_ark(&want), "{name} of 2^{log_n}");
    }
}

#[test]
fn transforms_of_arkworks_up_to_2_to_the_8() {
    for arithmetic in [Arithmetic::Pipelined, Arithmetic::Serial] {
        let ntt = VectorNtt::new(&BN254_FR_VECTORS, 8, 6, arithmetic, Fidelity::Twin);
        let mut bench = Bench::new(ntt, VectorField::bn254_fr());
        for log_n in 1..=8 {
            check_all(&mut bench, log_n);
        }
    }
}

/// The longest transform of the small part.
#[test]
fn serial_transforms_of_arkworks_of_2_to_the_11() {
    let ntt = VectorNtt::new(&BN254_FR_VECTORS, 11, 7, Arithmetic::Serial, Fidelity::Twin);
    check_all(&mut Bench::new(ntt, VectorField::bn254_fr()), 11);
}

#[test]
fn transforms_of_arkworks_of_2_to_the_12() {
    let ntt = VectorNtt::new(&BN254_FR_VECTORS, 12, 7, Arithmetic::Pipelined, Fidelity::Twin);
    check_all(&mut Bench::new(ntt, VectorField::bn254_fr()), 12);
}

/// snarkjs takes evaluations on the n-th roots to those on the odd 2n-th roots: an inverse
/// transform, element i times w_2n^i / n, a forward transform.
#[test]
fn odd_coset_of_snarkjs() {
    let ntt = VectorNtt::new(&BN254_FR_VECTORS, 9, 6, Arithmetic::Pipelined, Fidelity::Twin);
    let mut bench = Bench::new(ntt, VectorField::bn254_fr());
    for log_n in [1, 4, 9] {
        let n = 1usize << log_n;
        let coefficients = bench.random(n);
        let twice = Radix2EvaluationDomain::<Fr>::new(2 * n).expect("2^28 and less");
        let everywhere = from_ark(&twice.fft(&to_ark(&coefficients)));
        let pick = |odd: usize| everywhere.iter().skip(odd).step_by(2).cloned().collect::<Vec<_>>();
        let turn = Factors { start: bench.field.inverse(&BigUint::from(n)), ratio: bench.field.root(log_n + 1) };
        // The factors may stand after the inverse transform or before the forward one.
        let input = run(&mut bench, Command { inverse: true, after: Some(turn.clone()), input: pick(0), before: None });
        let odd = run(&mut bench, Command { input, ..Default::default() });
        assert!(odd == pick(1), "after, 2^{log_n}");
        let input = run(&mut bench, Command { inverse: true, input: pick(0), ..Default::default() });
        let odd = run(&mut bench, Command { input, before: Some(turn), ..Default::default() });
        assert!(odd == pick(1), "before, 2^{log_n}");
    }
}

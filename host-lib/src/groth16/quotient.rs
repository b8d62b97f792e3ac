//! The scalars of the H query: what is left of A * B - C over the domain.
//!
//! * snarkjs' keys have an H query over evaluations on the coset of a root of unity of order 2n,
//!   on which the vanishing polynomial is the constant -2 (its inverse is in the key): 3 inverse
//!   and 3 forward transforms, h_i = a_i * b_i - c_i.
//! * ark-groth16's keys (libsnark's reduction) have an H query over coefficients. With P = A * B modulo
//!   x^n - g^n, from the coset of the field's generator g, and C = A * B modulo x^n - 1: since
//!   A * B = C + H * (x^n - 1), P = C + H * (g^n - 1). So C needs no transform to the coset: 3 inverse,
//!   2 forward ones, and 1 back.

use crate::{Device, Error, Report, Result, Transform};
use ark_bn254::Fr;
use ark_ff::{FftField, Field};
use ark_std::One;
use rayon::prelude::*;
use std::time::Instant;
use zeroize::Zeroizing;

/// A vector over the domain; derived from the witness, so wiped when dropped.
pub(super) type Secret = Zeroizing<Vec<Fr>>;

/// A, B and C times the witness, over the domain.
#[derive(Clone)]
pub(super) struct Rows {
    pub a: Secret,
    pub b: Secret,
    pub c: Secret,
}

/// What the key's H query takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Evaluations on the coset of the root of order 2n.
    Evaluations,
    /// Coefficients; without the last, which is zero.
    Coefficients,
}

/// The scalars of the H query: n evaluations or n - 1 coefficients.
pub(super) fn scalars(device: &Device, form: Form, mut rows: Rows, report: &mut Report) -> Result<Secret> {
    let n = rows.a.len();
    let generator = match form {
        Form::Evaluations => Fr::get_root_of_unity(2 * n as u64)
            .ok_or_else(|| Error::Internal(format!("no root of unity of order 2 * {n}")))?,
        Form::Coefficients => Fr::GENERATOR,
    };
    device.ntt_in(&mut rows.vectors(), &Transform::INVERSE, "ntt to coefficients", report)?;
    let coset = Transform::FORWARD.on_coset(generator);
    let told = |report: &mut Report, since: Instant| report.host_stage("quotient", since.elapsed());
    match form {
        Form::Evaluations => {
            device.ntt_in(&mut rows.vectors(), &coset, "ntt to coset", report)?;
            let since = Instant::now();
            let Rows { a: mut h, b, c } = rows;
            combine(&mut h, [&b, &c], |h, b, c| h * b - c);
            told(report, since);
            Ok(h)
        }
        Form::Coefficients => {
            let Rows { a: mut h, mut b, c } = rows;
            device.ntt_in(&mut [&mut h, &mut b], &coset, "ntt to coset", report)?;
            let since = Instant::now();
            combine(&mut h, [&b, &c], |h, b, _| h * b);
            told(report, since);
            let back = Transform::INVERSE.on_coset(generator);
            device.ntt_in(&mut [&mut h], &back, "ntt from coset", report)?;
            let since = Instant::now();
            // Not zero, since g is a generator.
            let factor = (generator.pow([n as u64]) - Fr::one())
                .inverse()
                .ok_or_else(|| Error::Internal("the coset meets the domain".into()))?;
            combine(&mut h, [&b, &c], |h, _, c| (h - c) * factor);
            // The last coefficient is zero. Wiped with the rest: the vector's whole capacity is.
            h.truncate(n - 1);
            told(report, since);
            Ok(h)
        }
    }
}

/// Element by element.
fn combine(h: &mut [Fr], [b, c]: [&[Fr]; 2], f: impl Fn(Fr, Fr, Fr) -> Fr + Sync) {
    let all = h.par_iter_mut().zip(b).zip(c).with_min_len(1024);
    all.for_each(|((h, b), c)| *h = f(*h, *b, *c));
}

impl Rows {
    fn vectors(&mut self) -> [&mut [Fr]; 3] {
        [&mut self.a, &mut self.b, &mut self.c]
    }
}

//! The sum over the H query, whose scalars are what is left of A * B - C over the domain. A witness that satisfies the circuit
//! has C = A * B there.
//!
//! * snarkjs' keys have an H query over evaluations on the coset of a root of unity of order 2n,
//!   on which the vanishing polynomial is the constant -2 (its inverse is in the key): 3 inverse
//!   and 3 forward transforms, h_i = a_i * b_i - c_i.
//! * ark-groth16's keys (libsnark's reduction) have an H query over coefficients. With P = A * B modulo
//!   x^n - g^n, from the coset of the field's generator g, and C = A * B modulo x^n - 1: since
//!   A * B = C + H * (x^n - 1), P = C + H * (g^n - 1). So C needs no transform to the coset: 3 inverse,
//!   2 forward ones, and 1 back.
//!
//! Either is a program on three vectors: A, B, and C, which is made of the two. On a card with resident vectors A and B go up, the
//! program and the MSM run there, and nothing comes back but the sum.

use super::key::Resident;
use crate::device::cost::Op;
use crate::{Device, Error, Operation, Place, Report, Result, Step, Transform, Vector};
use ark_bn254::{Fr, G1Projective};
use ark_ff::{FftField, Field};
use ark_std::{One, Zero};
use zeroize::Zeroizing;

/// A vector over the domain; derived from the witness, so wiped when dropped.
pub(super) type Secret = Zeroizing<Vec<Fr>>;

/// A and B times the witness, over the domain.
#[derive(Clone)]
pub(super) struct Rows {
    pub a: Secret,
    pub b: Secret,
}

/// What the key's H query takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Evaluations on the coset of the root of order 2n.
    Evaluations,
    /// Coefficients; without the last, which is zero.
    Coefficients,
}

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

/// Stages of steps on A, B and C.
struct Program {
    stages: Vec<(&'static str, Vec<Step>)>,
    /// The vector that holds the scalars in the end.
    result: usize,
}

impl Program {
    fn of(form: Form, n: usize) -> Result<Self> {
        let generator = match form {
            Form::Evaluations => Fr::get_root_of_unity(2 * n as u64)
                .ok_or_else(|| Error::Internal(format!("no root of unity of order 2 * {n}")))?,
            Form::Coefficients => Fr::GENERATOR,
        };
        let each = |vectors: &[usize], transform| vectors.iter().map(|v| Step::transform(*v, transform)).collect();
        let coset = Transform::FORWARD.on_coset(generator);
        let mut stages = vec![
            ("quotient", vec![Step::combine(Operation::Mul, A, B, C)]),
            ("ntt to coefficients", each(&[A, B, C], Transform::INVERSE)),
        ];
        let result = match form {
            Form::Evaluations => {
                stages.push(("ntt to coset", each(&[A, B, C], coset)));
                stages.push(("quotient", vec![Step::combine(Operation::MulSub, A, B, C)]));
                C
            }
            Form::Coefficients => {
                // Not zero, since g is a generator.
                let factor = (generator.pow([n as u64]) - Fr::one())
                    .inverse()
                    .ok_or_else(|| Error::Internal("the coset meets the domain".into()))?;
                let last = vec![Step::combine(Operation::Sub, A, C, A), Step::with_element(Operation::Mul, A, factor)];
                stages.push(("ntt to coset", each(&[A, B], coset)));
                stages.push(("quotient", vec![Step::combine(Operation::Mul, A, B, A)]));
                stages.push(("ntt from coset", each(&[A], Transform::INVERSE.on_coset(generator))));
                stages.push(("quotient", last));
                A
            }
        };
        Ok(Program { stages, result })
    }
}

/// The sum of the H query. `told` hears when the MSM begins.
pub(super) fn sum(
    device: &Device,
    form: Form,
    rows: Rows,
    query: &Resident,
    told: impl Fn(),
    report: &mut Report,
) -> Result<G1Projective> {
    let program = Program::of(form, rows.a.len())?;
    match on_card(device, &program, &rows, query, &told, report) {
        Ok(Some(sum)) => return Ok(sum),
        Ok(None) => {}
        // What it was made of is still here.
        Err(Error::DeviceFailed { source, .. }) => device.excuse("quotient", source, report)?,
        Err(error) => return Err(error),
    }
    let scalars = on_host(device, &program, rows, report)?;
    told();
    query.msm(device, &scalars[..query.len().min(scalars.len())], "msm H", report)
}

/// All of it on a card, if that has a place for it.
fn on_card(
    device: &Device,
    program: &Program,
    rows: &Rows,
    query: &Resident,
    told: &impl Fn(),
    report: &mut Report,
) -> Result<Option<G1Projective>> {
    let n = rows.a.len();
    let Some(bases) = query.all_on_card().filter(|_| device.keeps_vectors(n)) else { return Ok(None) };
    if device.choice(&[Op::Quotient { elements: n }], "quotient", report) == Place::Host {
        return Ok(None);
    }
    let mut vectors = Vec::with_capacity(3);
    for values in [Some(&rows.a[..]), Some(&rows.b), None] {
        let vector = device.vector_in(n, values, "quotient", report)?;
        if !vector.is_on_card() {
            return Ok(None);
        }
        vectors.push(vector);
    }
    let steps: Vec<Step> = program.stages.iter().flat_map(|(_, steps)| steps).copied().collect();
    device.run_in(&mut vectors, &steps, "quotient", report)?;
    told();
    device.msm_of_vector_in(bases, &vectors[program.result], "msm H", report).map(Some)
}

/// The scalars of the H query in host memory: n evaluations or coefficients. The transforms are the device's, if it has them.
fn on_host(device: &Device, program: &Program, rows: Rows, report: &mut Report) -> Result<Secret> {
    let n = rows.a.len();
    let zeros = Zeroizing::new(vec![Fr::zero(); n]);
    let mut vectors = [rows.a, rows.b, zeros].map(|values| Vector::on_host(device, values));
    for (stage, steps) in &program.stages {
        device.run_in(&mut vectors, steps, stage, report)?;
    }
    let result = vectors.into_iter().nth(program.result).and_then(Vector::into_values);
    result.ok_or_else(|| Error::Internal("a vector that was on the host is not".into()))
}

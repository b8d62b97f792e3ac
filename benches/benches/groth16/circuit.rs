//! A circuit of any number of constraints.

use ark_bn254::Fr;
use ark_ff::{Field, One};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use ark_std::rand::{RngCore, SeedableRng, rngs::StdRng};

/// What the wires carry.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Numbers of full size: a chain of squares.
    Dense,
    /// Bits, three of four constraints; the others pack them into numbers.
    Bits,
}

/// A circuit of exactly `constraints` constraints and one public number.
#[derive(Clone)]
pub struct Circuit {
    pub kind: Kind,
    pub constraints: usize,
    pub secret: Fr,
}

type Lc = LinearCombination<Fr>;

fn sum(terms: &[(Fr, Variable)]) -> Lc {
    terms.iter().fold(Lc::zero(), |lc, term| lc + *term)
}

impl ConstraintSynthesizer<Fr> for Circuit {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let one = Fr::one();
        let mut value = self.secret;
        let mut operand = vec![(one, cs.new_witness_variable(|| Ok(value))?)];
        let mut random = StdRng::seed_from_u64(self.constraints as u64);
        for i in 1..self.constraints {
            if matches!(self.kind, Kind::Bits) && i % 4 != 0 {
                let bit = Fr::from(random.next_u32() & 1);
                let wire = cs.new_witness_variable(|| Ok(bit))?;
                cs.enforce_r1cs_constraint(
                    || sum(&[(one, wire)]),
                    || sum(&[(one, Variable::One), (-one, wire)]),
                    Lc::zero,
                )?;
                let weight = Fr::from(1u64 << (i % 4));
                operand.push((weight, wire));
                value += weight * bit;
                continue;
            }
            let offset = Fr::from(i as u64 % 64 + 3);
            operand.push((offset, Variable::One));
            value = (value + offset).square();
            let square = cs.new_witness_variable(|| Ok(value))?;
            cs.enforce_r1cs_constraint(|| sum(&operand), || sum(&operand), || sum(&[(one, square)]))?;
            operand = vec![(one, square)];
        }
        operand.truncate(1);
        let result = cs.new_input_variable(|| Ok(value))?;
        cs.enforce_r1cs_constraint(|| sum(&operand), || sum(&[(one, Variable::One)]), || sum(&[(one, result)]))
    }
}

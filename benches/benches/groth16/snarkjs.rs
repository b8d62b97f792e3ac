//! A circuit's key and witness as snarkjs' files, made by ark-groth16's setup: the H query over evaluations, as
//! in circom's reduction (the layouts are those of `gristmill::formats`).

use super::circuit::Circuit;
use ark_bn254::{Bn254, Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use ark_groth16::{
    Groth16,
    r1cs_to_qap::{LibsnarkReduction, R1CSToQAP},
};
use ark_poly::EvaluationDomain;
use ark_relations::gr1cs::{ConstraintSystemRef, Matrix, SynthesisError};
use ark_std::rand::Rng;

/// snarkjs' H query: element i is L_(2i+1)(t) / delta, of the Lagrange polynomials L over the domain of twice the size.
struct Evaluations;

impl R1CSToQAP for Evaluations {
    fn instance_map_with_evaluation<F: PrimeField, D: EvaluationDomain<F>>(
        cs: ConstraintSystemRef<F>,
        t: &F,
    ) -> Result<(Vec<F>, Vec<F>, Vec<F>, F, usize, usize), SynthesisError> {
        LibsnarkReduction::instance_map_with_evaluation::<F, D>(cs, t)
    }

    /// Proofs are not made here.
    fn witness_map_from_matrices<F: PrimeField, D: EvaluationDomain<F>>(
        _: &[Matrix<F>],
        _: usize,
        _: usize,
        _: &[F],
    ) -> Result<Vec<F>, SynthesisError> {
        Err(SynthesisError::AssignmentMissing)
    }

    fn h_query_scalars<F: PrimeField, D: EvaluationDomain<F>>(
        most: usize,
        t: F,
        _: F,
        delta_inverse: F,
    ) -> Result<Vec<F>, SynthesisError> {
        let twice = D::new(2 * (most + 1)).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        let lagrange = twice.evaluate_all_lagrange_coefficients(t);
        Ok(lagrange.into_iter().skip(1).step_by(2).map(|l| l * delta_inverse).collect())
    }
}

#[derive(Default)]
struct File(Vec<u8>);

impl File {
    fn whole(magic: &[u8; 4], version: u32, sections: &[Vec<u8>]) -> Vec<u8> {
        let mut file = File(magic.to_vec());
        file.number(version).number(sections.len() as u32);
        for (i, section) in sections.iter().enumerate() {
            file.number(i as u32 + 1);
            file.0.extend((section.len() as u64).to_le_bytes());
            file.0.extend(section);
        }
        file.0
    }

    fn number(&mut self, n: u32) -> &mut Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    fn words(&mut self, words: &[u64]) -> &mut Self {
        self.0.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        self
    }

    fn modulus<F: PrimeField>(&mut self) -> &mut Self {
        self.number(32);
        self.0.extend(F::MODULUS.to_bytes_le());
        self
    }

    fn coordinates(&mut self, coordinates: &[Fq]) -> &mut Self {
        for c in coordinates {
            self.words(&c.0.0);
        }
        self
    }

    fn g1(&mut self, points: &[G1Affine]) -> &mut Self {
        let point = |p: &G1Affine| p.xy().map_or([Fq::ZERO; 2], |(x, y)| [x, y]);
        for p in points {
            self.coordinates(&point(p));
        }
        self
    }

    fn g2(&mut self, points: &[G2Affine]) -> &mut Self {
        let point = |p: &G2Affine| p.xy().map_or([Fq::ZERO; 4], |(x, y)| [x.c0, x.c1, y.c0, y.c1]);
        for p in points {
            self.coordinates(&point(p));
        }
        self
    }
}

/// The key of a circuit with these matrices and so many instance variables.
pub fn zkey(circuit: Circuit, matrices: &[Matrix<Fr>], instance: usize, rng: &mut impl Rng) -> Vec<u8> {
    let constraints = matrices[0].len();
    let key = Groth16::<Bn254, Evaluations>::generate_random_parameters_with_reduction(circuit, rng).expect("a key");
    let vk = &key.vk;
    let mut header = File::default();
    header.modulus::<Fq>().modulus::<Fr>();
    header.number(key.a_query.len() as u32).number(instance as u32 - 1).number(key.h_query.len() as u32);
    header.g1(&[vk.alpha_g1, key.beta_g1]).g2(&[vk.beta_g2, vk.gamma_g2]).g1(&[key.delta_g1]).g2(&[vk.delta_g2]);

    let mut entries: Vec<(u32, usize, usize, Fr)> = Vec::new();
    for (m, matrix) in matrices[..2].iter().enumerate() {
        for (row, terms) in matrix.iter().enumerate() {
            entries.extend(terms.iter().map(|(value, signal)| (m as u32, row, *signal, *value)));
        }
    }
    entries.extend((0..instance).map(|i| (0, constraints + i, i, Fr::ONE)));
    let mut coefficients = File::default();
    coefficients.number(entries.len() as u32);
    // In the file times R^2; arkworks' memory has one R.
    let r = Fr::from(2u64).pow([256]);
    for (m, row, signal, value) in entries {
        coefficients.number(m).number(row as u32).number(signal as u32).words(&(value * r).0.0);
    }

    let g1 = |points: &[G1Affine]| std::mem::take(&mut File::default().g1(points).0);
    let g2 = |points: &[G2Affine]| std::mem::take(&mut File::default().g2(points).0);
    let sections = [
        1u32.to_le_bytes().to_vec(),
        header.0,
        g1(&vk.gamma_abc_g1),
        coefficients.0,
        g1(&key.a_query),
        g1(&key.b_g1_query),
        g2(&key.b_g2_query),
        g1(&key.l_query),
        g1(&key.h_query),
    ];
    File::whole(b"zkey", 1, &sections)
}

/// A witness.
pub fn wtns(values: &[Fr]) -> Vec<u8> {
    let mut header = File::default();
    header.modulus::<Fr>().number(values.len() as u32);
    let mut content = File::default();
    for v in values {
        content.words(&v.into_bigint().0);
    }
    File::whole(b"wtns", 2, &[header.0, content.0])
}

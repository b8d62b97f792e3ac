//! The butterfly: model against RTL and twin, edge values included.

use crate::field::model::Model;
use crate::field::testing::{assert_same, edge_values, random_values, stream};
use crate::field::{FieldParams, BLS12_381_FR, BN254_FR};
use crate::ntt::Butterfly;
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use num_traits::One;

/// Operands a, b, w: every pair of edge values as b and w, a going round; numbers above the prime
/// as b; random ones.
pub fn vectors(field: &FieldParams, random: usize) -> Vec<Vec<BigUint>> {
    let edge = edge_values(field);
    let mut wide = edge.clone();
    wide.extend([field.prime(), (BigUint::one() << 256u32) - 1u32, (BigUint::one() << 255u32) + 1u32]);
    let mut all = Vec::new();
    for (i, b) in wide.iter().enumerate() {
        for (j, w) in edge.iter().enumerate() {
            all.push(vec![edge[(i * 5 + j) % edge.len()].clone(), b.clone(), w.clone()]);
        }
    }
    all.extend(random_values(field, 3 * random, 11).chunks(3).map(<[BigUint]>::to_vec));
    all
}

/// x = a + w*b, y = a - w*b in Montgomery form.
pub fn expected(field: &FieldParams, vectors: &[Vec<BigUint>]) -> Vec<Vec<BigUint>> {
    let model = Model::new(field);
    vectors
        .iter()
        .map(|v| {
            let product = model.mont_mul(&v[1], &v[2]);
            vec![model.add(&v[0], &product), model.sub(&v[0], &product)]
        })
        .collect()
}

fn check(field: &FieldParams, fidelity: Fidelity, random: usize) {
    let vectors = vectors(field, random);
    let mut butterfly = Butterfly::new(field, fidelity);
    let latency = butterfly.latency();
    let results = stream(&mut butterfly, latency, &vectors);
    assert_same(field.name, &vectors, &results, &expected(field, &vectors));
}

#[test]
fn twin_is_the_model() {
    check(&BN254_FR, Fidelity::Twin, 200);
    check(&BLS12_381_FR, Fidelity::Twin, 200);
}

#[test]
fn rtl_is_the_model() {
    check(&BN254_FR, Fidelity::Rtl, 20);
    check(&BLS12_381_FR, Fidelity::Rtl, 20);
}

#[test]
fn latency_is_the_multiplier_and_an_addition() {
    assert_eq!(Butterfly::new(&BN254_FR, Fidelity::Twin).latency(), 28);
}

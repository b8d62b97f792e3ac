//! The generated Verilog under Verilator against the native simulation, in every cycle, on the
//! vectors that `tests` holds against the model.

use gristmill_hdl_kit::cosim::{check, check_with, random_vectors, Options, Outcome};
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::twin::Fidelity;
use num_bigint::BigUint;
use rust_hdl::prelude::Block;

use super::testing::{edge_values, pairs, quadruples, random_values, values};
use super::*;

/// Compares a block on vectors, with a pause of `warm_up` cycles (twins show zeros until their latency has passed).
fn compare<B: Ports>(what: &str, mut block: B, vectors: &[Vec<BigUint>], warm_up: usize) {
    block.connect_all();
    let mut operands = values(vectors);
    // Let the last results come out.
    operands.extend(vec![operands[operands.len() - 1].clone(); 100]);
    let options = Options { warm_up, ..Options::default() };
    match check(&mut block, &operands, &options) {
        Ok(Outcome::Agreed { cycles }) => assert_eq!(cycles, operands.len() - warm_up, "{what}"),
        Ok(Outcome::Skipped) => {}
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn sums() {
    compare("ModAdd", ModAdd::<256>::new(&BN254_FQ), &pairs(&BN254_FQ, 200, 1), 0);
    compare("ModSub", ModSub::<256>::new(&BN254_FQ), &pairs(&BN254_FQ, 200, 1), 0);
    compare("ModAdd", ModAdd::<384>::new(&BLS12_381_FQ), &pairs(&BLS12_381_FQ, 200, 1), 0);
}

#[test]
fn sums_by_turns() {
    let vectors: Vec<_> = pairs(&BN254_FQ, 200, 1)
        .into_iter()
        .enumerate()
        .map(|(i, pair)| [pair, vec![(i as u32 / 3 % 2).into()]].concat())
        .collect();
    compare("ModSum", ModSum::<256>::new(&BN254_FQ), &vectors, 0);
}

#[test]
fn small_multiples() {
    for (params, k) in [(BN254_FQ, 9), (BN254_FQ, 3)] {
        let mut operands = edge_values(&params);
        operands.extend(random_values(&params, 300, 2));
        let vectors: Vec<_> = operands.into_iter().map(|x| vec![x]).collect();
        compare("MulSmall", MulSmall::<256>::new(&params, k), &vectors, 0);
    }
}

#[test]
fn products_bn254() {
    let vectors = pairs(&BN254_FQ, 100, 3);
    compare("MontMul, RTL", MontMul256::new(&BN254_FQ, Fidelity::Rtl), &vectors, 0);
    // The same Verilog (from the cache) against the twin, on more operands.
    let vectors = pairs(&BN254_FQ, 3000, 5);
    compare("MontMul, twin", MontMul256::new(&BN254_FQ, Fidelity::Twin), &vectors, MontMul256::LATENCY);
}

#[test]
fn products_bn254_scalars() {
    let vectors = pairs(&BN254_FR, 1000, 3);
    compare("MontMul, twin", MontMul256::new(&BN254_FR, Fidelity::Twin), &vectors, MontMul256::LATENCY);
}

#[test]
fn sums_of_products() {
    let vectors = quadruples(&BN254_FQ, 1000, 4);
    for minus in [false, true] {
        let block = MontMulSum::<256>::new(&BN254_FQ, minus, Fidelity::Twin);
        compare("MontMulSum, twin", block, &vectors, MontMulSum::<256>::LATENCY);
    }
}

#[test]
fn products_bls12_381() {
    let vectors = pairs(&BLS12_381_FQ, 20, 3);
    compare("MontMul, RTL", MontMul384::new(&BLS12_381_FQ, Fidelity::Rtl), &vectors, 0);
    let vectors = pairs(&BLS12_381_FQ, 1000, 3);
    compare("MontMul, twin", MontMul384::new(&BLS12_381_FQ, Fidelity::Twin), &vectors, MontMul384::LATENCY);
}

#[test]
fn serial_products() {
    let mut block = MontMulSerial256::new(&BN254_FQ);
    block.connect_all();
    let vectors = pairs(&BN254_FQ, 10, 4);
    let operands = values(&vectors);
    let mut noise = random_vectors::<MontMulSerial256>(1500, 6);
    let (mut next, mut offered) = (0, false);
    // A product stays on offer until taken; in the middle of the run the multiplier is reset.
    let outcome = check_with(&mut block, noise.len(), &Options::default(), |cycle, outputs, inputs| {
        if offered && outputs[0][0] == 1 {
            next = (next + 1) % operands.len();
            offered = false;
        }
        inputs.copy_from_slice(&noise[cycle]);
        inputs[0] = Default::default();
        inputs[0][0] = (cycle == 700) as u64;
        offered |= noise[cycle][4][0] & 1 == 1 || cycle % 200 > 50;
        inputs[4] = Default::default();
        inputs[4][0] = offered as u64;
        if offered {
            inputs[1..3].copy_from_slice(&operands[next]);
        }
    });
    noise.clear();
    match outcome {
        Ok(Outcome::Agreed { cycles }) => assert_eq!(cycles, 1500),
        Ok(Outcome::Skipped) => {}
        Err(error) => panic!("{error}"),
    }
}

//! arkworks' own prover with its transforms on the card.

use crate::proofs::Squares;
use crate::support::{rng, tiny};
use ark_bn254::{Bn254, Fr};
use ark_groth16::Groth16;
use ark_snark::SNARK;
use ark_std::UniformRand;
use gristmill::domain::{self, DeviceReduction};

type OnDevice = Groth16<Bn254, DeviceReduction>;

#[test]
fn arkworks_proves_with_the_cards_transforms() {
    let device = tiny();
    let setup = &mut rng(81);
    let circuit = Squares { x: Some(Fr::rand(setup)), offset: Some(Fr::rand(setup)), rounds: 10 };
    let (pk, vk) = Groth16::<Bn254>::circuit_specific_setup(circuit.clone(), setup).unwrap();
    let expected = Groth16::<Bn254>::prove(&pk, circuit.clone(), &mut rng(82)).unwrap();
    let found = domain::on(&device, || OnDevice::prove(&pk, circuit.clone(), &mut rng(82)).unwrap());
    assert_eq!(found, expected, "the same blinding");
    let public = [circuit.offset.unwrap(), (0..10).fold(circuit.x.unwrap(), |y, _| y * y + circuit.offset.unwrap())];
    assert!(Groth16::<Bn254>::verify(&vk, &public, &found).unwrap());
    // Seven transforms of 16 elements.
    let report = device.take_report();
    assert_eq!((report.butterflies, report.fallbacks), (7 * 32, 0));
    // Without the device nothing of it is used.
    assert_eq!(OnDevice::prove(&pk, circuit, &mut rng(82)).unwrap(), expected);
    assert_eq!(device.report().cycles, 0);
}

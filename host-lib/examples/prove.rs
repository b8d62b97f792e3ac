//! The library in ten lines: a proof from snarkjs' files.
//!
//!     cargo run --release -p gristmill --example prove -- cpu CIRCUIT.zkey WITNESS.wtns PROOF.json PUBLIC.json

use gristmill::{Device, Options, formats, formats::Witness, groth16::ZkeyProver};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [device, zkey, witness, proof, public] = arguments.as_slice() else {
        return Err("arguments: DEVICE CIRCUIT.zkey WITNESS.wtns PROOF.json PUBLIC.json".into());
    };
    let device = Device::open(device, &Options::default())?;
    let prover = ZkeyProver::open(&device, zkey)?;
    let proved = prover.prove(&Witness::open(witness)?)?;
    let texts = (formats::proof::to_json(&proved.proof), formats::public::to_json(&proved.public));
    formats::write_files(&[(Path::new(proof), texts.0.as_bytes()), (Path::new(public), texts.1.as_bytes())])?;
    println!("{}", serde_json::to_string_pretty(&proved.report)?);
    Ok(())
}

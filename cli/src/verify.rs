//! `gristmill verify`: exit code 0 for a valid proof, 1 for an invalid one, 2 for an error.

use crate::args::Verify;
use crate::error::CliError;
use gristmill::formats::{proof, public, vkey};
use std::process::ExitCode;

/// Runs the command.
pub fn run(args: &Verify) -> Result<ExitCode, CliError> {
    let key = vkey::read(&args.vkey)?;
    let signals = public::read(&args.public)?;
    let proof = proof::read(&args.proof)?;
    if gristmill::verify::verify(&key, &signals, &proof)? {
        println!("valid");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("INVALID: {} does not prove the statement with these public signals", args.proof.display());
        Ok(ExitCode::FAILURE)
    }
}

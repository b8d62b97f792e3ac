//! `gristmill verify`: exit code 0 for a valid proof, 1 for an invalid one, 2 for an error.

use crate::args::Verify;
use crate::error::CliError;
use crate::output;
use gristmill::formats::{proof, public, vkey};
use std::process::ExitCode;

/// Runs the command.
pub fn run(args: &Verify) -> Result<ExitCode, CliError> {
    let key = vkey::read(&args.vkey)?;
    let signals = public::read(&args.public)?;
    let proof = proof::read(&args.proof)?;
    if gristmill::verify::verify(&key, &signals, &proof)? {
        output::line("valid")?;
        Ok(ExitCode::SUCCESS)
    } else {
        let proof = args.proof.display();
        output::line(format_args!("INVALID: {proof} does not prove the statement with these public signals"))?;
        Ok(ExitCode::FAILURE)
    }
}

//! `gristmill prove`: from a proving key and a witness to a proof, with a report.

use crate::args::Prove;
use crate::error::CliError;
use crate::{open, report};
use gristmill::Report;
use gristmill::formats::{Witness, proof, public, write_files};
use gristmill::groth16::{Progress, Proved, ZkeyProver};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;
use std::time::Instant;

/// Runs the command.
pub fn run(args: &Prove) -> Result<(), CliError> {
    for output in [&args.proof, &args.public] {
        writable(output)?;
    }
    let start = Instant::now();
    let device = open::device(&args.device, args.fallback.into(), args.check.into(), &args.waves)?;
    let prover = ZkeyProver::open(&device, &args.zkey)?;
    let witness = Witness::open(&args.witness)?;
    let bar = progress_bar();
    let proved = prover.prove_with(&witness, &mut |p| show(&bar, &p));
    bar.finish_and_clear();
    let Proved { proof, public, .. } = proved?;
    let proof = proof::to_json(&proof);
    let public = public::to_json(&public);
    write_files(&[(&args.proof, proof.as_bytes()), (&args.public, public.as_bytes())])?;

    // The device's report has the upload and the reading of the key too.
    let report = Report { seconds: start.elapsed().as_secs_f64(), ..device.report() };
    if args.json {
        println!("{}", serde_json::json!(report));
    } else {
        print!("{}", report::text(&report));
        println!("wrote {} and {}", args.proof.display(), args.public.display());
    }
    Ok(())
}

/// Fails before the work, not after it.
fn writable(output: &Path) -> Result<(), CliError> {
    let io = |what| move |source| CliError::Io { path: output.to_owned(), what, source };
    if output.is_dir() {
        return Err(io("cannot write")(std::io::Error::other("it is a directory; name a file")));
    }
    let folder = match output.parent() {
        Some(p) if p != Path::new("") => p,
        _ => Path::new("."),
    };
    tempfile::tempfile_in(folder).map(drop).map_err(io("cannot write: its folder takes no files"))
}

/// A bar on a terminal, nothing elsewhere.
pub fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{elapsed:>4} [{bar:24}] {pos}/{len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

/// Shows the stage that begins.
pub fn show(bar: &ProgressBar, progress: &Progress) {
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
    bar.set_message(progress.stage);
}

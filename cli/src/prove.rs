//! `gristmill prove`: from a proving key and a witness to a proof, with a report.

use crate::args::Prove;
use crate::error::CliError;
use crate::{open, output, report};
use gristmill::Report;
use gristmill::formats::{Witness, proof, public, write_files};
use gristmill::groth16::{Progress, Proved, ZkeyProver};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs the command.
pub fn run(args: &Prove) -> Result<(), CliError> {
    for output in [&args.proof, &args.public] {
        writable(output)?;
    }
    distinct(args)?;
    let start = Instant::now();
    // Before the device is opened and the key uploaded, which takes a simulated card seconds.
    let witness = Witness::open(&args.witness)?;
    let device = open::device(&args.device, args.fallback.into(), args.check.into(), &args.waves)?;
    let prover = ZkeyProver::open(&device, &args.zkey)?;
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
        output::line(serde_json::json!(report))
    } else {
        let (proof, public) = (args.proof.display(), args.public.display());
        output::print(&format!("{}wrote {proof} and {public}\n", report::text(&report)))
    }
}

/// No output replaces an input or the other output. (A device such as `/dev/stdout` may be both outputs.)
fn distinct(args: &Prove) -> Result<(), CliError> {
    let files = [
        ("CIRCUIT.zkey", &args.zkey),
        ("WITNESS.wtns", &args.witness),
        ("PROOF.json", &args.proof),
        ("PUBLIC.json", &args.public),
    ];
    for (i, (what, output)) in files.iter().enumerate().skip(2) {
        let no_file = output.metadata().is_ok_and(|m| !m.is_file());
        for (other, path) in &files[..i] {
            if !no_file && place(output) == place(path) {
                return Err(CliError::SameFile { output: output.to_path_buf(), what, other });
            }
        }
    }
    Ok(())
}

/// A path without links and dots, also of a file that is not there yet.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = || match path.parent() {
        Some(p) if p != Path::new("") => p.canonicalize(),
        _ => Path::new(".").canonicalize(),
    };
    path.canonicalize().ok().or_else(|| Some(folder().ok()?.join(path.file_name()?)))
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

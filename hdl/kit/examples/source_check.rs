//! Checks the kernels in the files and folders given: `cargo run --example source_check -- src`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    match gristmill_hdl_kit::source_check::check(&paths) {
        Ok(report) => {
            print!("{report}");
            println!("{} kernels, {} findings", report.kernels, report.findings.len());
            if report.findings.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(2)
        }
    }
}

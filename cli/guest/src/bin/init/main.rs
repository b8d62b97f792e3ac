//! The guest's first process, and each scenario's process: `init NAME` runs one, and `init --role
//! NAME` what a scenario starts besides itself.
#![deny(unsafe_op_in_unsafe_fn)]

mod pid1;
mod scenarios;
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::process::id() == 1 {
        pid1::run();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--role", ref role @ ..] => scenarios::play(role),
        [name] => scenarios::run(name),
        _ => {
            eprintln!("this is the first process of a guest: see docs/guest.md");
            ExitCode::from(2)
        }
    }
}

//! From Verilog to a shared library in the cache.

use super::{cache, shim, tool, Options, Trace, VerilatorError};
use crate::ports::Port;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CFLAGS: &str = "-fPIC -fvisibility=hidden -fno-gnu-unique";

/// Warnings that mean a fault of the design or of the generator.
const FAULTS: [&str; 6] = ["LATCH", "MULTIDRIVEN", "SELRANGE", "IMPLICIT", "PINMISSING", "COMBDLY"];

/// Gives the library's path, from the cache or freshly built.
pub fn library(
    verilog: &str,
    clock: bool,
    inputs: &[Port],
    outputs: &[Port],
    options: &Options,
) -> Result<PathBuf, VerilatorError> {
    let tool = tool::find()?;
    let shim = shim::text(clock, inputs, outputs, options);
    let mut command = command(options);
    let contents = format!("{}\n{command:?}\n{shim}\n{verilog}", tool.version);
    command.args(["-j", &jobs().to_string()]);
    let dir = cache::get_or_build("model", &contents, |dir| {
        let runtime = runtime(tool, options.trace)?;
        let put = |name: &str, text: &str| {
            fs::write(dir.join(name), text).map_err(VerilatorError::io("write", dir.join(name)))
        };
        put("top.v", verilog)?;
        put("shim.cpp", &shim)?;
        fs::copy(runtime.join("runtime.a"), dir.join("runtime.a"))
            .map_err(VerilatorError::io("copy", runtime.join("runtime.a")))?;
        tool::run("verilator", &mut command, dir)?;
        fs::rename(dir.join("obj/model.so"), dir.join("model.so"))
            .map_err(VerilatorError::io("move", dir.join("obj/model.so")))?;
        let _ = fs::remove_dir_all(dir.join("obj"));
        let _ = fs::remove_file(dir.join("runtime.a"));
        Ok(())
    })?;
    Ok(dir.join("model.so"))
}

fn command(options: &Options) -> Command {
    let mut c = Command::new("verilator");
    c.args(["--cc", "--exe", "--build", "--prefix", "Vtop", "--top-module", "top", "-Mdir", "obj", "-o", "model.so"]);
    c.args(["-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert", "--output-split", "20000"]);
    c.args(["-Wno-fatal", "-Wno-WIDTH", "-Wno-UNOPTFLAT", "-Wno-UNOPTTHREADS"]);
    c.args(FAULTS.map(|w| format!("-Werror-{w}")));
    match options.trace {
        Trace::None => {}
        Trace::Vcd => {
            c.arg("--trace");
        }
        Trace::Fst => {
            c.arg("--trace-fst");
        }
    }
    if !options.hierarchical.is_empty() {
        c.arg("--hierarchical");
    }
    let level = options.optimise.min(3);
    c.args(["-CFLAGS", CFLAGS]);
    let zlib = if options.trace == Trace::Fst { " -lz" } else { "" };
    c.args(["-LDFLAGS", &format!("-shared -Wl,-Bsymbolic ../runtime.a{zlib}")]);
    // The run-time library is built once and linked from runtime.a.
    c.args(["-MAKEFLAGS", &format!("OPT_FAST=-O{level} OPT_SLOW=-O{} VM_GLOBAL_FAST= VM_GLOBAL_SLOW=", level.min(1))]);
    c.args(["top.v", "shim.cpp"]);
    c
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

/// Verilator's run-time library, compiled once for all models.
fn runtime(tool: &tool::Tool, trace: Trace) -> Result<PathBuf, VerilatorError> {
    let mut files = vec!["verilated", "verilated_threads", "verilated_dpi"];
    match trace {
        Trace::None => {}
        Trace::Vcd => files.push("verilated_vcd_c"),
        Trace::Fst => files.push("verilated_fst_c"),
    }
    let contents = format!("{}\n{}\n{CFLAGS}\n{files:?}", tool.version, tool.include.display());
    cache::get_or_build("runtime", &contents, |dir| {
        let mut objects = Vec::new();
        for f in &files {
            compile(&tool.include, f, dir)?;
            objects.push(format!("{f}.o"));
        }
        tool::run("ar", Command::new("ar").arg("-rcs").arg("runtime.a").args(&objects), dir)?;
        for o in objects {
            let _ = fs::remove_file(dir.join(o));
        }
        Ok(())
    })
}

fn compile(include: &Path, file: &str, dir: &Path) -> Result<(), VerilatorError> {
    let mut c = Command::new("g++");
    c.args(["-std=gnu++17", "-O2", "-faligned-new", "-w", "-c"]).args(CFLAGS.split(' '));
    c.args(["-DVM_COVERAGE=0", "-DVM_SC=0"]);
    c.arg("-I").arg(include).arg("-I").arg(include.join("vltstd"));
    c.arg(include.join(format!("{file}.cpp"))).arg("-o").arg(format!("{file}.o"));
    tool::run("g++", &mut c, dir)
}

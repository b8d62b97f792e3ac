//! A simulated board on a serial line: `gristmill sim --serial`, and the commands over its terminal.
#![cfg(target_os = "linux")]

mod common;

use common::{example, gristmill, run, text};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// A running board, ended when dropped.
struct Board {
    child: Child,
    device: String,
}

impl Board {
    /// A board of `CONFIG`.
    fn start(folder: &Path, args: &[&str]) -> Board {
        fs::write(folder.join("board.toml"), CONFIG).expect("a configuration");
        let log = File::create(folder.join("board.log")).expect("a log");
        let mut command = gristmill(folder);
        command.args(["sim", "--serial", "--config", "board.toml"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the board starts");
        let mut device = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut device).expect("its device");
        let device = device.trim_end().to_owned();
        assert!(
            device.starts_with("serial:/dev/pts/"),
            "`{device}`: {:?}",
            fs::read_to_string(folder.join("board.log"))
        );
        Board { child, device }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Small in simulation and on the line: wide windows, for few results.
const CONFIG: &str = r#"
name = "board"
curve = "bn254"
window_bits = 9
segments = 2
stall_depth = 16
log_max_points = 10
ntt_log_max = 6
queues = 1
card_mem_bytes = 0
clock_hz = 60000000
"#;

#[test]
fn identity_and_operations_over_the_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let board = Board::start(folder.path(), &[]);
    let device = board.device.as_str();
    let info = run(folder.path(), &["info", "--device", device, "--json"]).succeeded().json();
    assert_eq!(info["device"], device);
    assert_eq!((&info["msm"]["window_bits"], &info["ntt"]["max_elements"]), (&9.into(), &64.into()));
    for (op, log_size) in [("msm", "3"), ("ntt", "4")] {
        let args = ["bench", op, "--device", device, "--log-size", log_size, "--json", "--seed=3"];
        let report = run(folder.path(), &args).succeeded().json();
        assert_eq!(report["correct"], true, "{report}");
    }
}

#[test]
#[ignore = "long, and not run to its end yet: cargo test --release -p gristmill-cli --test serial_board -- --ignored"]
fn a_proof_over_a_bad_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let board = Board::start(folder.path(), &["--line-faults", "lost=0.0001,doubled=0.0001,damaged=0.0001,seed=5"]);
    let [zkey, witness] = ["circuit.zkey", "witness.wtns"].map(|f| text(&example("product", f)));
    let args =
        ["prove", "--device", &board.device, "--fallback", "never", &zkey, &witness, "proof.json", "public.json"];
    run(folder.path(), &args).succeeded();
    let key = text(&example("product", "verification_key.json"));
    run(folder.path(), &["verify", &key, "public.json", "proof.json"]).succeeded();
}

#[test]
fn wrong_arguments_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let try_ = |args: &[&str]| run(folder.path(), &[&["sim"], args].concat());
    try_(&[]).failed_with(&["--socket"]);
    try_(&["--serial", "--socket", "x"]).failed_with(&["--socket", "--serial"]);
    try_(&["--socket", "x", "--divisor", "8"]).failed_with(&["--divisor"]);
    try_(&["--serial", "--divisor", "3"]).failed_with(&["--divisor", "3"]);
    try_(&["--serial", "--line-faults", "lost=2"]).failed_with(&["lost", "0 to 0.1"]);
    try_(&["--serial", "--config", "tiny"]).failed_with(&["card_mem_bytes", "choose 0"]);
    try_(&["--serial", "--engine", "protocol"]).failed_with(&["native or verilator"]);
}

//! The simulated card in a process of its own: `gristmill sim`, the vfio-user socket, and what
//! happens when either misbehaves.

mod common;
#[path = "common/server.rs"]
mod server;

use common::{example, gristmill, names, run, start, text, wait_at_most};
use server::Server;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Long enough for a machine that does much else; the driver's own limits are far below.
const BOUND: Duration = Duration::from_secs(240);

fn bench<'a>(op: &'a str, device: &'a str, log_size: &'a str) -> [&'a str; 8] {
    ["bench", op, "--device", device, "--log-size", log_size, "--json", "--seed=3"]
}

#[test]
fn identity_and_operations_over_the_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--config", "tiny"]);
    let device = server.device();
    let info = run(folder.path(), &["info", "--device", &device, "--json"]).succeeded().json();
    assert_eq!(info["device"], device.as_str());
    assert_eq!((&info["curve"], &info["field"]), (&"bn254".into(), &"bn254-fr".into()));
    assert_eq!(info["msm"]["window_bits"], 4);
    assert_eq!(info["ntt"]["max_elements"], 64);
    assert_eq!(info["card_mem_bytes"], 65536);
    // Simulated: it has a configuration, and no source that was built.
    let same = run(folder.path(), &["info", "--device", "sim", "--config", "tiny", "--json"]).succeeded().json();
    let id = info["config_id"].as_str().expect("a configuration").to_owned();
    assert!(id.len() == 10 && id != "0x00000000" && same["config_id"] == id, "{id}, {same}");
    assert_eq!(info["source_hash"], serde_json::Value::Null);
    let text = run(folder.path(), &["info", "--device", &device]).succeeded().stdout;
    assert!(
        text.contains(&format!("config id      {id}")) && text.contains("source hash    none: simulated"),
        "{text}"
    );
    for (op, log_size) in [("msm", "4"), ("ntt", "5")] {
        let over_socket = run(folder.path(), &bench(op, &device, log_size)).succeeded().json();
        assert_eq!(over_socket["correct"], true, "{over_socket}");
        let mut args = bench(op, "sim", log_size).to_vec();
        args.extend(["--config", "tiny"]);
        let in_process = run(folder.path(), &args).succeeded().json();
        for count in ["cycles", "bound_cycles", "useful_additions", "butterflies"] {
            assert_eq!(over_socket[count], in_process[count], "{op}: {count}");
        }
    }
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_job() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(folder.path(), &["--config", "tiny"]);
    let device = server.device();
    // 2^10 points take 65,536 cycles and more: many seconds.
    let job = start(gristmill(folder.path()).args(bench("msm", &device, "10")));
    server.wait_for("client connected");
    std::thread::sleep(Duration::from_millis(500));
    server.kill();
    let run_ = wait_at_most(job, Duration::from_secs(60));
    run_.failed_with(&[&device, "is gone", "open it again"]);

    // The socket's file is still there, but nobody listens.
    run(folder.path(), &["info", "--device", &device]).failed_with(&[&device, "no server listens there"]);
    // A new server takes the path over, and the next job works.
    let _again = Server::start(folder.path(), &["--config", "tiny"]);
    let figures = run(folder.path(), &bench("ntt", &device, "3")).succeeded().json();
    assert_eq!(figures["correct"], true, "{figures}");
}

/// Proves on a card with a fault, without checks of single results and without the CPU's help:
/// an error that says what happened, and no files.
fn proof_on_a_faulty_card(folder: &Path, server: &Server, words: &[&str]) {
    let before = names(folder);
    let (device, zkey, witness) =
        (server.device(), example("poseidon", "circuit.zkey"), example("poseidon", "witness.wtns"));
    let mut command = gristmill(folder);
    command.args(["prove", "--device", &device, "--check", "none", "--fallback", "never"]);
    command.args([&text(&zkey), &text(&witness), "proof.json", "public.json"]);
    let failed = wait_at_most(start(&mut command), BOUND);
    failed.failed_with(words);
    assert!(failed.stderr.contains(&device), "{failed:#?}");
    assert_eq!(names(folder), before, "files are left behind");
    assert!(server.log().contains("fault injected"), "the fault never struck: {}", server.log());
}

fn faulty(config: &str, fault: &str, words: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(folder.path(), &["--config", config, "--fault", fault]);
    proof_on_a_faulty_card(folder.path(), &server, words);
    if fault.starts_with("status") || fault.starts_with("close") {
        // The fault struck once: the next job works.
        assert!(server.listens(), "{}", server.log());
        let figures = run(folder.path(), &bench("msm", &server.device(), "2")).succeeded().json();
        assert_eq!(figures["correct"], true, "{figures}");
    }
}

#[test]
fn a_wrong_but_valid_point() {
    faulty("sim", "wrong-point@msm", &["wrong answer", "proof", "quarantined"]);
}

#[test]
fn an_error_status() {
    faulty("tiny", "status:8@msm", &["msm", "HostReadFault", "fall-back"]);
}

#[test]
fn registers_of_all_ones() {
    faulty("tiny", "garbage@msm", &["msm", "all ones"]);
}

#[test]
fn a_card_that_vanishes() {
    faulty("tiny", "die@msm", &["msm", "all ones"]);
}

#[test]
fn a_socket_that_closes_in_the_middle_of_a_proof() {
    faulty("tiny", "close@msm", &["msm", "closed the socket"]);
}

#[test]
fn a_command_that_never_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--config", "tiny", "--fault", "hang@ntt"]);
    let device = server.device();
    let job = start(gristmill(folder.path()).args(bench("ntt", &device, "2")));
    wait_at_most(job, BOUND).failed_with(&[&device, "did not finish", "cycles"]);
    let figures = run(folder.path(), &bench("ntt", &device, "3")).succeeded().json();
    assert_eq!(figures["correct"], true, "the next job works: {figures}");
}

#[test]
fn sockets_that_cannot_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = "x".repeat(150);
    fs::write(folder.path().join("file"), "mine").expect("a file");
    let sim = |socket: &str| run(folder.path(), &["sim", "--config", "tiny", "--socket", socket]);
    sim("file").failed_with(&["socket file", "another file is there", "choose another path"]);
    assert_eq!(fs::read_to_string(folder.path().join("file")).expect("still there"), "mine");
    sim("missing/card.sock").failed_with(&["missing/card.sock", "No such file or directory"]);
    sim(&long).failed_with(&[&long]);
    let mut server = Server::start(folder.path(), &["--config", "tiny"]);
    sim("card.sock").failed_with(&["card.sock", "another server listens there"]);
    assert!(server.listens());
    run(folder.path(), &["info", "--device", "vfio-user:file"]).failed_with(&["vfio-user:file", "check that this is"]);
    run(folder.path(), &["sim", "--socket", "s", "--fault", "slow"]).failed_with(&["\"slow\"", "wrong-point", "hang"]);
    run(folder.path(), &["sim", "--socket", "s", "--config", "huge"]).failed_with(&["huge", "tiny, sim"]);
    assert_eq!(names(folder.path()), ["card.sock", "file", "server.log"]);
}

#[test]
fn a_card_without_engines() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--config", "tiny", "--engine", "protocol"]);
    let device = server.device();
    run(folder.path(), &["info", "--device", &device]).succeeded();
    for op in ["msm", "ntt"] {
        run(folder.path(), &bench(op, &device, "3")).failed_with(&[
            &device,
            &format!("no {op} engine"),
            "--device cpu",
        ]);
    }
}

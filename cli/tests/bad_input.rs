//! Bad input: exit code 2, a message that names the thing, the value and the way out, nothing on
//! standard output, no panic, and no file that is new or changed.

#[path = "common/binary.rs"]
mod binary;
mod common;

use binary::Binary;
use common::{Run, example, finish, gristmill, names, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const FULL: [u8; 32] = [0xff; 32];

/// A folder with good inputs, to prove in.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        for file in ["circuit.zkey", "witness.wtns", "verification_key.json"] {
            fs::copy(example("poseidon", file), place.0.path().join(file)).expect("a copy");
        }
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), bytes).expect("a file");
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path().join(name)).expect("a file")).expect("JSON")
    }

    /// Proves on the CPU; the inputs, then the outputs.
    fn prove(&self, files: [&str; 4]) -> Run {
        let mut args = vec!["prove", "--device", "cpu"];
        args.extend(files);
        run(self.path(), &args)
    }

    /// A proof from these inputs must fail so, and leave the folder and an older proof as they were.
    #[track_caller]
    fn refuses(&self, zkey: &str, witness: &str, words: &[&str]) {
        self.write("old.json", "old");
        let before = names(self.path());
        self.prove([zkey, witness, "proof.json", "public.json"]).failed_with(words);
        self.prove([zkey, witness, "old.json", "public.json"]).failed_with(words);
        assert_eq!(names(self.path()), before, "files are left behind");
        assert_eq!(fs::read(self.path().join("old.json")).expect("still there"), b"old");
    }

    fn verify(&self, vkey: &str, public: &str, proof: &str) -> Run {
        run(self.path(), &["verify", vkey, public, proof])
    }
}

#[test]
fn damaged_proving_keys() {
    let place = Place::new();
    let key = Binary::read(&example("poseidon", "circuit.zkey"));
    let whole = &key.bytes;
    // Section 2: sizes and moduli (72 bytes), three numbers, then the points.
    let plus_one = |at: usize, count: usize| {
        let mut bytes = key.get(2, at, count).to_vec();
        bytes[0] ^= 1;
        bytes
    };
    let cut = |n: usize| whole[..n].to_vec();
    let extended = |n: usize| [whole.clone(), vec![0; n]].concat();
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (vec![], &["truncated", "header"]),
        (cut(3), &["truncated", "header"]),
        (cut(11), &["truncated", "header"]),
        (cut(20), &["truncated", "section 1"]),
        (cut(whole.len() / 2), &["truncated", "bytes", "are left"]),
        (cut(whole.len() - 1), &["truncated", "section", "make the file again"]),
        (extended(1), &["1 bytes follow the last section", "make the file again"]),
        (extended(100_000), &["100000 bytes follow the last section"]),
        (key.with_at(0, b"wtns"), &["not a zkey file", "wtns"]),
        (key.with_at(4, &[9]), &["zkey version 9", "current snarkjs"]),
        (key.with_at(8, &[0xff; 4]), &["of 4294967295"]),
        (key.with(1, 0, &[2]), &["protocol plonk", "only groth16"]),
        (key.with_size(9, u64::MAX), &["truncated", "section 9", "18446744073709551615"]),
        (key.with_size(4, 1 << 40), &["truncated", "section 4", "1099511627776"]),
        (key.resized(5, -64), &["section 5", "points", "make the file again"]),
        (key.resized(9, 64), &["section 9", "points", "make the file again"]),
        (key.resized(4, 3), &["section 4", "coefficients", "make the file again"]),
        (key.renumbered(9, 8), &["section 8", "occurs twice"]),
        (key.renumbered(9, 77), &["section 9", "is missing", "snarkjs groth16 setup"]),
        (key.with(2, 0, &[48]), &["base field", "48 bytes", "bn128"]),
        (key.with(2, 4, &plus_one(4, 32)), &["base field", "not BN254's", "compile the circuit for bn128"]),
        (key.with(2, 40, &plus_one(40, 32)), &["scalar field", "not BN254's", "compile the circuit for bn128"]),
        (key.with(2, 72, &[0xff; 4]), &["section"]),
        (key.with(2, 76, &[0xff; 4]), &["public signals", "4294967295"]),
        (key.with(2, 80, &[3, 0, 0, 0]), &["domain size", "3", "power of two"]),
        (key.with(2, 80, &[0; 4]), &["domain size", "0", "power of two"]),
        (key.with(2, 84, &FULL), &["alpha1", "modulus", "base field"]),
        (key.with(2, 84, &plus_one(84, 32)), &["alpha1", "not on BN254's G1"]),
        (key.with(2, 84, &[0; 64]), &["alpha1", "infinity", "do not trust"]),
        (key.with(2, 212, &plus_one(212, 32)), &["beta2", "not on BN254's G2"]),
        (key.with(4, 0, &[0xff; 4]), &["section 4", "4294967295 coefficients"]),
        (key.with(4, 4, &[7]), &["matrix", "7"]),
        (key.with(4, 8, &[0xff; 4]), &["row", "4294967295", "domain"]),
        (key.with(4, 12, &[0xff; 4]), &["signal", "4294967295", "variables"]),
        (key.with(4, 16, &FULL), &["section 4", "coefficient 0", "modulus", "scalar field"]),
        (key.with(5, 64, &FULL), &["section 5", "point 1 ", "modulus", "base field"]),
        (key.with(9, 0, &[key.get(9, 0, 1)[0] ^ 1]), &["section 9", "point 0 ", "not on BN254's G1"]),
        (key.with(7, 128 * 2, &FULL), &["section 7", "point 2 ", "modulus"]),
    ];
    for (i, (bytes, words)) in cases.into_iter().enumerate() {
        eprintln!("case {i}: {words:?}");
        place.write("bad.zkey", bytes);
        place.refuses("bad.zkey", "witness.wtns", &[words, &["bad.zkey"]].concat());
    }
    place.refuses("verification_key.json", "witness.wtns", &["verification_key.json", "not a zkey file"]);
    place.refuses("missing.zkey", "witness.wtns", &["missing.zkey", "No such file"]);
    place.refuses(".", "witness.wtns", &[".: cannot read", "not a regular file"]);
}

#[test]
fn damaged_witnesses() {
    let place = Place::new();
    let witness = Binary::read(&example("poseidon", "witness.wtns"));
    let whole = &witness.bytes;
    let cut = |n: usize| whole[..n].to_vec();
    let flip = |value: usize| [witness.get(2, 32 * value, 1)[0] ^ 1];
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (vec![], &["bad.wtns", "truncated", "header"]),
        (cut(whole.len() / 2), &["bad.wtns", "truncated", "section 2"]),
        (cut(whole.len() - 1), &["bad.wtns", "truncated", "section 2"]),
        ([whole.clone(), vec![0; 32]].concat(), &["bad.wtns", "32 bytes follow"]),
        (witness.with_at(0, b"zkey"), &["bad.wtns", "not a wtns file", "zkey"]),
        (witness.with_at(4, &[1]), &["bad.wtns", "wtns version 1"]),
        (witness.with_size(2, u64::MAX), &["bad.wtns", "truncated", "18446744073709551615"]),
        (witness.resized(2, -32), &["bad.wtns", "section 2", "values"]),
        (witness.resized(2, 32), &["bad.wtns", "section 2", "values"]),
        (witness.with(1, 36, &[0xff; 4]), &["bad.wtns", "section 2", "4294967295 values"]),
        (witness.with(1, 0, &[48]), &["bad.wtns", "scalar field", "48 bytes"]),
        (witness.with(1, 4, &[0]), &["bad.wtns", "scalar field", "not BN254's"]),
        (witness.with(2, 64, &FULL), &["bad.wtns", "value 2 ", "secret, not shown", "modulus"]),
        (witness.with(2, 0, &[2]), &["does not begin with the value 1", "witness generator"]),
        (witness.with(2, 32, &flip(1)), &["does not satisfy the circuit", "generator of this very circuit"]),
        (witness.with(2, 32 * 100, &flip(100)), &["does not satisfy the circuit"]),
        (fs::read(example("merkle", "witness.wtns")).expect("a witness"), &["another circuit", "values"]),
    ];
    for (i, (bytes, words)) in cases.into_iter().enumerate() {
        eprintln!("case {i}: {words:?}");
        place.write("bad.wtns", bytes);
        place.refuses("circuit.zkey", "bad.wtns", words);
    }
    place.refuses("circuit.zkey", "missing.wtns", &["missing.wtns", "No such file"]);
    // And on a card: no fall-back hides it, and no file is left.
    place.write("bad.wtns", witness.with(2, 0, &[2]));
    let before = names(place.path());
    let files = ["circuit.zkey", "bad.wtns", "proof.json", "public.json"];
    run(place.path(), &[&["prove", "--device", "sim"], &files[..]].concat()).failed_with(&["begin with the value 1"]);
    assert_eq!(names(place.path()), before);
}

#[test]
fn damaged_verification_inputs() {
    let place = Place::new();
    place.prove(["circuit.zkey", "witness.wtns", "proof.json", "public.json"]).succeeded();
    let (vkey, public, proof) =
        (place.json("verification_key.json"), place.json("public.json"), place.json("proof.json"));
    let large = "9".repeat(77);
    let huge = "9".repeat(10_000);
    let with = |value: &Value, path: &str, new: Value| {
        let mut value = value.clone();
        *value.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = new;
        value.to_string()
    };
    let infinity = json!(["0", "1", "0"]);

    let keys: Vec<(String, &[&str])> = vec![
        (String::new(), &["EOF", "verification key"]),
        ("[]".into(), &["verification key"]),
        (vkey.to_string()[..500].into(), &["EOF", "verification key"]),
        (proof.to_string(), &["missing field", "verification key"]),
        (with(&vkey, "/protocol", "plonk".into()), &["plonk", "groth16"]),
        (with(&vkey, "/curve", "bls12381".into()), &["bls12381", "bn128"]),
        (with(&vkey, "/nPublic", 7.into()), &["nPublic is 7", "IC has"]),
        (with(&vkey, "/vk_alpha_1/0", "1".into()), &["vk_alpha_1", "not on BN254's G1"]),
        (with(&vkey, "/vk_alpha_1", infinity.clone()), &["vk_alpha_1", "infinity", "do not trust"]),
        (with(&vkey, "/vk_alpha_1/1", "0x12".into()), &["vk_alpha_1", "`0x12`", "decimal"]),
        (with(&vkey, "/vk_gamma_2/0/0", "1".into()), &["vk_gamma_2", "not on BN254's G2"]),
        (with(&vkey, "/vk_delta_2", json!([["1", "2"]])), &["vk_delta_2", "1 coordinates"]),
        (with(&vkey, "/IC/0/0", large.clone().into()), &["IC, point 0", "modulus"]),
        (with(&vkey, "/IC/0/0", huge.into()), &["IC, point 0", "modulus", "..."]),
    ];
    for (content, words) in &keys {
        place.write("bad.json", content);
        place.verify("bad.json", "public.json", "proof.json").failed_with(&[&["bad.json"], *words].concat());
    }
    let publics: Vec<(String, &[&str])> = vec![
        ("{}".into(), &["bad.json", "public signals"]),
        ("[1]".into(), &["bad.json", "public signals"]),
        (format!("[\"{large}\"]"), &["bad.json", "public signal 0", "modulus", "scalar field"]),
        ("[\"-1\"]".into(), &["bad.json", "public signal 0", "`-1`", "decimal"]),
        ("[\"01\"]".into(), &["bad.json", "`01`", "leading zeros"]),
        ("[]".into(), &["0 public signals", "verification key is for", "different circuits"]),
        (json!([public[0], "1"]).to_string(), &["2 public signals", "different circuits"]),
    ];
    for (content, words) in &publics {
        place.write("bad.json", content);
        place.verify("verification_key.json", "bad.json", "proof.json").failed_with(words);
    }
    let proofs: Vec<(String, &[&str])> = vec![
        ("null".into(), &["a Groth16 proof"]),
        (proof.to_string()[..100].into(), &["EOF", "a Groth16 proof"]),
        (with(&proof, "/protocol", "fflonk".into()), &["fflonk", "groth16"]),
        (with(&proof, "/curve", "bls12381".into()), &["bls12381", "bn128"]),
        (with(&proof, "/pi_a/0", "1".into()), &["pi_a", "not on BN254's G1"]),
        (with(&proof, "/pi_a/2", "2".into()), &["pi_a", "z is 2"]),
        (with(&proof, "/pi_b/0/1", "1".into()), &["pi_b", "not on BN254's G2"]),
        (with(&proof, "/pi_c/0", large.into()), &["pi_c", "modulus", "base field"]),
        (with(&proof, "/pi_c", json!(["1", "2"])), &["pi_c", "2 coordinates"]),
    ];
    for (content, words) in &proofs {
        place.write("bad.json", content);
        place.verify("verification_key.json", "public.json", "bad.json").failed_with(&[&["bad.json"], *words].concat());
    }
    // A file far too large is not read into memory.
    fs::File::create(place.path().join("bad.json")).and_then(|f| f.set_len(1 << 40)).expect("a sparse file");
    place.verify("verification_key.json", "bad.json", "proof.json").failed_with(&["bad.json", "larger than"]);
    for missing in 0..3 {
        let mut files = ["verification_key.json", "public.json", "proof.json"];
        files[missing] = "missing.json";
        place.verify(files[0], files[1], files[2]).failed_with(&["missing.json", "No such file"]);
    }
    // A proof at infinity is a proof, and an invalid one.
    place.write("bad.json", with(&proof, "/pi_a", infinity));
    assert_eq!(place.verify("verification_key.json", "public.json", "bad.json").code, Some(1));
}

#[test]
fn outputs_that_cannot_be_written() {
    let place = Place::new();
    fs::create_dir(place.path().join("folder")).expect("a folder");
    let before = names(place.path());
    let prove = |proof: &str, public: &str| place.prove(["circuit.zkey", "witness.wtns", proof, public]);
    prove("missing/proof.json", "public.json").failed_with(&["missing/proof.json", "No such file"]);
    prove("proof.json", "missing/public.json").failed_with(&["missing/public.json", "No such file"]);
    prove("folder", "public.json").failed_with(&["folder", "it is a directory; name a file"]);
    prove("proof.json", "folder").failed_with(&["folder", "it is a directory; name a file"]);
    prove("witness.wtns/proof.json", "public.json").failed_with(&["witness.wtns/proof.json", "cannot write"]);
    prove("proof.json", "./proof.json").failed_with(&["proof.json", "PUBLIC.json and PROOF.json", "different files"]);
    prove("witness.wtns", "p.json").failed_with(&["witness.wtns", "PROOF.json and WITNESS.wtns", "different files"]);
    prove("p.json", "folder/../circuit.zkey").failed_with(&["PUBLIC.json and CIRCUIT.zkey", "different files"]);
    assert_eq!(names(place.path()), before, "files are left behind");
    for file in ["circuit.zkey", "witness.wtns"] {
        let (now, was) = (fs::read(place.path().join(file)), fs::read(example("poseidon", file)));
        assert_eq!(now.expect("still there"), was.expect("an example"), "{file} changed");
    }

    // Root may write everywhere: then there is nothing to refuse.
    let folder = place.path().join("folder");
    let read_only = |yes: bool| {
        let mut permissions = fs::metadata(&folder).expect("a folder").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, if yes { 0o555 } else { 0o755 });
        fs::set_permissions(&folder, permissions).expect("its owner may");
    };
    read_only(true);
    if fs::write(folder.join("probe"), "").is_err() {
        prove("folder/proof.json", "public.json").failed_with(&["folder/proof.json", "Permission denied"]);
        assert_eq!(names(place.path()), before);
    } else {
        eprintln!("running as a user who may write everywhere: read-only folders are not tested");
    }
    read_only(false);
}

#[test]
fn devices_that_are_not_there() {
    let place = Place::new();
    let info = |device: &str| run(place.path(), &["info", "--device", device]);
    for name in ["gpu", "", "sim:fast", "cpu:1", "vfio", "vfio-user:", "serial:"] {
        info(name)
            .failed_with(&[&format!("device `{name}`"), "use auto, cpu, sim, sim:verilator, sim:netlist, vfio:BDF"]);
    }
    for name in ["vfio:xyz", "vfio:0000:03:00", "vfio:0000:zz:00.0", "vfio:0000:03:00.9", "vfio:1:2:3:4.5"] {
        info(name).failed_with(&[name, "vfio:BUS:DEVICE.FUNCTION"]);
    }
    info("vfio:fffe:ff:1f.7").failed_with(&["vfio:fffe:ff:1f.7", "there is no PCI function", "lspci"]);
    info("vfio-user:missing.sock").failed_with(&["vfio-user:missing.sock", "No such file", "gristmill sim --socket"]);
    let before = names(place.path());
    let files = ["circuit.zkey", "witness.wtns", "proof.json", "public.json"];
    // Even where the CPU may take over, a device that was asked for by name and is missing is an error.
    let device = ["prove", "--fallback", "auto", "--device", "vfio-user:missing.sock"];
    run(place.path(), &[&device[..], &files].concat()).failed_with(&["vfio-user:missing.sock"]);
    assert_eq!(names(place.path()), before);
}

#[test]
fn configurations_that_cannot_be() {
    let place = Place::new();
    let info = |config: &str| run(place.path(), &["info", "--device", "sim", "--config", config]);
    info("huge").failed_with(&["`huge`", "tiny, sim", "TOML"]);
    info("missing.toml").failed_with(&["`missing.toml`", "No such file", "tiny, sim"]);
    info(".").failed_with(&["`.`", "cannot read"]);
    place.write("config.toml", [0xff, 0xfe, 0x00]);
    info("config.toml").failed_with(&["`config.toml`", "cannot read"]);
    let good = "name = \"mine\"\ncurve = \"bn254\"\nwindow_bits = 4\nsegments = 2\nstall_depth = 16\n\
                log_max_points = 10\nntt_log_max = 6\nqueues = 2\ncard_mem_bytes = 65536\nclock_hz = 250000000\n";
    place.write("config.toml", good);
    assert!(info("config.toml").succeeded().stdout.contains("mine"));
    for (from, to, words) in [
        ("window_bits = 4", "window_bits = 40", &["window_bits", "40", "3 to 16"][..]),
        ("window_bits = 4", "window_bits = -1", &["window_bits", "-1"]),
        ("window_bits = 4", "window_bits = \"4\"", &["window_bits", "expected u32"]),
        ("segments = 2", "segments = 3", &["segments", "3", "power of two"]),
        ("\"bn254\"", "\"bls12-446\"", &["curve", "bls12-446", "bn254, bls12-381, bls12-377"]),
        ("card_mem_bytes = 65536", "card_mem_bytes = 100", &["card_mem_bytes", "100", "4096"]),
        ("queues = 2", "queues = 5", &["queues", "5", "1 to 4"]),
        ("queues = 2\n", "", &["queues", "keys:"]),
        ("ntt_log_max = 6", "ntt_log_max = 64", &["ntt_log_max", "64", "1 to 20"]),
        ("clock_hz = 250000000", "", &["clock_hz", "keys:"]),
        ("stall_depth = 16", "stall_depth = 16\nturbo = true", &["turbo", "unknown field", "keys:"]),
        ("stall_depth = 16", "stall_depth = ", &["parse", "line 5"]),
    ] {
        place.write("config.toml", good.replace(from, to));
        info("config.toml").failed_with(&[&["config.toml"], words].concat());
    }
    run(place.path(), &["info", "--device", "cpu", "--config", "tiny"]).failed_with(&[
        "--config tiny",
        "--device cpu",
        "--device sim",
    ]);
}

#[test]
fn options_that_cannot_be() {
    let place = Place::new();
    let before = names(place.path());
    let bench = |extra: &[&str]| run(place.path(), &[&["bench"], extra].concat());
    bench(&["msm", "--device", "cpu", "--log-size", "0"]).failed_with(&["--log-size", "'0'", "1..=27"]);
    bench(&["ntt", "--device", "cpu", "--log-size", "99"]).failed_with(&["--log-size", "'99'", "1..=27"]);
    bench(&["ntt", "--device", "cpu", "--log-size", "x"]).failed_with(&["--log-size", "'x'"]);
    bench(&["msm", "--device", "cpu", "--seed", "-1"]).failed_with(&["-1"]);
    bench(&["msm", "--device", "cpu", "--curve", "secp256k1"]).failed_with(&[
        "--curve",
        "'secp256k1'",
        "bn254, bls12-381, bls12-377",
    ]);
    bench(&["ntt", "--device", "cpu", "--curve", "bls12-381"]).failed_with(&["--curve bls12-381", "use bench msm"]);
    bench(&["crossover", "--config", "u55c", "--curve", "bls12-377"]).failed_with(&["--curve bls12-377", "bench msm"]);
    for (device, words) in [
        (&["--device", "sim"][..], &["the configuration tiny is bn254", "a configuration of that curve"][..]),
        (&["--model"], &["the configuration tiny is bn254", "a configuration of that curve"]),
    ] {
        for curve in ["bls12-381", "bls12-377"] {
            let msm = [&["msm", "--config", "tiny", "--curve", curve], device].concat();
            bench(&msm).failed_with(&[&["--curve", curve, "use --curve bn254"], words].concat());
        }
    }
    bench(&["ntt", "--device", "cpu", "--field", "babybear"])
        .failed_with(&["babybear", "use bn254-fr, bls12-381-fr, bls12-377-fr or goldilocks"]);
    bench(&["crossover", "--device", "cpu"]).failed_with(&["--device cpu (no card)", "--config"]);
    bench(&["crossover", "--config", "absent"]).failed_with(&["absent", "no such configuration"]);
    bench(&["fft"]).failed_with(&["'fft'", "msm, ntt"]);
    for range in ["9..2", "3..3", "3", "a..b", "-1..4", "0..99999999999999999999999"] {
        let arg = format!("--waves-cycles={range}");
        bench(&["ntt", "--device", "sim", "--waves", "w.vcd", &arg]).failed_with(&["--waves-cycles", range]);
    }
    bench(&["ntt", "--device", "sim", "--waves-cycles", "1..2"]).failed_with(&["--waves <FILE>"]);
    bench(&["ntt", "--device", "cpu", "--waves", "w.vcd"]).failed_with(&["--waves", "--device cpu", "sim:verilator"]);
    let tiny = ["ntt", "--device", "sim", "--config", "tiny", "--waves"];
    bench(&[&tiny[..], &["missing/w.vcd"]].concat()).failed_with(&["missing/w.vcd", "No such file"]);
    bench(&[&tiny[..], &["w.fst"]].concat()).failed_with(&["w.fst", "VCD", "Verilator"]);
    run(place.path(), &["demo", "--device", "cpu"]).failed_with(&["--device cpu", "sim:verilator"]);
    run(place.path(), &["prove", "circuit.zkey"]).failed_with(&["WITNESS.wtns"]);
    run(place.path(), &["grind"]).failed_with(&["'grind'"]);
    run::<&str>(place.path(), &[]).failed_with(&["Usage", "prove", "demo"]);
    assert_eq!(names(place.path()), before);
}

#[test]
fn readers_that_go_and_disks_that_are_full() {
    let place = Place::new();
    for args in [&["info", "--device", "cpu"][..], &["bench", "msm", "--device", "cpu", "--log-size", "2"], &["--help"]]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = gristmill(place.path()).args(args).stdout(writer).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{args:?}: {output:?}");
    }
    // Nobody reads the error: the exit code still tells.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = gristmill(place.path()).args(["info", "--device", "gpu"]).stderr(writer).status().expect("it starts");
    assert_eq!(status.code(), Some(2));

    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = gristmill(place.path()).args(["info", "--device", "cpu", "--json"]).stdout(full).output();
    let output = output.expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("standard output") && stderr.contains("No space left"), "{stderr}");
    // A proof into a full device: an error, and nothing beside it.
    let before = names(place.path());
    let mut command = gristmill(place.path());
    command.args(["prove", "--device", "cpu", "circuit.zkey", "witness.wtns", "proof.json", "/dev/full"]);
    finish(&mut command).failed_with(&["/dev/full"]);
    assert_eq!(names(place.path()), before, "a proof without its public signals is left behind");
}

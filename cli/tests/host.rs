//! The commands for operators: over made-up trees, over a socket, and on whatever machine this is.

mod common;
#[path = "common/server.rs"]
#[allow(dead_code, reason = "nothing is killed here")]
mod server;

use common::{Run, finish, gristmill, run};
use serde_json::{Value, json};
use server::Server;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A machine with an IOMMU, vfio-pci, and two cards: one ready, one unbound and badly seated.
fn machine(root: &Path) {
    let write = |path: &str, content: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("a file");
    };
    let link = |target: &str, path: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        symlink(target, path).expect("a link");
    };
    fs::create_dir_all(root.join("sys/bus/pci/drivers/vfio-pci")).expect("folders");
    for (bdf, driver, group, width) in [("0000:03:00.0", Some("vfio-pci"), 17, "16"), ("0001:81:00.0", None, 40, "4")] {
        let device = format!("sys/devices/pci/{bdf}");
        for (file, content) in [
            ("vendor", "0x1209"),
            ("device", "0x6775"),
            ("class", "0x120000"),
            ("numa_node", "1"),
            ("current_link_speed", "8.0 GT/s PCIe"),
            ("max_link_speed", "8.0 GT/s PCIe"),
            ("current_link_width", width),
            ("max_link_width", "16"),
        ] {
            write(&format!("{device}/{file}"), content);
        }
        link(&format!("../../../devices/pci/{bdf}"), &format!("sys/bus/pci/devices/{bdf}"));
        link(&format!("../../../kernel/iommu_groups/{group}"), &format!("{device}/iommu_group"));
        fs::create_dir_all(root.join(format!("sys/kernel/iommu_groups/{group}/devices"))).expect("folders");
        if let Some(driver) = driver {
            link(&format!("../../../bus/pci/drivers/{driver}"), &format!("{device}/driver"));
        }
    }
    write("sys/bus/pci/devices/0000:00:00.0/vendor", "0x8086");
    write("sys/bus/pci/devices/0000:00:00.0/device", "0x29c0");
    write("sys/firmware/acpi/tables/DMAR", "");
    write("sys/module/vfio_iommu_type1/refcnt", "0");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "256");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "256");
    write("proc/sys/kernel/osrelease", "6.12.48");
    write("proc/cmdline", "intel_iommu=on");
    write("proc/self/limits", "Max locked memory         unlimited            unlimited            bytes");
    write("dev/vfio/vfio", "");
    write("dev/vfio/17", "");
}

fn at(root: &Path, args: &[&str]) -> Run {
    finish(gristmill(root).args(args).arg("--sysroot").arg(root))
}

#[test]
fn a_list_of_cards() {
    let root = tempfile::tempdir().expect("a folder");
    machine(root.path());
    let text = at(root.path(), &["list"]).succeeded().stdout;
    let expected = "\
ADDRESS       IDS        DRIVER    GROUP  LINK                       NUMA  STATE
0000:03:00.0  1209:6775  vfio-pci  17     8 GT/s x16                 1     ready
0001:81:00.0  1209:6775  -         40     8 GT/s x4 (can 8 GT/s x16)  1     unbound
0001:81:00.0: `sudo gristmill bind 0001:81:00.0 --user $USER`
";
    let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeeze(&text), squeeze(expected), "{text}");
    let states: Vec<_> = text.lines().take(3).map(|l| l.rfind("  ")).collect();
    assert!(states.iter().all(|column| *column == states[0]), "columns are aligned: {text}");
    let json = at(root.path(), &["list", "--json"]).succeeded().json();
    assert_eq!(
        json["cards"][0],
        json!({
            "address": "0000:03:00.0", "name": "vfio:0000:03:00.0", "ids": "1209:6775", "is_card": true,
            "driver": "vfio-pci", "iommu_group": 17, "numa_node": 1,
            "link": { "speed_gts": 8.0, "width": 16, "max_speed_gts": 8.0, "max_width": 16 },
            "state": "ready", "detail": "ready", "way_out": "", "holders": [],
        })
    );
    assert_eq!((json["cards"][1]["state"].as_str(), &json["cards"][1]["driver"]), (Some("unbound"), &Value::Null));
    let all = at(root.path(), &["list", "--all"]).succeeded().stdout;
    assert!(all.contains("8086:29c0") && all.lines().count() == 5, "{all}");
}

#[test]
fn a_card_in_use_names_its_process() {
    let root = tempfile::tempdir().expect("a folder");
    machine(root.path());
    fs::create_dir_all(root.path().join("proc/4711/fd")).expect("folders");
    fs::write(root.path().join("proc/4711/comm"), "prover\n").expect("a file");
    symlink("/dev/vfio/17", root.path().join("proc/4711/fd/9")).expect("a link");
    let text = at(root.path(), &["list"]).succeeded().stdout;
    assert!(text.contains("busy: process 4711 (prover)"), "{text}");
    let json = at(root.path(), &["list", "--json"]).succeeded().json();
    assert_eq!(json["cards"][0]["holders"], json!([{ "pid": 4711, "name": "prover" }]));
    assert_eq!(json["cards"][0]["state"], "busy");
}

#[test]
fn no_card_says_what_to_look_at() {
    let root = tempfile::tempdir().expect("a folder");
    let text = at(root.path(), &["list"]).succeeded().stdout;
    for word in ["no Gristmill card", "1209", "6775", "rescan", "--all", "gristmill sim"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(at(root.path(), &["list", "--json"]).succeeded().json(), json!({ "cards": [] }));
}

#[test]
fn the_check_up_has_exit_codes() {
    let root = tempfile::tempdir().expect("a folder");
    machine(root.path());
    let sick = at(root.path(), &["doctor"]);
    assert_eq!((sick.code, sick.stderr.as_str()), (Some(1), ""), "{sick:#?}");
    for line in
        ["ok    kernel", "fail  card 0001:81:00.0", "-> `sudo gristmill bind 0001:81:00.0", "warn  link 0001:81:00.0"]
    {
        assert!(sick.stdout.contains(line), "{line}: {sick:#?}");
    }
    assert!(sick.stdout.ends_with("1 thing(s) to mend, 1 warning(s)\n"), "{sick:#?}");
    fs::remove_file(root.path().join("sys/bus/pci/devices/0001:81:00.0")).expect("the card goes");
    let well = at(root.path(), &["doctor"]).succeeded();
    assert!(well.stdout.ends_with("all is well\n"), "{well:#?}");
    fs::write(root.path().join("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"), "0").expect("a file");
    let json = at(root.path(), &["doctor", "--json"]).succeeded().json();
    assert_eq!((&json["ok"], &json["fails"], &json["warnings"]), (&json!(true), &json!(0), &json!(1)));
    let pages = json["checks"].as_array().expect("checks").iter().find(|c| c["check"] == "huge pages");
    let pages = pages.expect("a line for huge pages");
    assert_eq!((&pages["level"], &pages["subject"]), (&json!("warn"), &Value::Null));
    assert!(pages["way_out"].as_str().is_some_and(|w| w.contains("vm.nr_hugepages")), "{pages}");
}

#[test]
fn this_machine_is_survived() {
    let root = tempfile::tempdir().expect("a folder");
    let list = run(root.path(), &["list", "--all", "--json"]).succeeded().json();
    assert!(list["cards"].is_array());
    let doctor = run(root.path(), &["doctor", "--json"]);
    let json = doctor.json();
    assert_eq!(doctor.code, Some(if json["ok"] == true { 0 } else { 1 }));
}

#[test]
fn wrong_addresses_and_devices() {
    let root = tempfile::tempdir().expect("a folder");
    let fails = |args: &[&str], words: &[&str]| run(root.path(), args).failed_with(words);
    for command in ["bind", "unbind"] {
        fails(&[command, "fffe:ff:1f.7"], &["no PCI function fffe:ff:1f.7", "gristmill list"]);
        fails(&[command, "vfio:fffe:ff:1f.7"], &["no PCI function fffe:ff:1f.7"]);
        fails(&[command, "3b:00"], &["3b:00", "function"]);
        fails(&[command], &["BDF"]);
    }
    fails(&["bind", "fffe:ff:1f.7", "--user", "no-such-user-here"], &["no user \"no-such-user-here\""]);
    fails(&["reset", "fffe:ff:1f.7"], &["no PCI function fffe:ff:1f.7"]);
    fails(&["reset", "sim"], &["sim", "vfio:BDF"]);
    fails(&["reset", "vfio-user:missing.sock"], &["missing.sock", "No such file"]);
    fails(&["doctor", "--device", "cpu"], &["--device cpu", "vfio-user:SOCKET"]);
    fails(&["doctor", "--device", "gpu"], &["gpu", "vfio-user:SOCKET"]);
    let gone = run(root.path(), &["doctor", "--device", "vfio-user:missing.sock"]);
    assert_eq!(gone.code, Some(1), "{gone:#?}");
    assert!(gone.stdout.contains("fail  open  cannot open vfio-user:missing.sock"), "{gone:#?}");
}

#[test]
fn a_card_behind_a_socket_is_examined_and_reset() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::start(root.path(), &["--engine", "protocol", "--config", "tiny"]);
    let device = server.device();
    let well = run(root.path(), &["doctor", "--device", &device]).succeeded();
    for line in ["ok    pci", "1209:6775", "ok    queue", "ok    dma memory"] {
        assert!(well.stdout.contains(line), "{line}: {well:#?}");
    }
    let json = run(root.path(), &["reset", &device, "--json"]).succeeded().json();
    let (before, after) =
        (json["epoch_before"].as_u64().expect("before"), json["epoch_after"].as_u64().expect("after"));
    assert!(after > before, "{json}");
    assert_eq!((&json["by"], &json["device"]), (&json!("driver"), &json!(device)));
    let text = run(root.path(), &["reset", &device, "--function"]).succeeded().stdout;
    assert!(text.contains("reset; epoch ") && text.contains("an empty command took"), "{text}");
}

#[test]
fn a_card_that_hangs_is_reset_and_one_that_answers_garbage_is_told() {
    let root = tempfile::tempdir().expect("a folder");
    let protocol = ["--engine", "protocol", "--config", "tiny", "--fault"];
    let mut server = Server::start(root.path(), &[&protocol[..], &["hang"]].concat());
    // Its first command hangs: that of the first reset.
    run(root.path(), &["reset", &server.device()]).failed_with(&["did not finish", "reset the card"]);
    run(root.path(), &["reset", &server.device()]).succeeded();
    server.kill();
    let server = Server::start(root.path(), &[&protocol[..], &["garbage"]].concat());
    // From its first command on its registers read as all ones, and nothing helps.
    run(root.path(), &["reset", &server.device()]).failed_with(&["is gone", "all ones"]);
    run(root.path(), &["reset", &server.device(), "--function"]).failed_with(&["is gone", "all ones"]);
}

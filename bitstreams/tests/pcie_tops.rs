//! The shells of the PCIe cards against the card: every pin named once, in its direction, and the identity that the
//! driver looks for.

use gristmill_abi::pci;
use gristmill_hdl::card::pins::{INPUTS, OUTPUTS};
use gristmill_hdl::config::CardConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pcie")
}

fn read(file: &str) -> String {
    let path = folder().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The card's pins, `clock` with them; `true` for an input.
fn pins() -> BTreeMap<String, bool> {
    let mut all = BTreeMap::from([("clock".to_string(), true)]);
    all.extend(INPUTS.iter().map(|(name, _)| (name.to_string(), true)));
    all.extend(OUTPUTS.iter().map(|(name, _)| (name.to_string(), false)));
    assert_eq!(all.len(), 1 + INPUTS.len() + OUTPUTS.len());
    all
}

/// What stands in the brackets after `.name` for each port of the instance that begins with `head`.
fn connections(verilog: &str, head: &str) -> BTreeMap<String, String> {
    let start = verilog.find(head).unwrap_or_else(|| panic!("no `{head}`")) + head.len();
    let body = &verilog[start..start + verilog[start..].find(");\n").expect("the instance's end")];
    let mut found = BTreeMap::new();
    for part in body.split('.').skip(1) {
        let open = part.find('(').expect("a connection");
        let close = part.rfind(')').expect("a connection");
        let was = found.insert(part[..open].trim().to_string(), part[open + 1..close].trim().to_string());
        assert!(was.is_none(), "{part} twice");
    }
    found
}

/// Width of a wire or port declared in the text; a list may declare several.
fn width(verilog: &str, name: &str) -> Option<usize> {
    for statement in verilog
        .split([';', '('])
        .flat_map(|s| if s.contains("wire") { s.split("wire").skip(1).collect() } else { vec![] })
    {
        let statement = statement.trim_start();
        let (width, names) = match statement.strip_prefix('[') {
            Some(rest) => {
                let (range, names) = rest.split_once(']')?;
                (range.split_once(':')?.0.trim().parse::<usize>().ok()? + 1, names)
            }
            None => (1, statement),
        };
        if names.split([',', '\n', ')', '=']).any(|n| n.trim() == name) {
            return Some(width);
        }
    }
    None
}

#[test]
fn the_bridge_names_every_pin_with_its_width() {
    let text = read("xdma/card_bridge.v");
    let text: String = text.lines().map(|l| format!("{}\n", l.split("//").next().unwrap_or(""))).collect();
    let connected = connections(&text, "gristmill_card card (");
    assert_eq!(connected.keys().collect::<Vec<_>>(), pins().keys().collect::<Vec<_>>());
    for (name, wanted) in INPUTS.iter().chain(OUTPUTS) {
        let wire = &connected[*name];
        match *name {
            // Expressions: a constant, a choice, a part of a wider address.
            "clock_hz" => assert_eq!(wire, "32'd250000000"),
            "card_mem_bytes" => assert_eq!(wire, "memory_ready ? CARD_MEM_BYTES : 40'd0"),
            "reset" => assert_eq!(wire, "!reset_n"),
            "s_awaddr" | "s_araddr" => assert_eq!(wire, &format!("{name}[15:0]")),
            _ => assert_eq!(width(&text, wire), Some(*wanted), "{name} ({wire})"),
        }
    }
}

#[test]
fn the_boards_give_the_bridge_all_of_card_memory() {
    for board in ["vu9p", "u55c"] {
        let text = read(&format!("{board}/top.v"));
        let text: String = text.lines().map(|l| format!("{}\n", l.split("//").next().unwrap_or(""))).collect();
        let connected = connections(&text, "card_bridge #(.CARD_MEM_BYTES(40'h4_0000_0000)) card (");
        for (name, wanted) in INPUTS.iter().chain(OUTPUTS).filter(|(name, _)| name.starts_with("c_")) {
            assert_eq!(width(&text, &connected[*name]), Some(*wanted), "{board}: {name}");
        }
        // A wire that the memory does not know would leave the card waiting.
        let memory = &text
            [text.find(if board == "vu9p" { "memory_width width (" } else { "hbm_memory hbm (" }).expect("memory")..];
        for (name, _) in INPUTS.iter().chain(OUTPUTS).filter(|(name, _)| name.starts_with("c_")) {
            assert!(memory.contains(&format!("({name}")), "{board}: {name} does not reach the memory");
        }
        let config = CardConfig::from_toml(&read(&format!("{board}/card.toml"))).expect("its configuration");
        assert_eq!((config.name.as_str(), config.card_mem_bytes), (board, 0x4_0000_0000));
    }
}

#[test]
fn the_buckets_go_to_ultraram_and_no_two_boxes_share_a_name() {
    // Without the macro the card's Verilog asks for none, and the buckets of c = 15 do not fit elsewhere.
    assert!(
        read("xdma/ip.tcl").contains("synth_design") && read("xdma/ip.tcl").contains(" -verilog_define ULTRARAM=1")
    );
    let mut boxes = BTreeMap::new();
    for file in ["xdma/stubs.v", "vu9p/stubs.v", "u55c/stubs.v", "acorn-cle215p/stubs.v"] {
        for line in read(file).lines().filter_map(|l| l.strip_prefix("module ")) {
            let name = line.split([' ', '(', '#']).next().unwrap_or_default().to_string();
            let other = boxes.insert(name.clone(), file);
            assert!(other.is_none(), "{name} stands in {file} and in {}", other.unwrap_or_default());
        }
    }
    assert!(boxes.len() > 5, "{boxes:?}");
    // Each IP of a board is made under the name of its box.
    for (name, file) in boxes.iter().filter(|(_, file)| !file.starts_with("acorn")) {
        let tcl = if file.starts_with("xdma") { "xdma/ip.tcl".into() } else { file.replace("stubs.v", "build.tcl") };
        assert!(read(&tcl).contains(&format!("make_ip {name} ")), "{tcl} makes no `{name}`");
    }
}

#[test]
fn the_acorns_shell_names_every_pin_in_its_direction() {
    let text = read("acorn-cle215p/generate.py");
    let class = &text[text.find("class Card(").expect("the card")..text.find("class Acorn(").expect("the shell")];
    let mut named = BTreeSet::new();
    // i_name=value and o_name=value; f"i_{prefix}_name" stands for both memories.
    for word in class.split(|c: char| !(c.is_alphanumeric() || "_{}".contains(c))) {
        let (input, name) = match (word.strip_prefix("i_"), word.strip_prefix("o_")) {
            (Some(name), _) => (true, name),
            (_, Some(name)) => (false, name),
            _ => continue,
        };
        match name.strip_prefix("{prefix}_") {
            Some(rest) => named.extend(["h", "c"].map(|p| (format!("{p}_{rest}"), input))),
            None => named.extend([(name.to_string(), input)]),
        }
    }
    assert_eq!(named, pins().into_iter().collect());
}

#[test]
fn the_shells_show_the_identity_that_the_driver_looks_for() {
    let acorn = read("acorn-cle215p/generate.py");
    let xdma = read("xdma/ip.tcl");
    let (vendor, device) = (format!("{:04x}", pci::VENDOR_ID), format!("{:04x}", pci::DEVICE_ID));
    let class = format!("{:02x}", pci::CLASS[2]);
    assert!(acorn.contains(&format!("VENDOR_ID, DEVICE_ID, CLASS_BASE = \"{vendor}\", \"{device}\", \"{class}\"")));
    assert!(acorn.contains("REGISTER_BYTES = 0x1_0000") && pci::REGISTER_BAR_BYTES == 0x1_0000);
    for line in [
        format!("CONFIG.vendor_id {vendor} "),
        format!("CONFIG.pf0_device_id {device} "),
        format!("CONFIG.pf0_class_code_base {class} "),
        // The MSI-X table lies behind the registers, in the same BAR.
        format!("CONFIG.pf0_msix_cap_table_offset {:08x} ", pci::REGISTER_BAR_BYTES),
    ] {
        assert!(xdma.contains(&line), "{line}");
    }
}

#[test]
fn the_acorns_configuration_is_valid() {
    let config = CardConfig::from_toml(&read("acorn-cle215p/card.toml")).expect("its configuration");
    assert_eq!((config.name.as_str(), config.card_mem_bytes), ("acorn-cle215p", 1 << 30));
}

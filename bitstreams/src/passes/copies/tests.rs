use super::*;

/// A flip-flop `f` (net 4) behind a table `t` (net 3) with so many readers: tables, each connected to one of two block RAMs far apart.
fn netlist(readers: usize) -> Value {
    let site = |x: usize| json!({ "BEL": format!("X{x}/Y12/EBR0") });
    // Each bit goes to few: nets of many say nothing about where their cells stand.
    let ram = |x: usize, first: usize| {
        let mut ram = json!({ "type": "DP16KD", "attributes": site(x) });
        for k in 0..readers.div_ceil(32) {
            ram["port_directions"][format!("DOA{k}")] = "output".into();
            ram["connections"][format!("DOA{k}")] = json!([first + k]);
        }
        ram
    };
    let flip_flop = json!({ "type": "TRELLIS_FF", "parameters": { "SRMODE": "LSR_OVER_CE" },
        "port_directions": { "CLK": "input", "DI": "input", "Q": "output" },
        "connections": { "CLK": [2], "DI": [3], "Q": [4] } });
    let table = json!({ "type": "LUT4", "port_directions": { "A": "input", "Z": "output" },
        "connections": { "A": [5], "Z": [3] } });
    let mut cells = json!({ "f": flip_flop, "t": table, "west": ram(10, 10_000), "east": ram(90, 20_000) });
    for i in 0..readers {
        cells[format!("r{i}")] = json!({ "type": "LUT4", "port_directions": { "A": "input", "B": "input", "C": "input", "Z": "output" },
            "connections": { "A": [4], "B": ["1"], "C": [10_000 * (1 + i % 2) + i / 32], "Z": [100 + i] } });
    }
    json!({ "modules": { "board": { "cells": cells,
        "ports": { "clock": { "bits": [2] }, "in": { "bits": [5] } },
        "netnames": { "take": { "bits": [4] }, "state": { "bits": [3, 4] } } } } })
}

/// Cells that drive net A of the readers, and how many each, with the readers' parity if all have the same.
fn drivers(netlist: &Value) -> Vec<(String, usize, Option<usize>)> {
    let cells = netlist["modules"]["board"]["cells"].as_object().expect("cells");
    let mut found = vec![];
    for (name, cell) in cells.iter().filter(|(_, c)| c["type"] == "TRELLIS_FF") {
        let q = &cell["connections"]["Q"];
        let readers = cells.iter().filter(|(name, c)| name.starts_with('r') && c["connections"]["A"] == *q);
        let sides: Vec<usize> = readers.map(|(n, _)| n[1..].parse::<usize>().expect("a number") % 2).collect();
        let side = sides.first().copied().filter(|side| sides.iter().all(|s| s == side));
        found.push((name.clone(), sides.len(), side));
    }
    found
}

#[test]
fn copies_serve_those_near_one_another() {
    let mut netlist = netlist(4 * MOST);
    assert_eq!(copy(&mut netlist, "board"), Ok(Copied { nets: 1, flip_flops: 3, tables: 3 }));
    let drivers = drivers(&netlist);
    assert_eq!(drivers.iter().map(|d| d.0.as_str()).collect::<Vec<_>>(), ["f", "f$copy1", "f$copy2", "f$copy3"]);
    assert!(drivers.iter().all(|(_, readers, side)| *readers == MOST && side.is_some()), "{drivers:?}");
    let board = &netlist["modules"]["board"];
    for i in 1..4 {
        let (copy, table) = (&board["cells"][format!("f$copy{i}")], &board["cells"][format!("t$copy{i}")]);
        assert_eq!(copy["connections"]["CLK"], json!([2]));
        // With a table of its own, that has the original's input.
        assert_eq!(copy["connections"]["DI"], table["connections"]["Z"]);
        assert_ne!(table["connections"]["Z"], json!([3]));
        assert_eq!(table["connections"]["A"], json!([5]));
        assert_eq!(board["netnames"][format!("take$copy{i}")]["bits"], copy["connections"]["Q"]);
    }
    let mut all: Vec<_> =
        board["cells"].as_object().expect("cells").values().flat_map(|c| pins(c, true)).map(|(_, _, n)| n).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "one driver a net");
    assert_eq!(copy(&mut netlist, "board"), Ok(Copied::default()), "once");
}

#[test]
fn a_table_that_others_read_too_stays_alone() {
    let mut netlist = netlist(MOST + 1);
    netlist["modules"]["board"]["cells"]["r0"]["connections"]["B"] = json!([3]);
    assert_eq!(copy(&mut netlist, "board"), Ok(Copied { nets: 1, flip_flops: 1, tables: 0 }));
    assert_eq!(netlist["modules"]["board"]["cells"]["f$copy1"]["connections"]["DI"], json!([3]));
}

#[test]
fn a_multiplexer_is_copied_with_both_its_tables() {
    let mut netlist = netlist(2 * MOST);
    let cells = &mut netlist["modules"]["board"]["cells"];
    let table = |z: u32| json!({ "type": "LUT4", "port_directions": { "A": "input", "Z": "output" }, "connections": { "A": [5], "Z": [z] } });
    cells["a"] = table(50);
    cells["b"] = table(51);
    cells["f"] = json!({ "type": "PFUMX", "port_directions": { "ALUT": "input", "BLUT": "input", "C0": "input", "Z": "output" },
        "connections": { "ALUT": [50], "BLUT": [51], "C0": [3], "Z": [4] } });
    let before = netlist.clone();
    assert_eq!(copy(&mut netlist, "board"), Ok(Copied { nets: 1, flip_flops: 0, tables: 2 }));
    let cells = &netlist["modules"]["board"]["cells"];
    for (port, name) in [("ALUT", "a$copy1"), ("BLUT", "b$copy1")] {
        assert_eq!(cells["f$copy1"]["connections"][port], cells[name]["connections"]["Z"]);
    }
    assert_eq!(cells["f$copy1"]["connections"]["C0"], json!([3]));
    let mut shared = before;
    shared["modules"]["board"]["cells"]["r0"]["connections"]["B"] = json!([51]);
    assert_eq!(copy(&mut shared, "board"), Ok(Copied::default()), "one of them has a reader of its own");
}

#[test]
fn what_is_not_copied() {
    let kept = |change: &dyn Fn(&mut Value), readers: usize, why: &str| {
        let mut netlist = netlist(readers);
        change(&mut netlist["modules"]["board"]);
        let before = netlist.clone();
        assert_eq!(copy(&mut netlist, "board"), Ok(Copied::default()), "{why}");
        assert_eq!(netlist, before, "{why}");
    };
    kept(&|_| (), MOST, "few readers");
    kept(&|b| b["cells"]["f"]["parameters"]["SRMODE"] = "ASYNC".into(), 2 * MOST, "set at once");
    kept(&|b| b["ports"]["out"] = json!({ "bits": [4] }), 2 * MOST, "read outside");
    kept(&|b| b["cells"]["f"]["type"] = "DP16KD".into(), 2 * MOST, "a memory");
    let clocks = |b: &mut Value| {
        for cell in
            b["cells"].as_object_mut().expect("cells").values_mut().filter(|c| c["connections"]["B"] == json!(["1"]))
        {
            cell["connections"]["CLK"] = cell["connections"]["A"].take();
            cell["connections"]["A"] = json!(["0"]);
            cell["port_directions"]["CLK"] = "input".into();
        }
    };
    kept(&clocks, 2 * MOST, "clocks");
    assert!(copy(&mut json!({}), "board").is_err());
}

#[test]
fn few_readers_that_lead_on_have_a_driver_of_their_own() {
    let mut netlist = netlist(8 + MOST);
    let cells = netlist["modules"]["board"]["cells"].as_object_mut().expect("cells");
    for i in 8..8 + MOST {
        let cell = &mut cells[&format!("r{i}")];
        cell["connections"]["CE"] = cell["connections"]["A"].take();
        cell["connections"]["A"] = json!(["0"]);
        cell["port_directions"]["CE"] = "input".into();
    }
    assert_eq!(copy(&mut netlist, "board"), Ok(Copied { nets: 1, flip_flops: 1, tables: 1 }));
    let leads_on: Vec<usize> = drivers(&netlist).iter().map(|d| d.1).collect();
    assert_eq!(leads_on, [8, 0]);
}

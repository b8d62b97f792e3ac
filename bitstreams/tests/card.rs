//! A card without engines as synthesized for the ECP5, behind the simulated PCI device: the same registers,
//! data, completions and cycles as its RTL. Needs yosys (installed into the cache at the first time) and
//! Verilator; `GRISTMILL_SKIP_NETLIST=1` goes without. The whole card: `cli/tests/netlist.rs`.
#![cfg(target_os = "linux")]

#[path = "../../sim/tests/common/mod.rs"]
mod common;

use common::*;
use gristmill_abi::command::{Opcode, Operand};
use gristmill_abi::completion::Completion;
use gristmill_abi::registers as reg;
use gristmill_bitstreams::netlist::{Part, card};
use gristmill_hdl::config::CardConfig;
use gristmill_sim::{EngineKind, Options, SimCard, Step};
use std::time::Instant;

/// All that a host sees: registers, completions of several commands, memory, cycles.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    registers: Vec<(u16, u32)>,
    completions: Vec<Completion>,
    memory: Vec<u8>,
    cycles: u64,
}

fn seen(options: &Options) -> Seen {
    let mut h = Host::new(SimCard::new(options).unwrap_or_else(|e| panic!("{e}")), 3);
    h.put(DATA, &words(700, 1));
    let (from, to) = (IOVA + DATA + 4064, IOVA + DATA + 0x1_0000);
    let mut completions = Vec::new();
    // More than the ring holds, so that it wraps around; with bursts that end at page borders.
    for round in 0..4u32 {
        for (op, count, a, c) in [
            (Opcode::Copy, 150 + round, Operand::host(from), Operand::card(32)),
            (Opcode::Copy, 149, Operand::card(32), Operand::card(0x4000 + 4032)),
            (Opcode::Zero, 3 + round, Operand::NONE, Operand::card(0x4000 + 4032)),
            (Opcode::Nop, 0, Operand::NONE, Operand::NONE),
            (Opcode::Copy, 149, Operand::card(0x4000 + 4032), Operand::host(to)),
            // Out of card memory, and out of host memory.
            (Opcode::Copy, 2, Operand::host(from), Operand::card((64 << 10) - 32)),
            (Opcode::Copy, 40, Operand::host(IOVA + HOST_BYTES - 39 * 32), Operand::card(0)),
        ] {
            let d = h.command(op, count, a, c);
            h.queue(d);
        }
        h.ring();
        completions.extend((0..7).map(|_| h.wait(1_000_000).expect("completes")));
    }
    while h.card.step_until_irq(1000) != Step::Idle {}
    let cycles = h.card.cycles();
    // Those of the clock, which is that of this machine, excepted.
    let registers = (0..0x400u16).step_by(4).filter(|r| ![reg::CLOCK_HZ].contains(r));
    let registers = registers.map(|r| (r, h.card.read32(r))).collect();
    Seen { registers, completions, memory: h.get(DATA, 0x2_0000), cycles }
}

#[test]
#[ignore = "long: cargo test --release -p gristmill-bitstreams --test card -- --ignored"]
fn the_netlist_of_a_card_without_engines_is_its_rtl() {
    if std::env::var("GRISTMILL_SKIP_NETLIST").is_ok_and(|v| !v.is_empty() && v != "0") {
        eprintln!("SKIPPED by GRISTMILL_SKIP_NETLIST: no netlist was simulated");
        return;
    }
    let config = CardConfig::tiny();
    let start = Instant::now();
    let file = card(&config, Part::WithoutEngines, &mut |line| println!("{line}"))
        .unwrap_or_else(|e| panic!("{e}\n(GRISTMILL_SKIP_NETLIST=1 goes without the netlist tests)"));
    println!("netlist {} after {:?}", file.display(), start.elapsed());
    let native = Options { without_engines: true, ..Options::native(config) };
    let netlist = Options { engine: EngineKind::Netlist, netlist: Some(file), ..native.clone() };
    let expected = seen(&native);
    let (start, found) = (Instant::now(), seen(&netlist));
    println!("{} cycles, {:?} with the model's build if it was not in the cache", found.cycles, start.elapsed());
    assert_eq!(found, expected);
    let statuses = |s: &Seen| s.completions.iter().map(|c| c.status).collect::<Vec<_>>();
    assert!(statuses(&expected).iter().any(|s| *s != 0) && statuses(&expected).contains(&0));
}

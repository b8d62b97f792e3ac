//! Figures, not checks: `cargo test --release -p gristmill-sim --test figures -- --ignored --nocapture`.

mod common;

use common::*;
use gristmill_abi::command::{Opcode, Operand};
use gristmill_abi::registers as reg;
use gristmill_hdl::config::CardConfig;
use gristmill_sim::vfio_user::Server;
use gristmill_sim::{EngineKind, Options, SimCard, SimError};
use rustix::event::{PollFd, PollFlags};
use rustix::fd::AsRawFd;
use std::time::Instant;
use vfio_bindings::bindings::vfio::*;

#[test]
#[ignore = "prints figures"]
fn transport_of_the_protocol_only_card() {
    let dir = tempfile::tempdir().expect("tempdir");
    let server = Server::bind(&dir.path().join("card.sock")).expect("bind");
    let (path, stopper) = (server.path().to_path_buf(), server.stopper());
    let thread = std::thread::spawn(move || {
        server.run(&mut SimCard::new(&Options::protocol_only()).expect("card")).expect("serves");
    });
    let mut c = vfio_user::Client::new(&path).expect("connect");
    let memory = memfd(256 << 20);
    c.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &6u16.to_le_bytes()).expect("command");
    c.dma_map(0, IOVA, 256 << 20, memory.as_raw_fd()).expect("map");
    let irq = eventfd();
    let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    c.set_irqs(VFIO_PCI_MSIX_IRQ_INDEX, flags, 0, 1, &[irq.as_raw_fd()]).expect("irqs");
    let mut write =
        |register: u16, value: u32| c.region_write(0, register.into(), &value.to_le_bytes()).expect("write");
    for (register, value) in [
        (reg::SQ_BASE_HI, (IOVA >> 32) as u32),
        (reg::CQ_BASE_LO, CQ as u32),
        (reg::CQ_BASE_HI, (IOVA >> 32) as u32),
        (reg::Q_LOG_SIZE, 8),
        (reg::Q_ENABLE, 1),
        (reg::IRQ_ENABLE, reg::IRQ_COMPLETION),
        (reg::CONTROL, reg::CONTROL_RUN),
    ] {
        write(register, value);
    }
    let host = Host::new(SimCard::new(&Options::protocol_only()).expect("card"), 8);
    let mut tail = 0u32;
    let mut run = |op, count, a, c, times: u32| {
        let start = Instant::now();
        for _ in 0..times {
            rustix::io::pwrite(&memory, &host.command(op, count, a, c).encode(), u64::from(tail) * 64).expect("pwrite");
            tail = (tail + 1) & 255;
            write(reg::SQ_TAIL, tail);
            rustix::event::poll(&mut [PollFd::new(&irq, PollFlags::IN)], None).expect("poll");
            assert_eq!(common::count(&irq), 1);
            write(reg::IRQ_PENDING, 3);
            write(reg::CQ_HEAD, tail);
        }
        start.elapsed().as_secs_f64() / f64::from(times)
    };
    run(Opcode::Nop, 0, Operand::NONE, Operand::NONE, 1000);
    let s = run(Opcode::Nop, 0, Operand::NONE, Operand::NONE, 5000);
    println!("empty command, doorbell to eventfd and two register writes more: {:.1} us", s * 1e6);
    let words = 1 << 20;
    let (h, card) = (Operand::host(IOVA + (64 << 20)), Operand::card(0));
    for (name, a, c) in [("host to card", h, card), ("card to host", card, h)] {
        run(Opcode::Copy, words, a, c, 2);
        let s = run(Opcode::Copy, words, a, c, 20);
        println!("copy of 32 MiB, {name}: {:.2} GB/s", f64::from(words) * 32.0 / s / 1e9);
    }
    let start = Instant::now();
    for _ in 0..10_000 {
        c.region_read(0, reg::SCRATCH.into(), &mut [0; 4]).expect("read");
    }
    println!("register read: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / 1e4);
    drop(c);
    stopper.stop();
    thread.join().expect("no panic");
}

#[test]
#[ignore = "prints figures"]
fn clock_rates_while_copying() {
    for without_engines in [true, false] {
        for engine in [Options::native(CardConfig::sim()).engine, EngineKind::Verilator] {
            let options = Options { engine, without_engines, ..Options::native(CardConfig::sim()) };
            let start = Instant::now();
            let mut h = match SimCard::new(&options) {
                Ok(card) => Host::new(card, 3),
                Err(e @ (SimError::MissingTool(_) | SimError::Engine(_))) => {
                    println!("{engine:?}: {e}");
                    continue;
                }
                Err(e) => panic!("{e}"),
            };
            println!("{engine:?}, without engines: {without_engines}; built and powered up in {:?}", start.elapsed());
            let (before, start) = (h.card.cycles(), Instant::now());
            let done = h.run(h.command(Opcode::Copy, 20_000, Operand::host(IOVA + DATA), Operand::card(0)));
            let done = done.expect("completes");
            let cycles = h.card.cycles() - before;
            let rate = cycles as f64 / start.elapsed().as_secs_f64();
            println!("  copy of 20000 words: {} cycles, {rate:.0} cycles/s, strap {}", done.cycles, h.card.clock_hz());
        }
    }
}

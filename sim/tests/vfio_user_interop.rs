//! The server against another project's client: the crate `vfio_user`.

mod common;

use common::*;
use gristmill_abi::command::{Descriptor, Opcode, Operand};
use gristmill_abi::completion::Completion;
use gristmill_abi::registers as reg;
use gristmill_abi::{CARD_ID, pci};
use gristmill_hdl::config::CardConfig;
use gristmill_sim::vfio_user::Server;
use gristmill_sim::{Options, SimCard};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::AsRawFd;
use vfio_bindings::bindings::vfio::*;
use vfio_user::Client;

/// Runs `client` against a served card, then stops the server and hands the card back.
fn served(options: Options, client: impl FnOnce(&std::path::Path)) -> SimCard {
    let dir = tempfile::tempdir().expect("tempdir");
    let server = Server::bind(&dir.path().join("card.sock")).expect("bind");
    let (path, stopper) = (server.path().to_path_buf(), server.stopper());
    let thread = std::thread::spawn(move || {
        let mut card = SimCard::new(&options).expect("card");
        server.run(&mut card).expect("serves");
        card
    });
    client(&path);
    stopper.stop();
    thread.join().expect("no panic")
}

fn read(c: &mut Client, register: u16) -> u32 {
    let mut b = [0; 4];
    c.region_read(0, register.into(), &mut b).expect("read");
    u32::from_le_bytes(b)
}

fn write(c: &mut Client, register: u16, value: u32) {
    c.region_write(0, register.into(), &value.to_le_bytes()).expect("write");
}

fn wait(fd: &rustix::fd::OwnedFd) {
    let patience = Timespec { tv_sec: 10, tv_nsec: 0 };
    let n = rustix::event::poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&patience));
    assert_eq!(n, Ok(1), "interrupt");
    assert!(count(fd) > 0);
}

#[test]
fn a_whole_job_through_the_crates_client_twice() {
    jobs(Options::protocol_only(), 1 << 16);
}

#[test]
fn the_same_with_the_rtl_behind_the_socket() {
    jobs(Options { without_engines: true, ..Options::native(CardConfig::tiny()) }, 300);
}

fn jobs(options: Options, count: u32) {
    let mut card = served(options, |path| {
        for client in 0..2 {
            let mut c = Client::new(path).expect("connect");
            let mut head = [0; 64];
            c.region_read(VFIO_PCI_CONFIG_REGION_INDEX, 0, &mut head).expect("config");
            assert_eq!(head[..2], pci::VENDOR_ID.to_le_bytes());
            assert_eq!(c.region(0).expect("BAR0").size, pci::REGISTER_BAR_BYTES);
            assert_eq!(c.get_irq_info(VFIO_PCI_MSIX_IRQ_INDEX).expect("irq").count, pci::MSIX_VECTORS);
            assert_eq!(read(&mut c, reg::ID), u32::MAX, "memory space is off");
            c.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &6u16.to_le_bytes()).expect("command");
            assert_eq!(read(&mut c, reg::ID), CARD_ID);

            let memory = memfd(HOST_BYTES);
            c.dma_map(0, IOVA, HOST_BYTES, memory.as_raw_fd()).expect("map");
            let irq = eventfd();
            let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
            c.set_irqs(VFIO_PCI_MSIX_IRQ_INDEX, flags, 0, 1, &[irq.as_raw_fd()]).expect("irqs");

            // What is written while a reset is under way is cleared with the rest.
            let busy_or_ready = reg::STATUS_READY | reg::STATUS_RESETTING;
            while read(&mut c, reg::STATUS) & busy_or_ready != reg::STATUS_READY {}
            for (register, value) in [
                (reg::SQ_BASE_LO, (IOVA + SQ) as u32),
                (reg::SQ_BASE_HI, ((IOVA + SQ) >> 32) as u32),
                (reg::CQ_BASE_LO, (IOVA + CQ) as u32),
                (reg::CQ_BASE_HI, ((IOVA + CQ) >> 32) as u32),
                (reg::Q_LOG_SIZE, 4),
                (reg::Q_ENABLE, 1),
                (reg::IRQ_ENABLE, reg::IRQ_COMPLETION),
                (reg::CONTROL, reg::CONTROL_RUN),
            ] {
                write(&mut c, register, value);
            }
            let epoch = read(&mut c, reg::EPOCH);
            let job = |id, a, c| Descriptor {
                opcode: Opcode::Copy as u8,
                flags: 0,
                id,
                unit: 0,
                count,
                more: 0,
                rows: [0; 2],
                epoch,
                a,
                b: Operand::NONE,
                c,
            };
            let data = words(count as usize, 5 + client);
            rustix::io::pwrite(&memory, &data, DATA).expect("pwrite");
            let back = IOVA + DATA + (2 << 20);
            let leftovers = job(7, Operand::card(0), Operand::host(back));
            let upload = job(8, Operand::host(IOVA + DATA), Operand::card(0));
            let download = job(9, Operand::card(0), Operand::host(back));
            for (i, d) in [leftovers, upload, download].iter().enumerate() {
                rustix::io::pwrite(&memory, &d.encode(), SQ + 64 * i as u64).expect("pwrite");
                write(&mut c, reg::SQ_TAIL, i as u32 + 1);
                wait(&irq);
                write(&mut c, reg::IRQ_PENDING, 3);
                let mut b = [0; 32];
                rustix::io::pread(&memory, &mut b, CQ + 32 * i as u64).expect("pread");
                let done = Completion::decode(&b);
                assert_eq!((done.id, done.status, done.phase), (d.id, 0, true));
                let mut got = vec![0; data.len()];
                rustix::io::pread(&memory, &mut got, DATA + (2 << 20)).expect("pread");
                match d.id {
                    7 => assert!(got.iter().all(|b| *b == 0), "client {client} sees what another left"),
                    9 => assert!(got == data),
                    _ => {}
                }
            }
            c.reset().expect("reset");
            assert_eq!(read(&mut c, reg::ID), u32::MAX, "memory space is off after reset");
            c.dma_unmap(IOVA, HOST_BYTES).expect("unmap");
            // The last client leaves without a word.
            if client == 0 {
                c.shutdown().expect("shutdown");
            }
        }
    });
    assert_eq!(card.dma_unmap(IOVA, HOST_BYTES).expect("aligned"), 0);
    assert!(card.memory().get(0, count as usize * 32).expect("inside").iter().all(|b| *b == 0));
}

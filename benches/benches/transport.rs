//! The driver's path without engines: vfio-user to the protocol-only simulator, whose server runs
//! in a thread of this process (the socket, the memory files and the eventfd are the same as
//! between processes).
//!
//! `cargo bench -p gristmill-benches --bench transport`

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gristmill_driver::{Card, Command, DmaBuffer, Place, Transport, open};
use gristmill_sim::vfio_user::{Server, Stopper};
use gristmill_sim::{Options, SimCard};
use std::hint::black_box;
use std::thread::JoinHandle;
use std::time::Duration;

struct Simulator {
    name: String,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("gristmill-bench-{}.sock", std::process::id()));
        let server = Server::bind(&path).expect("socket");
        let mut card = SimCard::new(&Options::protocol_only()).expect("card");
        let (name, stopper) = (format!("vfio-user:{}", path.display()), server.stopper());
        let thread = Some(std::thread::spawn(move || server.run(&mut card).expect("server")));
        Simulator { name, stopper, thread }
    }

    fn transport(&self) -> Box<dyn Transport> {
        open(&self.name).expect("connect")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn buffer(card: &mut Card, bytes: u64) -> DmaBuffer {
    let mut buffer = card.allocate(bytes).expect("memory");
    buffer.write(0, &vec![0xa5; bytes as usize]).expect("in bounds");
    buffer
}

fn transport(c: &mut Criterion) {
    let sim = Simulator::new();
    {
        let mut link = sim.transport();
        c.bench_function("vfio-user/register read", |b| b.iter(|| black_box(link.read32(0x10).expect("read"))));
    }
    let mut card = Card::open(sim.transport()).expect("card");
    c.bench_function("vfio-user/empty command, doorbell to completion", |b| {
        b.iter(|| card.run(Command::nop()).expect("nop"))
    });
    let mut group = c.benchmark_group("vfio-user/empty commands, 64 a doorbell");
    group.throughput(Throughput::Elements(64));
    group.bench_function("64", |b| {
        b.iter(|| {
            for ticket in card.submit_all((0..64).map(|_| Command::nop())).expect("submit") {
                card.wait(ticket).expect("nop");
            }
        })
    });
    group.finish();
    for (direction, there) in [("host to card", true), ("card to host", false)] {
        let mut group = c.benchmark_group(format!("vfio-user/copy {direction}"));
        for kib in [64u64, 1024, 16 << 10, 32 << 10] {
            let memory = buffer(&mut card, kib << 10);
            let command = || match there {
                true => Command::copy_to_card(memory.whole(), 0),
                false => Command::copy(Place::Card(0), &memory, (kib << 5) as u32),
            };
            group.throughput(Throughput::Bytes(kib << 10));
            group.bench_function(format!("{kib} KiB"), |b| {
                b.iter_batched(command, |copy| card.run(copy).expect("copy"), BatchSize::PerIteration)
            });
        }
        group.finish();
    }
    let (mapped, huge) = card.mapped();
    println!("DMA memory: {} MiB mapped, {} MiB of it in huge pages", mapped >> 20, huge >> 20);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = transport
}
criterion_main!(benches);

//! The driver's path without engines: vfio-user to the protocol-only simulator, whose server runs
//! in a thread of this process, and in a process of its own. (`gristmill bench link` measures any
//! card's link, with percentiles.)
//!
//! `cargo bench -p gristmill-benches --bench transport`; a part by a filter, such as `-- process/`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use gristmill_abi::registers::SCRATCH;
use gristmill_driver::{Card, Command, DmaBuffer, Place, Wait, open};
use gristmill_sim::vfio_user::{Server, Stopper};
use gristmill_sim::{Options, SimCard};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// With this in its environment, this program is the server, on the socket that it names.
const SERVE: &str = "GRISTMILL_BENCH_SERVE";

enum Simulator {
    Thread(Stopper, Option<JoinHandle<()>>),
    Process(Child),
}

impl Simulator {
    fn in_thread(path: &Path) -> Self {
        let server = Server::bind(path).expect("socket");
        let stopper = server.stopper();
        Simulator::Thread(stopper, Some(std::thread::spawn(move || serve(&server))))
    }

    fn in_process(path: &Path) -> Self {
        let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
        let child = command.env(SERVE, path).stdin(Stdio::null()).spawn().expect("a process");
        while !path.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Simulator::Process(child)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        match self {
            Simulator::Thread(stopper, thread) => {
                stopper.stop();
                let _ = thread.take().map(JoinHandle::join);
            }
            Simulator::Process(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

fn serve(server: &Server) {
    server.run(&mut SimCard::new(&Options::protocol_only()).expect("card")).expect("server");
}

fn buffer(card: &mut Card, bytes: u64) -> DmaBuffer {
    let mut buffer = card.allocate(bytes).expect("memory");
    buffer.write(0, &vec![0xa5; bytes as usize]).expect("in bounds");
    buffer
}

fn registers(c: &mut Criterion, place: &str, card: &mut Card) {
    let transport = card.transport();
    c.bench_function(&format!("{place}/register read"), |b| {
        b.iter(|| black_box(transport.read32(SCRATCH).expect("read")))
    });
    c.bench_function(&format!("{place}/register write"), |b| b.iter(|| transport.write32(SCRATCH, 1).expect("write")));
    let mut group = c.benchmark_group(format!("{place}/posted register writes and a read"));
    group.throughput(Throughput::Elements(1000));
    group.bench_function("1000", |b| {
        b.iter(|| {
            (0..1000).for_each(|i| transport.post32(SCRATCH, i).expect("write"));
            transport.flush().expect("read");
        })
    });
    group.finish();
}

fn commands(c: &mut Criterion, place: &str, card: &mut Card) {
    for (wait, how) in [(Wait::Interrupt, "interrupt"), (Wait::BUSY, "polling")] {
        card.set_wait_mode(wait).expect("register");
        c.bench_function(&format!("{place}/empty command/{how}"), |b| {
            b.iter(|| card.run(Command::nop()).expect("nop"))
        });
        let mut group = c.benchmark_group(format!("{place}/empty commands, 64 a doorbell"));
        group.throughput(Throughput::Elements(64));
        group.bench_function(how, |b| {
            b.iter(|| {
                for ticket in card.submit_all((0..64).map(|_| Command::nop())).expect("submit") {
                    card.wait(ticket).expect("nop");
                }
            })
        });
        group.finish();
    }
    card.set_wait_mode(Wait::Interrupt).expect("register");
}

fn copies(c: &mut Criterion, place: &str, card: &mut Card) {
    for (direction, there) in [("host to card", true), ("card to host", false)] {
        let mut group = c.benchmark_group(format!("{place}/copy {direction}"));
        for kib in [64u64, 1024, 16 << 10, 32 << 10, 64 << 10] {
            let memory = buffer(card, kib << 10);
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

fn transport(c: &mut Criterion) {
    let path: PathBuf = std::env::temp_dir().join(format!("gristmill-bench-{}.sock", std::process::id()));
    for (place, start) in
        [("thread", Simulator::in_thread as fn(&Path) -> Simulator), ("process", Simulator::in_process)]
    {
        let simulator = start(&path);
        let mut card = Card::open(open(&format!("vfio-user:{}", path.display())).expect("connect")).expect("card");
        registers(c, place, &mut card);
        commands(c, place, &mut card);
        copies(c, place, &mut card);
        drop(card);
        drop(simulator);
        // A server that was killed leaves its socket.
        let _ = std::fs::remove_file(&path);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = transport
}

fn main() {
    match std::env::var_os(SERVE) {
        Some(path) => serve(&Server::bind(Path::new(&path)).expect("socket")),
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}

//! How fast native simulation walks a synthetic design of about 2,300 signals in four levels:
//! with the clock held high until all settles, with the falling edge right behind the rising one,
//! and with gates around groups or lanes. `cargo run --release --example kernel_speed`

use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim::{cycle, cycle_two_phase, NotSettled};
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;
use std::sync::OnceLock;
use std::time::Instant;

/// A lane of control logic: eight registers, a state that moves while enabled.
#[derive(LogicBlock, Default)]
struct Lane {
    pub clock: Signal<In, Clock>,
    pub enable: Signal<In, Bit>,
    pub data: Signal<In, U<256>>,
    pub out: Signal<Out, U<256>>,
    pub done: Signal<Out, Bit>,
    word: DFF<U<256>>,
    next: DFF<U<256>>,
    count: DFF<Bits<24>>,
    limit: DFF<Bits<24>>,
    phase: DFF<Bits<3>>,
    busy: DFF<Bit>,
    flag: DFF<Bit>,
    turn: DFF<Bit>,
    moving: Signal<Local, Bit>,
}
impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, word, next, count, limit, phase, busy, flag, turn);
        self.moving.next = self.enable.val() && !self.flag.q.val();
        self.out.next = self.word.q.val();
        self.done.next = self.busy.q.val() && self.turn.q.val();
        if self.moving.val() {
            self.next.d.next = self.data.val();
            self.word.d.next = self.next.q.val() ^ self.word.q.val();
            self.count.d.next = self.count.q.val() + 1;
            self.phase.d.next = self.phase.q.val() + 1;
            self.turn.d.next = !self.turn.q.val();
            self.busy.d.next = true;
        }
        if self.count.q.val() == self.limit.q.val() {
            self.limit.d.next = self.limit.q.val() + 5;
        }
        self.flag.d.next = self.enable.val() && self.phase.q.val().all();
    }
}
ports!(Lane { in: enable, data; out: out, done });

macro_rules! tree {
    ($m:ident, $lane:ty, $group:ty) => {
        mod $m {
            use super::*;
            #[derive(LogicBlock)]
            pub struct Group {
                pub clock: Signal<In, Clock>,
                pub enable: Signal<In, Bit>,
                pub data: Signal<In, U<256>>,
                pub out: Signal<Out, U<256>>,
                pub done: Signal<Out, Bit>,
                lane: Vec<$lane>,
            }
            impl Default for Group {
                fn default() -> Self {
                    Self {
                        clock: Default::default(),
                        enable: Default::default(),
                        data: Default::default(),
                        out: Default::default(),
                        done: Default::default(),
                        lane: (0..8).map(|_| Default::default()).collect(),
                    }
                }
            }
            impl Logic for Group {
                #[hdl_gen]
                fn update(&mut self) {
                    for i in 0..8 {
                        self.lane[i].clock.next = self.clock.val();
                        self.lane[i].enable.next = self.enable.val();
                    }
                    self.lane[0].data.next = self.data.val();
                    for i in 1..8 {
                        self.lane[i].data.next = self.lane[i - 1].out.val();
                    }
                    self.out.next = self.lane[7].out.val();
                    self.done.next = self.lane[0].done.val();
                }
            }
            ports!(Group { in: enable, data; out: out, done });
            #[derive(LogicBlock)]
            pub struct Top {
                pub clock: Signal<In, Clock>,
                pub enable: Signal<In, Bits<8>>,
                pub data: Signal<In, U<256>>,
                pub out: Signal<Out, U<256>>,
                zero: Constant<U<256>>,
                group: Vec<$group>,
            }
            impl Default for Top {
                fn default() -> Self {
                    Self {
                        clock: Default::default(),
                        enable: Default::default(),
                        data: Default::default(),
                        out: Default::default(),
                        zero: Constant::new(U::ZERO),
                        group: (0..8).map(|_| Default::default()).collect(),
                    }
                }
            }
            impl Logic for Top {
                #[hdl_gen]
                fn update(&mut self) {
                    for i in 0..8 {
                        self.group[i].clock.next = self.clock.val();
                        self.group[i].enable.next = self.enable.val().get_bit(i);
                        self.group[i].data.next = self.zero.val();
                        if self.enable.val().get_bit(i) {
                            self.group[i].data.next = self.data.val();
                        }
                    }
                    self.out.next = self.group[0].out.val();
                }
            }
            ports!(Top { in: enable, data; out: out });
        }
    };
}
tree!(plain, Lane, Group);
tree!(groups, Lane, Gated<Group>);
tree!(lanes, Gated<Lane>, Gated<Group>);

#[derive(Default)]
struct Count(usize);
impl Probe for Count {
    fn visit_atom(&mut self, _: &str, _: &dyn Atom) {
        self.0 += 1;
    }
}

/// Time on the processor, so that other programs do not count; wall time where Linux is not.
fn cpu_seconds() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let wall = START.get_or_init(Instant::now).elapsed().as_secs_f64();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).map_or(wall, |ns| ns / 1e9)
}

fn run<B: Ports + Default>(name: &str, clock: fn(&mut B) -> Result<usize, NotSettled>) {
    for (busy, enable) in [("all groups busy", 0xffu64), ("one of eight busy", 1)] {
        let mut b = Box::<B>::default();
        b.connect_all();
        let mut signals = Count::default();
        b.accept("top", &mut signals);
        b.poke(0, &[enable]);
        let mut walks = 0;
        let mut n = 0u64;
        let start = cpu_seconds();
        while cpu_seconds() - start < 1.0 {
            for _ in 0..50 {
                n += 1;
                b.poke(1, &[n, n * 3, n * 5, 7]);
                walks += match clock(&mut b) {
                    Ok(w) => w as u64,
                    Err(e) => return eprintln!("{e}"),
                };
            }
        }
        let rate = n as f64 / (cpu_seconds() - start);
        println!(
            "{name:28} {busy:18} {rate:9.0} cycles/s {:6.1} M signal-cycles/s {:5.1} walks a cycle, {} signals",
            rate * signals.0 as f64 / 1e6,
            walks as f64 / n as f64,
            signals.0
        );
    }
}

fn main() {
    run::<plain::Top>("plain, clock in two phases", cycle_two_phase);
    run::<plain::Top>("plain, edges in one pulse", cycle);
    run::<groups::Top>("groups gated, one pulse", cycle);
    run::<lanes::Top>("lanes gated too, one pulse", cycle);
}

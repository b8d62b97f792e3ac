//! A design with gated blocks does in every cycle what it does without, and sleeps where it may.

use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::mem::Ram;
use gristmill_hdl_kit::ports::{value, Ports, Value};
use gristmill_hdl_kit::sim::{cycle, cycle_two_phase, settle};
use gristmill_hdl_kit::twin::Fidelity;
use gristmill_hdl_kit::word::{bit_cast_ub, U};
use gristmill_hdl_kit::{ports, twin, verilog};
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::*;

type W = U<40>;

#[derive(LogicBlock, Default)]
pub struct SquareRtl {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, W>,
    pub r: Signal<Out, W>,
    first: DFF<W>,
    second: DFF<W>,
    third: DFF<W>,
}
impl Logic for SquareRtl {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first, second, third);
        self.first.d.next = self.a.val() * self.a.val();
        self.second.d.next = self.first.q.val();
        self.third.d.next = self.second.q.val();
        self.r.next = self.third.q.val();
    }
}
twin! { pub struct Square for SquareRtl { in a: W; out r: W } }

/// A bit of everything: words go through a FIFO, are squared, summed into a RAM at their low bits,
/// and what was there comes out delayed. Quiet between words.
#[derive(LogicBlock)]
pub struct Engine {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub data: Signal<In, W>,
    pub valid: Signal<In, Bit>,
    pub ready: Signal<Out, Bit>,
    pub r: Signal<Out, W>,
    pub count: Signal<Out, W>,
    /// Combinational.
    pub echo: Signal<Out, W>,
    fifo: Fifo<W>,
    square: Square,
    delay: Delay<Bit>,
    out: Delay<W>,
    ram: Ram<W>,
    seen: DFF<W>,
}
impl Default for Engine {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            data: Default::default(),
            valid: Default::default(),
            ready: Default::default(),
            r: Default::default(),
            count: Default::default(),
            echo: Default::default(),
            fifo: Fifo::new(3),
            square: Square::twin(SquareRtl::default(), 3, Fidelity::Twin, |(a,)| (a * a,)),
            delay: Delay::new(3),
            out: Delay::new(9),
            ram: Ram::new(16),
            seen: Default::default(),
        }
    }
}
impl Logic for Engine {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, fifo, square, delay, out, ram);
        dff_setup!(self, clock, seen);
        self.fifo.reset.next = self.reset.val();
        self.fifo.in_data.next = self.data.val();
        self.fifo.in_valid.next = self.valid.val();
        self.ready.next = self.fifo.in_ready.val();
        self.echo.next = self.data.val() ^ self.seen.q.val();
        // A word every other cycle.
        self.fifo.out_ready.next = !self.seen.q.val().get_bit(0);
        self.delay.d.next = self.fifo.out_valid.val() && !self.seen.q.val().get_bit(0);
        if (self.fifo.out_valid.val() && !self.seen.q.val().get_bit(0)) || self.seen.q.val().get_bit(0) {
            self.seen.d.next = self.seen.q.val() + 1;
        }
        self.square.a.next = self.fifo.out_data.val();
        self.ram.write_enable.next = self.delay.q.val();
        self.ram.write_data.next = self.square.r.val() + self.ram.read_data.val();
        self.ram.write_address.next = bit_cast_ub::<24, 40>(self.square.r.val());
        self.ram.read_address.next = bit_cast_ub::<24, 40>(self.square.r.val());
        self.out.d.next = self.ram.read_data.val();
        self.r.next = self.out.q.val();
        self.count.next = self.seen.q.val();
    }
}
ports!(Engine { in: reset, data, valid; out: ready, r, count, echo });

macro_rules! tree {
    ($group:ident, $top:ident, $engine:ty, $inner:ty) => {
        /// Hands words to one of two engines by a bit of the data; a second level of hierarchy.
        #[derive(LogicBlock, Default)]
        pub struct $group {
            pub clock: Signal<In, Clock>,
            pub reset: Signal<In, Bit>,
            pub data: Signal<In, W>,
            pub valid: Signal<In, Bit>,
            pub ready: Signal<Out, Bit>,
            pub r: Signal<Out, W>,
            pub echo: Signal<Out, W>,
            even: $engine,
            odd: $engine,
        }
        impl Logic for $group {
            #[hdl_gen]
            fn update(&mut self) {
                clock!(self, clock, even, odd);
                self.even.reset.next = self.reset.val();
                self.odd.reset.next = self.reset.val();
                self.even.data.next = self.data.val();
                self.odd.data.next = self.data.val();
                self.even.valid.next = self.valid.val() && !self.data.val().get_bit(20);
                self.odd.valid.next = self.valid.val() && self.data.val().get_bit(20);
                self.ready.next = self.even.ready.val() && self.odd.ready.val();
                self.r.next = self.even.r.val() + self.odd.r.val();
                self.echo.next = self.even.echo.val() + self.odd.count.val();
            }
        }
        ports!($group { in: reset, data, valid; out: ready, r, echo });

        /// Feeds the output of one group into the next one.
        #[derive(LogicBlock, Default)]
        pub struct $top {
            pub clock: Signal<In, Clock>,
            pub reset: Signal<In, Bit>,
            pub data: Signal<In, W>,
            pub valid: Signal<In, Bit>,
            pub ready: Signal<Out, Bit>,
            pub r: Signal<Out, W>,
            pub echo: Signal<Out, W>,
            first: $inner,
            second: $inner,
            last: DFF<W>,
        }
        impl Logic for $top {
            #[hdl_gen]
            fn update(&mut self) {
                clock!(self, clock, first, second);
                dff_setup!(self, clock, last);
                self.first.reset.next = self.reset.val();
                self.second.reset.next = self.reset.val();
                self.first.data.next = self.data.val();
                self.first.valid.next = self.valid.val();
                self.ready.next = self.first.ready.val();
                self.last.d.next = self.first.r.val();
                self.second.data.next = self.first.r.val();
                self.second.valid.next = self.first.r.val() != self.last.q.val();
                self.r.next = self.second.r.val() + self.first.r.val();
                self.echo.next = self.first.echo.val() ^ self.second.echo.val();
            }
        }
        ports!($top { in: reset, data, valid; out: ready, r, echo });
    };
}
mod plain {
    use super::*;
    tree!(Group, Top, Engine, Group);
}
mod gated {
    use super::*;
    tree!(Group, Top, Gated<Engine>, Gated<Group>);
    impl Top {
        pub fn idle(&self) -> [bool; 4] {
            [self.first.is_idle(), self.second.is_idle(), self.first.even.is_idle(), self.first.odd.is_idle()]
        }
    }
}

fn outputs<B: Ports>(b: &B) -> Vec<Value> {
    (0..B::outputs().len()).map(|i| b.peek(i)).collect()
}

fn same(two_phase: bool, seed: u64) -> (u32, u32) {
    let (mut a, mut b) = (plain::Top::default(), gated::Top::default());
    a.connect_all();
    b.connect_all();
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut idle, mut moves) = (0, 0);
    let mut before = outputs(&a);
    let mut words = [value(false), value(W::ZERO), value(false)];
    let mut busy = 0u32;
    for n in 0..10_000 {
        // Bursts, pauses short and long, single words, resets.
        if busy == 0 && rng.gen_bool(0.02) {
            busy = [1, 3, 20, 100][rng.gen_range(0..4)];
        }
        busy = busy.saturating_sub(1);
        words[0] = value(rng.gen_bool(0.002));
        words[2] = value(busy > 0 && rng.gen_bool(0.7));
        if busy > 0 || rng.gen_bool(0.01) {
            // Often the same data again, and the same address.
            words[1] = value(W::from(rng.gen_range(0..3u64) << 20 | rng.gen_range(0..5u64)));
        }
        for (i, w) in words.iter().enumerate() {
            a.poke(i, w);
            b.poke(i, w);
        }
        settle(&mut a, 50).unwrap();
        settle(&mut b, 50).unwrap();
        assert_eq!(outputs(&a), outputs(&b), "before edge {n}");
        if two_phase {
            cycle_two_phase(&mut a).unwrap();
            cycle_two_phase(&mut b).unwrap();
        } else {
            cycle(&mut a).unwrap();
            cycle(&mut b).unwrap();
        }
        let now = outputs(&a);
        assert_eq!(now, outputs(&b), "after edge {n}");
        moves += (now != before) as u32;
        before = now;
        idle += b.idle().iter().filter(|x| **x).count() as u32;
    }
    (idle, moves)
}

#[test]
fn gated_is_the_same_in_every_cycle() {
    for seed in 0..4 {
        for two_phase in [false, true] {
            let (idle, moves) = same(two_phase, seed);
            assert!(idle > 1000, "hardly ever idle: {idle}");
            assert!(moves > 200, "hardly anything happened: {moves}");
        }
    }
}

#[test]
fn verilog_is_the_same() {
    let (mut a, mut b) = (plain::Top::default(), gated::Top::default());
    a.connect_all();
    b.connect_all();
    assert_eq!(verilog::generate(&a), verilog::generate(&b));
}

#[test]
fn an_idle_block_wakes_in_the_middle_of_a_clock_phase() {
    // In two-phase driving an input may change while the clock stands high. The edge is over then.
    let (mut plain, mut gated) = (Engine::default(), Gated::<Engine>::default());
    plain.connect_all();
    gated.connect_all();
    for _ in 0..200 {
        cycle_two_phase(&mut gated).unwrap();
        cycle_two_phase(&mut plain).unwrap();
    }
    assert!(gated.is_idle());
    for step in 0..12u64 {
        for level in [true, false] {
            plain.set_clock(level);
            gated.set_clock(level);
            settle(&mut plain, 50).unwrap();
            settle(&mut gated, 50).unwrap();
            if level && step < 4 {
                for b in [&mut plain, &mut *gated] {
                    b.data.next = W::from(step + 2);
                    b.valid.next = step != 2;
                }
            }
            settle(&mut plain, 50).unwrap();
            settle(&mut gated, 50).unwrap();
            assert_eq!(outputs(&plain), outputs(&gated), "step {step}, clock {level}");
        }
    }
    assert!(plain.count.val().any());
}

/// Counts edges in a place that nobody sees, and shows it at the eighth.
#[derive(LogicBlock, Default)]
struct Sly {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, Bit>,
    pub r: Signal<Out, Bit>,
    _edges: u32,
}
impl Logic for Sly {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self._edges += 1;
            self.r.next = self._edges.is_multiple_of(256);
        }
    }
    fn connect(&mut self) {
        self.r.connect();
    }
    fn hdl(&self) -> Verilog {
        Verilog::Custom("reg [7:0] n = 0; always @(posedge clock) begin n <= n + 1; r <= n == 255; end".into())
    }
}
ports!(Sly { in: a; out: r });

#[test]
fn a_block_with_hidden_state_is_never_taken_for_idle() {
    let (mut plain, mut gated) = (Sly::default(), Gated::<Sly>::default());
    plain.connect_all();
    gated.connect_all();
    for _ in 0..1000 {
        cycle(&mut plain).unwrap();
        cycle(&mut gated).unwrap();
        assert!(!gated.is_idle());
        assert_eq!(plain.r.val(), gated.r.val());
    }
}

#[test]
#[should_panic(expected = "does not list its inputs forgotten")]
fn an_input_missing_from_ports_is_found() {
    #[derive(LogicBlock, Default)]
    struct Partial {
        pub clock: Signal<In, Clock>,
        pub a: Signal<In, Bit>,
        pub forgotten: Signal<In, Bit>,
        pub r: Signal<Out, Bit>,
    }
    impl Logic for Partial {
        #[hdl_gen]
        fn update(&mut self) {
            self.r.next = self.a.val() && self.forgotten.val();
        }
    }
    ports!(Partial { in: a; out: r });
    Gated::<Partial>::default().connect_all();
}

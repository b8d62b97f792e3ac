//! Blocks of which one of two stands inside: simulation, Verilog, gates and twins.

use gristmill_hdl_kit::cosim::{check, random_vectors, Options};
use gristmill_hdl_kit::delay::Delay;
use gristmill_hdl_kit::either;
use gristmill_hdl_kit::gate::Gated;
use gristmill_hdl_kit::sim::cycle;
use gristmill_hdl_kit::verilog::generate;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// q is the sum of all d so far.
#[derive(LogicBlock, Default)]
struct Total {
    clock: Signal<In, Clock>,
    d: Signal<In, U<64>>,
    q: Signal<Out, U<64>>,
    sum: DFF<U<64>>,
}

impl Logic for Total {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, sum);
        self.sum.d.next = self.sum.q.val() + self.d.val();
        self.q.next = self.sum.q.val();
    }
}

either! {
    /// A delay or a total.
    struct Filter[const N: usize][N] as FilterKind {
        Delay: Delay<U<64>>, Total: Total;
        in d: U<N>; out q: U<N>
    }
}

macro_rules! parent {
    ($name:ident, $part:ty) => {
        #[derive(LogicBlock)]
        struct $name {
            clock: Signal<In, Clock>,
            d: Signal<In, U<64>>,
            q: Signal<Out, U<64>>,
            part: $part,
        }

        impl $name {
            fn new(part: $part) -> Self {
                let mut parent = Self { clock: Default::default(), d: Default::default(), q: Default::default(), part };
                parent.connect_all();
                parent
            }
        }

        impl Logic for $name {
            #[hdl_gen]
            fn update(&mut self) {
                clock!(self, clock, part);
                self.part.d.next = self.d.val();
                self.q.next = self.part.q.val();
            }
        }

        gristmill_hdl_kit::ports!($name { in: d; out: q });
    };
}
parent!(OfTotal, Total);
parent!(OfEither, Filter<64>);
parent!(OfGated, Gated<Filter<64>>);

fn total() -> Filter<64> {
    Filter::of(FilterKind::Total(Box::default()))
}

#[test]
fn verilog_is_that_of_the_block_inside() {
    let plain = generate(&OfTotal::new(Total::default()));
    assert_eq!(generate(&OfEither::new(total())), plain);
    assert_eq!(generate(&OfGated::new(Gated::new(total()))), plain);
}

#[test]
fn simulates_as_the_block_inside_in_as_many_walks() {
    let (mut plain, mut either) = (OfTotal::new(Total::default()), OfEither::new(total()));
    let mut gated = OfGated::new(Gated::new(total()));
    for n in 0..200u64 {
        let d = if n % 20 < 10 { n * n } else { 0 };
        plain.d.next = d.into();
        either.d.next = d.into();
        gated.d.next = d.into();
        assert_eq!(cycle(&mut plain).expect("settles"), cycle(&mut either).expect("settles"), "walks in cycle {n}");
        let _ = cycle(&mut gated).expect("settles");
        assert_eq!(plain.q.val(), either.q.val(), "cycle {n}");
        assert_eq!(plain.q.val(), gated.q.val(), "gated, cycle {n}");
    }
}

#[test]
fn verilog_agrees() {
    let delay = Filter::<64>::of(FilterKind::Delay(Box::new(Delay::new(3))));
    assert!(matches!(delay.kind(), FilterKind::Delay(_)));
    for mut block in [delay, total()] {
        block.connect_all();
        let vectors = random_vectors::<Filter<64>>(200, 7);
        let _ = check(&mut block, &vectors, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// A narrow one cuts and fills.
#[test]
fn widths_may_differ() {
    let mut narrow = Filter::<8>::of(FilterKind::Total(Box::default()));
    narrow.connect_all();
    narrow.d.next = 200u64.into();
    for _ in 0..2 {
        cycle(&mut narrow).expect("settles");
    }
    assert_eq!(narrow.q.val().low_u64(), 400 & 255);
}

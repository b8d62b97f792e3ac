//! A twin behaves as its RTL, hands visitors the RTL, and can be listed.

use gristmill_hdl_kit::ports::Ports;
use gristmill_hdl_kit::sim::cycle;
use gristmill_hdl_kit::twin::{list, Fidelity};
use gristmill_hdl_kit::word::U;
use gristmill_hdl_kit::{ports, twin};
use rand::{rngs::StdRng, Rng, SeedableRng};
use rust_hdl::prelude::*;

/// r = a * b + a, three cycles later.
#[derive(LogicBlock)]
pub struct MulAddRtl<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<W>>,
    pub b: Signal<In, U<W>>,
    pub r: Signal<Out, U<W>>,
    a1: DFF<U<W>>,
    b1: DFF<U<W>>,
    product: DFF<U<W>>,
    a2: DFF<U<W>>,
    sum: DFF<U<W>>,
}

impl<const W: usize> MulAddRtl<W> {
    pub const LATENCY: usize = 3;
    fn new() -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            r: Default::default(),
            a1: Default::default(),
            b1: Default::default(),
            product: Default::default(),
            a2: Default::default(),
            sum: Default::default(),
        }
    }
}

impl<const W: usize> Logic for MulAddRtl<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, a1, b1, product, a2, sum);
        self.a1.d.next = self.a.val();
        self.b1.d.next = self.b.val();
        self.product.d.next = self.a1.q.val() * self.b1.q.val();
        self.a2.d.next = self.a1.q.val();
        self.sum.d.next = self.product.q.val() + self.a2.q.val();
        self.r.next = self.sum.q.val();
    }
}
ports!([const W: usize] MulAddRtl<W> { in: a, b; out: r });

twin! {
    /// Twin of `MulAddRtl`.
    pub struct MulAdd[const W: usize][W] for MulAddRtl<W> { in a: U<W>, b: U<W>; out r: U<W> }
}

impl<const W: usize> MulAdd<W> {
    fn new(fidelity: Fidelity) -> Self {
        Self::twin(MulAddRtl::new(), MulAddRtl::<W>::LATENCY, fidelity, |(a, b)| (a * b + a,))
    }
}

#[derive(LogicBlock)]
struct Top {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<100>>,
    pub r: Signal<Out, U<100>>,
    stage: Vec<MulAdd<100>>,
}

impl Top {
    fn new(fidelity: Fidelity) -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            r: Default::default(),
            stage: (0..2).map(|_| MulAdd::new(fidelity)).collect(),
        }
    }
}

impl Logic for Top {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..2 {
            self.stage[i].clock.next = self.clock.val();
            self.stage[i].b.next = self.a.val();
        }
        self.stage[0].a.next = self.a.val();
        self.stage[1].a.next = self.stage[0].r.val();
        self.r.next = self.stage[1].r.val();
    }
}
ports!(Top { in: a; out: r });

fn built(fidelity: Fidelity) -> Top {
    let mut t = Top::new(fidelity);
    t.connect_all();
    t
}

#[test]
fn twin_equals_rtl() {
    let (mut twin, mut rtl) = (built(Fidelity::Twin), built(Fidelity::Rtl));
    let mut rng = StdRng::seed_from_u64(7);
    let mut a = U::<100>::ZERO;
    for i in 0..300 {
        if rng.gen_bool(0.6) {
            a = U::from_limbs(&[rng.gen(), rng.gen()]);
        }
        for t in [&mut twin, &mut rtl] {
            t.poke(0, a.limbs());
            cycle(t).unwrap();
        }
        assert_eq!(twin.peek(0), rtl.peek(0), "cycle {i}");
    }
    assert!(twin.r.val().any());
}

#[test]
fn result_stands_after_latency_minus_one_more_edges() {
    let mut m = MulAdd::<32>::new(Fidelity::Twin);
    m.connect_all();
    m.a.next = 6.into();
    m.b.next = 7.into();
    for _ in 0..2 {
        cycle(&mut m).unwrap();
        assert_eq!(m.r.val(), U::ZERO);
        m.a.next = 1.into();
    }
    cycle(&mut m).unwrap();
    assert_eq!(m.r.val(), 48.into());
}

#[test]
fn verilog_is_the_rtls() {
    let (twin, rtl) = (built(Fidelity::Twin), built(Fidelity::Rtl));
    check_connected(&twin).unwrap();
    let v = generate_verilog(&twin);
    assert_eq!(v, generate_verilog(&rtl));
    assert!(v.contains("product"));
}

#[test]
fn unconnected_input_of_a_twin_is_found() {
    #[derive(LogicBlock)]
    struct Open {
        pub clock: Signal<In, Clock>,
        m: MulAdd<32>,
    }
    impl Logic for Open {
        #[hdl_gen]
        fn update(&mut self) {
            self.m.clock.next = self.clock.val();
            self.m.a.next = self.m.r.val();
        }
    }
    let mut uut = Open { clock: Default::default(), m: MulAdd::new(Fidelity::Twin) };
    uut.connect_all();
    assert!(check_connected(&uut).is_err());
}

#[test]
fn twins_are_listed() {
    let twins = list(&built(Fidelity::Twin));
    let paths: Vec<_> = twins.iter().map(|t| t.path.as_str()).collect();
    assert_eq!(paths, ["top$stage$0", "top$stage$1"]);
    assert!(twins.iter().all(|t| t.name == "MulAdd" && t.latency == 3 && t.fidelity == Fidelity::Twin));
    assert!(list(&built(Fidelity::Rtl)).iter().all(|t| t.fidelity == Fidelity::Rtl));
}

#[test]
fn ports_have_names_and_widths() {
    let p = MulAddRtl::<40>::inputs();
    assert_eq!((p[0].name.as_str(), p[1].name.as_str(), p[0].width), ("a", "b", 40));
    assert_eq!(Top::outputs()[0].name, "r");
    assert_eq!(Top::outputs()[0].width, 100);
}

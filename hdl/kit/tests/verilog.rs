//! Generation and merging of Verilog.

use gristmill_hdl_kit::verilog::{generate, merge, try_generate, Unsound};
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
struct Stage {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<40>>,
    pub r: Signal<Out, U<40>>,
    hold: DFF<U<40>>,
}
impl Logic for Stage {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, hold);
        self.hold.d.next = self.a.val();
        self.r.next = self.hold.q.val();
    }
}

#[derive(LogicBlock)]
struct Chain {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<40>>,
    pub r: Signal<Out, U<41>>,
    stage: Vec<Stage>,
    last: Stage,
}
impl Chain {
    fn new(n: usize) -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            r: Default::default(),
            stage: (0..n).map(|_| Stage::default()).collect(),
            last: Default::default(),
        }
    }
}
impl Logic for Chain {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..self.stage.len() {
            self.stage[i].clock.next = self.clock.val();
        }
        self.last.clock.next = self.clock.val();
        self.stage[0].a.next = self.a.val();
        for i in 1..self.stage.len() {
            self.stage[i].a.next = self.stage[i - 1].r.val();
            self.last.a.next = self.stage[i].r.val();
        }
        self.r.next = bit_cast_u::<41, 40>(self.last.r.val()) + bit_cast_u::<41, 40>(self.a.val());
    }
}

#[test]
fn identical_modules_are_merged_and_top_keeps_its_name() {
    let mut c = Chain::new(7);
    c.connect_all();
    let d = try_generate(&c).unwrap();
    let m: Vec<_> = d.modules().iter().map(|m| (m.name.as_str(), m.instances)).collect();
    assert_eq!(m, [("m_hold", 8), ("m_stage", 8), ("top", 1)]);
    assert!(d.modules()[1].fields.contains("last") && d.modules()[1].fields.contains("stage"));
    let text = generate(&c);
    assert_eq!(text.matches("endmodule").count(), 3);
    assert!(text.contains("module top(clock,a,r);"));
    assert!(text.contains("m_stage stage$6("));
    assert!(text.contains("m_stage last("));
}

#[test]
fn a_line_can_be_put_into_chosen_modules() {
    let mut c = Chain::new(2);
    c.connect_all();
    let d = try_generate(&c).unwrap();
    let text = d.text_with(|m| m.fields.contains("stage").then(|| "/*mark*/".to_string()));
    assert!(text.contains("module m_stage(clock,a,r);\n    /*mark*/\n"));
    assert_eq!(text.matches("/*mark*/").count(), 1);
}

#[test]
fn black_boxes_are_kept_once() {
    let text = "module top(a);\n    DSP x(\n    );\nendmodule // top\n(* blackbox *)\nmodule DSP(a);\n input a;\nendmodule\n(* blackbox *)\nmodule DSP(a);\n input a;\nendmodule\n";
    let out = merge(text).text();
    assert_eq!(out.matches("(* blackbox *)\nmodule DSP").count(), 1);
}

#[test]
fn an_open_input_is_an_error_that_names_it() {
    #[derive(LogicBlock, Default)]
    struct Open {
        pub clock: Signal<In, Clock>,
        pub r: Signal<Out, U<40>>,
        stage: Stage,
    }
    impl Logic for Open {
        #[hdl_gen]
        fn update(&mut self) {
            self.stage.clock.next = self.clock.val();
            self.r.next = self.stage.r.val();
        }
    }
    let mut o = Open::default();
    o.connect_all();
    match try_generate(&o) {
        Err(e @ Unsound::Open(_)) => assert!(e.to_string().contains("stage.a"), "{e}"),
        other => panic!("{other:?}"),
    }
}

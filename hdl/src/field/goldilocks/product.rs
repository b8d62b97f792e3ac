//! A product in the size of a DSP block, with the registers that such blocks have.

use gristmill_hdl_kit::gate::NOTED;
use gristmill_hdl_kit::sim::note_activity;
use gristmill_hdl_kit::{ports, word::U};
use rust_hdl::prelude::*;
use std::fmt::Write;

/// Cycles from factors to product: registers before, in and behind the multiplier.
pub const PRODUCT_LATENCY: usize = 3;

/// r = a * b of 16 bits each.
///
/// A tool that knows the registers of its DSP blocks finds them here. yosys does not for ECP5, where a multiplier
/// without them takes 4 ns and the ways to and from it two more; so with the macro `ECP5` the text names that
/// part's `MULT18X18D` and its registers.
#[derive(LogicBlock, Default)]
pub struct Product {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, U<16>>,
    pub b: Signal<In, U<16>>,
    pub r: Signal<Out, U<32>>,
    _factors: (u64, u64),
    _product: u64,
}

impl Logic for Product {
    #[inline]
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self.r.next = self._product.into();
            let product = self._factors.0 * self._factors.1;
            let factors = (self.a.val().low_u64(), self.b.val().low_u64());
            if (product, factors) != (self._product, self._factors) {
                (self._product, self._factors) = (product, factors);
                note_activity();
            }
        }
    }

    fn connect(&mut self) {
        self.r.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(format!(
            "{NOTED}`ifdef ECP5
{}`else
reg [15:0] a_q = 16'd0;
reg [15:0] b_q = 16'd0;
reg [31:0] product = 32'd0;
initial r = 32'd0;
always @(posedge clock) begin
    a_q <= a;
    b_q <= b;
    product <= a_q * b_q;
    r <= product;
end
`endif
",
            ecp5()
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "product".into(),
            clock: "clock".into(),
            inputs: vec!["a".into(), "b".into()],
            outputs: vec!["r".into()],
        }]
    }
}

ports!(Product { in: a, b; out: r });

/// Lattice's primitive with all of its registers.
fn ecp5() -> String {
    let mut registers = Vec::new();
    for stage in ["INPUTA", "INPUTB", "PIPELINE", "OUTPUT"] {
        registers.push(format!(".REG_{stage}_CLK(\"CLK0\"), .REG_{stage}_CE(\"CE0\"), .REG_{stage}_RST(\"RST0\")"));
    }
    let mut pins = String::new();
    for i in 0..18 {
        let of = |port: &str| if i < 16 { format!("{port}[{i}]") } else { "1'b0".into() };
        let _ = writeln!(pins, "    .A{i}({}), .B{i}({}), .C{i}(1'b0),", of("a"), of("b"));
    }
    for i in 0..32 {
        let _ = writeln!(pins, "    .P{i}(product[{i}]),");
    }
    format!(
        "wire [31:0] product;
MULT18X18D #({}, .GSR(\"DISABLED\")) multiplier (
{pins}    .SIGNEDA(1'b0), .SIGNEDB(1'b0), .SOURCEA(1'b0), .SOURCEB(1'b0), .CLK0(clock), .CE0(1'b1), .RST0(1'b0)
);
always @(*) r = product;
",
        registers.join(", ")
    )
}

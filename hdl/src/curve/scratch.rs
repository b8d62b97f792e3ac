//! A small register file: two combinational reads and one write a cycle.

use gristmill_hdl_kit::gate::NOTED;
use gristmill_hdl_kit::sim::note_activity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Words that a [`Scratch`] holds.
pub const SCRATCH_WORDS: usize = 16;

/// Sixteen words, all zero at first. `data_a` and `data_b` show the words at their addresses in
/// the same cycle; a write shows from the next cycle on.
#[derive(LogicBlock)]
pub struct Scratch<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub address_a: Signal<In, Bits<4>>,
    pub address_b: Signal<In, Bits<4>>,
    pub data_a: Signal<Out, U<W>>,
    pub data_b: Signal<Out, U<W>>,
    pub write_enable: Signal<In, Bit>,
    pub write_address: Signal<In, Bits<4>>,
    pub write_data: Signal<In, U<W>>,
    _words: Vec<U<W>>,
}

impl<const W: usize> Default for Scratch<W> {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            address_a: Default::default(),
            address_b: Default::default(),
            data_a: Default::default(),
            data_b: Default::default(),
            write_enable: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            _words: vec![U::ZERO; SCRATCH_WORDS],
        }
    }
}

fn index(address: Bits<4>) -> usize {
    let address: u64 = address.into();
    address as usize
}

impl<const W: usize> Logic for Scratch<W> {
    fn update(&mut self) {
        if self.clock.pos_edge() && self.write_enable.val() {
            let word = &mut self._words[index(self.write_address.val())];
            if *word != self.write_data.val() {
                *word = self.write_data.val();
                note_activity();
            }
        }
        self.data_a.next = self._words[index(self.address_a.val())];
        self.data_b.next = self._words[index(self.address_b.val())];
    }

    fn connect(&mut self) {
        self.data_a.connect();
        self.data_b.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(format!(
            "{NOTED}(* ram_style = \"distributed\" *) reg [{w}:0] words [0:{top}];
`ifndef SYNTHESIS
integer i;
initial for (i = 0; i < {SCRATCH_WORDS}; i = i + 1) words[i] = {W}'d0;
`endif
always @(*) begin
    data_a = words[address_a];
    data_b = words[address_b];
end
always @(posedge clock) if (write_enable) words[write_address] <= write_data;
",
            w = W - 1,
            top = SCRATCH_WORDS - 1,
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "scratch".into(),
            clock: "clock".into(),
            inputs: ["address_a", "address_b", "write_enable", "write_address", "write_data"].map(String::from).into(),
            outputs: vec!["data_a".into(), "data_b".into()],
        }]
    }
}

//! A memory with two read ports: in hardware two copies of it that are written alike.

use gristmill_hdl_kit::sim::note_activity;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// A RAM of `depth` words, one write and two registered read ports, all zero at first.
///
/// As [`gristmill_hdl_kit::mem::Ram`]: latency 1, the old word on a read and a write of one
/// address at one edge, zero beyond the depth.
#[derive(LogicBlock)]
pub struct Ram2<T: Synth> {
    pub clock: Signal<In, Clock>,
    pub address_a: Signal<In, Bits<24>>,
    pub data_a: Signal<Out, T>,
    pub address_b: Signal<In, Bits<24>>,
    pub data_b: Signal<Out, T>,
    pub write_address: Signal<In, Bits<24>>,
    pub write_data: Signal<In, T>,
    pub write_enable: Signal<In, Bit>,
    _words: Vec<T>,
}

impl<T: Synth> Ram2<T> {
    /// A RAM of `depth` words.
    ///
    /// # Panics
    /// If the depth is zero or above 2^24.
    pub fn new(depth: usize) -> Self {
        assert!((1..=1 << 24).contains(&depth), "a Ram2 of depth {depth}: 1 to 2^24 words");
        Self {
            clock: Default::default(),
            address_a: Default::default(),
            data_a: Default::default(),
            address_b: Default::default(),
            data_b: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            write_enable: Default::default(),
            _words: vec![T::default(); depth],
        }
    }

    fn address_bits(&self) -> usize {
        clog2(self._words.len()).max(1)
    }

    fn index(&self, address: Bits<24>) -> usize {
        let address: u64 = address.into();
        address as usize & ((1 << self.address_bits()) - 1)
    }
}

impl<T: Synth> Logic for Ram2<T> {
    #[inline]
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self.data_a.next = self._words.get(self.index(self.address_a.val())).copied().unwrap_or_default();
            self.data_b.next = self._words.get(self.index(self.address_b.val())).copied().unwrap_or_default();
            if self.write_enable.val() {
                let index = self.index(self.write_address.val());
                if let Some(word) = self._words.get_mut(index) {
                    *word = self.write_data.val();
                    note_activity();
                }
            }
        }
    }

    fn connect(&mut self) {
        self.data_a.connect();
        self.data_b.connect();
    }

    fn hdl(&self) -> Verilog {
        let (depth, a, bits) = (self._words.len(), self.address_bits() - 1, T::BITS);
        let full = depth == 1 << (a + 1);
        let within = |name: &str| if full { "1'b1".to_string() } else { format!("{name}[{a}:0] <= {}", depth - 1) };
        let mut text = String::new();
        for port in ["a", "b"] {
            let address = format!("address_{port}");
            text += &format!(
                "reg [{w}:0] words_{port} [0:{top}];
`ifndef SYNTHESIS
integer i_{port};
initial for (i_{port} = 0; i_{port} < {depth}; i_{port} = i_{port} + 1) words_{port}[i_{port}] = {bits}'d0;
`endif
initial data_{port} = {bits}'d0;
always @(posedge clock) begin
    data_{port} <= ({read}) ? words_{port}[{address}[{a}:0]] : {bits}'d0;
    if (write_enable && ({write})) words_{port}[write_address[{a}:0]] <= write_data;
end
",
                w = bits - 1,
                top = depth - 1,
                read = within(&address),
                write = within("write_address"),
            );
        }
        Verilog::Custom(text)
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "ram2".into(),
            clock: "clock".into(),
            inputs: ["address_a", "address_b", "write_address", "write_data", "write_enable"].map(String::from).into(),
            outputs: vec!["data_a".into(), "data_b".into()],
        }]
    }
}

gristmill_hdl_kit::ports!([const N: usize] Ram2<U<N>> {
    in: address_a, address_b, write_address, write_data, write_enable; out: data_a, data_b
});

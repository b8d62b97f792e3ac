//! Memories as primitives: a RAM with one write and one read port, and a ROM; both with a
//! registered read.

use crate::gate::NOTED;
use crate::sim::note_activity;
use crate::word::U;
use rust_hdl::prelude::*;

/// Width of every address port; a memory uses the low bits that it needs.
pub const ADDRESS_BITS: usize = 24;

/// Which kind of memory synthesis should take (`ram_style`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RamStyle {
    /// The tool decides.
    #[default]
    Auto,
    /// Look-up tables.
    Distributed,
    /// Block RAM.
    Block,
    /// UltraRAM (cannot start with contents other than zero).
    Ultra,
}

impl RamStyle {
    fn attribute(self) -> &'static str {
        match self {
            RamStyle::Auto => "",
            RamStyle::Distributed => "(* ram_style = \"distributed\" *) ",
            RamStyle::Block => "(* ram_style = \"block\" *) ",
            RamStyle::Ultra => "(* ram_style = \"ultra\" *) ",
        }
    }
}

fn address_width(depth: usize) -> usize {
    clog2(depth).max(1)
}

fn check_depth(what: &str, depth: usize) {
    assert!((1..=1 << ADDRESS_BITS).contains(&depth), "{what} of depth {depth}: 1 to 2^{ADDRESS_BITS} words");
}

/// A simple dual-port RAM of `depth` words, all zero at first.
///
/// A rising edge samples both addresses. `read_data` shows the word at `read_address` after that
/// edge (latency 1); if the same edge writes that address, it shows the *old* word. An address
/// beyond the depth reads zero and writes nothing; the bits of an address above
/// `log2(depth)` are ignored.
#[derive(LogicBlock)]
pub struct Ram<T: Synth> {
    pub clock: Signal<In, Clock>,
    pub read_address: Signal<In, Bits<24>>,
    pub read_data: Signal<Out, T>,
    pub write_address: Signal<In, Bits<24>>,
    pub write_data: Signal<In, T>,
    pub write_enable: Signal<In, Bit>,
    _words: Vec<T>,
    _style: RamStyle,
}

impl<T: Synth> Ram<T> {
    /// A RAM of `depth` words.
    ///
    /// # Panics
    /// If the depth is zero or above 2^24.
    pub fn new(depth: usize) -> Self {
        Self::with_style(depth, RamStyle::Auto)
    }

    /// As [`Ram::new`], and says which memory synthesis should take.
    ///
    /// # Panics
    /// If the depth is zero or above 2^24.
    pub fn with_style(depth: usize, style: RamStyle) -> Self {
        check_depth("a Ram", depth);
        Self {
            clock: Default::default(),
            read_address: Default::default(),
            read_data: Default::default(),
            write_address: Default::default(),
            write_data: Default::default(),
            write_enable: Default::default(),
            _words: vec![T::default(); depth],
            _style: style,
        }
    }

    /// Words held.
    pub fn depth(&self) -> usize {
        self._words.len()
    }
}

#[inline(always)]
fn index(address: Bits<24>, depth: usize) -> usize {
    let a: u64 = address.into();
    a as usize & ((1 << address_width(depth)) - 1)
}

impl<T: Synth> Logic for Ram<T> {
    #[inline]
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let depth = self._words.len();
            self.read_data.next = self._words.get(index(self.read_address.val(), depth)).copied().unwrap_or_default();
            if self.write_enable.val() {
                let data = self.write_data.val();
                if let Some(w) = self._words.get_mut(index(self.write_address.val(), depth)) {
                    if *w != data {
                        *w = data;
                        note_activity();
                    }
                }
            }
        }
    }
    fn connect(&mut self) {
        self.read_data.connect();
    }
    fn hdl(&self) -> Verilog {
        let depth = self._words.len();
        let a = address_width(depth) - 1;
        let (w, top) = (T::BITS - 1, depth - 1);
        // A power of two needs no bound, and a tool must not see one.
        let full = depth == 1 << (a + 1);
        let read = if full {
            format!("read_data <= words[read_address[{a}:0]];")
        } else {
            format!("read_data <= read_address[{a}:0] <= {top} ? words[read_address[{a}:0]] : {}'d0;", T::BITS)
        };
        let bound = if full { String::new() } else { format!(" && write_address[{a}:0] <= {top}") };
        Verilog::Custom(format!(
            "{NOTED}{style}reg [{w}:0] words [0:{top}];
`ifndef SYNTHESIS
integer i;
initial for (i = 0; i < {depth}; i = i + 1) words[i] = {bits}'d0;
`endif
initial read_data = {bits}'d0;
always @(posedge clock) begin
    {read}
    if (write_enable{bound}) words[write_address[{a}:0]] <= write_data;
end
",
            style = self._style.attribute(),
            bits = T::BITS,
        ))
    }
    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "ram".into(),
            clock: "clock".into(),
            inputs: vec!["read_address".into(), "write_address".into(), "write_data".into(), "write_enable".into()],
            outputs: vec!["read_data".into()],
        }]
    }
}

/// A ROM: `data` shows the word at `address` after the next rising edge; zero beyond the depth.
#[derive(LogicBlock)]
pub struct Rom<T: Synth> {
    pub clock: Signal<In, Clock>,
    pub address: Signal<In, Bits<24>>,
    pub data: Signal<Out, T>,
    _words: Vec<T>,
}

impl<T: Synth> Rom<T> {
    /// A ROM with these words.
    ///
    /// # Panics
    /// If there are no words, or more than 2^24.
    pub fn new(words: Vec<T>) -> Self {
        check_depth("a Rom", words.len());
        Self { clock: Default::default(), address: Default::default(), data: Default::default(), _words: words }
    }

    /// Words held.
    pub fn depth(&self) -> usize {
        self._words.len()
    }
}

impl<T: Synth> Logic for Rom<T> {
    #[inline]
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let i = index(self.address.val(), self._words.len());
            self.data.next = self._words.get(i).copied().unwrap_or_default();
        }
    }
    fn connect(&mut self) {
        self.data.connect();
    }
    fn hdl(&self) -> Verilog {
        let depth = self._words.len();
        let a = address_width(depth) - 1;
        let bits = T::BITS;
        let mut init = String::new();
        for (i, word) in self._words.iter().enumerate() {
            init += &format!("    words[{i}] = {:x};\n", word.verilog());
        }
        let read = if depth == 1 << (a + 1) {
            format!("data <= words[address[{a}:0]];")
        } else {
            format!("data <= address[{a}:0] <= {} ? words[address[{a}:0]] : {bits}'d0;", depth - 1)
        };
        Verilog::Custom(format!(
            "{NOTED}reg [{}:0] words [0:{}];\ninitial begin\n{init}    data = {bits}'d0;\nend\nalways @(posedge clock) {read}\n",
            bits - 1,
            depth - 1
        ))
    }
    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "rom".into(),
            clock: "clock".into(),
            inputs: vec!["address".into()],
            outputs: vec!["data".into()],
        }]
    }
}

crate::ports!([const N: usize] Ram<U<N>> { in: read_address, write_address, write_data, write_enable; out: read_data });
crate::ports!([const N: usize] Rom<U<N>> { in: address; out: data });

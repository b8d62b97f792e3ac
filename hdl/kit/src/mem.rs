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
    /// UltraRAM (cannot start with contents other than zero), where the tool is told by the macro
    /// `ULTRARAM` that the part has such; elsewhere the tool decides.
    Ultra,
}

impl RamStyle {
    fn attribute(self) -> &'static str {
        match self {
            RamStyle::Auto => "",
            RamStyle::Distributed => "(* ram_style = \"distributed\" *) ",
            RamStyle::Block => "(* ram_style = \"block\" *) ",
            RamStyle::Ultra => "\n`ifdef ULTRARAM\n(* ram_style = \"ultra\" *)\n`endif\n",
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
///
/// The old word costs a block RAM whose ports do not know of each other a register and a
/// multiplexer for every bit. Where nobody looks at such a word, say so ([`Ram::apart`]).
///
/// In Verilog a deep memory whose depth is no power of two is two memories: the largest power of
/// two in it, and the rest, so that a part with blocks of 16 Kbit takes tall and narrow ones and
/// chooses between two words, not between as many as there are rows. Up to 1,024 words it is one:
/// two of half the depth would take as many blocks and choose besides.
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
    _apart: bool,
}

/// Depths up to this are one memory in Verilog.
const ONE_PIECE: usize = 1024;

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
            _apart: false,
        }
    }

    /// Promises that nobody looks at a word read at the edge at which it is written. Simulation
    /// shows a zero then (here and in Verilog), so that a promise that does not hold is seen.
    pub fn apart(mut self) -> Self {
        self._apart = true;
        self
    }

    /// Words held.
    pub fn depth(&self) -> usize {
        self._words.len()
    }
}

/// The Verilog of a RAM: `word` is what was read.
struct Text {
    depth: usize,
    bits: usize,
    attributes: String,
}

impl Text {
    fn top_address_bit(&self) -> usize {
        address_width(self.depth) - 1
    }

    /// A memory of so many words. Contents are unknown to synthesis: a block RAM starts with zeros,
    /// and some memories cannot be given any.
    fn words(&self, name: &str, depth: usize) -> String {
        let (attributes, bits) = (&self.attributes, self.bits);
        format!(
            "{attributes}reg [{w}:0] {name} [0:{top}];
`ifndef SYNTHESIS
integer i_{name};
initial for (i_{name} = 0; i_{name} < {depth}; i_{name} = i_{name} + 1) {name}[i_{name}] = {bits}'d0;
`endif
",
            w = bits - 1,
            top = depth - 1,
        )
    }

    fn one_piece(&self) -> String {
        let (depth, bits, a) = (self.depth, self.bits, self.top_address_bit());
        // A power of two needs no bound, and a tool must not see one.
        let bound = |port: &str| match depth == 1 << (a + 1) {
            true => "1'b1".to_string(),
            false => format!("({port}_address[{a}:0] <= {})", depth - 1),
        };
        format!(
            "{}reg [{w}:0] word = {bits}'d0;
always @(posedge clock) begin
    word <= {read} ? words[read_address[{a}:0]] : {bits}'d0;
    if (write_enable && {write}) words[write_address[{a}:0]] <= write_data;
end
",
            self.words("words", depth),
            w = bits - 1,
            read = bound("read"),
            write = bound("write"),
        )
    }

    fn two_pieces(&self) -> String {
        let (depth, bits, a) = (self.depth, self.bits, self.top_address_bit());
        let low = 1 << a;
        let rest = depth - low;
        format!(
            "{words}{more}reg [{w}:0] of_words = {bits}'d0;
reg [{w}:0] of_more = {bits}'d0;
reg high = 1'b0;
reg beyond = 1'b0;
wire [{w}:0] word = beyond ? {bits}'d0 : (high ? of_more : of_words);
always @(posedge clock) begin
    of_words <= words[read_address[{l}:0]];
    of_more <= more[read_address[{m}:0]];
    high <= read_address[{a}];
    beyond <= (read_address[{a}:0] > {top});
    if (write_enable && !write_address[{a}]) words[write_address[{l}:0]] <= write_data;
    if (write_enable && write_address[{a}] && (write_address[{a}:0] <= {top})) more[write_address[{m}:0]] <= write_data;
end
",
            words = self.words("words", low),
            more = self.words("more", rest),
            w = bits - 1,
            l = a - 1,
            m = address_width(rest) - 1,
            top = depth - 1,
        )
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
            let at = index(self.read_address.val(), depth);
            let met = self._apart && self.write_enable.val() && at == index(self.write_address.val(), depth);
            self.read_data.next = self._words.get(at).copied().filter(|_| !met).unwrap_or_default();
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
        let attributes = format!("{}{}", self._style.attribute(), if self._apart { "(* no_rw_check *) " } else { "" });
        let text = Text { depth, bits: T::BITS, attributes };
        let in_two = depth > ONE_PIECE && !depth.is_power_of_two() && self._style != RamStyle::Ultra;
        let body = if in_two { text.two_pieces() } else { text.one_piece() };
        let (a, bits) = (text.top_address_bit(), T::BITS);
        let output = if self._apart {
            format!(
                "`ifdef SYNTHESIS
always @(*) read_data = word;
`else
reg met = 1'b0;
always @(posedge clock) met <= write_enable && (read_address[{a}:0] == write_address[{a}:0]);
always @(*) read_data = met ? {bits}'d0 : word;
`endif
"
            )
        } else {
            "always @(*) read_data = word;\n".into()
        };
        Verilog::Custom(format!("{NOTED}{body}{output}"))
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

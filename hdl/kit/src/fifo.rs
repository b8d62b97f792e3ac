//! A synchronous FIFO as one primitive: nine signals in simulation, one memory in hardware.

use crate::gate::NOTED;
use crate::sim::note_activity;
use crate::word::U;
use rust_hdl::prelude::*;

/// A FIFO of `depth` words; the first word falls through.
///
/// A word enters in a cycle with `in_valid` and `in_ready`, and leaves in one with `out_valid` and
/// `out_ready`. `out_data` is the oldest word while `out_valid`; a word that enters an empty FIFO
/// is there in the next cycle. `in_ready`, `out_valid` and `level` (words held) come from
/// registers. A full FIFO takes no word in the cycle in which one leaves. `reset` is synchronous.
///
/// A *paced* FIFO ([`Fifo::paced`]) has nothing between `out_ready` and its memory's address: after a word
/// has left, `out_valid` is low for a cycle, and a word that enters an empty one is there a cycle later. It is for words
/// that leave now and then, and wide: the address goes to one small memory for each four bits of them.
#[derive(LogicBlock)]
pub struct Fifo<T: Synth> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub in_data: Signal<In, T>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, T>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub level: Signal<Out, Bits<16>>,
    _words: Vec<T>,
    _rd: usize,
    _wr: usize,
    _count: usize,
    _paced: bool,
}

impl<T: Synth> Fifo<T> {
    /// A FIFO of `depth` words.
    ///
    /// # Panics
    /// If the depth is below 1 or above 32768.
    pub fn new(depth: usize) -> Self {
        Self::build(depth, false)
    }

    /// A paced one.
    ///
    /// # Panics
    /// As [`Fifo::new`].
    pub fn paced(depth: usize) -> Self {
        Self::build(depth, true)
    }

    fn build(depth: usize, paced: bool) -> Self {
        assert!((1..=1 << 15).contains(&depth), "a Fifo of depth {depth}: 1 to 32768 words");
        Self {
            clock: Default::default(),
            reset: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Signal::new_with_default(true),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            level: Default::default(),
            _words: vec![T::default(); depth],
            _rd: 0,
            _wr: 0,
            _count: 0,
            _paced: paced,
        }
    }

    /// Words it can hold.
    pub fn depth(&self) -> usize {
        self._words.len()
    }

    fn after(&self, i: usize) -> usize {
        if i + 1 == self._words.len() {
            0
        } else {
            i + 1
        }
    }
}

impl<T: Synth> Logic for Fifo<T> {
    #[inline]
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let depth = self._words.len();
            let reset = self.reset.val();
            // Memory and what it shows do not look at the reset: nothing of them counts while `out_valid` is low.
            let enters = self.in_valid.val() && self._count != depth;
            let leaves = self.out_ready.val() && self.out_valid.val();
            let (push, pop) = (enters && !reset, leaves && !reset);
            let moved = reset && (self._rd, self._wr) != (0, 0);
            let shows = self._count != 0 && !leaves && !reset;
            // The read comes before the write, as in the memory; a word that will be the next one
            // out goes around it.
            let at = if leaves && !self._paced { self.after(self._rd) } else { self._rd };
            let around = enters && self._wr == at && !self._paced;
            self.out_data.next = if around { self.in_data.val() } else { self._words[at] };
            if enters {
                self._words[self._wr] = self.in_data.val();
            }
            if push {
                self._wr = self.after(self._wr);
                self._count += 1;
            }
            if pop {
                self._rd = self.after(self._rd);
                self._count -= 1;
            }
            if reset {
                (self._rd, self._wr, self._count) = (0, 0, 0);
            }
            if self._paced {
                self.out_valid.next = shows;
            }
            if push || pop || reset {
                self.in_ready.next = self._count != depth;
                if !self._paced {
                    self.out_valid.next = self._count != 0;
                }
                self.level.next = (self._count as u64).into();
            }
            if enters || pop || moved {
                note_activity();
            }
        }
    }
    fn connect(&mut self) {
        self.in_ready.connect();
        self.out_data.connect();
        self.out_valid.connect();
        self.level.connect();
    }
    fn hdl(&self) -> Verilog {
        let depth = self._words.len();
        let a = clog2(depth).max(1);
        // A word that is read in the cycle in which it is written goes around the memory, so what
        // the memory shows then does not matter. A pop may come late in its cycle: what follows
        // from it is prepared for both cases. Paced, such a word does not count yet.
        let out = if self._paced {
            "reg shows = 1'b0;
wire pop = !reset && out_ready && shows;
always @(*) begin
    out_valid = shows;
    out_data = read;
end
always @(posedge clock) begin
    read <= words[rd];
    shows <= some && !(out_ready && shows) && !reset;
end
"
            .to_string()
        } else {
            format!(
                "reg [{w}:0] around = {bits}'d0;
reg go_around = 1'b0;
wire leaves = out_ready && some;
wire pop = !reset && leaves;
wire meets_now = (wr == rd);
wire meets_after = (wr == rd_after);
always @(*) begin
    out_valid = some;
    out_data = go_around ? around : read;
end
always @(posedge clock) begin
    read <= words[leaves ? rd_after : rd];
    around <= in_data;
    go_around <= enters && (leaves ? meets_after : meets_now);
end
",
                w = T::BITS - 1,
                bits = T::BITS,
            )
        };
        Verilog::Custom(format!(
            "{NOTED}(* no_rw_check *) reg [{w}:0] words [0:{top}];
`ifndef SYNTHESIS
integer i;
initial for (i = 0; i < {depth}; i = i + 1) words[i] = {bits}'d0;
`endif
reg [{a1}:0] rd = {a}'d0;
reg [{a1}:0] wr = {a}'d0;
reg [{c1}:0] count = {c}'d0;
reg some = 1'b0;
reg full = 1'b0;
reg [{w}:0] read = {bits}'d0;
wire enters = in_valid && !full;
wire push = !reset && enters;
wire [{a1}:0] rd_after = (rd == {a}'d{top}) ? {a}'d0 : (rd + {a}'d1);
{out}always @(*) begin
    in_ready = !full;
    level = count;
end
always @(posedge clock) begin
    if (enters) words[wr] <= in_data;
    if (pop) rd <= rd_after;
    if (push) wr <= (wr == {a}'d{top}) ? {a}'d0 : (wr + {a}'d1);
    if (reset) begin
        rd <= {a}'d0;
        wr <= {a}'d0;
        count <= {c}'d0;
        some <= 1'b0;
        full <= 1'b0;
    end else if (push && !pop) begin
        count <= count + {c}'d1;
        some <= 1'b1;
        full <= (count == {c}'d{top});
    end else if (pop && !push) begin
        count <= count - {c}'d1;
        some <= (count != {c}'d1);
        full <= 1'b0;
    end
end
",
            w = T::BITS - 1,
            top = depth - 1,
            bits = T::BITS,
            a1 = a - 1,
            c = clog2(depth + 1),
            c1 = clog2(depth + 1) - 1,
        ))
    }
    fn timing(&self) -> Vec<TimingInfo> {
        let names = |n: &[&str]| n.iter().map(|s| s.to_string()).collect();
        vec![TimingInfo {
            name: "fifo".into(),
            clock: "clock".into(),
            inputs: names(&["reset", "in_data", "in_valid", "out_ready"]),
            outputs: names(&["in_ready", "out_data", "out_valid", "level"]),
        }]
    }
}

crate::ports!([const N: usize] Fifo<U<N>> { in: reset, in_data, in_valid, out_ready; out: in_ready, out_data, out_valid, level });

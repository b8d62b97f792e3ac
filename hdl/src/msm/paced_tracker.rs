//! Which buckets hold a point, and which of two operands may meet theirs, where the adder leaves several cycles for each.
//!
//! The rules of [`super::BankedTracker`], for an engine around a serial adder: slots in one bank, no sum is parked, and a
//! decision takes four cycles with a register after each part (what the memories say, full or empty, who goes), so that none
//! is long.
//!
//! Two operands ask: `a` from the recoder, `b` from the adder. The memory of points takes one read
//! and one write a cycle, so both go unless they want the same. If both want to read, `b` goes:
//! the adder is busy either way. If both want to write, `a` goes, so that the next digit comes, and
//! `b` waits in the FIFO behind the adder; once that is nearly full (`urgent`), `b` goes.
//!
//! Full or empty is the parity of two memories of bits, one that writes flip and one that
//! reads flip (C. LaForest et al., "Multi-ported Memories for FPGAs via XOR", FPGA 2012): a write
//! and a read of different slots go in one cycle, memories of any depth with one write port do.
//! A third bit, `seen`, tells an empty slot whose sum is in flight from one never used; only the
//! counters ask for it.

use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

use super::Ram2;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// The buckets that the memories were asked for at the last edge.
    a: Bits<24>,
    b: Bits<24>,
    /// What the last edge wrote, which the memories do not show yet.
    put_valid: Bit,
    put: Bits<24>,
    got_valid: Bit,
    got: Bits<24>,
    /// What the memories said, and what was decided on it.
    full_a: Bit,
    full_b: Bit,
    go_a: Bit,
    go_b: Bit,
    reads_a: Bit,
    reads_b: Bit,
    writes_a: Bit,
    writes_b: Bit,
}

/// See the module. `a_next` and `b_next` are the buckets of this cycle's operands; with `a_valid` that of the recoder
/// asks. Operands stay for three cycles before the one with `decide`, and in the cycle after that one `a_go` or
/// `b_go` may be high; only then may they change. `a_full`, `b_full` tell whether it reads or writes, and `a_reads` to
/// `b_writes` both. An operand reads only in a cycle with a slot, in which the adder takes an addition: `slot` tells in the
/// cycle with `decide` whether the next one is, and `a_will_go`, `b_will_go` and `b_will_read` whether `a_go`, `b_go` and `b_reads` will be high in it.
///
/// While `summing`, `a` takes what is there and the slot becomes as new. While `wiping`, the slot
/// of `a` becomes as new whatever it holds.
#[derive(LogicBlock)]
pub struct PacedTracker {
    pub clock: Signal<In, Clock>,
    pub a_next: Signal<In, Bits<24>>,
    pub a_valid: Signal<In, Bit>,
    pub b_next: Signal<In, Bits<24>>,
    pub b_valid: Signal<In, Bit>,
    pub urgent: Signal<In, Bit>,
    pub slot: Signal<In, Bit>,
    pub decide: Signal<In, Bit>,
    pub summing: Signal<In, Bit>,
    pub wiping: Signal<In, Bit>,
    pub a_go: Signal<Out, Bit>,
    pub a_full: Signal<Out, Bit>,
    pub a_seen: Signal<Out, Bit>,
    pub b_go: Signal<Out, Bit>,
    pub b_full: Signal<Out, Bit>,
    pub a_reads: Signal<Out, Bit>,
    pub a_writes: Signal<Out, Bit>,
    pub b_reads: Signal<Out, Bit>,
    pub b_writes: Signal<Out, Bit>,
    pub a_will_go: Signal<Out, Bit>,
    pub b_will_go: Signal<Out, Bit>,
    pub b_will_read: Signal<Out, Bit>,
    state: DFF<State>,
    /// Bit 0 flips with every write into the slot; bit 1 is `seen`.
    puts: Ram2<U<2>>,
    /// Flips with every read from the slot.
    gets: Ram2<Bit>,
    put_a: Signal<Local, Bit>,
    put_b: Signal<Local, Bit>,
    get_a: Signal<Local, Bit>,
    get_b: Signal<Local, Bit>,
    full_a: Signal<Local, Bit>,
    full_b: Signal<Local, Bit>,
    may_a: Signal<Local, Bit>,
    may_b: Signal<Local, Bit>,
    known_a: Signal<Local, Bit>,
    known_b: Signal<Local, Bit>,
    go_a: Signal<Local, Bit>,
    go_b: Signal<Local, Bit>,
    reads_a: Signal<Local, Bit>,
    reads_b: Signal<Local, Bit>,
    writes_a: Signal<Local, Bit>,
    writes_b: Signal<Local, Bit>,
    put: Signal<Local, Bit>,
    got: Signal<Local, Bit>,
    put_at: Signal<Local, Bits<24>>,
    got_at: Signal<Local, Bits<24>>,
    none: Constant<U<2>>,
    parity: Constant<U<2>>,
    seen: Constant<U<2>>,
    both: Constant<U<2>>,
}

impl PacedTracker {
    /// A tracker of `buckets` slots, all empty.
    pub fn new(buckets: usize) -> Self {
        Self {
            clock: Default::default(),
            a_next: Default::default(),
            a_valid: Default::default(),
            b_next: Default::default(),
            b_valid: Default::default(),
            urgent: Default::default(),
            slot: Default::default(),
            decide: Default::default(),
            summing: Default::default(),
            wiping: Default::default(),
            a_go: Default::default(),
            a_full: Default::default(),
            a_seen: Default::default(),
            b_go: Default::default(),
            b_full: Default::default(),
            a_reads: Default::default(),
            a_writes: Default::default(),
            b_reads: Default::default(),
            b_writes: Default::default(),
            a_will_go: Default::default(),
            b_will_go: Default::default(),
            b_will_read: Default::default(),
            state: Default::default(),
            puts: Ram2::new(buckets),
            gets: Ram2::new(buckets),
            put_a: Default::default(),
            put_b: Default::default(),
            get_a: Default::default(),
            get_b: Default::default(),
            full_a: Default::default(),
            full_b: Default::default(),
            may_a: Default::default(),
            may_b: Default::default(),
            known_a: Default::default(),
            known_b: Default::default(),
            go_a: Default::default(),
            go_b: Default::default(),
            reads_a: Default::default(),
            reads_b: Default::default(),
            writes_a: Default::default(),
            writes_b: Default::default(),
            put: Default::default(),
            got: Default::default(),
            put_at: Default::default(),
            got_at: Default::default(),
            none: Constant::new(0u64.into()),
            parity: Constant::new(1u64.into()),
            seen: Constant::new(2u64.into()),
            both: Constant::new(3u64.into()),
        }
    }
}

impl Logic for PacedTracker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        clock!(self, clock, puts, gets);
        self.state.d.next.a = self.a_next.val();
        self.state.d.next.b = self.b_next.val();
        self.puts.address_a.next = self.a_next.val();
        self.puts.address_b.next = self.b_next.val();
        self.gets.address_a.next = self.a_next.val();
        self.gets.address_b.next = self.b_next.val();
        // The bits now: the memories', corrected by what the last edge wrote.
        self.put_a.next = self.puts.data_a.val().get_bit(0)
            ^ (self.state.q.val().put_valid && (self.state.q.val().put == self.state.q.val().a));
        self.put_b.next = self.puts.data_b.val().get_bit(0)
            ^ (self.state.q.val().put_valid && (self.state.q.val().put == self.state.q.val().b));
        self.get_a.next =
            self.gets.data_a.val() ^ (self.state.q.val().got_valid && (self.state.q.val().got == self.state.q.val().a));
        self.get_b.next =
            self.gets.data_b.val() ^ (self.state.q.val().got_valid && (self.state.q.val().got == self.state.q.val().b));
        self.full_a.next = self.put_a.val() ^ self.get_a.val();
        self.full_b.next = self.put_b.val() ^ self.get_b.val();
        // Who may go.
        self.known_a.next = self.state.q.val().full_a;
        self.known_b.next = self.state.q.val().full_b;
        self.may_a.next = self.a_valid.val() && (self.slot.val() || ((!self.known_a.val()) && (!self.summing.val())));
        self.may_b.next = self.b_valid.val() && (self.slot.val() || (!self.known_b.val()));
        if self.a_valid.val() && self.b_valid.val() && (self.known_a.val() == self.known_b.val()) {
            if self.known_a.val() || self.urgent.val() {
                self.may_a.next = false;
            } else {
                self.may_b.next = false;
            }
        }
        // Who goes, after a register.
        self.state.d.next.full_a = self.full_a.val();
        self.state.d.next.full_b = self.full_b.val();
        self.a_will_go.next = self.may_a.val();
        self.b_will_go.next = self.may_b.val();
        self.b_will_read.next = self.may_b.val() && self.known_b.val();
        self.state.d.next.go_a = self.may_a.val() && self.decide.val();
        self.state.d.next.go_b = self.may_b.val() && self.decide.val();
        self.state.d.next.reads_a = self.may_a.val() && self.known_a.val() && self.decide.val();
        self.state.d.next.reads_b = self.may_b.val() && self.known_b.val() && self.decide.val();
        self.state.d.next.writes_a = self.may_a.val() && (!self.known_a.val()) && self.decide.val();
        self.state.d.next.writes_b = self.may_b.val() && (!self.known_b.val()) && self.decide.val();
        self.go_a.next = self.state.q.val().go_a;
        self.go_b.next = self.state.q.val().go_b;
        self.reads_a.next = self.state.q.val().reads_a;
        self.reads_b.next = self.state.q.val().reads_b;
        self.writes_a.next = self.state.q.val().writes_a;
        self.writes_b.next = self.state.q.val().writes_b;
        // A write flips the one memory, a read the other; only one operand does either.
        self.put.next = false;
        self.put_at.next = self.state.q.val().a;
        self.puts.write_data.next = self.seen.val();
        if !self.put_a.val() {
            self.puts.write_data.next = self.both.val();
        }
        if self.writes_a.val() && (!self.summing.val()) {
            self.put.next = true;
        }
        if self.writes_b.val() {
            self.put.next = true;
            self.put_at.next = self.state.q.val().b;
            self.puts.write_data.next = self.seen.val();
            if !self.put_b.val() {
                self.puts.write_data.next = self.both.val();
            }
        }
        self.got.next = self.reads_a.val();
        self.got_at.next = self.state.q.val().a;
        self.gets.write_data.next = !self.get_a.val();
        if self.reads_b.val() {
            self.got.next = true;
            self.got_at.next = self.state.q.val().b;
            self.gets.write_data.next = !self.get_b.val();
        }
        self.puts.write_enable.next = self.put.val();
        self.gets.write_enable.next = self.got.val();
        // Summed: as never seen, the parity of the writes stays.
        if self.summing.val() && self.go_a.val() {
            self.puts.write_enable.next = true;
            self.puts.write_data.next = self.none.val();
            if self.put_a.val() {
                self.puts.write_data.next = self.parity.val();
            }
        }
        if self.wiping.val() {
            self.puts.write_enable.next = true;
            self.puts.write_data.next = self.none.val();
            self.gets.write_enable.next = true;
            self.gets.write_data.next = false;
        }
        self.puts.write_address.next = self.put_at.val();
        self.gets.write_address.next = self.got_at.val();
        self.state.d.next.put_valid = self.put.val();
        self.state.d.next.got_valid = self.got.val();
        self.state.d.next.put = self.put_at.val();
        self.state.d.next.got = self.got_at.val();
        self.a_go.next = self.go_a.val();
        self.a_full.next = self.known_a.val();
        self.a_seen.next = self.puts.data_a.val().get_bit(1)
            || (self.state.q.val().put_valid && (self.state.q.val().put == self.state.q.val().a));
        self.b_go.next = self.go_b.val();
        self.b_full.next = self.known_b.val();
        self.a_reads.next = self.reads_a.val();
        self.a_writes.next = self.writes_a.val();
        self.b_reads.next = self.reads_b.val();
        self.b_writes.next = self.writes_b.val();
    }
}

gristmill_hdl_kit::ports!(PacedTracker {
    in: a_next, a_valid, b_next, b_valid, urgent, slot, decide, summing, wiping;
    out: a_go, a_full, a_seen, b_go, b_full, a_reads, a_writes, b_reads, b_writes, a_will_go, b_will_go,
        b_will_read
});

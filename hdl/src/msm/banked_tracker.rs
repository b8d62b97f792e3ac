//! Which of three operands may meet their bucket in this cycle, where an addition can start in every cycle.
//!
//! As [`super::PacedTracker`]: a bucket is a slot, full or empty; an operand that finds its slot full takes the point
//! out and goes with it into the adder (it *reads*); one that finds it empty leaves its own there (it
//! *writes*). Each digit is written once, as itself or as the last sum that it became part of, and each addition
//! reads once. So with as many cycles as digits, memories of one write port would have to write, and the adder to
//! take, in almost every one. Two things make that possible:
//!
//! * the slots lie in two *banks*, by the lowest bit of their number: two operands write in one cycle
//!   unless they want the same bank;
//! * a sum keeps no digit waiting: where both read, or want one bank, the sum is *parked* ([`super::Parking`]). It reads in a
//!   cycle in which the digit writes and would leave the adder without an addition, it writes in one that leaves its bank alone.
//!
//! Three operands ask: `a` from the recoder, `b` the oldest sum, `p` the sum parked first. Reading: `a` goes
//! before `p`, unless no place to park is left; `b` only if neither reads. Writing: `a` before `b`; `p` only where neither wants
//! its bank. A `b` that cannot go is parked. Once the FIFO of sums is nearly full (`urgent`: nothing more can be parked), `b` goes before all,
//! so that it leaves as fast as the adder fills it.
//!
//! Full or empty is the parity of bits that writes flip (one memory a bank) and that reads flip, as in
//! [`super::PacedTracker`].

use gristmill_hdl_kit::mem::Ram;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

use super::Ram2;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// The buckets that the memories were asked for at the last edge.
    a: Bits<24>,
    b: Bits<24>,
    p: Bits<24>,
    /// What the last edge wrote into each bank, and read, which the memories do not show yet.
    even_valid: Bit,
    even: Bits<24>,
    odd_valid: Bit,
    odd: Bits<24>,
    got_valid: Bit,
    got: Bits<24>,
}

/// See the module. `a_next`, `b_next` and `p_next` are the buckets of the operands that will ask in the next cycle
/// (those of this cycle again, where one stays); with `a_valid` the operand of this cycle asks. `a_reads` or `a_writes`
/// tells that it goes. `b_parks`: `b` goes to the parked sums, which have `room`.
///
/// While `summing`, `a` takes what is there (`a_reads` tells whether there is a point) and the slot becomes as new. While
/// `wiping`, the slot of `a` becomes as new whatever it holds. `a_seen`: the slot was used in this command.
#[derive(LogicBlock)]
pub struct BankedTracker {
    pub clock: Signal<In, Clock>,
    pub a_next: Signal<In, Bits<24>>,
    pub a_valid: Signal<In, Bit>,
    pub b_next: Signal<In, Bits<24>>,
    pub b_valid: Signal<In, Bit>,
    pub p_next: Signal<In, Bits<24>>,
    pub p_valid: Signal<In, Bit>,
    pub urgent: Signal<In, Bit>,
    pub room: Signal<In, Bit>,
    pub summing: Signal<In, Bit>,
    pub wiping: Signal<In, Bit>,
    pub a_full: Signal<Out, Bit>,
    pub a_seen: Signal<Out, Bit>,
    pub a_reads: Signal<Out, Bit>,
    pub a_writes: Signal<Out, Bit>,
    pub b_reads: Signal<Out, Bit>,
    pub b_writes: Signal<Out, Bit>,
    pub b_parks: Signal<Out, Bit>,
    pub p_reads: Signal<Out, Bit>,
    pub p_writes: Signal<Out, Bit>,
    state: DFF<State>,
    /// Of the even and the odd slots: bit 0 flips with every write into the slot; bit 1 is `seen`.
    puts: Vec<Ram2<U<2>>>,
    puts_p: Vec<Ram<U<2>>>,
    /// Flips with every read from the slot.
    gets: Ram2<Bit>,
    gets_p: Ram<Bit>,
    put_a: Signal<Local, U<2>>,
    put_b: Signal<Local, U<2>>,
    put_p: Signal<Local, U<2>>,
    parity_a: Signal<Local, Bit>,
    parity_b: Signal<Local, Bit>,
    parity_p: Signal<Local, Bit>,
    get_a: Signal<Local, Bit>,
    get_b: Signal<Local, Bit>,
    get_p: Signal<Local, Bit>,
    slot_a: Signal<Local, Bits<24>>,
    slot_b: Signal<Local, Bits<24>>,
    slot_p: Signal<Local, Bits<24>>,
    odd_a: Signal<Local, Bit>,
    odd_b: Signal<Local, Bit>,
    odd_p: Signal<Local, Bit>,
    wants_a: Signal<Local, Bit>,
    wants_b: Signal<Local, Bit>,
    wants_p: Signal<Local, Bit>,
    takes_a: Signal<Local, Bit>,
    takes_b: Signal<Local, Bit>,
    takes_p: Signal<Local, Bit>,
    writes_a: Signal<Local, Bit>,
    writes_b: Signal<Local, Bit>,
    writes_p: Signal<Local, Bit>,
    reads_a: Signal<Local, Bit>,
    reads_b: Signal<Local, Bit>,
    reads_p: Signal<Local, Bit>,
    even_at: Signal<Local, Bits<24>>,
    odd_at: Signal<Local, Bits<24>>,
    even_put: Signal<Local, Bit>,
    odd_put: Signal<Local, Bit>,
    even_old: Signal<Local, Bit>,
    odd_old: Signal<Local, Bit>,
    even_enable: Signal<Local, Bit>,
    even_data: Signal<Local, U<2>>,
    odd_enable: Signal<Local, Bit>,
    odd_data: Signal<Local, U<2>>,
    got: Signal<Local, Bit>,
    got_enable: Signal<Local, Bit>,
    got_data: Signal<Local, Bit>,
    got_at: Signal<Local, Bits<24>>,
    got_old: Signal<Local, Bit>,
    fresh: Signal<Local, U<2>>,
    none: Constant<U<2>>,
    parity: Constant<U<2>>,
    seen: Constant<U<2>>,
    both: Constant<U<2>>,
}

impl BankedTracker {
    /// A tracker of `buckets` slots, all empty.
    pub fn new(buckets: usize) -> Self {
        let bank = buckets.div_ceil(2);
        Self {
            clock: Default::default(),
            a_next: Default::default(),
            a_valid: Default::default(),
            b_next: Default::default(),
            b_valid: Default::default(),
            p_next: Default::default(),
            p_valid: Default::default(),
            urgent: Default::default(),
            room: Default::default(),
            summing: Default::default(),
            wiping: Default::default(),
            a_full: Default::default(),
            a_seen: Default::default(),
            a_reads: Default::default(),
            a_writes: Default::default(),
            b_reads: Default::default(),
            b_writes: Default::default(),
            b_parks: Default::default(),
            p_reads: Default::default(),
            p_writes: Default::default(),
            state: Default::default(),
            puts: (0..2).map(|_| Ram2::new(bank)).collect(),
            puts_p: (0..2).map(|_| Ram::new(bank)).collect(),
            gets: Ram2::new(buckets),
            gets_p: Ram::new(buckets),
            put_a: Default::default(),
            put_b: Default::default(),
            put_p: Default::default(),
            parity_a: Default::default(),
            parity_b: Default::default(),
            parity_p: Default::default(),
            get_a: Default::default(),
            get_b: Default::default(),
            get_p: Default::default(),
            slot_a: Default::default(),
            slot_b: Default::default(),
            slot_p: Default::default(),
            odd_a: Default::default(),
            odd_b: Default::default(),
            odd_p: Default::default(),
            wants_a: Default::default(),
            wants_b: Default::default(),
            wants_p: Default::default(),
            takes_a: Default::default(),
            takes_b: Default::default(),
            takes_p: Default::default(),
            writes_a: Default::default(),
            writes_b: Default::default(),
            writes_p: Default::default(),
            reads_a: Default::default(),
            reads_b: Default::default(),
            reads_p: Default::default(),
            even_at: Default::default(),
            odd_at: Default::default(),
            even_put: Default::default(),
            odd_put: Default::default(),
            even_old: Default::default(),
            odd_old: Default::default(),
            even_enable: Default::default(),
            even_data: Default::default(),
            odd_enable: Default::default(),
            odd_data: Default::default(),
            got: Default::default(),
            got_enable: Default::default(),
            got_data: Default::default(),
            got_at: Default::default(),
            got_old: Default::default(),
            fresh: Default::default(),
            none: Constant::new(0u64.into()),
            parity: Constant::new(1u64.into()),
            seen: Constant::new(2u64.into()),
            both: Constant::new(3u64.into()),
        }
    }
}

impl Logic for BankedTracker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state);
        clock!(self, clock, gets, gets_p);
        self.state.d.next.a = self.a_next.val();
        self.state.d.next.b = self.b_next.val();
        self.state.d.next.p = self.p_next.val();
        for i in 0..2 {
            self.puts[i].clock.next = self.clock.val();
            self.puts_p[i].clock.next = self.clock.val();
            self.puts[i].address_a.next = self.a_next.val() >> 1;
            self.puts[i].address_b.next = self.b_next.val() >> 1;
            self.puts_p[i].read_address.next = self.p_next.val() >> 1;
        }
        self.gets.address_a.next = self.a_next.val();
        self.gets.address_b.next = self.b_next.val();
        self.gets_p.read_address.next = self.p_next.val();

        // The bits now: the memories', corrected by what the last edge wrote.
        self.slot_a.next = self.state.q.val().a;
        self.slot_b.next = self.state.q.val().b;
        self.slot_p.next = self.state.q.val().p;
        self.odd_a.next = self.slot_a.val().get_bit(0);
        self.odd_b.next = self.slot_b.val().get_bit(0);
        self.odd_p.next = self.slot_p.val().get_bit(0);
        self.put_a.next = self.puts[0].data_a.val();
        self.put_b.next = self.puts[0].data_b.val();
        self.put_p.next = self.puts_p[0].read_data.val();
        if self.odd_a.val() {
            self.put_a.next = self.puts[1].data_a.val();
        }
        if self.odd_b.val() {
            self.put_b.next = self.puts[1].data_b.val();
        }
        if self.odd_p.val() {
            self.put_p.next = self.puts_p[1].read_data.val();
        }
        self.parity_a.next = self.put_a.val().get_bit(0)
            ^ (self.state.q.val().even_valid && (self.state.q.val().even == self.state.q.val().a))
            ^ (self.state.q.val().odd_valid && (self.state.q.val().odd == self.state.q.val().a));
        self.parity_b.next = self.put_b.val().get_bit(0)
            ^ (self.state.q.val().even_valid && (self.state.q.val().even == self.state.q.val().b))
            ^ (self.state.q.val().odd_valid && (self.state.q.val().odd == self.state.q.val().b));
        self.parity_p.next = self.put_p.val().get_bit(0)
            ^ (self.state.q.val().even_valid && (self.state.q.val().even == self.state.q.val().p))
            ^ (self.state.q.val().odd_valid && (self.state.q.val().odd == self.state.q.val().p));
        self.get_a.next =
            self.gets.data_a.val() ^ (self.state.q.val().got_valid && (self.state.q.val().got == self.state.q.val().a));
        self.get_b.next =
            self.gets.data_b.val() ^ (self.state.q.val().got_valid && (self.state.q.val().got == self.state.q.val().b));
        self.get_p.next = self.gets_p.read_data.val()
            ^ (self.state.q.val().got_valid && (self.state.q.val().got == self.state.q.val().p));

        // Who wants to write, who to read.
        self.wants_a.next = self.a_valid.val() && (!self.summing.val()) && (self.parity_a.val() == self.get_a.val());
        self.wants_b.next = self.b_valid.val() && (self.parity_b.val() == self.get_b.val());
        self.wants_p.next = self.p_valid.val() && (self.parity_p.val() == self.get_p.val());
        self.takes_a.next = self.a_valid.val() && (self.parity_a.val() != self.get_a.val());
        self.takes_b.next = self.b_valid.val() && (self.parity_b.val() != self.get_b.val());
        self.takes_p.next = self.p_valid.val() && (self.parity_p.val() != self.get_p.val());

        // Who does: one in each bank, and one that reads.
        self.writes_a.next = self.wants_a.val()
            && (!(self.wants_b.val() && self.urgent.val() && (self.odd_a.val() == self.odd_b.val())));
        self.writes_b.next = self.wants_b.val()
            && (!(self.wants_a.val() && (!self.urgent.val()) && (self.odd_a.val() == self.odd_b.val())));
        self.writes_p.next = self.wants_p.val()
            && (!(self.wants_a.val() && (self.odd_a.val() == self.odd_p.val())))
            && (!(self.wants_b.val() && (self.odd_b.val() == self.odd_p.val())));
        self.reads_b.next =
            self.takes_b.val() && (self.urgent.val() || ((!self.takes_a.val()) && (!self.takes_p.val())));
        self.reads_p.next =
            self.takes_p.val() && (!self.reads_b.val()) && ((!self.takes_a.val()) || (!self.room.val()));
        self.reads_a.next = self.takes_a.val() && (!self.reads_b.val()) && (!self.reads_p.val());
        self.b_parks.next = self.b_valid.val() && (!self.reads_b.val()) && (!self.writes_b.val()) && self.room.val();

        // A write flips the bit of its bank, a read the other.
        self.even_at.next = self.state.q.val().a;
        self.odd_at.next = self.state.q.val().a;
        self.even_old.next = self.parity_a.val();
        self.odd_old.next = self.parity_a.val();
        self.even_put.next = self.writes_a.val() && (!self.odd_a.val());
        self.odd_put.next = self.writes_a.val() && self.odd_a.val();
        if self.writes_b.val() && (!self.odd_b.val()) {
            self.even_put.next = true;
            self.even_at.next = self.state.q.val().b;
            self.even_old.next = self.parity_b.val();
        }
        if self.writes_b.val() && self.odd_b.val() {
            self.odd_put.next = true;
            self.odd_at.next = self.state.q.val().b;
            self.odd_old.next = self.parity_b.val();
        }
        if self.writes_p.val() && (!self.odd_p.val()) {
            self.even_put.next = true;
            self.even_at.next = self.state.q.val().p;
            self.even_old.next = self.parity_p.val();
        }
        if self.writes_p.val() && self.odd_p.val() {
            self.odd_put.next = true;
            self.odd_at.next = self.state.q.val().p;
            self.odd_old.next = self.parity_p.val();
        }
        self.got.next = self.reads_a.val() || self.reads_b.val() || self.reads_p.val();
        self.got_at.next = self.state.q.val().a;
        self.got_old.next = self.get_a.val();
        if self.reads_b.val() {
            self.got_at.next = self.state.q.val().b;
            self.got_old.next = self.get_b.val();
        }
        if self.reads_p.val() {
            self.got_at.next = self.state.q.val().p;
            self.got_old.next = self.get_p.val();
        }

        self.even_enable.next = self.even_put.val();
        self.even_data.next = self.seen.val();
        if !self.even_old.val() {
            self.even_data.next = self.both.val();
        }
        self.odd_enable.next = self.odd_put.val();
        self.odd_data.next = self.seen.val();
        if !self.odd_old.val() {
            self.odd_data.next = self.both.val();
        }
        self.got_enable.next = self.got.val();
        self.got_data.next = !self.got_old.val();
        // Summed: as never seen, the parity of the writes stays.
        self.fresh.next = self.none.val();
        if self.parity_a.val() && (!self.wiping.val()) {
            self.fresh.next = self.parity.val();
        }
        if (self.summing.val() && self.a_valid.val()) || self.wiping.val() {
            self.even_enable.next = !self.odd_a.val();
            self.even_data.next = self.fresh.val();
            self.odd_enable.next = self.odd_a.val();
            self.odd_data.next = self.fresh.val();
        }
        if self.wiping.val() {
            self.got_enable.next = true;
            self.got_data.next = false;
        }
        self.puts[0].write_enable.next = self.even_enable.val();
        self.puts[0].write_address.next = self.even_at.val() >> 1;
        self.puts[0].write_data.next = self.even_data.val();
        self.puts[1].write_enable.next = self.odd_enable.val();
        self.puts[1].write_address.next = self.odd_at.val() >> 1;
        self.puts[1].write_data.next = self.odd_data.val();
        self.puts_p[0].write_enable.next = self.even_enable.val();
        self.puts_p[0].write_address.next = self.even_at.val() >> 1;
        self.puts_p[0].write_data.next = self.even_data.val();
        self.puts_p[1].write_enable.next = self.odd_enable.val();
        self.puts_p[1].write_address.next = self.odd_at.val() >> 1;
        self.puts_p[1].write_data.next = self.odd_data.val();
        self.gets.write_enable.next = self.got_enable.val();
        self.gets.write_address.next = self.got_at.val();
        self.gets.write_data.next = self.got_data.val();
        self.gets_p.write_enable.next = self.got_enable.val();
        self.gets_p.write_address.next = self.got_at.val();
        self.gets_p.write_data.next = self.got_data.val();
        self.state.d.next.even_valid = self.even_put.val();
        self.state.d.next.even = self.even_at.val();
        self.state.d.next.odd_valid = self.odd_put.val();
        self.state.d.next.odd = self.odd_at.val();
        self.state.d.next.got_valid = self.got.val();
        self.state.d.next.got = self.got_at.val();

        self.a_full.next = self.parity_a.val() != self.get_a.val();
        self.a_seen.next = self.put_a.val().get_bit(1)
            || (self.state.q.val().even_valid && (self.state.q.val().even == self.state.q.val().a))
            || (self.state.q.val().odd_valid && (self.state.q.val().odd == self.state.q.val().a));
        self.a_reads.next = self.reads_a.val();
        self.a_writes.next = self.writes_a.val();
        self.b_reads.next = self.reads_b.val();
        self.b_writes.next = self.writes_b.val();
        self.p_reads.next = self.reads_p.val();
        self.p_writes.next = self.writes_p.val();
    }
}

gristmill_hdl_kit::ports!(BankedTracker {
    in: a_next, a_valid, b_next, b_valid, p_next, p_valid, urgent, room, summing, wiping;
    out: a_full, a_seen, a_reads, a_writes, b_reads, b_writes, b_parks, p_reads, p_writes
});

//! Fetcher: keeps the next descriptor ready while a command runs.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// A request stands; a burst is under way; its first beat has come.
    ask: Bit,
    flying: Bit,
    second: Bit,
    address: U<64>,
    /// What comes belongs to a queue that was stopped.
    stale: Bit,
    bad: Bit,
    there: Bit,
    fault: Bit,
    low: U<256>,
    high: U<256>,
}

/// Fetches descriptors from the submission rings, one ahead.
///
/// While `enable` and a queue offers one, it reads the 64 bytes in one burst of two beats; then
/// either `there` (until `take`) or, after a bad beat, `fault` (until `flush`). `flush` forgets
/// what was fetched.
#[derive(LogicBlock)]
pub struct Fetcher {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub enable: Signal<In, Bit>,
    pub flush: Signal<In, Bit>,
    /// Some queue has a descriptor to read, at this address.
    pub offer: Signal<In, Bit>,
    pub offer_address: Signal<In, U<64>>,
    pub take: Signal<In, Bit>,
    pub ask_valid: Signal<Out, Bit>,
    pub ask_address: Signal<Out, U<64>>,
    pub ask_ready: Signal<In, Bit>,
    pub beat_valid: Signal<In, Bit>,
    pub beat_data: Signal<In, U<256>>,
    pub beat_bad: Signal<In, Bit>,
    pub there: Signal<Out, Bit>,
    pub fault: Signal<Out, Bit>,
    /// A fetch is under way.
    pub active: Signal<Out, Bit>,
    /// A fetch begins: the offer is taken.
    pub begins: Signal<Out, Bit>,
    /// A descriptor has come whole.
    pub fetched: Signal<Out, Bit>,
    /// A fetch is under way, or what came stands.
    pub holds: Signal<Out, Bit>,
    pub low: Signal<Out, U<256>>,
    pub high: Signal<Out, U<256>>,
    s: DFF<State>,
    ends: Signal<Local, Bit>,
    blank: Constant<State>,
}

ports!(Fetcher {
    in: clear, enable, flush, offer, offer_address, take, ask_ready, beat_valid, beat_data, beat_bad;
    out: ask_valid, ask_address, there, fault, active, begins, fetched, holds, low, high
});

impl Default for Fetcher {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            enable: Default::default(),
            flush: Default::default(),
            offer: Default::default(),
            offer_address: Default::default(),
            take: Default::default(),
            ask_valid: Default::default(),
            ask_address: Default::default(),
            ask_ready: Default::default(),
            beat_valid: Default::default(),
            beat_data: Default::default(),
            beat_bad: Default::default(),
            there: Default::default(),
            fault: Default::default(),
            active: Default::default(),
            begins: Default::default(),
            fetched: Default::default(),
            holds: Default::default(),
            low: Default::default(),
            high: Default::default(),
            s: Default::default(),
            ends: Default::default(),
            blank: Constant::new(State::default()),
        }
    }
}

impl Logic for Fetcher {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.ask_valid.next = self.s.q.val().ask;
        self.ask_address.next = self.s.q.val().address;
        self.there.next = self.s.q.val().there;
        self.fault.next = self.s.q.val().fault;
        self.active.next = self.s.q.val().ask || self.s.q.val().flying;
        self.holds.next = self.s.q.val().ask || self.s.q.val().flying || self.s.q.val().there || self.s.q.val().fault;
        self.low.next = self.s.q.val().low;
        self.high.next = self.s.q.val().high;
        self.begins.next = self.enable.val() && self.offer.val() && (!self.holds.val());
        self.ends.next = self.beat_valid.val() && self.s.q.val().second;
        self.fetched.next = self.ends.val()
            && (!self.s.q.val().stale)
            && (!self.flush.val())
            && (!self.s.q.val().bad)
            && (!self.beat_bad.val());

        if self.take.val() {
            self.s.d.next.there = false;
        }
        if self.begins.val() {
            self.s.d.next.ask = true;
            self.s.d.next.address = self.offer_address.val();
        }
        if self.s.q.val().ask && self.ask_ready.val() {
            self.s.d.next.ask = false;
            self.s.d.next.flying = true;
            self.s.d.next.second = false;
            self.s.d.next.bad = false;
        }
        if self.beat_valid.val() {
            self.s.d.next.second = true;
            self.s.d.next.bad = self.s.q.val().bad || self.beat_bad.val();
            if self.s.q.val().second {
                self.s.d.next.high = self.beat_data.val();
            } else {
                self.s.d.next.low = self.beat_data.val();
            }
        }
        if self.ends.val() {
            self.s.d.next.flying = false;
            self.s.d.next.second = false;
            self.s.d.next.stale = false;
            if self.fetched.val() {
                self.s.d.next.there = true;
            } else {
                self.s.d.next.fault = (!self.s.q.val().stale) && (!self.flush.val());
            }
        }
        if self.flush.val() {
            self.s.d.next.there = false;
            self.s.d.next.fault = false;
            if (self.s.q.val().ask || self.s.q.val().flying) && (!self.ends.val()) {
                self.s.d.next.stale = true;
            }
        }
        if self.clear.val() {
            self.s.d.next = self.blank.val();
        }
    }
}

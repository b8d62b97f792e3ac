//! Writer: from a stream of words to a memory, host's or card's.

use super::{MAX_BEATS, WRITER_BURSTS, WRITER_WORDS};
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    space: Bit,
    /// Where the next burst begins.
    address: U<64>,
    /// Words still to come from the stream; there are some.
    wanted: U<32>,
    wanting: Bit,
    /// Words of the next burst, and those after it: together the words that no burst has taken.
    beats: Bits<8>,
    rest: U<32>,
    aw: Bit,
    aw_address: U<64>,
    aw_len: Bits<8>,
    /// Beats to go of the burst being sent, and of the one behind it.
    now: Bits<8>,
    then: Bits<8>,
    /// Bursts without a response.
    flying: Bits<8>,
    error: Bit,
    /// Paced: the first burst's length is being found; a burst's words are there, and it may begin.
    starts: Bit,
    may: Bit,
}

/// Writes `words` words of a stream from `address` on.
///
/// A burst begins only when all its words are there, so a slow stream never holds the bus. After
/// an error response no further burst begins and the rest of the stream is taken and dropped;
/// `error` stays until the next start. `stop` begins no new burst; `idle` says that every burst
/// begun has been answered.
///
/// `start` is a pulse while not `busy`; `busy` from the next cycle until the last response.
#[derive(LogicBlock)]
pub struct Writer {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub stop: Signal<In, Bit>,
    pub idle: Signal<Out, Bit>,
    pub start: Signal<In, Bit>,
    pub space: Signal<In, Bit>,
    pub address: Signal<In, U<64>>,
    pub words: Signal<In, U<32>>,
    /// Of a card with columns, else none: bytes from the beginning of a burst to that of the next, or zero: they follow each other. Stands
    /// while words are left; `address` and it are then multiples of 512, or of 32 times as many words as a short burst has.
    pub stride: Vec<Signal<In, U<64>>>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    /// Where the channels below belong: host memory (0) or card memory (1).
    pub to: Signal<Out, Bit>,
    pub aw_valid: Signal<Out, Bit>,
    pub aw_address: Signal<Out, U<64>>,
    pub aw_len: Signal<Out, Bits<8>>,
    pub aw_ready: Signal<In, Bit>,
    pub w_valid: Signal<Out, Bit>,
    pub w_data: Signal<Out, U<256>>,
    pub w_last: Signal<Out, Bit>,
    pub w_ready: Signal<In, Bit>,
    pub b_valid: Signal<In, Bit>,
    pub b_resp: Signal<In, Bits<2>>,
    pub busy: Signal<Out, Bit>,
    pub error: Signal<Out, Bit>,
    fifo: Fifo<U<256>>,
    s: DFF<State>,
    from: Signal<Local, U<64>>,
    first: Signal<Local, Bit>,
    first_address: Signal<Local, U<64>>,
    first_words: Signal<Local, U<32>>,
    limit: Signal<Local, Bits<8>>,
    few: Signal<Local, Bits<8>>,
    beats: Signal<Local, Bits<8>>,
    len: Signal<Local, Bits<8>>,
    rest: Signal<Local, U<32>>,
    fewer: Signal<Local, U<32>>,
    more: Signal<Local, Bit>,
    level: Signal<Local, Bits<8>>,
    need: Signal<Local, Bits<8>>,
    spent: Signal<Local, Bit>,
    may: Signal<Local, Bit>,
    ready: Signal<Local, Bit>,
    issue: Signal<Local, Bit>,
    drop: Signal<Local, Bit>,
    send: Signal<Local, Bit>,
    now: Signal<Local, Bits<8>>,
    then: Signal<Local, Bits<8>>,
    flying: Signal<Local, Bits<8>>,
    wanted: Signal<Local, U<32>>,
    blank: Constant<State>,
    burst: Constant<Bits<8>>,
    burst_words: Constant<U<32>>,
    one: Constant<Bits<8>>,
    one_word: Constant<U<32>>,
    most_bursts: Constant<Bits<8>>,
    /// As the [`Reader`](super::Reader)'s.
    row_beats: Vec<Constant<Bits<8>>>,
    row_words: Vec<Constant<U<32>>>,
    _strided: usize,
    _short: usize,
    _paced: usize,
}

ports!(Writer {
    in: clear, stop, start, space, address, words, in_data, in_valid, aw_ready, w_ready, b_valid, b_resp;
    out: idle, in_ready, to, aw_valid, aw_address, aw_len, w_valid, w_data, w_last, busy, error
});

impl Default for Writer {
    fn default() -> Self {
        Self::build(Fifo::new(WRITER_WORDS))
    }
}

impl Writer {
    /// One that sends a word every two cycles at most, over whose FIFO nothing hurries ([`Fifo::paced`]), and begins the
    /// first burst two cycles, each other one a cycle later than another writer.
    pub fn paced() -> Self {
        Self { _paced: 1, ..Self::build(Fifo::paced(WRITER_WORDS)) }
    }

    /// One with a stride; with it a burst has `row` words, 4 or 16.
    pub fn strided(row: usize) -> Self {
        assert!([4, MAX_BEATS as usize].contains(&row), "bursts of {row} words: 4 or {MAX_BEATS}");
        let short = usize::from(row == 4);
        Self {
            stride: vec![Default::default()],
            row_beats: vec![Constant::new((row as u64).into()); short],
            row_words: vec![Constant::new((row as u64).into()); short],
            _strided: 1,
            _short: short,
            ..Self::default()
        }
    }

    fn build(fifo: Fifo<U<256>>) -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            stop: Default::default(),
            idle: Default::default(),
            start: Default::default(),
            space: Default::default(),
            address: Default::default(),
            words: Default::default(),
            stride: vec![],
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            to: Default::default(),
            aw_valid: Default::default(),
            aw_address: Default::default(),
            aw_len: Default::default(),
            aw_ready: Default::default(),
            w_valid: Default::default(),
            w_data: Default::default(),
            w_last: Default::default(),
            w_ready: Default::default(),
            b_valid: Default::default(),
            b_resp: Default::default(),
            busy: Default::default(),
            error: Default::default(),
            fifo,
            s: Default::default(),
            from: Default::default(),
            first: Default::default(),
            first_address: Default::default(),
            first_words: Default::default(),
            limit: Default::default(),
            few: Default::default(),
            beats: Default::default(),
            len: Default::default(),
            rest: Default::default(),
            fewer: Default::default(),
            more: Default::default(),
            level: Default::default(),
            need: Default::default(),
            spent: Default::default(),
            may: Default::default(),
            ready: Default::default(),
            issue: Default::default(),
            drop: Default::default(),
            send: Default::default(),
            now: Default::default(),
            then: Default::default(),
            flying: Default::default(),
            wanted: Default::default(),
            blank: Constant::new(State::default()),
            burst: Constant::new(MAX_BEATS.into()),
            burst_words: Constant::new(MAX_BEATS.into()),
            one: Constant::new(1.into()),
            one_word: Constant::new(1.into()),
            most_bursts: Constant::new(WRITER_BURSTS.into()),
            row_beats: vec![],
            row_words: vec![],
            _strided: 0,
            _short: 0,
            _paced: 0,
        }
    }
}

impl Logic for Writer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, fifo);
        self.fifo.reset.next = self.clear.val();
        self.from.next = self.s.q.val().address;
        self.beats.next = self.s.q.val().beats;
        self.rest.next = self.s.q.val().rest;
        self.wanted.next = self.s.q.val().wanted;
        self.now.next = self.s.q.val().now;
        self.then.next = self.s.q.val().then;
        self.flying.next = self.s.q.val().flying;

        self.busy.next =
            self.beats.val().any() || self.s.q.val().wanting || self.now.val().any() || self.flying.val().any();
        self.idle.next = (!self.s.q.val().aw) && (!self.now.val().any()) && (!self.flying.val().any());
        self.error.next = self.s.q.val().error;
        self.to.next = self.s.q.val().space;
        self.aw_valid.next = self.s.q.val().aw;
        self.aw_address.next = self.s.q.val().aw_address;
        self.aw_len.next = self.s.q.val().aw_len;
        // A burst's words are in the FIFO, but a paced one does not show the next at once.
        self.w_valid.next = self.now.val().any() && self.fifo.out_valid.val();
        self.w_data.next = self.fifo.out_data.val();
        self.w_last.next = self.now.val() == self.one.val();

        // The stream enters while words are wanted.
        self.in_ready.next = self.s.q.val().wanting && self.fifo.in_ready.val();
        self.fifo.in_data.next = self.in_data.val();
        self.fifo.in_valid.next = self.in_valid.val() && self.s.q.val().wanting;
        if self.in_valid.val() && self.in_ready.val() {
            self.s.d.next.wanted = self.wanted.val() - self.one_word.val();
            self.s.d.next.wanting = self.wanted.val() != self.one_word.val();
        }

        // A burst waits until the FIFO holds all of it behind what the burst being sent still needs.
        self.level.next = self.fifo.level.val().get_bits::<8>(0);
        self.need.next = self.beats.val() + self.now.val();
        self.may.next = self.beats.val().any()
            && (!self.then.val().any())
            && (self.flying.val() < self.most_bursts.val())
            && (self.level.val() >= self.need.val());
        self.ready.next =
            ((!self.s.q.val().aw) || self.aw_ready.val()) && (!self.s.q.val().error) && (!self.stop.val());
        self.issue.next = self.may.val() && self.ready.val();
        // But for a burst that begins, none of it becomes less before the next start.
        for _i in 0..self._paced {
            self.issue.next = self.s.q.val().may && self.ready.val();
            self.s.d.next.may = self.may.val() && (!self.issue.val());
        }
        self.send.next = self.now.val().any() && self.fifo.out_valid.val() && self.w_ready.val();
        self.drop.next =
            self.s.q.val().error && (!self.now.val().any()) && self.beats.val().any() && self.fifo.out_valid.val();
        self.fifo.out_ready.next = self.send.val() || self.drop.val();

        // What is left after the next burst (after the next word, while they are dropped).
        self.fewer.next = self.rest.val() - self.burst_words.val();
        if self.s.q.val().error {
            self.fewer.next = self.rest.val() - self.one_word.val();
        }
        self.more.next = self.rest.val().get_bits::<28>(4).any();
        self.len.next = self.beats.val() - self.one.val();
        self.spent.next = (!self.now.val().any()) || (self.w_last.val() && self.send.val());

        if self.aw_ready.val() {
            self.s.d.next.aw = false;
        }
        if self.send.val() {
            self.now.next = self.now.val() - self.one.val();
        }
        if self.issue.val() {
            self.s.d.next.aw = true;
            self.s.d.next.aw_address = self.from.val();
            self.s.d.next.aw_len = self.len.val();
            self.s.d.next.address = self.from.val() + (bit_cast_bu::<64, 8>(self.beats.val()) << 5);
            // The bursts after the first begin at a boundary.
            if self.more.val() {
                self.s.d.next.beats = self.burst.val();
                self.s.d.next.rest = self.fewer.val();
            } else {
                self.s.d.next.beats = bit_cast_ub::<8, 4>(self.rest.val().get_bits::<4>(0));
                self.s.d.next.rest = 0.into();
            }
            self.flying.next = self.flying.val() + self.one.val();
            self.then.next = self.beats.val();
        }
        for i in 0..self._strided {
            if self.issue.val() && self.stride[i].val().any() {
                self.s.d.next.address = self.from.val() + self.stride[i].val();
            }
        }
        for i in 0..self._short {
            if self.issue.val() && self.stride[i].val().any() {
                self.s.d.next.beats = self.row_beats[i].val();
                self.s.d.next.rest = self.rest.val() - self.row_words[i].val();
                if !self.rest.val().any() {
                    self.s.d.next.beats = 0.into();
                    self.s.d.next.rest = 0.into();
                }
            }
        }
        if self.drop.val() {
            if self.rest.val().any() {
                self.s.d.next.rest = self.fewer.val();
            } else {
                self.s.d.next.beats = self.len.val();
            }
        }
        if self.spent.val() {
            self.now.next = self.then.val();
            self.then.next = 0.into();
        }
        if self.b_valid.val() && self.flying.val().any() {
            self.flying.next = self.flying.val() - self.one.val();
            if self.b_resp.val().any() {
                self.s.d.next.error = true;
            }
        }
        self.s.d.next.now = self.now.val();
        self.s.d.next.then = self.then.val();
        self.s.d.next.flying = self.flying.val();
        if self.start.val() {
            self.s.d.next.space = self.space.val();
            self.s.d.next.address = self.address.val();
            self.s.d.next.wanted = self.words.val();
            self.s.d.next.wanting = self.words.val().any();
            self.s.d.next.error = false;
        }
        // The first burst ends at a 512-byte boundary or with the last word. Paced: a cycle later, from the registers.
        self.first.next = self.start.val();
        self.first_address.next = self.address.val();
        self.first_words.next = self.words.val();
        for _i in 0..self._paced {
            self.s.d.next.starts = self.start.val();
            self.first.next = self.s.q.val().starts;
            self.first_address.next = self.s.q.val().address;
            self.first_words.next = self.s.q.val().wanted;
        }
        self.limit.next = self.burst.val() - bit_cast_ub::<8, 4>(self.first_address.val().get_bits::<4>(5));
        for i in 0..self._short {
            if self.stride[i].val().any() {
                self.limit.next = self.row_beats[i].val();
            }
        }
        self.few.next = bit_cast_ub::<8, 5>(self.first_words.val().get_bits::<5>(0));
        if self.first.val() {
            self.s.d.next.beats = self.limit.val();
            self.s.d.next.rest = self.first_words.val() - bit_cast_bu::<32, 8>(self.limit.val());
            if (!self.first_words.val().get_bits::<27>(5).any()) && (self.few.val() <= self.limit.val()) {
                self.s.d.next.beats = self.few.val();
                self.s.d.next.rest = 0.into();
            }
        }
        if self.clear.val() {
            self.s.d.next = self.blank.val();
        }
    }
}

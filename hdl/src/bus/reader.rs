//! Reader: from a memory, host's or card's, to a stream of words.

use super::{MAX_BEATS, READER_WORDS};
use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_bu, bit_cast_ub, U};
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    space: Bit,
    /// Where the next burst begins.
    address: U<64>,
    /// Words of the next burst, and those after it: together the words not asked for yet.
    beats: Bits<5>,
    rest: U<32>,
    /// Beats asked for and not arrived.
    flying: Bits<8>,
    /// Words of the FIFO that neither hold a word nor are promised to a beat in flight.
    room: Bits<8>,
    /// A request stands.
    ask: Bit,
    ask_address: U<64>,
    ask_len: Bits<4>,
    error: Bit,
}

/// Reads `words` words from `address` on and streams them out.
///
/// A burst is asked for only when the FIFO has room for all of it, so the beats are never held up
/// and the buses cannot lock each other. After a bad beat (error response, malformed burst) the
/// reader asks for nothing more and the stream goes on to its end in zeros; `error` stays until
/// the next start.
///
/// `start` is a pulse while not `busy`; `busy` from the next cycle until the last word has left.
#[derive(LogicBlock)]
pub struct Reader {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub space: Signal<In, Bit>,
    pub address: Signal<In, U<64>>,
    pub words: Signal<In, U<32>>,
    /// Of a card with columns, else none: bytes from the beginning of a burst to that of the next, or zero: they follow each other. Stands
    /// while words are left; `address` and it are then multiples of 512, or of 32 times as many words as a short burst has.
    pub stride: Vec<Signal<In, U<64>>>,
    pub ask_valid: Signal<Out, Bit>,
    pub ask_space: Signal<Out, Bit>,
    pub ask_address: Signal<Out, U<64>>,
    /// Beats of the burst, less one.
    pub ask_len: Signal<Out, Bits<4>>,
    pub ask_ready: Signal<In, Bit>,
    pub beat_valid: Signal<In, Bit>,
    pub beat_data: Signal<In, U<256>>,
    pub beat_bad: Signal<In, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub busy: Signal<Out, Bit>,
    pub error: Signal<Out, Bit>,
    fifo: Fifo<U<256>>,
    s: DFF<State>,
    from: Signal<Local, U<64>>,
    limit: Signal<Local, Bits<5>>,
    few: Signal<Local, Bits<5>>,
    beats: Signal<Local, Bits<5>>,
    len: Signal<Local, Bits<5>>,
    rest: Signal<Local, U<32>>,
    fewer: Signal<Local, U<32>>,
    more: Signal<Local, Bit>,
    issue: Signal<Local, Bit>,
    fill: Signal<Local, Bit>,
    flying: Signal<Local, Bits<8>>,
    room: Signal<Local, Bits<8>>,
    blank: Constant<State>,
    burst: Constant<Bits<5>>,
    burst_words: Constant<U<32>>,
    one: Constant<Bits<5>>,
    one_beat: Constant<Bits<8>>,
    one_word: Constant<U<32>>,
    /// Words of a burst with a stride, if they are fewer than others'.
    row_beats: Vec<Constant<Bits<5>>>,
    row_words: Vec<Constant<U<32>>>,
    _strided: usize,
    _short: usize,
    _paced: usize,
    capacity: Constant<Bits<8>>,
}

ports!(Reader {
    in: clear, start, space, address, words, ask_ready, beat_valid, beat_data, beat_bad, out_ready;
    out: ask_valid, ask_space, ask_address, ask_len, out_data, out_valid, busy, error
});

impl Default for Reader {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            start: Default::default(),
            space: Default::default(),
            address: Default::default(),
            words: Default::default(),
            stride: vec![],
            ask_valid: Default::default(),
            ask_space: Default::default(),
            ask_address: Default::default(),
            ask_len: Default::default(),
            ask_ready: Default::default(),
            beat_valid: Default::default(),
            beat_data: Default::default(),
            beat_bad: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            busy: Default::default(),
            error: Default::default(),
            fifo: Fifo::new(READER_WORDS),
            s: Default::default(),
            from: Default::default(),
            limit: Default::default(),
            few: Default::default(),
            beats: Default::default(),
            len: Default::default(),
            rest: Default::default(),
            fewer: Default::default(),
            more: Default::default(),
            issue: Default::default(),
            fill: Default::default(),
            flying: Default::default(),
            room: Default::default(),
            blank: Constant::new(State::default()),
            burst: Constant::new(MAX_BEATS.into()),
            burst_words: Constant::new(MAX_BEATS.into()),
            one: Constant::new(1.into()),
            one_beat: Constant::new(1.into()),
            one_word: Constant::new(1.into()),
            row_beats: vec![],
            row_words: vec![],
            _strided: 0,
            _short: 0,
            _paced: 0,
            capacity: Constant::new((READER_WORDS as u64).into()),
        }
    }
}

impl Reader {
    /// One whose words leave every two cycles at most, over whose FIFO nothing hurries ([`Fifo::paced`]).
    pub fn paced() -> Self {
        Self { fifo: Fifo::paced(READER_WORDS), _paced: 1, ..Self::default() }
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
}

impl Logic for Reader {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        clock!(self, clock, fifo);
        self.fifo.reset.next = self.clear.val();
        self.from.next = self.s.q.val().address;
        self.flying.next = self.s.q.val().flying;
        self.room.next = self.s.q.val().room;
        self.beats.next = self.s.q.val().beats;
        self.rest.next = self.s.q.val().rest;

        self.issue.next = ((!self.s.q.val().ask) || self.ask_ready.val())
            && self.beats.val().any()
            && (!self.s.q.val().error)
            && self.room.val().get_bits::<4>(4).any();
        self.fill.next = self.s.q.val().error
            && (!self.s.q.val().ask)
            && (!self.flying.val().any())
            && self.beats.val().any()
            && self.fifo.in_ready.val();
        // What is left after the next burst (after the next word, while zeros go out).
        self.fewer.next = self.rest.val() - self.burst_words.val();
        if self.s.q.val().error {
            self.fewer.next = self.rest.val() - self.one_word.val();
        }
        self.len.next = self.beats.val() - self.one.val();

        self.ask_valid.next = self.s.q.val().ask;
        self.ask_space.next = self.s.q.val().space;
        self.ask_address.next = self.s.q.val().ask_address;
        self.ask_len.next = self.s.q.val().ask_len;
        self.out_data.next = self.fifo.out_data.val();
        self.out_valid.next = self.fifo.out_valid.val();
        self.fifo.out_ready.next = self.out_ready.val();
        self.busy.next = self.beats.val().any() || self.flying.val().any() || self.fifo.out_valid.val();
        // A paced FIFO does not always show that there are words.
        for _i in 0..self._paced {
            self.busy.next = self.beats.val().any() || self.flying.val().any() || self.fifo.level.val().any();
        }
        self.error.next = self.s.q.val().error;

        self.fifo.in_valid.next = self.beat_valid.val() || self.fill.val();
        self.fifo.in_data.next = self.beat_data.val();
        if self.fill.val() || self.beat_bad.val() || self.s.q.val().error {
            self.fifo.in_data.next = 0.into();
        }

        if self.ask_ready.val() {
            self.s.d.next.ask = false;
        }
        self.more.next = self.rest.val().get_bits::<28>(4).any();
        if self.issue.val() {
            self.s.d.next.ask = true;
            self.s.d.next.ask_address = self.from.val();
            self.s.d.next.ask_len = self.len.val().get_bits::<4>(0);
            self.s.d.next.address = self.from.val() + (bit_cast_bu::<64, 5>(self.beats.val()) << 5);
            self.flying.next = self.flying.val() + bit_cast::<8, 5>(self.beats.val());
            self.room.next = self.room.val() - bit_cast::<8, 5>(self.beats.val());
            // The bursts after the first begin at a boundary.
            if self.more.val() {
                self.s.d.next.beats = self.burst.val();
                self.s.d.next.rest = self.fewer.val();
            } else {
                self.s.d.next.beats = bit_cast_ub::<5, 4>(self.rest.val().get_bits::<4>(0));
                self.s.d.next.rest = 0.into();
            }
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
        if self.beat_valid.val() {
            self.flying.next = self.flying.val() - self.one_beat.val();
            if self.beat_bad.val() {
                self.s.d.next.error = true;
            }
        }
        if self.fill.val() {
            if self.rest.val().any() {
                self.s.d.next.rest = self.fewer.val();
            } else {
                self.s.d.next.beats = self.len.val();
            }
        }
        if self.fifo.out_valid.val() && self.out_ready.val() {
            self.room.next = self.room.val() + self.one_beat.val();
        }
        self.s.d.next.flying = self.flying.val();
        self.s.d.next.room = self.room.val();
        // The first burst ends at a 512-byte boundary or with the last word.
        self.limit.next = self.burst.val() - bit_cast_ub::<5, 4>(self.address.val().get_bits::<4>(5));
        for i in 0..self._short {
            if self.stride[i].val().any() {
                self.limit.next = self.row_beats[i].val();
            }
        }
        self.few.next = bit_cast_ub::<5, 5>(self.words.val().get_bits::<5>(0));
        if self.start.val() {
            self.s.d.next.space = self.space.val();
            self.s.d.next.address = self.address.val();
            self.s.d.next.beats = self.limit.val();
            self.s.d.next.rest = self.words.val() - bit_cast_bu::<32, 5>(self.limit.val());
            if (!self.words.val().get_bits::<27>(5).any()) && (self.few.val() <= self.limit.val()) {
                self.s.d.next.beats = self.few.val();
                self.s.d.next.rest = 0.into();
            }
            self.s.d.next.room = self.capacity.val();
            self.s.d.next.error = false;
        }
        if self.clear.val() {
            self.s.d.next = self.blank.val();
        }
    }
}

//! Times: the bytes of all vectors of an operand.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::{bit_cast_u, U};
use rust_hdl::prelude::*;

/// Cycles from `start` to `done`.
pub const TIMES_CYCLES: u64 = 9;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    product: U<40>,
    shifted: U<40>,
    more: Bits<8>,
    left: Bits<4>,
    done: Bit,
}

/// `32 * words * (more + 1)`, a bit of `more` a cycle. `start` takes both; `done` is up for one cycle, `bytes` stand until the next start.
#[derive(LogicBlock)]
pub struct Times {
    pub clock: Signal<In, Clock>,
    pub start: Signal<In, Bit>,
    pub words: Signal<In, U<32>>,
    pub more: Signal<In, Bits<8>>,
    pub bytes: Signal<Out, U<72>>,
    pub done: Signal<Out, Bit>,
    s: DFF<State>,
    rest: Signal<Local, Bits<8>>,
    steps: Constant<Bits<4>>,
    one: Constant<Bits<4>>,
}

ports!(Times { in: start, words, more; out: bytes, done });

impl Default for Times {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            start: Default::default(),
            words: Default::default(),
            more: Default::default(),
            bytes: Default::default(),
            done: Default::default(),
            s: Default::default(),
            rest: Default::default(),
            steps: Constant::new((TIMES_CYCLES - 1).into()),
            one: Constant::new(1.into()),
        }
    }
}

impl Logic for Times {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.bytes.next = bit_cast_u::<72, 40>(self.s.q.val().product) << 5;
        self.done.next = self.s.q.val().done;
        self.rest.next = self.s.q.val().more;
        self.s.d.next.done = self.s.q.val().left == self.one.val();
        if self.s.q.val().left.any() {
            self.s.d.next.left = self.s.q.val().left - self.one.val();
            self.s.d.next.shifted = self.s.q.val().shifted << 1;
            self.s.d.next.more = self.rest.val() >> 1;
            if self.rest.val().get_bit(0) {
                self.s.d.next.product = self.s.q.val().product + self.s.q.val().shifted;
            }
        }
        if self.start.val() {
            self.s.d.next.product = bit_cast_u::<40, 32>(self.words.val());
            self.s.d.next.shifted = bit_cast_u::<40, 32>(self.words.val());
            self.s.d.next.more = self.more.val();
            self.s.d.next.left = self.steps.val();
            self.s.d.next.done = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gristmill_hdl_kit::cosim::{check, random_vectors, Options};
    use gristmill_hdl_kit::sim::{cycle, settle, MAX_WALKS};
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    #[test]
    fn products_in_nine_cycles() {
        let mut rng = StdRng::seed_from_u64(3);
        let mut times = Times::default();
        times.connect_all();
        let edge = [(0, 0u8), (1, 0), (0, 255), (u32::MAX, 255), (u32::MAX, 0), (1, 255)];
        for (words, more) in edge.into_iter().chain((0..40).map(|_| (rng.gen(), rng.gen()))) {
            times.words.next = u64::from(words).into();
            times.more.next = u64::from(more).into();
            times.start.next = true;
            cycle(&mut times).expect("settles");
            times.start.next = false;
            for n in 1..=TIMES_CYCLES {
                settle(&mut times, MAX_WALKS).expect("settles");
                assert_eq!(times.done.val(), n == TIMES_CYCLES, "cycle {n} of {words} * ({more} + 1)");
                if n == TIMES_CYCLES {
                    assert_eq!(times.bytes.val(), U::from(32 * u64::from(words) * (u64::from(more) + 1)));
                }
                cycle(&mut times).expect("settles");
            }
        }
    }

    #[test]
    fn verilog_agrees() {
        let mut times = Times::default();
        times.connect_all();
        let _ =
            check(&mut times, &random_vectors::<Times>(500, 2), &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    }
}

//! Repeat: starts a reader or writer once for each vector of a command.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// Vectors still to be begun.
    left: Bits<8>,
    /// Where the next one is.
    address: U<64>,
    error: Bit,
}

/// `go` starts the mover at `at`: with `start` at `address`, and then `more` times as soon as it is not `busy`, each `step` further than before.
/// `left` is up while there are starts to come. `error` is the mover's `failed`, which its next start takes away, held until the next command's.
#[derive(LogicBlock)]
pub struct Repeat {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub more: Signal<In, Bits<8>>,
    pub address: Signal<In, U<64>>,
    pub step: Signal<In, U<64>>,
    pub busy: Signal<In, Bit>,
    pub failed: Signal<In, Bit>,
    pub go: Signal<Out, Bit>,
    pub at: Signal<Out, U<64>>,
    pub left: Signal<Out, Bit>,
    pub error: Signal<Out, Bit>,
    s: DFF<State>,
    blank: Constant<State>,
    one: Constant<Bits<8>>,
}

ports!(Repeat { in: clear, start, more, address, step, busy, failed; out: go, at, left, error });

impl Default for Repeat {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            start: Default::default(),
            more: Default::default(),
            address: Default::default(),
            step: Default::default(),
            busy: Default::default(),
            failed: Default::default(),
            go: Default::default(),
            at: Default::default(),
            left: Default::default(),
            error: Default::default(),
            s: Default::default(),
            blank: Constant::new(State::default()),
            one: Constant::new(1.into()),
        }
    }
}

impl Logic for Repeat {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.left.next = self.s.q.val().left.any();
        self.error.next = self.s.q.val().error || self.failed.val();
        self.go.next = self.start.val() || (self.left.val() && (!self.busy.val()));
        self.at.next = self.s.q.val().address;
        if self.start.val() {
            self.at.next = self.address.val();
        }
        if self.go.val() {
            self.s.d.next.address = self.at.val() + self.step.val();
            self.s.d.next.left = self.s.q.val().left - self.one.val();
            self.s.d.next.error = self.error.val();
        }
        if self.start.val() {
            self.s.d.next.left = self.more.val();
            self.s.d.next.error = false;
        }
        if self.clear.val() {
            self.s.d.next = self.blank.val();
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

    /// A mover that is busy for a while from the cycle after its start, and fails now and then.
    #[test]
    fn each_vector_once_and_no_error_forgotten() {
        let mut rng = StdRng::seed_from_u64(4);
        let mut repeat = Repeat::default();
        repeat.connect_all();
        for _ in 0..60 {
            let more = rng.gen_range(0..6u64);
            let (address, step) = (rng.gen_range(0..1 << 40), rng.gen_range(0..1 << 30));
            let (mut busy, mut failed, mut starts, mut any) = (0, false, 0, false);
            for n in 0.. {
                repeat.start.next = n == 0;
                repeat.more.next = more.into();
                repeat.address.next = address.into();
                repeat.step.next = step.into();
                repeat.busy.next = busy > 0;
                repeat.failed.next = failed;
                settle(&mut repeat, MAX_WALKS).expect("settles");
                let go = n == 0 || (starts <= more && busy == 0);
                assert_eq!(repeat.go.val(), go);
                if n > 0 {
                    assert_eq!((repeat.left.val(), repeat.error.val()), (starts <= more, any));
                }
                if go {
                    assert_eq!(repeat.at.val(), U::from(address + starts * step));
                    starts += 1;
                    busy = rng.gen_range(0..4);
                    failed = rng.gen_range(0..4) == 0;
                } else {
                    busy = u64::saturating_sub(busy, 1);
                }
                any |= failed;
                cycle(&mut repeat).expect("settles");
                if starts > more && busy == 0 && n > 30 {
                    break;
                }
            }
        }
    }

    #[test]
    fn verilog_agrees() {
        let mut repeat = Repeat::default();
        repeat.connect_all();
        let _ = check(&mut repeat, &random_vectors::<Repeat>(500, 2), &Options::default())
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

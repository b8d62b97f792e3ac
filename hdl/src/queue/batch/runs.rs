//! Runs: starts the command's engine once for each vector.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, LogicStruct)]
struct State {
    /// Runs behind the one under way.
    left: Bits<8>,
    /// One has ended, and the next awaits the engine.
    waits: Bit,
    /// Scalars of the vectors that are done.
    passed: U<32>,
    error: Bit,
    index: U<32>,
}

/// `go` starts the engine: with `start`, and then `more` times as soon as it is `ready` after its `ended`. `done` is the end of the last
/// run. A scalar that is too large (`scalar_error`, `scalar_index` of the engine, which stand at its end) is told with
/// its index among the scalars of all vectors, the first if there are several; it stands from the cycle after `done`.
#[derive(LogicBlock)]
pub struct Runs {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub more: Signal<In, Bits<8>>,
    pub count: Signal<In, U<32>>,
    pub ready: Signal<In, Bit>,
    pub ended: Signal<In, Bit>,
    pub scalar_error: Signal<In, Bit>,
    pub scalar_index: Signal<In, U<32>>,
    pub go: Signal<Out, Bit>,
    pub done: Signal<Out, Bit>,
    pub error: Signal<Out, Bit>,
    pub index: Signal<Out, U<32>>,
    s: DFF<State>,
    blank: Constant<State>,
    one: Constant<Bits<8>>,
}

ports!(Runs { in: clear, start, more, count, ready, ended, scalar_error, scalar_index; out: go, done, error, index });

impl Default for Runs {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            start: Default::default(),
            more: Default::default(),
            count: Default::default(),
            ready: Default::default(),
            ended: Default::default(),
            scalar_error: Default::default(),
            scalar_index: Default::default(),
            go: Default::default(),
            done: Default::default(),
            error: Default::default(),
            index: Default::default(),
            s: Default::default(),
            blank: Constant::new(State::default()),
            one: Constant::new(1.into()),
        }
    }
}

impl Logic for Runs {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s);
        self.error.next = self.s.q.val().error;
        self.index.next = self.s.q.val().index;
        self.go.next = self.start.val() || (self.s.q.val().waits && self.ready.val());
        self.done.next = self.ended.val() && (!self.s.q.val().left.any());
        if self.go.val() {
            self.s.d.next.waits = false;
        }
        if self.ended.val() {
            self.s.d.next.passed = self.s.q.val().passed + self.count.val();
            if self.scalar_error.val() && (!self.s.q.val().error) {
                self.s.d.next.error = true;
                self.s.d.next.index = self.s.q.val().passed + self.scalar_index.val();
            }
            if self.s.q.val().left.any() {
                self.s.d.next.left = self.s.q.val().left - self.one.val();
                self.s.d.next.waits = true;
            }
        }
        if self.start.val() {
            self.s.d.next = self.blank.val();
            self.s.d.next.left = self.more.val();
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

    /// An engine that runs for a while, is ready a while later, and finds a scalar too large now and then.
    #[test]
    fn each_vector_once_and_the_first_error_told() {
        let mut rng = StdRng::seed_from_u64(5);
        let mut runs = Runs::default();
        runs.connect_all();
        for _ in 0..60 {
            let (more, count) = (rng.gen_range(0..5u64), rng.gen_range(1..1000u64));
            let (mut run, mut rest, mut begun, mut first) = (0u64, 0u64, 0u64, None);
            for n in 0..200 {
                let ended = begun > 0 && run == 1;
                let wrong = if ended && rng.gen_range(0..4) == 0 { Some(rng.gen_range(0..count)) } else { None };
                let ready = run == 0 && rest == 0;
                runs.start.next = n == 0;
                runs.more.next = more.into();
                runs.count.next = count.into();
                runs.ready.next = ready;
                runs.ended.next = ended;
                runs.scalar_error.next = wrong.is_some();
                runs.scalar_index.next = wrong.unwrap_or(7).into();
                settle(&mut runs, MAX_WALKS).expect("settles");
                let go = n == 0 || (ready && begun <= more);
                assert_eq!(runs.go.val(), go, "cycle {n}");
                assert_eq!(runs.done.val(), ended && begun == more + 1);
                if n > 0 {
                    assert_eq!(runs.error.val().then(|| runs.index.val()), first.map(U::<32>::from));
                }
                if ended {
                    first = first.or(wrong.map(|i| (begun - 1) * count + i));
                    rest = rng.gen_range(0..3);
                } else {
                    rest = rest.saturating_sub(1);
                }
                run = run.saturating_sub(1);
                if go {
                    begun += 1;
                    run = rng.gen_range(1..20);
                }
                cycle(&mut runs).expect("settles");
            }
            assert_eq!(begun, more + 1);
        }
    }

    #[test]
    fn verilog_agrees() {
        let mut runs = Runs::default();
        runs.connect_all();
        let _ =
            check(&mut runs, &random_vectors::<Runs>(500, 2), &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    }
}

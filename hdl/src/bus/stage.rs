//! Stage: one word between two blocks of a stream that are far from each other.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Takes a word when it holds none, and shows it from the next cycle on until it is taken: a word every two
/// cycles, and nothing from one side to the other in the same cycle. `clear` drops a word that is held.
#[derive(LogicBlock, Default)]
pub struct Stage {
    pub clock: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub in_data: Signal<In, U<256>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, U<256>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    word: DFF<U<256>>,
    full: DFF<Bit>,
}

ports!(Stage { in: clear, in_data, in_valid, out_ready; out: in_ready, out_data, out_valid });

impl Logic for Stage {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, word, full);
        self.in_ready.next = !self.full.q.val();
        self.out_data.next = self.word.q.val();
        self.out_valid.next = self.full.q.val();
        if self.full.q.val() {
            self.full.d.next = !self.out_ready.val();
        } else {
            // Whether it is one or not: nobody looks before `full` says so.
            self.word.d.next = self.in_data.val();
            self.full.d.next = self.in_valid.val();
        }
        if self.clear.val() {
            self.full.d.next = false;
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
    fn words_in_order_and_none_after_a_clear() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut stage = Stage::default();
        stage.connect_all();
        let (mut held, mut passed) = (None, 0);
        for n in 0..3000u64 {
            let (valid, ready, clear) = (rng.gen::<bool>(), rng.gen::<bool>(), rng.gen_range(0..20) == 0);
            stage.in_data.next = n.into();
            stage.in_valid.next = valid;
            stage.out_ready.next = ready;
            stage.clear.next = clear;
            settle(&mut stage, MAX_WALKS).expect("settles");
            assert_eq!((stage.in_ready.val(), stage.out_valid.val()), (held.is_none(), held.is_some()));
            if let Some(word) = held {
                assert_eq!(stage.out_data.val(), U::from(word));
                passed += ready as usize;
            }
            held = match held {
                _ if clear => None,
                Some(word) => Some(word).filter(|_| !ready),
                None => Some(n).filter(|_| valid),
            };
            cycle(&mut stage).expect("settles");
        }
        assert!(passed > 500);
    }

    #[test]
    fn verilog_agrees() {
        let mut stage = Stage::default();
        stage.connect_all();
        let _ =
            check(&mut stage, &random_vectors::<Stage>(500, 2), &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    }
}

//! All 32 bits of an index turned around.

use gristmill_hdl_kit::ports;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// Bit i of `x` is bit 31 - i of `r`, in the same cycle.
#[derive(LogicBlock)]
pub struct BitReverse {
    pub x: Signal<In, U<32>>,
    pub r: Signal<Out, U<32>>,
    pairs: Signal<Local, U<32>>,
    nibbles: Signal<Local, U<32>>,
    bytes: Signal<Local, U<32>>,
    halves: Signal<Local, U<32>>,
    odd_bits: Constant<U<32>>,
    odd_pairs: Constant<U<32>>,
    odd_nibbles: Constant<U<32>>,
    odd_bytes: Constant<U<32>>,
}

ports!(BitReverse { clock: none; in: x; out: r });

impl Default for BitReverse {
    fn default() -> Self {
        BitReverse {
            x: Default::default(),
            r: Default::default(),
            pairs: Default::default(),
            nibbles: Default::default(),
            bytes: Default::default(),
            halves: Default::default(),
            odd_bits: Constant::new(0x5555_5555u64.into()),
            odd_pairs: Constant::new(0x3333_3333u64.into()),
            odd_nibbles: Constant::new(0x0f0f_0f0fu64.into()),
            odd_bytes: Constant::new(0x00ff_00ffu64.into()),
        }
    }
}

impl Logic for BitReverse {
    #[hdl_gen]
    fn update(&mut self) {
        self.pairs.next = ((self.x.val() >> 1) & self.odd_bits.val()) | ((self.x.val() & self.odd_bits.val()) << 1);
        self.nibbles.next =
            ((self.pairs.val() >> 2) & self.odd_pairs.val()) | ((self.pairs.val() & self.odd_pairs.val()) << 2);
        self.bytes.next =
            ((self.nibbles.val() >> 4) & self.odd_nibbles.val()) | ((self.nibbles.val() & self.odd_nibbles.val()) << 4);
        self.halves.next =
            ((self.bytes.val() >> 8) & self.odd_bytes.val()) | ((self.bytes.val() & self.odd_bytes.val()) << 8);
        self.r.next = (self.halves.val() >> 16) | (self.halves.val() << 16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gristmill_hdl_kit::cosim::{check, Options};
    use gristmill_hdl_kit::ports::{value, Value};
    use gristmill_hdl_kit::sim::{settle, MAX_WALKS};
    use rand::{rngs::StdRng, Rng, SeedableRng};

    #[test]
    fn every_bit_is_at_its_place_also_in_verilog() {
        let mut block = BitReverse::default();
        block.connect_all();
        let mut rng = StdRng::seed_from_u64(7);
        let random = (0..200).map(|_| rng.gen());
        let numbers: Vec<u32> = (0..32).map(|bit| 1 << bit).chain([0, u32::MAX]).chain(random).collect();
        for x in &numbers {
            block.x.next = u64::from(*x).into();
            settle(&mut block, MAX_WALKS).expect("settles");
            assert_eq!(block.r.val(), U::from(u64::from(x.reverse_bits())));
        }
        let inputs: Vec<Vec<Value>> = numbers.iter().map(|x| vec![value(U::<32>::from(u64::from(*x)))]).collect();
        let _ = check(&mut block, &inputs, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    }
}

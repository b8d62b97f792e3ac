//! The table of twiddles, read by all butterflies at once.
//!
//! w^i for half a circle, in as many pieces as there are butterflies. All pieces are read on the same line; which one a
//! butterfly takes is said by the index, or, in the bits that `cover` names, by its own number ([`super::stages`]).

use crate::ntt::VectorParams;
use gristmill_hdl_kit::mem::Rom;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

/// 2^(log_max - 1) words of W bits in Montgomery form. `w` is what `index` and `cover` said three cycles before.
#[derive(LogicBlock)]
pub struct Twiddles<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub index: Signal<In, Bits<24>>,
    pub covers: Signal<In, Bits<4>>,
    pub w: Vec<Signal<Out, U<W>>>,
    piece: Vec<Rom<U<W>>>,
    index_q: DFF<Bits<24>>,
    cover_q: DFF<Bits<4>>,
    chosen: DFF<Bits<24>>,
    cover_2: DFF<Bits<4>>,
    w_q: Vec<DFF<U<W>>>,
    choice: Vec<Signal<Local, Bits<4>>>,
    common: Signal<Local, Bits<4>>,
    number: Vec<Constant<Bits<4>>>,
    shift: Constant<Bits<6>>,
    _wings: usize,
}

impl<const W: usize> Twiddles<W> {
    /// For vectors of up to 2^log_max words and 2^log_wings butterflies.
    pub fn new(vectors: &VectorParams, log_max: u32, log_wings: u32) -> Self {
        assert!(log_max <= vectors.two_adicity(), "{} has no 2^{log_max}-th root of unity", vectors.field.name);
        let words: Vec<U<W>> = vectors.twiddles(log_max).into_iter().map(U::from).collect();
        let wings = 1usize << log_wings;
        Twiddles {
            clock: Default::default(),
            index: Default::default(),
            covers: Default::default(),
            w: (0..wings).map(|_| Default::default()).collect(),
            piece: words.chunks(words.len() / wings).map(|piece| Rom::new(piece.to_vec())).collect(),
            index_q: Default::default(),
            cover_q: Default::default(),
            chosen: Default::default(),
            cover_2: Default::default(),
            w_q: (0..wings).map(|_| Default::default()).collect(),
            choice: (0..wings).map(|_| Default::default()).collect(),
            common: Default::default(),
            number: (0..wings as u64).map(|k| Constant::new(k.to_bits())).collect(),
            shift: Constant::new(u64::from(log_max - 1 - log_wings).to_bits()),
            _wings: wings,
        }
    }
}

impl<const W: usize> Logic for Twiddles<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, index_q, cover_q, chosen, cover_2);
        self.index_q.d.next = self.index.val();
        self.cover_q.d.next = self.covers.val();
        self.chosen.d.next = self.index_q.q.val() >> self.shift.val();
        self.cover_2.d.next = self.cover_q.q.val();
        self.common.next = self.chosen.q.val().get_bits::<4>(0);
        for k in 0..self._wings {
            self.piece[k].clock.next = self.clock.val();
            self.piece[k].address.next = self.index_q.q.val();
            self.w_q[k].clock.next = self.clock.val();
            self.choice[k].next = (self.number[k].val() & self.cover_2.q.val()) | self.common.val();
            self.w_q[k].d.next = self.piece[0].data.val();
            for j in 0..self._wings {
                if self.choice[k].val() == self.number[j].val() {
                    self.w_q[k].d.next = self.piece[j].data.val();
                }
            }
            self.w[k].next = self.w_q[k].q.val();
        }
    }
}

//! Tags beside an adder that takes an addition only now and then: one place for each under way.

use rust_hdl::prelude::*;

use super::point::Tag;

/// At each `shift` every tag moves up a place and `tag` enters; `oldest` is the last place.
/// `reset` empties all.
#[derive(LogicBlock)]
pub struct TagRing {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub shift: Signal<In, Bit>,
    pub tag: Signal<In, Tag>,
    pub oldest: Signal<Out, Tag>,
    place: Vec<DFF<Tag>>,
    none: Constant<Tag>,
    _places: usize,
}

impl TagRing {
    /// As many places as additions `interval` cycles apart are under way in `latency` cycles.
    pub fn new(latency: usize, interval: usize) -> Self {
        let places = latency / interval + 1;
        Self {
            clock: Default::default(),
            reset: Default::default(),
            shift: Default::default(),
            tag: Default::default(),
            oldest: Default::default(),
            place: (0..places).map(|_| Default::default()).collect(),
            none: Constant::new(Tag::default()),
            _places: places,
        }
    }
}

impl Logic for TagRing {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..self._places {
            self.place[i].clock.next = self.clock.val();
            self.place[i].d.next = self.place[i].q.val();
        }
        if self.shift.val() {
            self.place[0].d.next = self.tag.val();
            for i in 1..self._places {
                self.place[i].d.next = self.place[i - 1].q.val();
            }
        }
        if self.reset.val() {
            for i in 0..self._places {
                self.place[i].d.next = self.none.val();
            }
        }
        // The last assignment of a loop wins.
        self.oldest.next = self.none.val();
        for i in 0..self._places {
            self.oldest.next = self.place[i].q.val();
        }
    }
}

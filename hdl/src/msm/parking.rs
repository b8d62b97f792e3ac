//! Sums that wait for a cycle in which the adder, or a bank, has nothing else: see [`super::BankedTracker`].

use gristmill_hdl_kit::fifo::Fifo;
use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

use super::point::Operand;

/// `park` takes a sum, in a cycle with `room`; `first_x` and so on are the one that has waited longest, if there is
/// one (`first_valid`); it leaves in a cycle with `go`. `bucket_next` is the value of `first_bucket` in the next cycle. `reset` empties it.
///
/// A sum is the first in the next cycle if nobody else is; else it goes into a FIFO behind the first.
#[derive(LogicBlock)]
pub struct Parking<const W: usize> {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub park: Signal<In, Bit>,
    pub x: Signal<In, U<W>>,
    pub y: Signal<In, U<W>>,
    pub z: Signal<In, U<W>>,
    pub bucket: Signal<In, Bits<24>>,
    pub go: Signal<In, Bit>,
    pub room: Signal<Out, Bit>,
    pub first_valid: Signal<Out, Bit>,
    pub first_x: Signal<Out, U<W>>,
    pub first_y: Signal<Out, U<W>>,
    pub first_z: Signal<Out, U<W>>,
    pub first_bucket: Signal<Out, Bits<24>>,
    pub bucket_next: Signal<Out, Bits<24>>,
    behind: Fifo<Operand<W>>,
    taken: DFF<Bit>,
    oldest: DFF<Operand<W>>,
    stays: Signal<Local, Bit>,
    sum: Signal<Local, Operand<W>>,
    moved: Signal<Local, Operand<W>>,
}

impl<const W: usize> Parking<W> {
    /// With room for so many sums.
    ///
    /// # Panics
    /// If there are fewer than two.
    pub fn new(places: usize) -> Self {
        assert!(places >= 2, "{places} places to park: two or more");
        Self {
            clock: Default::default(),
            reset: Default::default(),
            park: Default::default(),
            x: Default::default(),
            y: Default::default(),
            z: Default::default(),
            bucket: Default::default(),
            go: Default::default(),
            room: Default::default(),
            first_valid: Default::default(),
            first_x: Default::default(),
            first_y: Default::default(),
            first_z: Default::default(),
            first_bucket: Default::default(),
            bucket_next: Default::default(),
            behind: Fifo::new(places - 1),
            taken: Default::default(),
            oldest: Default::default(),
            stays: Default::default(),
            sum: Default::default(),
            moved: Default::default(),
        }
    }
}

impl<const W: usize> Logic for Parking<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, taken, oldest);
        clock!(self, clock, behind);
        self.sum.next.x = self.x.val();
        self.sum.next.y = self.y.val();
        self.sum.next.z = self.z.val();
        self.sum.next.bucket = self.bucket.val();

        // Who is the first: the same, the next, or the one that comes.
        self.stays.next = self.taken.q.val() && (!self.go.val());
        self.moved.next = self.oldest.q.val();
        if !self.stays.val() {
            self.moved.next = self.sum.val();
            if self.behind.out_valid.val() {
                self.moved.next = self.behind.out_data.val();
            }
        }
        self.oldest.d.next = self.moved.val();
        self.bucket_next.next = self.moved.val().bucket;
        self.taken.d.next = self.stays.val() || self.behind.out_valid.val() || self.park.val();
        self.behind.reset.next = self.reset.val();
        self.behind.in_data.next = self.sum.val();
        self.behind.in_valid.next = self.park.val() && (self.stays.val() || self.behind.out_valid.val());
        self.behind.out_ready.next = !self.stays.val();
        if self.reset.val() {
            self.taken.d.next = false;
        }
        self.room.next = self.behind.in_ready.val();
        self.first_valid.next = self.taken.q.val();
        self.first_x.next = self.oldest.q.val().x;
        self.first_y.next = self.oldest.q.val().y;
        self.first_z.next = self.oldest.q.val().z;
        self.first_bucket.next = self.oldest.q.val().bucket;
    }
}

gristmill_hdl_kit::ports!([const W: usize] Parking<W> {
    in: reset, park, x, y, z, bucket, go;
    out: room, first_valid, first_x, first_y, first_z, first_bucket, bucket_next
});

//! Two sums that wait for a cycle in which the adder has nothing else: see [`super::BankedTracker`].

use gristmill_hdl_kit::word::U;
use rust_hdl::prelude::*;

use super::point::Operand;

#[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
struct Taken {
    first: Bit,
    second: Bit,
}

/// `park` takes a sum, in a cycle with `room`; `first_x` and so on are the one that has waited longest, if there is
/// one (`first_valid`); it leaves in a cycle with `go`. `bucket_next` is the value of `first_bucket` in the next cycle. `reset` empties it.
#[derive(LogicBlock, Default)]
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
    taken: DFF<Taken>,
    oldest: DFF<Operand<W>>,
    second: DFF<Operand<W>>,
    stays: Signal<Local, Bit>,
    sum: Signal<Local, Operand<W>>,
    moved: Signal<Local, Operand<W>>,
}

impl<const W: usize> Logic for Parking<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, taken, oldest, second);
        self.sum.next.x = self.x.val();
        self.sum.next.y = self.y.val();
        self.sum.next.z = self.z.val();
        self.sum.next.bucket = self.bucket.val();
        self.stays.next = self.taken.q.val().first;
        self.moved.next = self.oldest.q.val();
        if self.go.val() {
            self.stays.next = self.taken.q.val().second;
            self.moved.next = self.second.q.val();
            self.taken.d.next.second = false;
        }
        self.taken.d.next.first = self.stays.val() || self.park.val();
        if self.park.val() {
            if self.stays.val() {
                self.taken.d.next.second = true;
                self.second.d.next = self.sum.val();
            } else {
                self.moved.next = self.sum.val();
            }
        }
        self.oldest.d.next = self.moved.val();
        self.bucket_next.next = self.moved.val().bucket;
        if self.reset.val() {
            self.taken.d.next.first = false;
            self.taken.d.next.second = false;
        }
        self.room.next = !self.taken.q.val().second;
        self.first_valid.next = self.taken.q.val().first;
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

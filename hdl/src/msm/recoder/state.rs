//! What the recoder's registers hold.

use gristmill_hdl_kit::{word::U, word_struct};
use rust_hdl::prelude::*;

word_struct! {
    pub struct State<W> {
        pub montgomery: Bit,
        /// Points that have not begun.
        pub points_left: U<32>,
        /// Words of bases and scalars still to come.
        pub base_words_left: U<40>,
        pub scalars_left: U<32>,
        /// There are such words.
        pub more_bases: Bit,
        pub more_scalars: Bit,
        /// Words of bases, oldest first.
        pub base0: U<W>,
        pub base1: U<W>,
        pub base2: U<W>,
        pub bases: Bits<4>,
        /// A scalar as it came, and its index.
        pub raw: U<256>,
        pub raw_valid: Bit,
        pub raw_index: U<32>,
        /// Scalars after the check that have not begun.
        pub ahead: Bits<4>,
        pub error: Bit,
        pub error_index: U<32>,
        /// The point whose digits go out.
        pub active: Bit,
        pub x: U<W>,
        pub y: U<W>,
        pub y_negative: U<W>,
        pub rest: U<256>,
        pub carry: Bit,
        pub window: Bits<8>,
        pub origin: Bits<24>,
        /// The operand that goes out.
        pub op_valid: Bit,
        pub op_empty: Bit,
        pub op_bucket: Bits<24>,
        pub op_x: U<W>,
        pub op_y: U<W>,
        /// Paced only, from here on. The digit that goes out, as found in the three cycles before, in this order.
        pub window_sum: Bits<24>,
        pub rest_some: Bits<4>,
        pub negative: Bit,
        pub size: Bits<24>,
        pub last: Bit,
        pub some: Bit,
        pub bucket: Bits<24>,
        /// Is y not zero, and the carries out of the quarters of its negative.
        pub y_some: Bit,
        pub carry0: U<1>,
        pub carry1: U<1>,
        pub carry2: U<1>,
        /// The scalar stands long enough to be compared, by quarters.
        pub raw_seen: Bit,
        pub less: Bits<4>,
        pub equal: Bits<4>,
        /// A point and its scalar wait, and what of them is not zero.
        pub here: Bit,
        pub scalar_some: Bits<4>,
        pub x_some: Bits<4>,
        pub base_y_some: Bits<4>,
        /// The cycle behind a beat; a point is taken; one was taken, and its first digit is being found.
        pub after_beat: Bit,
        pub take: Bit,
        pub waits: Bit,
        /// Registers in front of what enables whole words: a digit goes out in this beat; a word enters the one or the other place of a
        /// base; a scalar enters.
        pub step: Bit,
        /// Or a point is taken: `rest` changes.
        pub moves: Bit,
        /// A command began a cycle ago.
        pub starts: Bit,
        pub enters0: Bit,
        pub enters1: Bit,
        pub scalar_enters: Bit,
    }
}

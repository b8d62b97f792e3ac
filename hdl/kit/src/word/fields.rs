//! Structs of words whose width is a parameter, as single signals.

use num_bigint::BigUint;
use rust_hdl::prelude::{Bits, VerilogLiteral};

/// A struct as one signal, as `#[derive(LogicStruct)]` makes it, with a width as its parameter (which that
/// derivation does not take). The first field has the lowest bits.
///
/// The parameter is the width of the wide fields. Constants of such a struct can be written as Verilog for 256 and 384 bits.
///
/// ```
/// use gristmill_hdl_kit::{word::U, word_struct};
/// use rust_hdl::prelude::*;
/// word_struct! {
///     /// A point.
///     pub struct Affine<W> {
///         pub x: U<W>,
///         pub y: U<W>,
///         /// A sign.
///         pub negative: Bit,
///     }
/// }
/// assert_eq!(<Affine<384> as Synth>::BITS, 769);
/// assert_eq!(Affine::<256>::default().get_my_offset_negative(), 512);
/// ```
#[macro_export]
macro_rules! word_struct {
    ($(#[$meta:meta])* pub struct $name:ident<$width:ident> {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Copy, Clone, Debug, Default, PartialEq)]
        pub struct $name<const $width: usize> {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        $crate::paste::paste! {
            // Kernels ask for the fields that they use.
            #[allow(dead_code)]
            impl<const $width: usize> $name<$width> {
                fn offset_of_field(field: &str) -> usize {
                    let widths = [$((stringify!($field), <$type as $crate::rust_hdl::prelude::Synth>::BITS)),*];
                    widths.iter().take_while(|(name, _)| *name != field).map(|(_, bits)| bits).sum()
                }

                $(
                    /// For kernels: bits of the field.
                    #[doc(hidden)]
                    pub fn [<get_my_width_ $field>](&self) -> usize {
                        <$type as $crate::rust_hdl::prelude::Synth>::BITS
                    }

                    /// For kernels: the field's lowest bit.
                    #[doc(hidden)]
                    pub fn [<get_my_offset_ $field>](&self) -> usize {
                        Self::offset_of_field(stringify!($field))
                    }
                )*
            }
        }

        impl<const $width: usize> $crate::rust_hdl::prelude::Synth for $name<$width> {
            const BITS: usize = 0 $(+ <$type as $crate::rust_hdl::prelude::Synth>::BITS)*;

            fn descriptor() -> $crate::rust_hdl::prelude::TypeDescriptor {
                use $crate::rust_hdl::prelude::{TypeDescriptor, TypeField, TypeKind};
                TypeDescriptor {
                    name: stringify!($name).to_string(),
                    kind: TypeKind::Composite(vec![$(Box::new(TypeField {
                        fieldname: stringify!($field).to_string(),
                        kind: <$type as $crate::rust_hdl::prelude::Synth>::descriptor(),
                    })),*]),
                }
            }

            fn vcd(self) -> $crate::rust_hdl::prelude::VCDValue {
                $crate::rust_hdl::prelude::VCDValue::Composite(vec![
                    $(Box::new(<$type as $crate::rust_hdl::prelude::Synth>::vcd(self.$field))),*
                ])
            }

            fn verilog(self) -> $crate::rust_hdl::prelude::VerilogLiteral {
                let fields = [$((
                    <$type as $crate::rust_hdl::prelude::Synth>::BITS,
                    <$type as $crate::rust_hdl::prelude::Synth>::verilog(self.$field),
                )),*];
                match $width {
                    256 => {
                        const BITS: usize = <$name<256> as $crate::rust_hdl::prelude::Synth>::BITS;
                        $crate::word::literal::<BITS>(&fields)
                    }
                    384 => {
                        const BITS: usize = <$name<384> as $crate::rust_hdl::prelude::Synth>::BITS;
                        $crate::word::literal::<BITS>(&fields)
                    }
                    _ => panic!("a constant {} of {} bits: 256 or 384", stringify!($name), $width),
                }
            }
        }
    };
}

/// Fields and their widths, the first lowest, as one literal of N bits: for [`word_struct!`](crate::word_struct).
#[doc(hidden)]
pub fn literal<const N: usize>(fields: &[(usize, VerilogLiteral)]) -> VerilogLiteral {
    let (mut value, mut at) = (BigUint::default(), 0);
    for (bits, field) in fields {
        value |= number(field) << at;
        at += bits;
    }
    assert_eq!(at, N, "fields of {at} bits in a struct of {N}");
    Bits::<N>::from(value).into()
}

/// The number of a literal, which is to be had from its text only: `12'hfff`.
fn number(literal: &VerilogLiteral) -> BigUint {
    let text = format!("{literal:x}");
    let digits = text.rsplit_once("'h").map_or("", |(_, digits)| digits);
    BigUint::parse_bytes(digits.as_bytes(), 16).unwrap_or_else(|| panic!("{text}: no hexadecimal literal"))
}

#[cfg(test)]
mod tests {
    use crate::word::U;
    use rust_hdl::prelude::*;

    word_struct! {
        pub struct Generic<W> {
            pub low: Bits<3>,
            pub word: U<W>,
            pub high: Bit,
        }
    }

    #[derive(Copy, Clone, Debug, Default, PartialEq, LogicStruct)]
    struct Derived {
        low: Bits<3>,
        word: U<256>,
        high: Bit,
    }

    #[test]
    fn is_what_the_derivation_makes() {
        let word = U::from_limbs(&[0x0123_4567_89ab_cdef, 5, 0, 1 << 63]);
        let generic = Generic::<256> { low: 5.into(), word, high: true };
        let derived = Derived { low: 5.into(), word, high: true };
        assert_eq!(<Generic<256> as Synth>::BITS, <Derived as Synth>::BITS);
        assert_eq!(generic.verilog().to_string(), derived.verilog().to_string());
        assert_eq!(generic.vcd(), derived.vcd());
        assert_eq!(generic.get_my_offset_high(), derived.get_my_offset_high());
        assert_eq!(generic.get_my_width_word(), derived.get_my_width_word());
        assert_eq!(<Generic<384> as Synth>::BITS, 388);
    }
}

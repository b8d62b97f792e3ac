//! Inputs as scripts of operations, and back.
//!
//! Every operation is one byte of code and its fields, little-endian; so a mutation of the bytes
//! is a mutation of one operation, and seeds can be written as operations. Codes must not change
//! their meaning, or the corpus loses its own.

use arbitrary::{Arbitrary, Result, Unstructured};

/// Most operations of one input.
const MAX_OPS: usize = 64;

/// A field of an operation.
pub trait Field: Sized {
    fn take(u: &mut Unstructured<'_>) -> Result<Self>;
    fn put(&self, out: &mut Vec<u8>);
}

macro_rules! number {
    ($($t:ty)*) => {$(
        impl Field for $t {
            fn take(u: &mut Unstructured<'_>) -> Result<Self> {
                u.arbitrary()
            }
            fn put(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
        }
    )*};
}

number!(u8 u16 u32 u64);

impl Field for bool {
    fn take(u: &mut Unstructured<'_>) -> Result<Self> {
        u.arbitrary()
    }
    fn put(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }
}

/// Bytes behind a byte of length.
impl Field for Vec<u8> {
    fn take(u: &mut Unstructured<'_>) -> Result<Self> {
        let len = usize::from(u.arbitrary::<u8>()?).min(u.len());
        Ok(u.bytes(len)?.to_vec())
    }
    fn put(&self, out: &mut Vec<u8>) {
        let len = self.len().min(255);
        out.push(len as u8);
        out.extend(&self[..len]);
    }
}

/// The operations of an input.
pub fn parse<Op: for<'a> Arbitrary<'a>>(data: &[u8]) -> Vec<Op> {
    let mut u = Unstructured::new(data);
    let mut ops = Vec::new();
    while !u.is_empty() && ops.len() < MAX_OPS {
        let Ok(op) = Op::arbitrary(&mut u) else { break };
        ops.push(op);
    }
    ops
}

/// Declares an enum of operations with their codes.
macro_rules! ops {
    ($(#[$meta:meta])* pub enum $Op:ident { $($(#[$doc:meta])* $code:literal => $Name:ident { $($field:ident: $t:ty),* $(,)? },)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // the fields are the messages'
        pub enum $Op { $($(#[$doc])* $Name { $($field: $t),* },)* }

        impl<'a> arbitrary::Arbitrary<'a> for $Op {
            #[allow(unused_comparisons)]
            fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                const CODES: &[u8] = &[$($code),*];
                let byte: u8 = u.arbitrary()?;
                // Codes that nobody has yet stand for others, so that no byte is wasted.
                match CODES[usize::from(byte) % CODES.len()] {
                    $($code => Ok($Op::$Name { $($field: crate::script::Field::take(u)?),* }),)*
                    _ => Err(arbitrary::Error::IncorrectFormat),
                }
            }
        }

        impl $Op {
            /// Appends the operation's bytes.
            pub fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $($Op::$Name { $($field),* } => {
                        out.push($code);
                        $(crate::script::Field::put($field, out);)*
                    })*
                }
            }

            /// An input of these operations.
            pub fn script(ops: &[$Op]) -> Vec<u8> {
                let mut out = Vec::new();
                ops.iter().for_each(|op| op.put(&mut out));
                out
            }
        }
    };
}

//! `U<N>` to and from numbers, big integers, `Bits<N>`; text; and RustHDL's `Synth`.

use super::{LIMBS, U};
use num_bigint::BigUint;
use rust_hdl::prelude::{Bits, Synth, TypeDescriptor, TypeKind, VCDValue, VerilogLiteral};
use std::fmt;

impl<const N: usize> From<u64> for U<N> {
    /// Drops the bits from N on.
    #[inline(always)]
    fn from(x: u64) -> Self {
        let mut r = [0; LIMBS];
        r[0] = x;
        U(r).trim()
    }
}

impl<const N: usize> From<bool> for U<N> {
    #[inline(always)]
    fn from(x: bool) -> Self {
        Self::from(x as u64)
    }
}

impl<const N: usize> From<&BigUint> for U<N> {
    /// # Panics
    /// If the number needs more than N bits (as `Bits<N>` does): configuration, not input.
    fn from(x: &BigUint) -> Self {
        assert!(x.bits() <= N as u64, "a number of {} bits does not fit U<{N}>", x.bits());
        Self::from_limbs(&x.to_u64_digits())
    }
}

impl<const N: usize> From<BigUint> for U<N> {
    /// # Panics
    /// If the number needs more than N bits.
    fn from(x: BigUint) -> Self {
        Self::from(&x)
    }
}

impl<const N: usize> From<U<N>> for BigUint {
    fn from(x: U<N>) -> Self {
        let bytes: Vec<u8> = x.0[..U::<N>::USED].iter().flat_map(|l| l.to_le_bytes()).collect();
        BigUint::from_bytes_le(&bytes)
    }
}

impl<const N: usize> From<Bits<N>> for U<N> {
    #[inline(always)]
    fn from(x: Bits<N>) -> Self {
        let mut r = [0; LIMBS];
        if N <= 32 {
            r[0] = x.into();
        } else {
            for i in 0..N {
                r[i / 64] |= (x.get_bit(i) as u64) << (i % 64);
            }
        }
        U(r)
    }
}

impl<const N: usize> From<U<N>> for Bits<N> {
    #[inline(always)]
    fn from(x: U<N>) -> Self {
        if N <= 32 {
            x.0[0].into()
        } else {
            BigUint::from(x).into()
        }
    }
}

impl<const N: usize> fmt::LowerHex for U<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&BigUint::from(*self), f)
    }
}

impl<const N: usize> fmt::Debug for U<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N}'h{:x}", BigUint::from(*self))
    }
}

impl<const N: usize> fmt::Display for U<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&BigUint::from(*self), f)
    }
}

impl<const N: usize> Synth for U<N> {
    const BITS: usize = N;
    fn descriptor() -> TypeDescriptor {
        TypeDescriptor { name: format!("U::<{N}>"), kind: TypeKind::Bits(N) }
    }
    fn vcd(self) -> VCDValue {
        Bits::<N>::from(self).vcd()
    }
    fn verilog(self) -> VerilogLiteral {
        Bits::<N>::from(self).verilog()
    }
}

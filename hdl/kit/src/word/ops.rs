//! Arithmetic, logic, shifts and order of `U<N>`: everything modulo 2^N.

// Several arrays are indexed in step; carries are single bits.
#![allow(clippy::needless_range_loop, clippy::suspicious_arithmetic_impl)]

use super::{LIMBS, U};
use rust_hdl::prelude::Bits;
use std::cmp::Ordering;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Not, Shl, Shr, Sub};

impl<const N: usize> Default for U<N> {
    #[inline(always)]
    fn default() -> Self {
        U::ZERO
    }
}

impl<const N: usize> PartialEq for U<N> {
    #[inline(always)]
    fn eq(&self, o: &Self) -> bool {
        let mut d = 0;
        for i in 0..Self::USED {
            d |= self.0[i] ^ o.0[i];
        }
        d == 0
    }
}
impl<const N: usize> Eq for U<N> {}

impl<const N: usize> std::hash::Hash for U<N> {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        self.0[..Self::USED].hash(h);
    }
}

impl<const N: usize> Ord for U<N> {
    #[inline(always)]
    fn cmp(&self, o: &Self) -> Ordering {
        for i in (0..Self::USED).rev() {
            if self.0[i] != o.0[i] {
                return self.0[i].cmp(&o.0[i]);
            }
        }
        Ordering::Equal
    }
}
impl<const N: usize> PartialOrd for U<N> {
    #[inline(always)]
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}

impl<const N: usize> Add for U<N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        let mut r = [0; LIMBS];
        let mut c = false;
        for i in 0..Self::USED {
            let (s, c1) = self.0[i].overflowing_add(o.0[i]);
            let (s, c2) = s.overflowing_add(c as u64);
            r[i] = s;
            c = c1 | c2;
        }
        U(r).trim()
    }
}

impl<const N: usize> Sub for U<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        let mut r = [0; LIMBS];
        let mut b = false;
        for i in 0..Self::USED {
            let (s, b1) = self.0[i].overflowing_sub(o.0[i]);
            let (s, b2) = s.overflowing_sub(b as u64);
            r[i] = s;
            b = b1 | b2;
        }
        U(r).trim()
    }
}

impl<const N: usize> Mul for U<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        let mut r = [0u64; LIMBS];
        for i in 0..Self::USED {
            if self.0[i] == 0 {
                continue;
            }
            let mut c = 0u128;
            for j in 0..Self::USED - i {
                let t = self.0[i] as u128 * o.0[j] as u128 + r[i + j] as u128 + c;
                r[i + j] = t as u64;
                c = t >> 64;
            }
        }
        U(r).trim()
    }
}

macro_rules! with_u64 {
    ($($t:ident $f:ident),*) => { $(
        /// With a literal: in Verilog the literal has 32 bits, so use it only where the result is
        /// assigned as it is (the source check says where not).
        impl<const N: usize> $t<u64> for U<N> {
            type Output = Self;
            #[inline(always)]
            fn $f(self, o: u64) -> Self {
                $t::$f(self, U::<N>::from(o))
            }
        }
    )* };
}
with_u64!(Add add, Sub sub, BitAnd bitand, BitOr bitor, BitXor bitxor);

macro_rules! bitwise {
    ($($t:ident $f:ident $op:tt),*) => { $(
        impl<const N: usize> $t for U<N> {
            type Output = Self;
            #[inline(always)]
            fn $f(self, o: Self) -> Self {
                let mut r = [0; LIMBS];
                for i in 0..Self::USED {
                    r[i] = self.0[i] $op o.0[i];
                }
                U(r)
            }
        }
    )* };
}
bitwise!(BitAnd bitand &, BitOr bitor |, BitXor bitxor ^);

impl<const N: usize> Not for U<N> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        let mut r = [0; LIMBS];
        for i in 0..Self::USED {
            r[i] = !self.0[i];
        }
        U(r).trim()
    }
}

impl<const N: usize> Shl<usize> for U<N> {
    type Output = Self;
    #[inline(always)]
    fn shl(self, n: usize) -> Self {
        let (w, s) = (n / 64, n % 64);
        let mut r = [0u64; LIMBS];
        for i in w..Self::USED {
            r[i] = self.0[i - w] << s;
            if s > 0 && i > w {
                r[i] |= self.0[i - w - 1] >> (64 - s);
            }
        }
        U(r).trim()
    }
}

impl<const N: usize> Shr<usize> for U<N> {
    type Output = Self;
    #[inline(always)]
    fn shr(self, n: usize) -> Self {
        self.slice::<N>(n)
    }
}

/// A shift amount as a number; anything beyond `usize` shifts everything out.
#[inline(always)]
fn amount<const M: usize>(x: U<M>) -> usize {
    if x.0[1..U::<M>::USED].iter().any(|l| *l != 0) {
        return usize::MAX;
    }
    x.0[0] as usize
}

macro_rules! shift_by {
    ($($t:ident $f:ident),*) => { $(
        impl<const N: usize, const M: usize> $t<Bits<M>> for U<N> {
            type Output = Self;
            #[inline(always)]
            fn $f(self, n: Bits<M>) -> Self {
                $t::$f(self, amount(U::<M>::from(n)))
            }
        }
        impl<const N: usize, const M: usize> $t<U<M>> for U<N> {
            type Output = Self;
            #[inline(always)]
            fn $f(self, n: U<M>) -> Self {
                $t::$f(self, amount(n))
            }
        }
    )* };
}
shift_by!(Shl shl, Shr shr);

//! Non-adjacent form of width 4: a constant by few odd digits.

use num_bigint::{BigInt, BigUint};
use num_traits::Zero;

/// Bits of a digit's window: digits are odd, -7 to 7, and at least this far apart.
const WIDTH: u32 = 4;

/// value * 2^position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit {
    pub value: i8,
    pub position: usize,
}

/// The digits of a constant, lowest first; their sum is the constant.
pub fn digits(constant: &BigUint) -> Vec<Digit> {
    let mut rest = BigInt::from(constant.clone());
    let mut digits = Vec::new();
    let mut position = 0;
    while !rest.is_zero() {
        if rest.bit(0) {
            let low = (0..WIDTH).fold(0i8, |low, i| low | (rest.bit(u64::from(i)) as i8) << i);
            let value = if low >= 1 << (WIDTH - 1) { low - (1 << WIDTH) } else { low };
            rest -= value;
            digits.push(Digit { value, position });
        }
        rest >>= 1;
        position += 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::super::{BLS12_381_FQ, BLS12_381_FR, BN254_FQ, BN254_FR};
    use super::*;

    fn check(constant: &BigUint) {
        let digits = digits(constant);
        let sum: BigInt = digits.iter().map(|d| BigInt::from(d.value) << d.position).sum();
        assert_eq!(sum, BigInt::from(constant.clone()));
        assert!(digits.iter().all(|d| d.value % 2 != 0 && d.value.abs() < 8));
        assert!(digits.windows(2).all(|pair| pair[1].position - pair[0].position >= WIDTH as usize));
    }

    #[test]
    fn digits_are_few_and_make_the_constant() {
        for field in [BN254_FQ, BN254_FR, BLS12_381_FQ, BLS12_381_FR] {
            check(&field.prime());
            assert!(digits(&field.prime()).len() * 4 <= field.bits());
        }
        for constant in 0..2000u32 {
            check(&constant.into());
        }
    }
}

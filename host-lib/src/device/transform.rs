//! What a transform is: direction, coset, order.

use ark_bn254::Fr;

/// In which order a vector's elements lie before and after a transform. *Reversed* is element i at the index that i with its log2(n) bits
/// turned around is. A transform that hands its reversed result to one that takes it reversed saves both the turning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Natural on both sides.
    #[default]
    Natural,
    /// Reversed to natural.
    ReversedInput,
    /// Natural to reversed.
    ReversedOutput,
    /// Reversed on both sides.
    Reversed,
}

impl Order {
    /// Of the two sides.
    pub const fn of(input_reversed: bool, output_reversed: bool) -> Order {
        match (input_reversed, output_reversed) {
            (false, false) => Order::Natural,
            (true, false) => Order::ReversedInput,
            (false, true) => Order::ReversedOutput,
            (true, true) => Order::Reversed,
        }
    }

    /// Whether the input is reversed.
    pub const fn input(self) -> bool {
        matches!(self, Order::ReversedInput | Order::Reversed)
    }

    /// Whether the output is reversed.
    pub const fn output(self) -> bool {
        matches!(self, Order::ReversedOutput | Order::Reversed)
    }
}

/// A transform of 2^k elements of a [field](crate::NttField), with the primitive root `w = g^((r-1)/2^k)`, g the
/// field's generator in arkworks (BN254: 5, as snarkjs; BLS12-381: 7; BLS12-377: 22). With h the coset's generator (1 if
/// there is none): forward, coefficients c become evaluations `e_k = sum of c_j * (h*w^k)^j`;
/// inverse, evaluations become coefficients (the division by 2^k included).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transform<F = Fr> {
    /// From evaluations to coefficients.
    pub inverse: bool,
    /// Generator of the coset, not zero.
    pub coset: Option<F>,
    /// In which order elements lie.
    pub order: Order,
}

impl<F: Copy> Transform<F> {
    /// Coefficients to evaluations, natural order to natural order.
    pub const FORWARD: Self = Transform { inverse: false, coset: None, order: Order::Natural };
    /// Evaluations to coefficients, natural order to natural order.
    pub const INVERSE: Self = Transform { inverse: true, coset: None, order: Order::Natural };

    /// The same on the coset of a generator.
    pub const fn on_coset(self, generator: F) -> Self {
        Transform { inverse: self.inverse, coset: Some(generator), order: self.order }
    }

    /// The same on vectors in another order.
    pub const fn ordered(self, order: Order) -> Self {
        Transform { inverse: self.inverse, coset: self.coset, order }
    }
}

/// Moves element i to the index that i with its bits turned around is; nothing, if the length is no power of two.
pub(crate) fn reverse<T>(values: &mut [T]) {
    if !values.len().is_power_of_two() || values.len() < 2 {
        return;
    }
    let shift = usize::BITS - values.len().ilog2();
    for i in 0..values.len() {
        let j = i.reverse_bits() >> shift;
        if i < j {
            values.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_turned_around() {
        let reversed = |n: usize| {
            let mut values: Vec<usize> = (0..n).collect();
            reverse(&mut values);
            values
        };
        assert_eq!(reversed(8), [0, 4, 2, 6, 1, 5, 3, 7]);
        assert_eq!((reversed(0), reversed(1), reversed(2), reversed(3)), (vec![], vec![0], vec![0, 1], vec![0, 1, 2]));
        for (input, output) in [(false, false), (true, false), (false, true), (true, true)] {
            let order = Order::of(input, output);
            assert_eq!((order.input(), order.output()), (input, output));
        }
    }
}

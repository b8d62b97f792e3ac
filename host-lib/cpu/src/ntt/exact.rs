//! What transforms need of vectors beyond what additions of points do.

#![allow(clippy::needless_range_loop)] // As in the field.

use crate::{
    field::{Fp8, Limbs},
    simd::{Ifma, MASK},
};
use ark_ff::MontConfig;

impl<T: MontConfig<M>, const M: usize, const L: usize> Fp8<T, M, L> {
    /// Fully reduced, of a stored one.
    #[inline(always)]
    pub(super) fn exact(self, simd: Ifma) -> Self {
        let p = Limbs::<T, M, L>::P;
        let mask = simd.splat(MASK);
        let mut less = self.limbs;
        for j in 0..L {
            less[j] = less[j] - simd.splat(p[j]);
        }
        for j in 0..L - 1 {
            less[j + 1] = less[j + 1] + less[j].carry();
            less[j] = less[j] & mask;
        }
        // Lanes in which the difference is not negative.
        let above = (less[L - 1] & simd.splat(1 << 63)).zeros();
        self.select(above, &Self::new(less))
    }
}

//! Turning a square matrix over in its place.

use super::target::Target;
#[cfg(target_arch = "x86_64")]
use crate::simd::prefetch;
use rayon::prelude::*;

/// Elements of a row of a tile: four lines of the cache, of 32-byte elements.
const WIDTH: usize = 8;

/// Fewer elements are not worth a second thread.
const FEW: usize = 1 << 13;

/// Turns over the square matrix, row by row, of units of U elements each (1 or 2); a side has a multiple of 8/U units.
pub(super) fn turn_over<F: Copy + Send + Sync, const U: usize>(values: &mut [F]) {
    let side = (values.len() / U).isqrt();
    let tile = WIDTH / U;
    debug_assert!(side * side * U == values.len() && side.is_multiple_of(tile));
    let few = values.len() < FEW;
    let matrix = Target::new(values);
    let row = |i: usize| {
        for j in i..side / tile {
            // SAFETY: tiles (i, j) and (j, i) are this step's alone.
            unsafe { exchange::<F, U>(&matrix, side, i * tile, j * tile) };
        }
    };
    match few {
        true => (0..side / tile).for_each(row),
        false => (0..side / tile).into_par_iter().with_max_len(1).for_each(row),
    }
}

/// Exchanges the tile from row i and column j on with the one from row j and column i on, both turned over.
///
/// # Safety
/// No other reference to elements of the two tiles is alive.
unsafe fn exchange<F: Copy, const U: usize>(matrix: &Target<'_, F>, side: usize, i: usize, j: usize) {
    let tile = WIDTH / U;
    let row = side * U;
    #[cfg(target_arch = "x86_64")]
    for step in 0..tile {
        // The next two tiles.
        prefetch(matrix.address((i + step) * row + (j + tile) * U), WIDTH * size_of::<F>());
        prefetch(matrix.address((j + tile + step) * row + i * U), WIDTH * size_of::<F>());
    }
    // SAFETY: by the caller's promise; what one call hands out is copied before the next.
    let load = |r: usize, c: usize, step: usize| -> [F; WIDTH] { *unsafe { matrix.eight((r + step) * row + c * U) } };
    let upper: [[F; WIDTH]; WIDTH] = std::array::from_fn(|r| load(i, j, r % tile));
    let lower: [[F; WIDTH]; WIDTH] = std::array::from_fn(|r| load(j, i, r % tile));
    for r in 0..tile {
        // SAFETY: the same. (If i = j, both are the same tile.)
        *unsafe { matrix.eight((j + r) * row + i * U) } = std::array::from_fn(|c| upper[c / U][r * U + c % U]);
        // SAFETY: the same.
        *unsafe { matrix.eight((i + r) * row + j * U) } = std::array::from_fn(|c| lower[c / U][r * U + c % U]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns<const U: usize>(side: usize) {
        let mut values: Vec<[u64; 4]> = (0..(side * side * U) as u64).map(|i| [i; 4]).collect();
        let expected: Vec<[u64; 4]> = (0..side)
            .flat_map(|r| (0..side).flat_map(move |c| (0..U).map(move |e| [((c * side + r) * U + e) as u64; 4])))
            .collect();
        turn_over::<_, U>(&mut values);
        assert!(values == expected, "{side} x {side} of {U}");
    }

    #[test]
    fn rows_are_columns() {
        for side in [8, 16, 64] {
            turns::<1>(side);
            turns::<2>(side);
        }
    }
}

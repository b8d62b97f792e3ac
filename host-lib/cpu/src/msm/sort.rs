//! A counting sort of digits by bucket: what belongs together comes to lie together, so that no addition
//! ever waits for another one of its bucket.

use super::digits::{BLOCK, Digits};
use std::ops::Range;

/// Entries of a range of keys, sorted by key. A key is `window * buckets + |digit| - 1`.
pub(crate) struct Sorted {
    /// Start of each key's entries, and the end of the last.
    pub starts: Vec<u32>,
    /// Index of the point times two, plus one for a negative digit.
    pub entries: Vec<u32>,
}

impl Sorted {
    pub fn new(digits: &Digits, keys: Range<usize>) -> Self {
        let mut starts = vec![0u32; keys.len() + 2];
        each(digits, &keys, |key, _| starts[key + 2] += 1);
        for k in 2..starts.len() {
            starts[k] += starts[k - 1];
        }
        // starts[k + 1] runs from key k's start to its end, where it becomes key k + 1's start.
        let mut entries = vec![0u32; starts[keys.len() + 1] as usize];
        each(digits, &keys, |key, entry| {
            let at = &mut starts[key + 1];
            entries[*at as usize] = entry;
            *at += 1;
        });
        starts.pop();
        Sorted { starts, entries }
    }
}

/// Key less the first one, and entry, of all digits in the range.
#[inline(always)]
fn each(digits: &Digits, keys: &Range<usize>, mut f: impl FnMut(usize, u32)) {
    let buckets = 1usize << (digits.width - 1);
    for window in keys.start / buckets..keys.end.div_ceil(buckets) {
        let base = window * buckets;
        // Keys of this window in the range, as magnitudes.
        let low = keys.start.saturating_sub(base) + 1;
        let high = keys.end.min(base + buckets) - base;
        for (block, values) in digits.window(window).enumerate() {
            for (i, &digit) in values.iter().enumerate() {
                let magnitude = digit.unsigned_abs() as usize;
                if magnitude.wrapping_sub(low) <= high - low {
                    let entry = ((block * BLOCK + i) as u32) << 1 | u32::from(digit < 0);
                    f(base + magnitude - 1 - keys.start, entry);
                }
            }
        }
    }
}

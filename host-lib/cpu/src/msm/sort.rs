//! A counting sort of digits by bucket: what belongs together comes to lie together, so that no addition
//! ever waits for another one of its bucket.

use super::digits::{BLOCK, Digits};
use std::ops::Range;

/// Entries of a range of keys, sorted by key. Used again and again, so that memory is taken once. A key is `window * buckets + |digit| - 1`.
#[derive(Default)]
pub(crate) struct Sorted {
    /// Start of each key's entries, and the end of the last.
    pub starts: Vec<u32>,
    /// Index of the point times two, plus one for a negative digit.
    pub entries: Vec<u32>,
}

impl Sorted {
    /// Those of another range in place of what was here.
    pub fn fill(&mut self, digits: &Digits, keys: &Range<usize>) {
        let Sorted { starts, entries } = self;
        starts.clear();
        starts.resize(keys.len() + 2, 0);
        each(digits, keys, |key, _| starts[key + 2] += 1);
        for k in 2..starts.len() {
            starts[k] += starts[k - 1];
        }
        // starts[k + 1] runs from key k's start to its end, where it becomes key k + 1's start.
        entries.resize(starts[keys.len() + 1] as usize, 0);
        each(digits, keys, |key, entry| {
            let at = &mut starts[key + 1];
            entries[*at as usize] = entry;
            *at += 1;
        });
        starts.pop();
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

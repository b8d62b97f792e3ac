//! Constraint matrices, sparse, by rows.

use super::quotient::Secret;
use ark_bn254::Fr;
use ark_ff::Zero;
use ark_std::One;
use rayon::prelude::*;
use zeroize::Zeroizing;

/// A sparse matrix by rows. Columns are variables.
pub(super) struct Rowed {
    /// Entries of row i: `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    entries: Vec<(u32, Fr)>,
}

impl Rowed {
    /// From entries (row, column, value) in any order; rows beyond `rows` are left out.
    pub fn new(rows: usize, entries: impl Iterator<Item = (usize, u32, Fr)> + Clone) -> Self {
        let entries = entries.filter(|e| e.0 < rows);
        let mut starts = vec![0; rows + 1];
        for (row, ..) in entries.clone() {
            starts[row + 1] += 1;
        }
        for i in 0..rows {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut sorted = vec![(0, Fr::zero()); starts[rows]];
        for (row, column, value) in entries {
            let at = &mut next[row];
            sorted[*at] = (column, value);
            *at += 1;
        }
        Rowed { starts, entries: sorted }
    }

    /// From arkworks' form: rows of (value, column).
    pub fn from_rows(rows: &[Vec<(Fr, usize)>]) -> Self {
        let mut starts = Vec::with_capacity(rows.len() + 1);
        starts.push(0);
        let mut entries = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        for row in rows {
            // Variables are counted by `u32` in arkworks, too.
            entries.extend(row.iter().map(|(value, column)| (*column as u32, *value)));
            starts.push(entries.len());
        }
        Rowed { starts, entries }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The product with a vector that is longer than every column's index, filled with zeros to `length`.
    pub fn times(&self, values: &[Fr], length: usize) -> Secret {
        let row = |i: usize| {
            let entries = &self.entries[self.starts[i]..self.starts[i + 1]];
            entries.iter().fold(Fr::zero(), |sum, (column, factor)| {
                let value = values[*column as usize];
                // Most factors are one.
                sum + if factor.is_one() { value } else { value * factor }
            })
        };
        let mut product = Zeroizing::new(vec![Fr::zero(); length.max(self.rows())]);
        product[..self.rows()].par_iter_mut().enumerate().with_min_len(256).for_each(|(i, out)| *out = row(i));
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_by_rows() {
        let f = |v: u64| Fr::from(v);
        let entries = [(2, 0, f(5)), (0, 1, f(1)), (2, 2, f(7)), (9, 0, f(1))];
        let values = [f(2), f(3), f(4)];
        let expected = vec![f(3), f(0), f(38), f(0), f(0)];
        assert_eq!(*Rowed::new(3, entries.into_iter()).times(&values, 5), expected);
        let rows = [vec![(f(1), 1)], vec![], vec![(f(5), 0), (f(7), 2)]];
        assert_eq!(*Rowed::from_rows(&rows).times(&values, 5), expected);
    }
}

//! Software model of commands with columns: 16 interleaved vectors.

use super::model::{Factors, VectorField};
use num_bigint::BigUint;

/// Columns of a command that has some.
pub const COLUMNS: usize = 16;

impl VectorField {
    /// The words of a factor block for columns as `abi::layout::Field::column_block_words` says: of the sequences, one a column, the first
    /// K/16 elements, interleaved, then each one's `ratio^(K/16)`.
    pub fn column_block(&self, factors: &[Factors], log_seeds: u32) -> Vec<BigUint> {
        let seeds = (1 << log_seeds) / COLUMNS;
        let sequences: Vec<Vec<BigUint>> = factors.iter().map(|f| self.sequence(f, seeds)).collect();
        let interleaved = (0..seeds).flat_map(|row| sequences.iter().map(move |column| column[row].clone()));
        let ratios = factors.iter().map(|f| f.ratio.modpow(&seeds.into(), &self.modulus));
        self.pack(&interleaved.chain(ratios).map(|x| self.to_montgomery(&x)).collect::<Vec<_>>())
    }

    /// What a command with columns computes, canonical to canonical. Input `16 r + k` is element r of column k; each column is transformed as
    /// [`command`](Self::command) does, with factor sequences of its own, and results come interleaved if there are factors after, else column by column.
    pub fn columns(
        &self,
        input: &[BigUint],
        inverse: bool,
        before: Option<&[Factors]>,
        after: Option<&[Factors]>,
    ) -> Vec<BigUint> {
        let outputs: Vec<Vec<BigUint>> = (0..COLUMNS)
            .map(|k| {
                let column: Vec<BigUint> = input.iter().skip(k).step_by(COLUMNS).cloned().collect();
                self.command(&column, inverse, before.map(|f| &f[k]), after.map(|f| &f[k]))
            })
            .collect();
        match after {
            None => outputs.concat(),
            Some(_) => (0..input.len()).map(|i| outputs[i % COLUMNS][i / COLUMNS].clone()).collect(),
        }
    }
}

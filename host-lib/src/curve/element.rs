//! Field elements as bytes, least significant first.

use ark_ff::{BigInt, Fp, MontBackend, MontConfig, PrimeField};

/// A prime field whose elements arkworks keeps in Montgomery form with R = 2^(8 * `BYTES`), in little-endian
/// limbs. That is the card's form too: nothing is converted, only copied.
pub trait Element: PrimeField {
    /// Bytes of an element.
    const BYTES: usize;

    /// Montgomery form into `BYTES` bytes.
    fn write_montgomery(&self, bytes: &mut [u8]);

    /// Canonical form into `BYTES` bytes.
    fn write_canonical(&self, bytes: &mut [u8]);

    /// From `BYTES` bytes in Montgomery form; `None` if they are not below the modulus.
    fn from_montgomery(bytes: &[u8]) -> Option<Self>;
}

fn write(limbs: &[u64], bytes: &mut [u8]) {
    for (bytes, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
        bytes.copy_from_slice(&limb.to_le_bytes());
    }
}

impl<T: MontConfig<N>, const N: usize> Element for Fp<MontBackend<T, N>, N> {
    const BYTES: usize = 8 * N;

    fn write_montgomery(&self, bytes: &mut [u8]) {
        write(&self.0.0, bytes);
    }

    fn write_canonical(&self, bytes: &mut [u8]) {
        write(&self.into_bigint().0, bytes);
    }

    fn from_montgomery(bytes: &[u8]) -> Option<Self> {
        let mut limbs = [0; N];
        for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
            let mut eight = [0; 8];
            eight.copy_from_slice(bytes);
            *limb = u64::from_le_bytes(eight);
        }
        let residue = BigInt(limbs);
        (residue < Self::MODULUS).then(|| Self::new_unchecked(residue))
    }
}

//! Plonky3's transforms on a Gristmill device: [`DeviceDft`] in place of `Radix2DitParallel<Goldilocks>`.
//!
//! ```
//! use gristmill::{Device, Options};
//! use gristmill_plonky3::DeviceDft;
//! use p3_dft::TwoAdicSubgroupDft;
//! use p3_field::PrimeCharacteristicRing;
//! use p3_goldilocks::Goldilocks;
//!
//! # fn main() -> gristmill::Result<()> {
//! let dft = DeviceDft::new(&Device::open("cpu", &Options::default())?);
//! assert_eq!(dft.dft(vec![Goldilocks::ONE; 8])[0], Goldilocks::from_u64(8));
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

use gristmill::{Device, GoldilocksTransform, cpu};
use p3_dft::TwoAdicSubgroupDft;
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

/// Transforms of Goldilocks on a device: the columns of a matrix as one batch, natural order to natural order. A card that has them does those
/// that fit on its chip, the CPU engine the rest; all without a device, which is the default.
///
/// A transform has no way to tell an error: what a device fails at the CPU does, whatever the device's fall-back policy, and the log
/// (tracing, level warn) and the device's report say so. A wrong answer quarantines the device besides.
#[derive(Clone, Debug, Default)]
pub struct DeviceDft {
    device: Option<Device>,
}

impl DeviceDft {
    /// By a device.
    pub fn new(device: &Device) -> Self {
        DeviceDft { device: Some(device.clone()) }
    }

    /// Every column of the matrix.
    fn columns(
        &self,
        mut matrix: RowMajorMatrix<Goldilocks>,
        transform: &GoldilocksTransform,
    ) -> RowMajorMatrix<Goldilocks> {
        let (width, height) = (matrix.width(), matrix.height());
        if width == 0 || height == 0 {
            return matrix;
        }
        let mut columns: Vec<Vec<u64>> = (0..width)
            .map(|column| {
                matrix.values.iter().skip(column).step_by(width).map(PrimeField64::as_canonical_u64).collect()
            })
            .collect();
        let mut vectors: Vec<&mut [u64]> = columns.iter_mut().map(|column| &mut column[..]).collect();
        let done = self.device.as_ref().map(|device| (device, device.goldilocks_ntt(&mut vectors, transform)));
        match done {
            Some((_, Ok(()))) => {}
            Some((device, Err(error))) => {
                tracing::warn!(device = device.name(), %error, "transforms of a matrix are left to the CPU");
                vectors.iter_mut().for_each(|vector| cpu::goldilocks_ntt(vector, transform));
            }
            None => vectors.iter_mut().for_each(|vector| cpu::goldilocks_ntt(vector, transform)),
        }
        for (column, values) in columns.iter().enumerate() {
            for (place, value) in matrix.values.iter_mut().skip(column).step_by(width).zip(values) {
                *place = Goldilocks::from_u64(*value);
            }
        }
        matrix
    }
}

impl TwoAdicSubgroupDft<Goldilocks> for DeviceDft {
    type Evaluations = RowMajorMatrix<Goldilocks>;

    fn dft_batch(&self, mat: RowMajorMatrix<Goldilocks>) -> Self::Evaluations {
        self.columns(mat, &GoldilocksTransform::FORWARD)
    }

    fn coset_dft_batch(&self, mat: RowMajorMatrix<Goldilocks>, shift: Goldilocks) -> Self::Evaluations {
        self.columns(mat, &GoldilocksTransform::FORWARD.on_coset(shift.as_canonical_u64()))
    }

    fn idft_batch(&self, mat: RowMajorMatrix<Goldilocks>) -> RowMajorMatrix<Goldilocks> {
        self.columns(mat, &GoldilocksTransform::INVERSE)
    }

    fn coset_idft_batch(&self, mat: RowMajorMatrix<Goldilocks>, shift: Goldilocks) -> RowMajorMatrix<Goldilocks> {
        self.columns(mat, &GoldilocksTransform::INVERSE.on_coset(shift.as_canonical_u64()))
    }
}

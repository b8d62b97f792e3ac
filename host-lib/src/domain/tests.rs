//! Against arkworks' domain, on a device that counts and one that fails.

use super::*;
use crate::Options;
use crate::device::{Engine, EngineError, EngineResult, Info, MsmEngine, MsmJob, NttEngine, Resident, VectorEngine};
use crate::report::Cost;
use crate::{Fallback, MsmCurve, NttField, cpu};
use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::{FftField, UniformRand, Zero};
use ark_std::test_rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// Transforms on the CPU, counted; or fails.
#[derive(Default)]
struct Counting {
    transforms: AtomicUsize,
    fails: AtomicBool,
}

impl Engine for Counting {
    fn info(&self) -> EngineResult<Info> {
        Ok(Info::default())
    }
}

impl VectorEngine for Counting {}

impl<F: NttField> NttEngine<F> for Counting {
    fn ntt(&self, vectors: &mut [&mut [F]], transform: &Transform<F>) -> EngineResult<Cost> {
        self.transforms.fetch_add(1, SeqCst);
        if self.fails.load(SeqCst) {
            return Err(EngineError::failed("no answer"));
        }
        vectors.iter_mut().for_each(|vector| cpu::ntt(vector, transform));
        Ok(Cost::default())
    }
}

impl<C: MsmCurve> MsmEngine<C> for Counting {
    fn upload(&self, _: &Arc<[Affine<C>]>) -> EngineResult<(Resident, Cost)> {
        Err(EngineError::Unsupported("MSMs".into()))
    }

    fn holds(&self, _: &Resident) -> bool {
        false
    }

    fn msm(&self, _: &[MsmJob<'_, C>]) -> EngineResult<(Vec<Projective<C>>, Cost)> {
        Err(EngineError::Unsupported("MSMs".into()))
    }
}

fn counting(fallback: Fallback) -> (Arc<Counting>, Device) {
    let engine = Arc::new(Counting::default());
    let options = Options { fallback, ..Options::default() };
    let device = Device::with_engine("counting".into(), Some(engine.clone()), None, &options).unwrap();
    (engine, device)
}

/// Every transform of vectors of every length up to the domain's, plain and on a coset.
fn agrees<F: FftField>(sizes: &[usize]) {
    let rng = &mut test_rng();
    for size in sizes {
        let plain = Radix2EvaluationDomain::<F>::new(*size).unwrap();
        let domain = DeviceDomain::<F>::new(*size).unwrap();
        for offset in [F::one(), F::rand(rng)] {
            let (plain, domain) = (plain.get_coset(offset).unwrap(), domain.get_coset(offset).unwrap());
            for length in [0, 1, size / 8, size / 2 + 1, *size] {
                let values: Vec<F> = (0..length).map(|_| F::rand(rng)).collect();
                assert_eq!(domain.fft(&values), plain.fft(&values), "{length} in {size}");
                assert_eq!(domain.ifft(&values), plain.ifft(&values), "{length} in {size}");
            }
            assert_eq!(domain.elements().collect::<Vec<_>>(), plain.elements().collect::<Vec<_>>());
            assert_eq!((domain.size(), domain.log_size_of_group()), (plain.size(), plain.log_size_of_group()));
            let found = (domain.coset_offset(), domain.coset_offset_inv(), domain.coset_offset_pow_size());
            assert_eq!(found, (plain.coset_offset(), plain.coset_offset_inv(), plain.coset_offset_pow_size()));
        }
    }
}

#[test]
fn transforms_are_arkworks_and_the_devices() {
    let (engine, device) = counting(Fallback::Never);
    on(&device, || agrees::<Fr>(&[1, 2, 16, 64]));
    assert_eq!(engine.transforms.load(SeqCst), 4 * 2 * 5 * 2);
    on(&device, || agrees::<ark_bls12_381::Fr>(&[16]));
    on(&device, || agrees::<ark_bls12_377::Fr>(&[16]));
    assert_eq!(engine.transforms.load(SeqCst), 80 + 40);
    // Not of another field, nor without a device.
    on(&device, || agrees::<ark_bls12_377::Fq>(&[16]));
    agrees::<Fr>(&[16]);
    assert_eq!(engine.transforms.load(SeqCst), 120);
}

#[test]
fn group_elements_are_left_to_arkworks() {
    let (engine, device) = counting(Fallback::Never);
    let rng = &mut test_rng();
    let points: Vec<ark_bn254::G1Projective> = (0..8).map(|_| UniformRand::rand(rng)).collect();
    let found = on(&device, || DeviceDomain::<Fr>::new(8).unwrap().fft(&points));
    assert_eq!(found, Radix2EvaluationDomain::<Fr>::new(8).unwrap().fft(&points));
    assert_eq!(engine.transforms.load(SeqCst), 0);
}

#[test]
fn a_device_that_fails_changes_no_result() {
    for fallback in [Fallback::Never, Fallback::Auto] {
        let (engine, device) = counting(fallback);
        engine.fails.store(true, SeqCst);
        on(&device, || agrees::<Fr>(&[16]));
        assert_eq!(engine.transforms.load(SeqCst), 20);
        assert_eq!(device.report().fallbacks > 0, fallback == Fallback::Auto);
    }
}

#[test]
fn scopes_are_nested_and_end() {
    let ((first, one), (second, two)) = (counting(Fallback::Never), counting(Fallback::Never));
    let values = [Fr::from(5u64), Fr::zero()];
    let outer = on(&one, || {
        let outer = DeviceDomain::<Fr>::new(2).unwrap();
        on(&two, || {
            outer.fft(&values);
            DeviceDomain::<Fr>::new(2).unwrap().fft(&values);
        });
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| on(&two, || panic!("inside"))));
        assert!(result.is_err());
        assert_eq!(DeviceDomain::<Fr>::new(2).unwrap(), outer);
        DeviceDomain::<Fr>::new(2).unwrap().fft(&values);
        // A domain takes its device along.
        std::thread::scope(|scope| scope.spawn(|| outer.fft(&values)).join().map(drop).unwrap());
        assert!(format!("{outer:?}").contains("counting"));
        outer
    });
    assert_eq!((first.transforms.load(SeqCst), second.transforms.load(SeqCst)), (3, 1));
    assert_eq!(outer.fft(&values), [Fr::from(5u64); 2]);
    assert_eq!(first.transforms.load(SeqCst), 3, "the scope has ended");
    assert!(format!("{outer:?}").contains("arkworks"));
    let mut bytes = Vec::new();
    outer.serialize_compressed(&mut bytes).unwrap();
    assert_eq!(DeviceDomain::<Fr>::deserialize_compressed(&bytes[..]).unwrap(), outer);
}

//! MSMs against arkworks; what stays in card memory, by the bytes that the card counts.

use crate::support::{page_of_memory, rng, sum, terms, tiny};
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_std::{One, UniformRand, Zero};
use gristmill::{Bases, Device};

const BASE_BYTES: u64 = 64;

#[test]
fn sums_of_many_sizes_are_those_of_arkworks() {
    let (device, rng) = (tiny(), &mut rng(1));
    for n in [0, 1, 2, 3, 17, 64, 100] {
        let (points, scalars) = terms(n, rng);
        let bases = device.upload_bases(&points).unwrap();
        assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars), "{n} points");
    }
}

#[test]
fn special_scalars_and_bases() {
    let (device, rng) = (tiny(), &mut rng(2));
    let p = G1Affine::rand(rng);
    let n = 12;
    let (points, _) = terms(n, rng);
    let bases = [
        ("any", points),
        ("all infinity", vec![G1Affine::identity(); n]),
        ("all equal", vec![p; n]),
        ("P and -P", (0..n).map(|i| if i % 2 == 0 { p } else { -p }).collect()),
    ];
    let equal = Fr::rand(rng);
    let scalars: [(&str, Fr); 5] =
        [("0", Fr::zero()), ("1", Fr::one()), ("r-1", -Fr::one()), ("equal", equal), ("8", Fr::from(8u8))];
    for (what, points) in &bases {
        let resident = device.upload_bases(points).unwrap();
        let vectors: Vec<Vec<Fr>> = scalars.iter().map(|(_, s)| vec![*s; n]).collect();
        let jobs: Vec<(&Bases, &[Fr])> = vectors.iter().map(|v| (&resident, &v[..])).collect();
        let sums = device.msm_batch(&jobs).unwrap();
        for (((scalar, _), vector), found) in scalars.iter().zip(&vectors).zip(sums) {
            assert_eq!(found, sum(points, vector), "bases {what}, scalars {scalar}");
        }
    }
}

#[test]
fn a_batch_mixes_sizes_and_base_sets() {
    let (device, rng) = (tiny(), &mut rng(3));
    let sets: Vec<_> = [5, 0, 33, 1].into_iter().map(|n| terms(n, rng)).collect();
    let bases: Vec<Bases> = sets.iter().map(|(points, _)| device.upload_bases(points).unwrap()).collect();
    let order = [2, 0, 1, 3, 2, 0];
    let jobs: Vec<(&Bases, &[Fr])> = order.iter().map(|i| (&bases[*i], &sets[*i].1[..])).collect();
    let sums = device.msm_batch(&jobs).unwrap();
    let expected: Vec<G1Projective> = order.iter().map(|i| sum(&sets[*i].0, &sets[*i].1)).collect();
    assert_eq!(sums, expected);
    let report = device.report();
    let msm = report.stages.iter().find(|s| s.name == "msm").unwrap();
    assert!(msm.calls == 1 && msm.cycles > 0 && report.useful_additions > 0, "{report:?}");
}

#[test]
fn bases_of_ten_times_card_memory_are_streamed() {
    let (device, rng) = (page_of_memory(), &mut rng(4));
    let n = 10 * 4096 / BASE_BYTES as usize;
    // A few different points, as curve arithmetic on the host is not what is tested.
    let (few, _) = terms(40, rng);
    let points: Vec<G1Affine> = (0..n).map(|i| few[i % few.len()]).collect();
    let scalars: Vec<Fr> = (0..n).map(|_| Fr::rand(rng)).collect();
    let bases = device.upload_bases(&points).unwrap();
    assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
    let bytes = device.report().bytes;
    assert_eq!((bytes.card_read, bytes.card_write), (0, 0));
    assert!(bytes.host_read >= n as u64 * (BASE_BYTES + 32));
}

/// Runs an MSM and checks it; the bases' bytes that had to be copied to the card for it.
fn restored(device: &Device, (points, scalars): &(Vec<G1Affine>, Vec<Fr>), bases: &Bases) -> u64 {
    device.take_report();
    assert_eq!(device.msm(bases, scalars).unwrap(), sum(points, scalars));
    let bytes = device.take_report().bytes;
    assert_eq!(bytes.card_read, points.len() as u64 * BASE_BYTES, "bases come from card memory");
    bytes.card_write
}

#[test]
fn base_sets_are_evicted_and_restored() {
    let (device, rng) = (page_of_memory(), &mut rng(5));
    let sets: Vec<_> = [30, 20, 24].into_iter().map(|n| terms(n, rng)).collect();
    let bases: Vec<Bases> = sets.iter().map(|(points, _)| device.upload_bases(points).unwrap()).collect();
    // The third displaced the first.
    assert_eq!(restored(&device, &sets[2], &bases[2]), 0);
    assert_eq!(restored(&device, &sets[1], &bases[1]), 0);
    assert_eq!(restored(&device, &sets[0], &bases[0]), 30 * BASE_BYTES);
    assert_eq!(restored(&device, &sets[0], &bases[0]), 0);
    // All in one batch: each copy comes after the MSMs that still need what it overwrites.
    let order = [0, 1, 2, 1, 0, 2, 2];
    let jobs: Vec<(&Bases, &[Fr])> = order.iter().map(|i| (&bases[*i], &sets[*i].1[..])).collect();
    let expected: Vec<G1Projective> = order.iter().map(|i| sum(&sets[*i].0, &sets[*i].1)).collect();
    assert_eq!(device.msm_batch(&jobs).unwrap(), expected);
}

#[test]
fn dropped_bases_make_room() {
    let (device, rng) = (page_of_memory(), &mut rng(6));
    let sets: Vec<_> = [40, 24, 40].into_iter().map(|n| terms(n, rng)).collect();
    let first = device.upload_bases(&sets[0].0).unwrap();
    let second = device.upload_bases(&sets[1].0).unwrap();
    drop(first);
    // 24 + 40 bases fill the memory: nothing had to go for the third.
    let third = device.upload_bases(&sets[2].0).unwrap();
    assert_eq!(restored(&device, &sets[1], &second), 0);
    assert_eq!(restored(&device, &sets[2], &third), 0);
}

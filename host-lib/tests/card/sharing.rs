//! One card for many: futures, threads, provers.

use crate::support::{data, rng, sum, terms, tiny, transformed, values};
use gristmill::{Transform, formats::Witness, groth16::ZkeyProver};

#[test]
fn futures() {
    let (device, rng) = (tiny(), &mut rng(51));
    let (points, scalars) = terms(10, rng);
    let bases = device.upload_bases(&points).unwrap();
    let input = values(32, rng);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (sums, found) = runtime.block_on(async {
        // All three are under way before the first is awaited.
        let first = device.msm_async(&bases, scalars.clone());
        let vector = device.ntt_async(input.clone(), Transform::FORWARD);
        let second = device.msm_async(&bases, scalars.clone());
        let dropped = device.msm_async(&bases, scalars.clone());
        drop(dropped);
        let (first, vector, second) = tokio::join!(first, vector, second);
        ([first.unwrap(), second.unwrap()], vector.unwrap())
    });
    let expected = sum(&points, &scalars);
    assert_eq!(sums, [expected, expected]);
    assert_eq!(found, transformed(&input, &Transform::FORWARD));
}

#[test]
fn threads() {
    let device = tiny();
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let device = device.clone();
            scope.spawn(move || {
                let rng = &mut rng(60 + seed);
                for n in [3, 20] {
                    let (points, scalars) = terms(n, rng);
                    let bases = device.upload_bases(&points).unwrap();
                    assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
                    let input = values(16, rng);
                    let mut found = input.clone();
                    device.ntt(&mut found, &Transform::INVERSE).unwrap();
                    assert_eq!(found, transformed(&input, &Transform::INVERSE));
                }
            });
        }
    });
    assert_eq!(device.report().fallbacks, 0);
}

#[test]
fn two_provers_at_once() {
    let device = tiny();
    let provers = [0, 1].map(|_| ZkeyProver::open(&device, data("circuit.zkey")).unwrap());
    let witness = Witness::open(data("witness.wtns")).unwrap();
    let cycles: u64 = std::thread::scope(|scope| {
        let prove = |prover| {
            let witness = &witness;
            scope.spawn(move || ZkeyProver::prove(prover, witness).unwrap().report.cycles)
        };
        let running = [prove(&provers[0]), prove(&provers[1])];
        running.map(|thread| thread.join().unwrap()).iter().sum()
    });
    let report = device.report();
    let uploads: u64 = report.stages.iter().filter(|s| s.name.starts_with("upload")).map(|s| s.cycles).sum();
    assert_eq!((report.fallbacks, report.cycles), (0, cycles + uploads));
}

//! Vectors that stay on the card: programs of steps against arkworks, and what does not fit.

use crate::support::{all_kinds, configured, options, rng, sum, terms, tiny, tiny_config, transformed, values, with};
use ark_bn254::Fr;
use ark_ff::{One, UniformRand, Zero};
use ark_std::rand::{Rng, rngs::StdRng};
use gristmill::{Check, Device, Error, Fallback, Operation, Options, Order, Second, Step, Transform, Vector};
use gristmill_hdl::config::CardConfig;

/// What a program makes of vectors.
fn expected(vectors: &mut [Vec<Fr>], steps: &[Step]) {
    for step in steps {
        match step {
            Step::Transform { vector, transform } => vectors[*vector] = transformed(&vectors[*vector], transform),
            Step::Combine { operation, a, b, to } => {
                vectors[*to] = (0..vectors[*to].len())
                    .map(|i| {
                        let x = vectors[*a][i];
                        let y = match b {
                            Second::Vector(b) => vectors[*b][i],
                            Second::Element(element) => *element,
                        };
                        match operation {
                            Operation::Add => x + y,
                            Operation::Sub => x - y,
                            Operation::Mul => x * y,
                            Operation::MulSub => x * y - vectors[*to][i],
                        }
                    })
                    .collect();
            }
        }
    }
}

fn program(count: usize, vectors: usize, rng: &mut StdRng) -> Vec<Step> {
    let one = |rng: &mut StdRng| rng.gen_range(0..vectors);
    (0..count)
        .map(|_| match rng.gen_range(0..3) {
            0 => Step::transform(one(rng), all_kinds(rng)[rng.gen_range(0..4)]),
            1 => Step::combine(Operation::ALL[rng.gen_range(0..4)], one(rng), one(rng), one(rng)),
            _ => Step::Combine {
                operation: Operation::ALL[rng.gen_range(0..4)],
                a: one(rng),
                b: Second::Element(if rng.r#gen() { Fr::rand(rng) } else { -Fr::one() }),
                to: one(rng),
            },
        })
        .collect()
}

fn runs_programs(device: &Device, lengths: &[usize], on_card: bool) {
    let rng = &mut rng(71);
    for n in lengths {
        let mut held: Vec<Vec<Fr>> = (0..3).map(|_| values(*n, rng)).collect();
        held.push(vec![Fr::zero(); *n]);
        let mut vectors: Vec<Vector> = held[..3].iter().map(|v| device.vector(v).unwrap()).collect();
        vectors.push(device.zero_vector(*n).unwrap());
        assert!(vectors.iter().all(|v| v.is_on_card() == on_card && v.len() == *n), "{vectors:?}");
        for _ in 0..2 {
            let steps = program(8, vectors.len(), rng);
            expected(&mut held, &steps);
            device.run(&mut vectors, &steps).unwrap();
            for (vector, held) in vectors.iter().zip(&held) {
                assert_eq!(device.read(vector).unwrap(), *held, "{n} elements, {steps:?}");
            }
        }
        let (points, _) = terms(*n, rng);
        let bases = device.upload_bases(&points).unwrap();
        assert_eq!(device.msm_of_vector(&bases, &vectors[1]).unwrap(), sum(&points, &held[1]));
        let fewer = device.upload_bases(&points[1..]).unwrap();
        let found = device.msm_of_vector(&fewer, &vectors[1]).unwrap();
        assert_eq!(found, sum(&points[1..], &held[1][..n - 1]));
    }
}

#[test]
fn programs_are_those_of_arkworks() {
    runs_programs(&tiny(), &[2, 64], true);
    runs_programs(&with(Fallback::Never, Check::Dual, &[]), &[16], true);
    // Too long for the chip, or too short.
    runs_programs(&tiny(), &[1, 128], false);
    runs_programs(&Device::open("cpu", &Options::default()).unwrap(), &[1, 2, 64], false);
    for config in [
        CardConfig { elementwise: false, name: "without".into(), ..tiny_config() },
        CardConfig { card_mem_bytes: 0, name: "bare".into(), ..tiny_config() },
    ] {
        let device = configured(&config, Fallback::Never, Check::Curve, &[]);
        runs_programs(&device, &[16], false);
        assert!(device.report().butterflies > 0, "its transforms are the card's");
        assert!(!device.info().unwrap().ntt.unwrap().resident);
    }
    assert!(tiny().info().unwrap().ntt.unwrap().resident);
}

/// Room for two vectors of 64 elements and nothing else: the third stays on the host, and bases make way.
#[test]
fn memory_that_is_short() {
    let config = CardConfig { name: "page".into(), card_mem_bytes: 4096, ..tiny_config() };
    let device = configured(&config, Fallback::Never, Check::Dual, &[]);
    let rng = &mut rng(72);
    let (points, scalars) = terms(40, rng);
    let bases = device.upload_bases(&points).unwrap();
    let held: Vec<Vec<Fr>> = (0..3).map(|_| values(64, rng)).collect();
    let mut vectors: Vec<Vector> = held.iter().map(|v| device.vector(v).unwrap()).collect();
    assert_eq!(vectors.iter().map(Vector::is_on_card).collect::<Vec<_>>(), [true, true, false]);
    let steps = [Step::combine(Operation::Mul, 0, 1, 0), Step::transform(2, Transform::INVERSE)];
    device.run(&mut vectors, &steps).unwrap();
    let product: Vec<Fr> = held[0].iter().zip(&held[1]).map(|(a, b)| *a * b).collect();
    assert_eq!(device.read(&vectors[0]).unwrap(), product);
    assert_eq!(device.read(&vectors[2]).unwrap(), transformed(&held[2], &Transform::INVERSE));
    let steps = [Step::combine(Operation::Add, 0, 1, 0), Step::combine(Operation::Add, 0, 2, 0)];
    let error = device.run(&mut vectors, &steps).unwrap_err().to_string();
    assert!(error.contains("step 1") && error.contains("room"), "{error}");
    assert_eq!(device.read(&vectors[0]).unwrap(), product, "nothing was done");
    // Bases are brought for each command while the vectors have the memory.
    assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
    assert_eq!(device.msm_of_vector(&bases, &vectors[0]).unwrap(), sum(&points, &product[..40]));
    drop(vectors);
    assert!(device.vector(&held[2]).unwrap().is_on_card());
    assert_eq!(device.msm(&bases, &scalars).unwrap(), sum(&points, &scalars));
}

#[test]
fn what_cannot_be_done_is_told_and_nothing_is() {
    let (device, other) = (tiny(), tiny());
    let held = values(8, &mut rng(73));
    let long = device.vector(&values(16, &mut rng(74))).unwrap();
    let mut vectors = [device.vector(&held).unwrap(), device.vector(&held).unwrap(), long];
    let good = Step::combine(Operation::Add, 0, 1, 0);
    let reversed = Transform::FORWARD.ordered(Order::ReversedOutput);
    for (steps, step, words) in [
        (vec![good, Step::transform(3, Transform::FORWARD)], 1, ["vector 3 of 3", "one length"]),
        (vec![Step::combine(Operation::Add, 0, 1, 2)], 0, ["vector 0 has 8 elements", "vector 2 16"]),
        (vec![good, Step::transform(0, reversed)], 1, ["ReversedOutput", "natural order"]),
    ] {
        let error = device.run(&mut vectors, &steps).unwrap_err();
        assert!(matches!(error, Error::VectorStep { step: found, .. } if found == step), "{error:?}");
        assert!(words.iter().all(|w| error.to_string().contains(w)), "{error}");
    }
    let zero = Step::transform(0, Transform::FORWARD.on_coset(Fr::zero()));
    assert!(matches!(device.run(&mut vectors, &[good, zero]), Err(Error::ZeroCoset)));
    assert_eq!(device.read(&vectors[0]).unwrap(), held, "nothing was done");
    for error in [other.run(&mut vectors, &[good]).unwrap_err(), other.read(&vectors[0]).unwrap_err()] {
        assert!(matches!(error, Error::ForeignVector { .. }), "{error:?}");
    }
    for length in [0, 3, 12] {
        assert!(matches!(device.zero_vector(length), Err(Error::NttLength { .. })));
    }
    let (points, _) = terms(9, &mut rng(75));
    let bases = device.upload_bases(&points).unwrap();
    let error = device.msm_of_vector(&bases, &vectors[0]).unwrap_err();
    assert!(matches!(error, Error::MsmLength { scalars: 8, bases: 9 }), "{error:?}");
    let foreign = other.upload_bases(&points[..8]).unwrap();
    assert!(matches!(device.msm_of_vector(&foreign, &vectors[0]), Err(Error::ForeignBases { .. })));
}

/// A failure loses the vectors, whatever the fall-back, and tells; a wrong answer is found where results are checked twice.
#[test]
fn failures_are_told() {
    let held = values(8, &mut rng(76));
    let twice = [Step::combine(Operation::Add, 0, 0, 0)];
    let device =
        Device::open("sim", &Options { fallback: Fallback::Auto, ..options(&["status:8@elementwise"]) }).unwrap();
    let mut vectors = [device.vector(&held).unwrap()];
    assert!(matches!(device.run(&mut vectors, &twice), Err(Error::DeviceFailed { .. })));
    let lost = device.read(&vectors[0]).unwrap_err().to_string();
    assert!(lost.contains("lost"), "{lost}");
    let mut again = [device.vector(&held).unwrap()];
    device.run(&mut again, &twice).unwrap();
    assert_eq!(device.read(&again[0]).unwrap(), held.iter().map(|x| *x + x).collect::<Vec<_>>());

    let device = with(Fallback::Auto, Check::Dual, &["corrupt@elementwise"]);
    let mut vectors = [device.vector(&held).unwrap()];
    device.run(&mut vectors, &twice).unwrap();
    assert!(matches!(device.read(&vectors[0]), Err(Error::WrongAnswer { .. })));
    assert!(device.quarantined().is_some());
}

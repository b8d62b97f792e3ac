//! Devices over an engine that fails and lies on demand.

use super::*;
use crate::{Curve, Field, MsmCurve, NttField, Place, cpu, report::Cost};
use ark_bn254::{Fq, Fr, G1Affine};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_std::{One, UniformRand, Zero, test_rng};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst};

const HONEST: u8 = 0;
const FAILS: u8 = 1;
const OFF_CURVE: u8 = 2;
const WRONG: u8 = 3;
const UNSUPPORTED: u8 = 4;
/// Bases have to be brought anew.
const FORGETS: u8 = 5;

/// The CPU in a card's clothes.
#[derive(Default)]
struct Moody {
    mood: AtomicU8,
    resident: Arc<AtomicUsize>,
}

/// Counts uploads that were not dropped.
struct Token(Arc<AtomicUsize>);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Moody {
    fn fail(&self) -> EngineResult<()> {
        match self.mood.load(SeqCst) {
            FAILS => Err(EngineError::failed("the socket closed")),
            UNSUPPORTED => Err(EngineError::Unsupported("no such engine".into())),
            _ => Ok(()),
        }
    }
}

impl Engine for Moody {
    fn info(&self) -> EngineResult<Info> {
        let msm = MsmInfo { adders: 1, ..MsmInfo::default() };
        Ok(Info { kind: "simulator".into(), clock_hz: Some(1_000_000), msm: Some(msm), ..Info::default() })
    }
}

impl VectorEngine for Moody {}

impl<F: NttField> NttEngine<F> for Moody {
    fn ntt(&self, vectors: &mut [&mut [F]], transform: &Transform<F>) -> EngineResult<Cost> {
        for v in vectors.iter_mut() {
            cpu::ntt(v, transform);
        }
        if ![HONEST, FORGETS].contains(&self.mood.load(SeqCst)) {
            vectors[0][0] += F::one();
        }
        self.fail()?;
        Ok(Cost { cycles: 10, butterflies: 7, ..Cost::default() })
    }
}

impl<C: MsmCurve> MsmEngine<C> for Moody {
    fn upload(&self, _: &Arc<[Affine<C>]>) -> EngineResult<(Resident, Cost)> {
        self.fail()?;
        self.resident.fetch_add(1, SeqCst);
        Ok((Arc::new(Token(self.resident.clone())), Cost { cycles: 5, ..Cost::default() }))
    }

    fn holds(&self, _: &Resident) -> bool {
        self.mood.load(SeqCst) != FORGETS
    }

    fn msm(&self, jobs: &[MsmJob<'_, C>]) -> EngineResult<(Vec<Projective<C>>, Cost)> {
        self.fail()?;
        assert!(jobs.iter().all(|job| job.resident.downcast_ref::<Token>().is_some()));
        let mut sums: Vec<_> = jobs.iter().map(|job| cpu::msm(job.points, job.scalars)).collect();
        match (self.mood.load(SeqCst), sums.last_mut()) {
            (OFF_CURVE, Some(sum)) => sum.x += C::BaseField::one(),
            (WRONG, Some(sum)) => *sum += jobs[0].points[0],
            _ => {}
        }
        Ok((sums, Cost { cycles: 100, msm_cycles: 80, useful_additions: 60, ..Cost::default() }))
    }
}

struct Bench {
    engine: Arc<Moody>,
    device: Device,
    points: Vec<G1Affine>,
    scalars: Vec<Fr>,
}

fn bench(fallback: Fallback, check: Check) -> Bench {
    let rng = &mut test_rng();
    let engine = Arc::new(Moody::default());
    let options = Options { fallback, check, ..Options::default() };
    let device = Device::with_engine("moody".into(), Some(engine.clone()), None, &options).unwrap();
    let points = (0..8).map(|_| G1Affine::rand(rng)).collect();
    Bench { engine, device, points, scalars: (0..8).map(|_| Fr::rand(rng)).collect() }
}

#[test]
fn an_honest_engine_is_reported() {
    let Bench { engine, device, points, scalars } = bench(Fallback::Never, Check::Dual);
    let bases = device.upload_bases(&points).unwrap();
    let twice = bases.clone();
    assert_eq!(engine.resident.load(SeqCst), 1);
    let sum = cpu::msm(&points, &scalars);
    assert_eq!(device.msm_batch(&[(&bases, &scalars), (&twice, &scalars)]).unwrap(), [sum, sum]);
    let mut values = scalars.clone();
    device.ntt(&mut values, &Transform::FORWARD).unwrap();
    assert_ne!(values, scalars);
    device.ntt(&mut values, &Transform::INVERSE).unwrap();
    assert_eq!(values, scalars);
    let report = device.take_report();
    assert_eq!((report.cycles, report.butterflies, report.fallbacks), (125, 14, 0));
    assert_eq!((report.adder_use, report.clock_hz), (Some(0.75), Some(1_000_000)));
    assert_eq!(report.host_stages, ["check"]);
    let places: Vec<_> = report.stages.iter().map(|s| (s.name.as_str(), s.place)).collect();
    let expected = [("upload", Place::Device), ("msm", Place::Device), ("check", Place::Host), ("ntt", Place::Device)];
    assert_eq!(places, expected);
    assert!(device.report().stages.is_empty());
    drop(bases);
    assert_eq!(engine.resident.load(SeqCst), 1);
    drop(twice);
    assert_eq!(engine.resident.load(SeqCst), 0);
}

#[test]
fn failures_fall_back_and_are_counted_or_are_errors() {
    for check in [Check::None, Check::Curve, Check::Dual] {
        let Bench { engine, device, points, scalars } = bench(Fallback::Auto, check);
        let bases = device.upload_bases(&points).unwrap();
        engine.mood.store(FAILS, SeqCst);
        let away = device.upload_bases(&points).unwrap();
        let sum = cpu::msm(&points, &scalars);
        assert_eq!(device.msm(&bases, &scalars).unwrap(), sum);
        assert_eq!(device.msm(&away, &scalars).unwrap(), sum);
        let (mut values, mut expected) = (scalars.clone(), scalars.clone());
        device.ntt(&mut values, &Transform::FORWARD).unwrap();
        cpu::ntt(&mut expected, &Transform::FORWARD);
        assert_eq!(values, expected, "what the engine left is not transformed again");
        let report = device.report();
        assert_eq!((report.fallbacks, report.cycles), (4, 5));
        assert!(report.fallback_reasons[0].contains("the socket closed"), "{:?}", report.fallback_reasons);
        engine.mood.store(HONEST, SeqCst);
        assert_eq!(device.msm(&bases, &scalars).unwrap(), sum);
        assert_eq!(device.report().fallbacks, 4, "the next task goes to the device again");
    }
    let Bench { engine, device, points, scalars } = bench(Fallback::Never, Check::Curve);
    let bases = device.upload_bases(&points).unwrap();
    engine.mood.store(FAILS, SeqCst);
    let mut values = scalars.clone();
    assert!(matches!(device.upload_bases(&points), Err(Error::DeviceFailed { .. })));
    assert!(matches!(device.msm(&bases, &scalars), Err(Error::DeviceFailed { .. })));
    let error = device.ntt(&mut values, &Transform::FORWARD).unwrap_err().to_string();
    assert!(error.contains("`moody`") && error.contains("ntt") && error.contains("the socket closed"), "{error}");
    assert_eq!(values, scalars);
    assert_eq!(device.report().fallbacks, 0);
}

#[test]
fn what_a_device_does_not_offer_is_a_host_stage_and_no_fall_back() {
    let Bench { engine, device, points, scalars } = bench(Fallback::Never, Check::Curve);
    engine.mood.store(UNSUPPORTED, SeqCst);
    let bases = device.upload_bases(&points).unwrap();
    assert_eq!(device.msm(&bases, &scalars).unwrap(), cpu::msm(&points, &scalars));
    device.ntt(&mut scalars.clone(), &Transform::FORWARD).unwrap();
    let report = device.report();
    assert_eq!((report.fallbacks, report.cycles), (0, 0));
    assert_eq!(report.host_stages, ["msm", "ntt"]);
}

#[test]
fn wrong_answers_quarantine_the_device_even_where_fall_back_is_allowed() {
    for (mood, check, msm_caught) in [
        (OFF_CURVE, Check::None, false),
        (OFF_CURVE, Check::Curve, true),
        (OFF_CURVE, Check::Dual, true),
        (WRONG, Check::Curve, false),
        (WRONG, Check::Dual, true),
    ] {
        let Bench { engine, device, points, scalars } = bench(Fallback::Auto, check);
        let bases = device.upload_bases(&points).unwrap();
        engine.mood.store(mood, SeqCst);
        let result = device.msm(&bases, &scalars);
        assert_eq!(matches!(result, Err(Error::WrongAnswer { .. })), msm_caught, "{mood} {check:?} {result:?}");
        assert_eq!(device.quarantined().is_some(), msm_caught);
        assert_eq!(device.report().fallbacks, 0);
        if msm_caught {
            engine.mood.store(HONEST, SeqCst);
            let clone = device.with_check(Check::None);
            assert!(matches!(clone.msm(&bases, &scalars), Err(Error::Quarantined { .. })));
            assert!(matches!(clone.upload_bases(&points), Err(Error::Quarantined { .. })));
        }
    }
    for (check, caught) in [(Check::None, false), (Check::Curve, true), (Check::Dual, true)] {
        let Bench { engine, device, scalars, .. } = bench(Fallback::Auto, check);
        engine.mood.store(WRONG, SeqCst);
        let mut values = scalars.clone();
        let result = device.ntt(&mut values, &Transform::FORWARD);
        assert_eq!(matches!(result, Err(Error::WrongAnswer { .. })), caught, "{check:?}");
        assert_eq!(values == scalars, caught, "the vector is left alone");
    }
}

#[test]
fn wrong_lengths_cosets_and_bases_are_refused() {
    let Bench { device, points, mut scalars, .. } = bench(Fallback::Auto, Check::Curve);
    let bases = device.upload_bases(&points).unwrap();
    assert!(matches!(device.msm(&bases, &scalars[1..]), Err(Error::MsmLength { scalars: 7, bases: 8 })));
    assert!(matches!(device.ntt(&mut scalars[..3], &Transform::FORWARD), Err(Error::NttLength { length: 3, .. })));
    assert!(matches!(device.ntt::<Fr>(&mut [], &Transform::FORWARD), Err(Error::NttLength { length: 0, .. })));
    let zero = Transform::FORWARD.on_coset(Fr::zero());
    assert!(matches!(device.ntt(&mut scalars, &zero), Err(Error::ZeroCoset)));
    let cpu = Device::open("cpu", &Options::default()).unwrap();
    assert!(matches!(cpu.msm(&bases, &scalars), Err(Error::ForeignBases { .. })));
    let mut off = points.clone();
    off[5].x += Fq::one();
    assert!(matches!(device.upload_bases(&off), Err(Error::BaseOffCurve { index: 5, .. })));
    assert!(device.msm_batch::<ark_bn254::g1::Config>(&[]).unwrap().is_empty());
    let none = device.upload_bases::<ark_bn254::g1::Config>(&[]).unwrap();
    assert!(device.msm(&none, &[]).unwrap().is_zero());
}

#[test]
fn futures_need_no_particular_executor() {
    let Bench { device, points, scalars, .. } = bench(Fallback::Never, Check::Curve);
    let bases = device.upload_bases(&points).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (sum, values, error) = runtime.block_on(async {
        let sum = device.msm_async(&bases, scalars.clone());
        let values = device.ntt_async(scalars.clone(), Transform::INVERSE);
        let error = device.ntt_async(vec![Fr::one(); 3], Transform::INVERSE);
        (sum.await, values.await, error.await)
    });
    let mut expected = scalars.clone();
    cpu::ntt(&mut expected, &Transform::INVERSE);
    assert_eq!((sum.unwrap(), values.unwrap()), (cpu::msm(&points, &scalars), expected));
    assert!(matches!(error, Err(Error::NttLength { length: 3, .. })));
}

#[test]
fn auto_never_picks_a_simulator() {
    let device = Device::open("auto", &Options::default()).unwrap();
    assert!(device.is_cpu() || device.name().starts_with("vfio:"), "{device:?}");
}

mod proofs {
    use super::*;
    use crate::{
        formats::Witness,
        groth16::{Proved, ZkeyProver},
    };
    use std::path::Path;

    /// A proof of the Poseidon example by an engine in a mood from the start, or from the upload on.
    fn prove(bench: &Bench, mood: u8, damage: bool) -> Result<Proved> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/poseidon");
        let prover = ZkeyProver::open(&bench.device, folder.join("circuit.zkey"))?;
        let mut values = Witness::open(folder.join("witness.wtns"))?.values().to_vec();
        if damage {
            values[300] += Fr::one();
        }
        bench.engine.mood.store(mood, SeqCst);
        prover.prove(&Witness::from_values(values))
    }

    #[test]
    fn an_honest_device_proves() {
        let proved = prove(&bench(Fallback::Never, Check::Curve), HONEST, false).unwrap();
        let report = proved.report;
        assert_eq!((report.fallbacks, report.cycles), (0, 4 * 100 + 2 * 10));
        assert!(report.host_stages.iter().any(|s| s == "msm B2 (G2)"));
        assert!(!report.host_stages.iter().any(|s| s == "msm A"));
    }

    #[test]
    fn a_wrong_but_valid_point_never_leaves() {
        for fallback in [Fallback::Auto, Fallback::Never] {
            let bench = bench(fallback, Check::Curve);
            let result = prove(&bench, WRONG, false);
            assert!(matches!(result, Err(Error::WrongAnswer { .. })), "{result:?}");
        }
        // Without checks it is the proof's verification that finds out.
        let bench = bench(Fallback::Auto, Check::None);
        let error = prove(&bench, WRONG, false).unwrap_err().to_string();
        assert!(error.contains("its proof fails, the CPU's holds"), "{error}");
        assert!(bench.device.quarantined().is_some());
    }

    #[test]
    fn a_bad_witness_is_not_blamed_on_the_device() {
        let bench = bench(Fallback::Never, Check::Curve);
        assert!(matches!(prove(&bench, HONEST, true), Err(Error::Unsatisfied { .. })));
        assert_eq!(bench.device.quarantined(), None);
        prove(&bench, HONEST, false).unwrap();
    }

    #[test]
    fn a_dead_device_falls_back_or_fails() {
        let proved = prove(&bench(Fallback::Auto, Check::Curve), FAILS, false).unwrap();
        assert_eq!(proved.report.fallbacks, 6);
        assert!(matches!(prove(&bench(Fallback::Never, Check::Curve), FAILS, false), Err(Error::DeviceFailed { .. })));
    }
}

mod choices {
    use super::*;
    use crate::device::cost::{Card, Host, Link, Model, Op};

    /// A fast card over a slow link.
    fn card() -> Card {
        let msm = MsmInfo { adders: 1, window_bits: 2, windows: 2, multiples: 1, segments: 1, max_points: 1 << 20 };
        Card {
            curve: Curve::Bn254,
            field: Field::Bn254Fr,
            clock_hz: 1e9,
            memory: 1 << 30,
            msm: Some(msm),
            ntt: Some(NttInfo { butterflies: 1, max_elements: 1 << 20, resident: false, in_memory: 0 }),
            addition: 1.0,
            butterfly: 1.0,
            link: Link { rate: 4e6, latency: 1e-6 },
        }
    }

    fn device(engine: &Arc<Moody>, card: Card) -> Device {
        let options = Options { fallback: Fallback::Never, ..Options::default() };
        // 250 us for the test's MSM of 8 points, of which the card and the link take 160, and 290 with the bases.
        let msm = 250e-6 / Host::REFERENCE.seconds(&Op::Msm { curve: Curve::Bn254, points: 8, resident: true });
        let model = Model::new(Host { msm, copy: 1e-9, ..Host::REFERENCE }, card);
        Device::with_engine("moody".into(), Some(engine.clone()), Some(model), &options).unwrap()
    }

    #[test]
    fn each_operation_goes_where_it_is_faster_and_is_counted() {
        let Bench { engine, points, scalars, .. } = bench(Fallback::Never, Check::Curve);
        let device = device(&engine, card());
        let bases = device.upload_bases(&points).unwrap();
        assert_eq!(engine.resident.load(SeqCst), 1, "worth it once they are there");
        let sum = cpu::msm(&points, &scalars);
        assert_eq!(device.msm(&bases, &scalars).unwrap(), sum);
        // Evicted bases would have to come over the link again.
        engine.mood.store(FORGETS, SeqCst);
        assert_eq!(device.msm(&bases, &scalars).unwrap(), sum);
        let mut values = scalars.clone();
        device.ntt(&mut values, &Transform::FORWARD).unwrap();
        let report = device.report();
        let chosen: Vec<_> = report.choices.iter().map(|c| (c.stage.as_str(), c.place, c.calls)).collect();
        let expected = [("msm", Place::Device, 1), ("msm", Place::Host, 1), ("ntt", Place::Host, 1)];
        assert_eq!(chosen, expected, "{:?}", report.choices);
        let places: Vec<_> = report.stages.iter().map(|s| (s.name.as_str(), s.place)).collect();
        assert!(places.contains(&("msm", Place::Device)) && places.contains(&("msm", Place::Host)), "{places:?}");
        assert!(places.contains(&("ntt", Place::Host)) && !places.contains(&("ntt", Place::Device)), "{places:?}");
        assert_eq!(report.fallbacks, 0);
        for choice in &report.choices {
            let card = choice.card_seconds.unwrap();
            assert_eq!(card * 1.1 < choice.cpu_seconds, choice.place == Place::Device, "{choice:?}");
        }
    }

    #[test]
    fn a_card_that_is_never_faster_gets_nothing_not_even_bases() {
        let Bench { engine, points, scalars, .. } = bench(Fallback::Never, Check::Curve);
        let device = device(&engine, Card { clock_hz: 1e3, ..card() });
        engine.mood.store(FAILS, SeqCst);
        let bases = device.upload_bases(&points).unwrap();
        assert_eq!(device.msm(&bases, &scalars).unwrap(), cpu::msm(&points, &scalars));
        device.ntt(&mut scalars.clone(), &Transform::FORWARD).unwrap();
        assert_eq!((device.report().cycles, device.report().fallbacks), (0, 0));
        assert_eq!(engine.resident.load(SeqCst), 0);
    }

    #[test]
    fn without_a_model_the_card_does_it_all() {
        let Bench { device, points, scalars, .. } = bench(Fallback::Never, Check::Curve);
        let bases = device.upload_bases(&points).unwrap();
        let _ = device.msm(&bases, &scalars).unwrap();
        let report = device.report();
        assert!(report.choices.is_empty() && report.cycles > 0);
    }
}

use super::*;
use crate::device::{MsmInfo, NttInfo};

/// The largest configuration that was laid out: c = 15, one adder, 250 MHz, 16 GiB.
fn fast() -> Card {
    Card {
        curve: Curve::Bn254,
        field: Field::Bn254Fr,
        clock_hz: 250e6,
        memory: 16 << 30,
        msm: Some(MsmInfo { adders: 1, window_bits: 15, windows: 17, multiples: 1, segments: 4, max_points: 1 << 26 }),
        ntt: Some(NttInfo { butterflies: 1, max_elements: 1 << 16, resident: true, in_memory: 0 }),
        addition: 1.0,
        butterfly: 1.0,
        link: Link::pcie(8.0, 16),
    }
}

fn model(card: Card) -> Model {
    Model::new(Host::REFERENCE, card)
}

fn msm(log: u32, resident: bool) -> Op {
    Op::Msm { curve: Curve::Bn254, points: 1 << log, resident }
}

fn place(model: &Model, op: Op) -> Place {
    model.estimate(&[op], Check::Curve).place
}

#[test]
fn tiny_jobs_go_to_the_cpu_and_huge_ones_to_a_fast_card() {
    let model = model(fast());
    for op in [
        msm(0, true),
        msm(4, true),
        Op::Ntt { field: Field::Bn254Fr, elements: 1 },
        Op::Ntt { field: Field::Bn254Fr, elements: 64 },
    ] {
        assert_eq!(place(&model, op), Place::Host, "{op:?}");
    }
    assert_eq!(place(&model, msm(20, true)), Place::Device);
    let crossover =
        model.crossover(|points| Op::Msm { curve: Curve::Bn254, points, resident: true }, 24, Check::Curve).unwrap();
    assert!((8..20).contains(&crossover), "{crossover}");
    assert_eq!(place(&model, msm(crossover, true)), Place::Device);
    assert_eq!(place(&model, msm(crossover - 1, true)), Place::Host);
}

#[test]
fn a_slow_card_is_left_alone() {
    let model = model(Card { clock_hz: 1e6, ..fast() });
    for log in 0..24 {
        assert_eq!(place(&model, msm(log, true)), Place::Host);
        assert_eq!(place(&model, Op::Ntt { field: Field::Bn254Fr, elements: 1 << log }), Place::Host);
    }
    assert_eq!(
        model.crossover(|points| Op::Msm { curve: Curve::Bn254, points, resident: true }, 24, Check::Curve),
        None
    );
}

#[test]
fn residency_changes_the_choice() {
    // Over a link of 0.1 GB/s bases take as long as the CPU's MSM.
    let model = model(Card { link: Link { rate: 0.1e9, latency: 20e-6 }, ..fast() });
    assert_eq!(place(&model, msm(20, true)), Place::Device);
    assert_eq!(place(&model, msm(20, false)), Place::Host);
    // Bases that do not fit card memory are streamed each time.
    let small = Model::new(Host::REFERENCE, Card { memory: 1 << 20, ..*model.card() });
    assert_eq!(place(&small, msm(20, true)), Place::Host);
}

#[test]
fn checks_are_counted() {
    let model = model(fast());
    let seconds = |check| model.estimate(&[Op::Ntt { field: Field::Bn254Fr, elements: 1 << 20 }], check).card;
    assert!(seconds(Check::None) < seconds(Check::Curve));
    // Dual is the CPU's work and the card's: never worth it.
    assert_eq!(model.estimate(&[msm(20, true)], Check::Dual).place, Place::Host);
}

#[test]
fn costs_grow_with_size() {
    for card in [fast(), Card { memory: 0, ..fast() }, Card { addition: 68.0, butterfly: 17.0, ..fast() }] {
        let model = model(card);
        for op in [
            |n| Op::Msm { curve: Curve::Bn254, points: n, resident: true },
            |n| Op::Msm { curve: Curve::Bn254, points: n, resident: false },
            |n| Op::Ntt { field: Field::Bn254Fr, elements: n },
        ] {
            let mut before = model.estimate(&[op(1)], Check::Curve);
            for log in 1..=24 {
                let now = model.estimate(&[op(1 << log)], Check::Curve);
                // The smallest transforms cost the CPU the same.
                assert!(now.host >= before.host && now.card > before.card, "{:?} {before:?} {now:?}", op(1 << log));
                before = now;
            }
        }
        // Sizes between powers of two, too.
        let at = |points| model.estimate(&[Op::Msm { curve: Curve::Bn254, points, resident: true }], Check::Curve);
        for points in (1000..70_000).step_by(997) {
            assert!(at(points + 997).host > at(points).host && at(points + 997).card > at(points).card);
        }
    }
}

#[test]
fn a_batch_pays_the_latency_once() {
    let model = model(fast());
    let (one, two) = (model.estimate(&[msm(10, true)], Check::None), model.estimate(&[msm(10, true); 2], Check::None));
    assert!(two.card < 2.0 * one.card);
    assert!((two.host - 2.0 * one.host).abs() < 1e-12);
}

#[test]
fn what_a_card_does_not_offer_is_the_cpus() {
    let model = model(Card { ntt: None, ..fast() });
    let estimate = model.estimate(&[Op::Ntt { field: Field::Bn254Fr, elements: 1 << 20 }], Check::None);
    assert_eq!((estimate.place, estimate.card), (Place::Host, f64::INFINITY));
    assert_eq!(place(&model, msm(20, true)), Place::Device);
}

#[test]
fn what_a_card_counts_corrects_the_model() {
    let model = model(fast());
    let before = model.estimate(&[msm(20, true)], Check::Curve);
    // A digit-serial adder, which the registers do not tell.
    model.observe(&[msm(12, true)], 68 * model.estimate(&[msm(12, true)], Check::None).cycles);
    let after = model.estimate(&[msm(20, true)], Check::Curve);
    assert!(after.cycles > 60 * before.cycles);
    assert_eq!((before.place, after.place), (Place::Device, Place::Host));
    // Transforms are not concerned, and nonsense is bounded.
    let ntt = [Op::Ntt { field: Field::Bn254Fr, elements: 1 << 12 }];
    let cycles = model.estimate(&ntt, Check::None).cycles;
    model.observe(&ntt, u64::MAX);
    assert!(model.estimate(&ntt, Check::None).cycles <= 1000 * cycles + 1000);
    model.observe(&[], 5);
    // Copies of bases pass for nothing.
    model.observe(&[msm(12, true), msm(12, false)], 1);
    assert_eq!(model.estimate(&[msm(20, true)], Check::Curve), after);
}

/// Cycles of the simulated card `sim`, as `gristmill bench` counted them on 29 and 30 November 2026.
#[test]
fn cycles_are_those_of_the_simulated_card() {
    let card = Card {
        msm: Some(MsmInfo { adders: 1, window_bits: 8, windows: 32, multiples: 1, segments: 2, max_points: 1 << 24 }),
        ntt: Some(NttInfo { butterflies: 1, max_elements: 1 << 13, resident: false, in_memory: 0 }),
        ..fast()
    };
    let close = |op, counted: f64, within: f64| {
        let cycles = card.cycles(&op).unwrap();
        assert!((cycles / counted - 1.0).abs() < within, "{op:?}: {cycles} for {counted}");
    };
    for (log, counted) in [(1, 9_335.0), (4, 9_803.0), (7, 13_391.0), (10, 42_068.0), (12, 140_328.0)] {
        close(msm(log, true), counted, 0.05);
    }
    for (log, counted) in [(8, 2_145.0), (11, 17_257.0), (12, 36_137.0), (13, 75_945.0)] {
        close(Op::Ntt { field: Field::Bn254Fr, elements: 1 << log }, counted, 0.05);
    }
    // In four steps.
    close(Op::Ntt { field: Field::Bn254Fr, elements: 1 << 14 }, 277_000.0, 0.12);
    // In its memory, copied there and back.
    let ntt = card.ntt.map(|ntt| NttInfo { in_memory: 1 << 18, ..ntt });
    // The quotients of the Poseidon and Merkle examples.
    let resident = Card { ntt: card.ntt.map(|ntt| NttInfo { resident: true, ..ntt }), ..card };
    for (log, counted) in [(10, 48_507.0), (12, 212_667.0)] {
        let cycles = resident.cycles(&Op::Quotient { elements: 1 << log }).unwrap();
        assert!((cycles / counted - 1.0).abs() < 0.02, "quotient of 2^{log}: {cycles}");
    }
    let longer = Card { ntt, ..card };
    for (log, counted) in [(14, 169_060.0), (15, 348_780.0)] {
        let cycles = longer.cycles(&Op::Ntt { field: Field::Bn254Fr, elements: 1 << log }).unwrap();
        assert!((cycles / counted - 1.0).abs() < 0.02, "2^{log}: {cycles}");
    }
}

#[test]
fn curves_cost_what_their_points_do() {
    for curve in Curve::ALL {
        let op = |curve, points| Op::Msm { curve, points, resident: false };
        let model = model(Card { curve, ..fast() });
        let estimate = model.estimate(&[op(curve, 1 << 20)], Check::Curve);
        assert_eq!(estimate.place, Place::Device, "{}", curve.name());
        for other in Curve::ALL.into_iter().filter(|other| *other != curve) {
            // A card has one curve.
            let estimate = model.estimate(&[op(other, 1 << 20)], Check::Curve);
            assert_eq!((estimate.place, estimate.card), (Place::Host, f64::INFINITY), "{}", other.name());
        }
    }
    // Longer points: more for the CPU, and more over the link.
    let seconds = |curve| {
        let link = Link { rate: 0.1e9, latency: 0.0 };
        let op = Op::Msm { curve, points: 1 << 16, resident: false };
        let estimate = model(Card { curve, link, ..fast() }).estimate(&[op], Check::None);
        (estimate.host, estimate.card)
    };
    let (bn254, bls) = (seconds(Curve::Bn254), seconds(Curve::Bls12_381));
    assert!(bls.0 > bn254.0 && bls.1 > bn254.1 * 1.3, "{bn254:?} {bls:?}");
    // 32 bytes of a scalar and 64 or 96 of a base.
    let memory = 3 << 20;
    let held = |curve| model(Card { curve, memory, ..fast() }).card().holds(1 << 15);
    assert_eq!(Curve::ALL.map(held), [true, true, true]);
    let held = |curve| model(Card { curve, memory, ..fast() }).card().holds(1 << 15 | 1);
    assert_eq!(Curve::ALL.map(held), [true, false, false]);
}

#[test]
fn links_by_speed_and_width() {
    assert!((Link::pcie(8.0, 16).rate / 12.6e9 - 1.0).abs() < 0.01);
    assert!((Link::pcie(5.0, 4).rate / 1.6e9 - 1.0).abs() < 0.01);
}

#[test]
fn this_machine_is_measured_once() {
    let here = Host::here();
    assert_eq!(here, Host::here());
    for figure in [here.msm, here.ntt, here.check, here.transpose, here.copy, here.addition] {
        assert!(figure > 0.0 && figure.is_finite(), "{here:?}");
    }
}

/// Prints the tables of `host.rs`, of this machine.
#[test]
#[ignore = "measures for some seconds, on a quiet machine only; prints the tables of host.rs"]
fn table() {
    use crate::{MsmCurve, cpu, device::Transform};
    use ark_bn254::Fr;
    use ark_std::{
        UniformRand,
        rand::{SeedableRng, rngs::StdRng},
    };
    fn row(name: &str, seconds: impl Iterator<Item = f64>) {
        let millis: Vec<String> = seconds.map(|s| format!("{:.3e}", s * 1e3)).collect();
        println!("{name}: {}", millis.join(", "));
    }
    fn runs(log: u32) -> usize {
        if log < 16 { 9 } else { 5 }
    }
    fn msm<C: MsmCurve>() {
        let rng = &mut StdRng::seed_from_u64(1);
        let points = host::walk::<C>(1 << 20);
        let scalars: Vec<C::ScalarField> = (0..1 << 20).map(|_| UniformRand::rand(rng)).collect();
        let best = |log: u32| {
            host::best(runs(log), || {
                let _ = cpu::msm(&points[..1 << log], &scalars[..1 << log]);
            })
        };
        row(&format!("MSM {}", C::CURVE.name()), (0..=20).step_by(2).map(best));
    }
    msm::<ark_bn254::g1::Config>();
    msm::<ark_bls12_381::g1::Config>();
    msm::<ark_bls12_377::g1::Config>();
    let rng = &mut StdRng::seed_from_u64(1);
    let mut values: Vec<Fr> = (0..1 << 20).map(|_| Fr::rand(rng)).collect();
    let best = |log: u32| host::best(runs(log), || cpu::ntt(&mut values[..1 << log], &Transform::FORWARD));
    row("NTT", (0..=20).step_by(2).map(best));
    println!("{:?}", Host::here());
}

//! Model checking of the MSM engine and the modular adders: `docs/msm.md`, "Formal". The invariant is in the suite, half a minute; the
//! others take minutes each:
//!
//!     cargo test --release -p gristmill-bitstreams --test formal -- --ignored --nocapture --test-threads 1
//!
//! Yices comes from PyPI. `GRISTMILL_SKIP_FORMAL=1` leaves the invariant out, and says so.

use gristmill_bitstreams::formal::engine::{self, Checks, Mutation};
use gristmill_bitstreams::formal::modular::{self, Unit};
use gristmill_bitstreams::formal::{Answer, Checker, Model, Question};
use gristmill_hdl::field::{BLS12_381_FQ, BN254_FQ, FieldParams};
use gristmill_hdl::msm::Reduced;
use std::path::PathBuf;
use std::time::Instant;

/// Two windows of two buckets, so that both banks have two; an adder of four cycles; the FIFO of the smallest configuration.
const SIZES: Reduced = Reduced { windows: 2, buckets_per_window: 2, stall_depth: 8, latency: 4 };
/// The smallest that shows every bug soon.
const SMALL: Reduced = Reduced { windows: 2, buckets_per_window: 2, stall_depth: 5, latency: 2 };

fn checker() -> Checker {
    Checker::find(&mut |line| eprintln!("{line}"))
        .unwrap_or_else(|e| panic!("{e}\n(the formal checks need Linux on x86-64, python3-venv and PyPI)"))
}

/// The answer to a question about a model, its files in `target/formal/NAME`.
fn ask(checker: &Checker, name: &str, model: &Model, questions: &[Question]) -> Vec<Answer> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/formal").join(name);
    checker.prepare(model, &folder).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut answers = Vec::new();
    for question in questions {
        let begun = Instant::now();
        let answer = checker.ask(*question, &folder).unwrap_or_else(|e| panic!("{name}: {e}"));
        println!("{name}: {question:?}: {answer:?} ({:.0} s)", begun.elapsed().as_secs_f64());
        answers.push(answer);
    }
    answers
}

fn engine_model(sizes: &Reduced, checks: Checks, mutation: Option<&Mutation>) -> Model {
    engine::model(&engine::verilog(sizes), sizes, checks, mutation).unwrap_or_else(|e| panic!("{e}"))
}

/// The invariant holds at power-up, and in every cycle after one in which it holds: so it does for ever.
#[test]
fn the_scheduling_is_right_for_ever() {
    if std::env::var("GRISTMILL_SKIP_FORMAL").is_ok_and(|v| !v.is_empty() && v != "0") {
        eprintln!("SKIPPED by GRISTMILL_SKIP_FORMAL: the engine's scheduling was not model-checked");
        return;
    }
    let model = engine_model(&SIZES, Checks::Invariant, None);
    let answers = ask(&checker(), "invariant", &model, &[Question::Bounded(1), Question::Inductive(1)]);
    assert_eq!(answers, [Answer::Holds, Answer::Holds]);
}

/// A change for each of the things that the engine must not get wrong.
const MUTATIONS: [Mutation; 14] = [
    Mutation {
        name: "a sum's lookup misses what was just written",
        module: "m_banked",
        from: "parity_b = put_b[32'h0] ^ (state$q",
        to: "parity_b = put_b[32'h0] ^ (1'b0 && state$q",
    },
    Mutation {
        name: "a digit's lookup misses what was just read",
        module: "m_banked",
        from: "get_a = gets$data_a ^ (state$q",
        to: "get_a = gets$data_a ^ (1'b0 && state$q",
    },
    Mutation {
        name: "urgent is ignored",
        module: "m_banked",
        from: "reads_b = takes_b && (urgent ||",
        to: "reads_b = takes_b && (1'b0 ||",
    },
    Mutation {
        name: "two operands write one bank",
        module: "m_banked",
        from: "writes_b = wants_b && (~(wants_a && (~urgent) && (odd_a == odd_b)));",
        to: "writes_b = wants_b;",
    },
    Mutation {
        name: "two operands read",
        module: "m_banked",
        from: "reads_a = takes_a && (~reads_b) && (~reads_p);",
        to: "reads_a = takes_a && (~reads_b);",
    },
    Mutation {
        name: "room to park when there is none",
        module: "m_parking",
        from: "room = behind$in_ready;",
        to: "room = 1'b1;",
    },
    Mutation {
        name: "a parked sum's bucket is wrong",
        module: "m_parking",
        from: "sum[(64'h300)+:(24)] = bucket;",
        to: "sum[(64'h300)+:(24)] = bucket ^ 24'h1;",
    },
    Mutation {
        name: "the second parked sum goes with the first",
        module: "m_parking",
        from: "taken$d = stays || behind$out_valid || park;",
        to: "taken$d = stays || park;",
    },
    Mutation {
        name: "the FIFO shows the memory before it is written",
        module: "m_results",
        from: "out_data = go_around ? around : read;",
        to: "out_data = read;",
    },
    Mutation {
        name: "a parked sum stays at the head",
        module: "top",
        from: "|| head_go || b_parks;",
        to: "|| head_go;",
    },
    Mutation {
        name: "a parked sum that is written is not counted",
        module: "top",
        from: "p_gone = p_reads || p_writes;",
        to: "p_gone = p_reads;",
    },
    Mutation {
        name: "the odd bank's point is taken from the even bank",
        module: "top",
        from: "bucket_point = odd$0$read_data;",
        to: "bucket_point = buckets$read_data;",
    },
    Mutation {
        name: "a sum comes back for another bucket",
        module: "top",
        from: "tag_in[(64'h2)+:(24)] = issue$q[(64'h9)+:(24)];",
        to: "tag_in[(64'h2)+:(24)] = issue$q[(64'h9)+:(24)] ^ 24'h2;",
    },
    Mutation {
        name: "the summation does not wait for what is in flight",
        module: "top",
        from: "if (recoder$finished && (control$q[(64'h1e)+:(16)] == zero16) && slot) begin",
        to: "if (recoder$finished && slot) begin",
    },
];

/// Each is a change of the Verilog as it is now.
#[test]
fn seeded_bugs_are_in_the_engine() {
    let verilog = engine::verilog(&SMALL);
    for mutation in &MUTATIONS {
        engine::model(&verilog, &SMALL, Checks::Properties, Some(mutation)).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// Cycles from power-up in which a bug is looked for, of which max(B, T + 8) and one are for wiping. The time doubles with each.
const DEPTH: usize = 22;

/// Each bug either comes up soon after power-up, or takes the invariant away that holds without it: then it may need more cycles than can
/// be looked at, or none that the engine reaches.
#[test]
#[ignore = "a quarter of an hour, and installs an SMT solver from PyPI"]
fn seeded_bugs_are_found() {
    let checker = checker();
    let verilog = engine::verilog(&SMALL);
    let induction = |name: &str, mutation| {
        let model = engine::model(&verilog, &SMALL, Checks::Invariant, mutation).unwrap_or_else(|e| panic!("{e}"));
        ask(&checker, name, &model, &[Question::Inductive(1)])
    };
    assert_eq!(induction("small", None), [Answer::Holds]);
    let mut missed = Vec::new();
    for (i, mutation) in MUTATIONS.iter().enumerate() {
        let model =
            engine::model(&verilog, &SMALL, Checks::Properties, Some(mutation)).unwrap_or_else(|e| panic!("{e}"));
        println!("{}:", mutation.name);
        let soon = ask(&checker, &format!("mutation-{i}"), &model, &[Question::Bounded(DEPTH)]);
        if soon == [Answer::Holds] && induction(&format!("mutation-{i}-invariant"), Some(mutation)) == [Answer::Holds] {
            missed.push(mutation.name);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

/// What was sent to a bucket is in it when the summation begins, in every command that ends so soon after power-up: the summation of a
/// short command begins in cycle 15 or later.
#[test]
#[ignore = "a minute, and installs an SMT solver from PyPI"]
fn operands_are_conserved_to_a_depth() {
    let model = engine_model(&SMALL, Checks::Properties, None);
    assert_eq!(ask(&checker(), "conserved", &model, &[Question::Bounded(DEPTH)]), [Answer::Holds]);
}

/// A field for words of 64 bits: two chunks of the adders, so that a carry passes between them.
const SMALL_FIELD: FieldParams =
    FieldParams { name: "61 bits", modulus: [0x1fff_ffff_ffff_ffff, 0, 0, 0, 0, 0], word_bits: 64 };

fn exact<const W: usize>(checker: &Checker, field: &FieldParams, units: &[Unit]) {
    for &unit in units {
        let name = format!("modular-{W}-{unit:?}").to_lowercase();
        let question = Question::Bounded(modular::cycles(unit));
        assert_eq!(
            ask(checker, &name, &modular::model::<W>(unit, field).expect("sources"), &[question]),
            [Answer::Holds],
            "{name}"
        );
    }
}

#[test]
#[ignore = "installs an SMT solver from PyPI"]
fn modular_adders_are_exact() {
    let checker = checker();
    let all = [Unit::Add, Unit::Sub, Unit::Sum];
    exact::<64>(&checker, &SMALL_FIELD, &all);
    exact::<256>(&checker, &BN254_FQ, &all);
    // A sum of products of 384 bits has had no answer in half an hour.
    exact::<384>(&checker, &BLS12_381_FQ, &all[..2]);
}

/// The carry between the chunks, and the borrow, are looked at.
#[test]
#[ignore = "installs an SMT solver from PyPI"]
fn a_wrong_modular_adder_is_found() {
    let checker = checker();
    for (unit, from, to) in [
        (Unit::Sum, "carry_in = ~subtract3$q", "carry_in = subtract3$q"),
        (Unit::Sum, "plain$carry_in = subtract1$q", "plain$carry_in = 1'b0"),
        (Unit::Sum, "carries = ", "carries = 18'h0 & "),
    ] {
        let mut model = modular::model::<64>(unit, &SMALL_FIELD).expect("sources");
        assert!(model.text.contains(from), "`{from}` stands nowhere:\n{}", model.text);
        model.text = model.text.replace(from, to);
        let answers = ask(&checker, "modular-wrong", &model, &[Question::Bounded(modular::cycles(unit))]);
        assert!(matches!(answers[..], [Answer::Fails { .. }]), "{from} -> {to}: {answers:?}");
    }
}

//! The RTL behind the PCI device, without MSM and NTT engines: queue, copies, faults, reset,
//! interrupts, waveforms; natively and under Verilator with equal cycles.

mod common;

use common::*;
use gristmill_abi::command::{Opcode, Operand};
use gristmill_abi::completion::{Completion, Status};
use gristmill_abi::registers as reg;
use gristmill_hdl::config::CardConfig;
use gristmill_sim::fault::{Fault, FaultPlan};
use gristmill_sim::iommu::FaultReason;
use gristmill_sim::{EngineKind, Options, SimCard, SimError, Step, Timing, Waves};

fn options() -> Options {
    Options { without_engines: true, ..Options::native(CardConfig::tiny()) }
}

fn host(options: &Options) -> Host {
    Host::new(SimCard::new(options).expect("card"), 3)
}

/// The same batch on any card: copies through all spaces and a zero, rung in with one doorbell.
fn batch(h: &mut Host) -> Vec<Completion> {
    h.put(DATA, &words(700, 1));
    let (from, to) = (IOVA + DATA + 4064, IOVA + DATA + 0x1_0000);
    for (op, count, a, c) in [
        (Opcode::Copy, 150, Operand::host(from), Operand::card(32)),
        (Opcode::Copy, 149, Operand::card(32), Operand::card(0x4000 + 4032)),
        (Opcode::Zero, 3, Operand::NONE, Operand::card(0x4000 + 4032)),
        (Opcode::Nop, 0, Operand::NONE, Operand::NONE),
        (Opcode::Copy, 149, Operand::card(0x4000 + 4032), Operand::host(to)),
        (Opcode::Copy, 1, Operand::host(from), Operand::host(to + 149 * 32)),
    ] {
        let d = h.command(op, count, a, c);
        h.queue(d);
    }
    h.ring();
    let done: Vec<Completion> = (0..6).map(|_| h.wait(1_000_000).expect("completes")).collect();
    let source = h.get(DATA + 4064, 150 * 32);
    let mut expect = vec![0; 3 * 32];
    expect.extend(&source[3 * 32..149 * 32]);
    expect.extend(&source[..32]);
    assert_eq!(h.get(DATA + 0x1_0000, 150 * 32), expect);
    done
}

#[test]
fn copies_natively_with_every_completion_in_order() {
    let mut h = host(&options());
    let done = batch(&mut h);
    for (i, c) in done.iter().enumerate() {
        assert_eq!((c.id, c.status, c.epoch, c.sq_head), (i as u16, 0, h.epoch, i as u16 + 1));
    }
    assert_eq!(done.iter().map(|c| c.work).collect::<Vec<_>>(), [150, 149, 3, 0, 149, 1]);
    assert_eq!(h.card.step_until_irq(1000), Step::Idle);
    assert_eq!(h.card.dma_faults().1, 0);
    let before = h.card.cycles();
    assert_eq!(h.card.step(1000), 0);
    assert_eq!(h.card.cycles(), before, "an idle card's clock stands still");
    assert_eq!(h.card.read32(reg::CLOCK_HZ), h.card.clock_hz());
    assert!(h.card.engine().is_some_and(|e| e.name() == "native"));
}

#[test]
fn slow_and_narrow_memories_cost_cycles_and_change_no_data() {
    let run = |host_timing: Timing, card_timing: Timing| {
        let done = batch(&mut host(&Options { host_timing, card_timing, ..options() }));
        done.iter().map(|c| c.cycles).collect::<Vec<_>>()
    };
    let base = run(Timing::HOST, Timing::DRAM);
    let slow = Timing { read_latency: 700, write_latency: 33, bytes_per_cycle: 7, outstanding: 1, shared: true };
    let far = run(slow, Timing::DRAM);
    let poor = run(Timing::HOST, Timing { bytes_per_cycle: 3, ..Timing::DRAM });
    // A word of 32 bytes at 7 and at 3 bytes a cycle.
    assert!(far[0] > 150 * 32 / 7 && far[0] > base[0], "{base:?} {far:?}");
    assert!(poor[1] > 149 * 2 * 32 / 3 && poor[1] > base[1], "reads and writes share: {base:?} {poor:?}");
    assert_eq!(run(Timing::HOST, Timing::DRAM), base, "cycles are reproducible");
}

#[test]
fn wrong_commands_and_dma_faults_have_their_status() {
    let mut h = host(&options());
    let good = h.command(Opcode::Copy, 40, Operand::host(IOVA + DATA), Operand::card(0));
    let with = |f: fn(&mut gristmill_abi::command::Descriptor)| {
        let mut d = good;
        f(&mut d);
        d
    };
    let cases = [
        (Status::BadOpcode, with(|d| d.opcode = Opcode::Msm as u8)),
        (Status::BadUnit, with(|d| d.unit = 1)),
        (Status::BadFlags, with(|d| d.flags = 1)),
        (Status::BadAlignment, with(|d| d.a.address += 16)),
        (Status::BadCount, with(|d| d.count = 0)),
        (Status::BadRange, with(|d| d.c.address = 64 * 1024 - 39 * 32)),
        (Status::BadEpoch, with(|d| d.epoch += 1)),
        (Status::HostReadFault, with(|d| d.a.address = IOVA + HOST_BYTES - 39 * 32)),
        (Status::HostWriteFault, with(|d| d.c = Operand::host(IOVA + HOST_BYTES - 39 * 32))),
    ];
    // The protocol-only card must say the same.
    let mut plain =
        Host::new(SimCard::new(&Options { engine: EngineKind::ProtocolOnly, ..options() }).expect("card"), 3);
    for (status, d) in cases {
        for h in [&mut h, &mut plain] {
            assert_eq!(Status::from_code(h.run(d).expect("completes").status), Some(status), "{d:?}");
            assert_eq!(h.run(good).expect("completes").status, 0, "after {d:?}");
        }
    }
    let (faults, n) = h.card.dma_faults();
    assert!(n >= 2 && faults.iter().all(|f| f.reason == FaultReason::Unmapped && f.iova == IOVA + HOST_BYTES));
}

/// Card operands are out of range; host memory is there as ever. RTL and the protocol-only card agree.
#[test]
fn a_card_without_memory() {
    let bare = Options { config: CardConfig { card_mem_bytes: 0, ..CardConfig::tiny() }, ..options() };
    for options in [bare.clone(), Options { engine: EngineKind::ProtocolOnly, ..bare }] {
        let mut h = host(&options);
        assert_eq!((h.card.read32(reg::CARD_MEM_LO), h.card.read32(reg::CARD_MEM_HI)), (0, 0));
        h.put(DATA, &words(40, 2));
        let (from, to) = (Operand::host(IOVA + DATA), Operand::host(IOVA + DATA + 0x1_0000));
        for (a, c, status) in [
            (from, Operand::card(0), Status::BadRange),
            (Operand::card(0), to, Status::BadRange),
            (from, to, Status::Ok),
        ] {
            let d = h.command(Opcode::Copy, 40, a, c);
            assert_eq!(Status::from_code(h.run(d).expect("completes").status), Some(status), "{d:?}");
        }
        assert_eq!(h.get(DATA + 0x1_0000, 40 * 32), words(40, 2));
        h.card.clean();
    }
}

#[test]
fn bus_mastering_off_stops_the_queue_and_reset_cures_it() {
    let mut h = host(&options());
    let epoch = h.epoch;
    h.card.config_write(4, &2u16.to_le_bytes()).expect("memory space only");
    let d = h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE);
    h.queue(d);
    h.ring();
    assert_eq!(h.card.step_until_irq(1_000_000), Step::Interrupt);
    assert_eq!(h.card.read32(reg::STATUS) & reg::STATUS_QUEUE_ERROR, reg::STATUS_QUEUE_ERROR);
    h.card.config_write(4, &6u16.to_le_bytes()).expect("again");
    h.card.write32(reg::CONTROL, reg::CONTROL_RESET);
    h.start();
    assert_eq!(h.epoch, epoch + 1);
    batch(&mut h);
}

#[test]
fn function_reset_in_the_middle_of_a_copy_drains_and_recovers() {
    let mut h = host(&options());
    let epoch = h.epoch;
    let d = h.command(Opcode::Copy, 1024, Operand::host(IOVA + DATA), Operand::card(0));
    h.queue(d);
    h.ring();
    assert_eq!(h.card.step(700), 700);
    h.card.config_write(0x68, &0x8000u16.to_le_bytes()).expect("FLR");
    h.card.config_write(4, &6u16.to_le_bytes()).expect("again");
    h.start();
    assert_eq!(h.epoch, epoch + 1);
    batch(&mut h);
    h.card.clean();
    assert!(h.card.memory().get(0, 64 * 1024).expect("inside").iter().all(|b| *b == 0));
}

#[test]
fn injected_faults_hit_the_rtl_too() {
    let mut h = host(&options());
    h.put(DATA, &words(4, 9));
    let copy = h.command(Opcode::Copy, 4, Operand::host(IOVA + DATA), Operand::card(64));
    h.card.inject(FaultPlan::on(Fault::Corrupt { word: 6 }, Opcode::Copy));
    h.card.inject(FaultPlan { skip: 1, ..FaultPlan::on(Fault::Status(9), Opcode::Copy) });
    assert_eq!(h.run(copy).expect("completes").status, 0);
    let got = h.card.memory().get(64, 128).expect("inside").to_vec();
    assert_eq!((0..128).filter(|i| got[*i] != words(4, 9)[*i]).collect::<Vec<_>>(), [64]);
    assert_eq!(h.run(copy).expect("completes").status, 9);
    assert_eq!(h.run(copy).expect("completes").status, 0);
    for fault in [Fault::DropCompletion, Fault::Hang] {
        h.card.inject(FaultPlan::next(fault));
        let expect = if fault == Fault::Hang { Step::Limit } else { Step::Idle };
        assert_eq!(h.run_for(copy, 20_000), Err(expect));
        h.card.write32(reg::CONTROL, reg::CONTROL_RESET);
        h.start();
        assert_eq!(h.run(h.command(Opcode::Nop, 0, Operand::NONE, Operand::NONE)).expect("completes").status, 0);
    }
    h.card.inject(FaultPlan::next(Fault::Die));
    assert_eq!(h.run_for(copy, 20_000), Err(Step::Idle));
    assert_eq!(h.card.read32(reg::ID), u32::MAX);
}

fn word(limbs: [u64; 4]) -> [u8; 32] {
    std::array::from_fn(|i| limbs[i / 8].to_le_bytes()[i % 8])
}

fn limbs(word: &[u8]) -> [u64; 4] {
    std::array::from_fn(|i| u64::from_le_bytes(word[8 * i..8 * i + 8].try_into().expect("8 bytes")))
}

#[test]
fn a_wrong_point_is_on_the_curve_and_one_coordinate_off() {
    // BN254's generator (1, 2), both in Montgomery form, and the modulus.
    let x = [0xd35d_438d_c58f_0d9d, 0x0a78_eb28_f5c7_0b3d, 0x666e_a36f_7879_462c, 0x0e0a_77c1_9a07_df2f];
    let y = [0xa6ba_871b_8b1e_1b3a, 0x14f1_d651_eb8e_167b, 0xccdd_46de_f0f2_8c58, 0x1c14_ef83_340f_be5e];
    let q = [0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];
    let config = CardConfig::tiny();
    let result = config.msm_result_words() as usize * 32;
    let mut h = host(&Options::native(config));
    let (bases, scalars, to) = (DATA, DATA + 0x1000, DATA + 0x1_0000);
    for i in 0..5u64 {
        h.put(bases + 64 * i, &[word(x), word(y)].concat());
        h.put(scalars + 32 * i, &word([i + 1, 0, 0, i]));
    }
    let mut d = h.command(Opcode::Msm, 5, Operand::host(IOVA + bases), Operand::host(IOVA + to));
    d.b = Operand::host(IOVA + scalars);
    h.card.inject(FaultPlan { skip: 1, ..FaultPlan::on(Fault::WrongPoint, Opcode::Msm) });
    let [right, wrong] = [0, 1].map(|_| {
        assert_eq!(h.run(d).expect("completes").status, 0);
        h.get(to, result)
    });
    assert_eq!(h.card.fault_hits(), 1);
    assert!(h.card.engine().is_some_and(|e| !e.twins().is_empty()));
    let off: Vec<usize> =
        (0..result / 32).filter(|k| right[32 * k..32 * k + 32] != wrong[32 * k..32 * k + 32]).collect();
    let [at] = off[..] else { panic!("words {off:?} differ") };
    assert_eq!(at % 3, 1, "a Y coordinate");
    assert_ne!(&right[32 * at + 32..32 * at + 64], [0; 32], "of a finite point");
    let (a, b) = (limbs(&right[32 * at..]), limbs(&wrong[32 * at..]));
    let mut carry = 0u128;
    let sum: Vec<u64> = (0..4)
        .map(|i| {
            carry += u128::from(a[i]) + u128::from(b[i]);
            let limb = carry as u64;
            carry >>= 64;
            limb
        })
        .collect();
    assert_eq!((sum.as_slice(), carry), (&q[..], 0), "Y and -Y");
}

/// An MSM with bases in card memory and scalars over the link: its cycles, and those in which the adder awaited either.
fn fed(points: u32, host_timing: Timing, card_timing: Timing) -> (u64, u32) {
    let mut h = host(&Options { host_timing, card_timing, ..Options::native(CardConfig::sim()) });
    let (bases, scalars, sums) = (DATA, DATA + 0x4_0000, DATA + 0x8_0000);
    // The cycles do not ask whether a base is on the curve.
    h.put(bases, &words(2 * points as usize, 5));
    let mut bytes = words(points as usize, 6);
    bytes.chunks_exact_mut(32).for_each(|scalar| scalar[31] &= 0x1f);
    h.put(scalars, &bytes);
    h.copy(2 * points, Operand::host(IOVA + bases), Operand::card(0x1000));
    let mut d = h.command(Opcode::Msm, points, Operand::card(0x1000), Operand::host(IOVA + sums));
    d.b = Operand::host(IOVA + scalars);
    let c = h.run(d).expect("completes");
    assert_eq!(c.status, 0);
    (c.cycles, h.card.read32(reg::CNT_STALL_INPUT_LO))
}

/// At 250 MHz a channel of DDR4-2400 (19.2 GB/s) gives more than the bus takes, 32 bytes a cycle, after some 40 cycles; PCIe Gen3 x4 gives 3.2 GB/s, 12 bytes a
/// cycle, after a microsecond. Beyond the first words, and the last to be written, the engine loses nothing by them.
#[test]
fn the_adder_is_fed_over_a_link_and_a_dram_channel() {
    let points = 1024;
    let ideal = Timing { read_latency: 1, write_latency: 1, bytes_per_cycle: 32, outstanding: 32, shared: false };
    let link = Timing { read_latency: 250, write_latency: 20, bytes_per_cycle: 12, outstanding: 32, shared: false };
    let (least, stalls_at_best) = fed(points, ideal, ideal);
    let (cycles, stalls) = fed(points, link, Timing::DRAM);
    println!("{points} points: {cycles} cycles, {stalls} awaiting an input; {least} and {stalls_at_best} at best");
    // The first words; then the results, 384 words of 32 bytes at 12 bytes a cycle; and the ways there and back.
    assert_eq!((least, stalls_at_best, cycles, stalls), (41_566, 9, 42_719, 258));
}

#[test]
fn options_that_cannot_be_are_refused_with_the_way_out() {
    let error = |o: Options| SimCard::new(&o).expect_err("refused").to_string();
    let narrow = Timing { bytes_per_cycle: 0, ..Timing::DRAM };
    assert!(error(Options { card_timing: narrow, ..options() }).contains("choose 1 to 32"));
    assert!(error(Options { waves: Some(Waves::new("x.vcd", 5, 5)), ..options() }).contains("empty range"));
    let config = CardConfig { window_bits: 99, ..CardConfig::tiny() };
    assert!(error(Options { config, ..options() }).contains("window_bits"));
    let waves = Some(Waves::new("/nonexistent/x.vcd", 0, 5));
    assert!(error(Options { waves, ..options() }).contains("/nonexistent/x.vcd"));
    let waves = Some(Waves::new("x.fst", 0, 5));
    assert!(error(Options { waves, ..options() }).contains("writes VCD"));
}

/// Times in a VCD file, and the values that the signal `top.name` takes.
fn vcd(text: &str, name: &str) -> (Vec<u64>, Vec<String>) {
    let mut code = None;
    let (mut times, mut values) = (vec![], vec![]);
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields.as_slice() {
            ["$var", _, _, id, var, ..] if *var == name && code.is_none() => code = Some(id.to_string()),
            [time] if time.starts_with('#') => times.push(time[1..].parse().expect("a time")),
            [change] => {
                let value = code.as_ref().and_then(|c| change.strip_suffix(c.as_str()));
                values.extend(value.filter(|v| v.len() == 1).map(str::to_string));
            }
            _ => {}
        }
    }
    (times, values)
}

fn waves_of(engine: EngineKind) -> (Vec<u64>, Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().expect("tempdir");
    let file = dir.path().join("w.vcd");
    let mut h = host(&Options { engine, waves: Some(Waves::new(&file, 300, 500)), ..options() });
    batch(&mut h);
    assert!(h.card.cycles() > 500);
    let text = std::fs::read_to_string(&file).expect("the file is whole when its range is over");
    let (times, clock) = vcd(&text, "clock");
    (times, clock, vcd(&text, "h_arvalid").1)
}

#[test]
fn waves_hold_the_chosen_cycles_and_no_others() {
    let (times, clock, asks) = waves_of(options().engine);
    assert_eq!((times.first(), times.last()), (Some(&300_000), Some(&499_500)));
    assert_eq!(clock.len(), 400, "two edges a cycle");
    assert!(asks.len() > 2, "{asks:?}");
}

#[test]
fn verilator_agrees_with_the_native_engine_cycle_by_cycle() {
    let cards = [options(), Options { engine: EngineKind::Verilator, ..options() }].map(|o| SimCard::new(&o));
    let [Ok(native), verilated] = cards else { panic!("no native card") };
    let verilated = match verilated {
        Ok(card) => card,
        Err(SimError::MissingTool(why)) if std::env::var_os("GRISTMILL_SKIP_VERILATOR").is_some_and(|v| v == "1") => {
            eprintln!("SKIPPED, not checked against Verilator: {why}");
            return;
        }
        Err(e) => panic!("{e}"),
    };
    let [n, v] = [native, verilated].map(|card| {
        let mut h = Host::new(card, 3);
        let done = batch(&mut h);
        let slow: Vec<_> = (0..8).map(|i| h.card.read32(reg::CNT_BUSY_LO + 8 * i)).collect();
        (done, slow, h.card.cycles())
    });
    assert_eq!(n, v);
    let [n, v] = [options().engine, EngineKind::Verilator].map(waves_of);
    assert_eq!((n.0.first(), &n.2), (v.0.first(), &v.2), "read requests look alike in both waveforms");
}

//! Scripts written by hand: between them they reach every error, wrong completion and status.

use super::ops::Op::{self, *};
use gristmill_abi::registers as reg;

const NOPS: Op = Submit { kind: 0, count: 3 };
const WAIT: Op = Wait { ticket: 0 };
/// Slices are short, the rest is far away.
const PATIENT: Op = Open { log: 2, limits: 4, watch: false };
/// Everything is short.
const HASTY: Op = Open { log: 2, limits: 0xf, watch: false };

fn register(offset: u16, value: u32, times: u8) -> Op {
    let index = reg::REGISTERS.iter().position(|r| r.offset == offset).unwrap_or(0) as u8;
    Register { index, value, times }
}

/// Every seed with its name.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let tamper = |what, value| Tamper { what, value, skip: 0, times: 1 };
    let tampered = |what, value| vec![PATIENT, tamper(what, value), NOPS, WAIT, WAIT, WAIT, Reset {}, NOPS, WAIT];
    let opened = |trap: Op| vec![trap, HASTY, NOPS];
    let mut scripts: Vec<(&'static str, Vec<Op>)> = vec![
        (
            "all_well",
            vec![
                PATIENT,
                NOPS,
                WAIT,
                Submit { kind: 1, count: 9 },
                WAIT,
                WaitAny {},
                TryWait { ticket: 0 },
                TrySubmit { kind: 2 },
                Batch { kind: 0, count: 9 },
                WaitAny {},
                Counters {},
                Doctor {},
                Memory { pages: 3, keep: true },
                Memory { pages: 0xf000, keep: true },
                Submit { kind: 7, count: 3 },
                WAIT,
                Memory { pages: 0, keep: false },
                Memory { pages: 0, keep: true },
                InterruptCame {},
                WaitAny {},
                Reset {},
                WAIT,
                WAIT,
            ],
        ),
        (
            "watching",
            vec![Open { log: 1, limits: 4, watch: true }, NOPS, WAIT, Batch { kind: 0, count: 30 }, WaitAny {}],
        ),
        (
            "full",
            vec![
                Open { log: 5, limits: 4, watch: false },
                Work { interrupts: true, commands: 0 },
                TrySubmit { kind: 0 },
                TrySubmit { kind: 0 },
                TrySubmit { kind: 0 },
                TrySubmit { kind: 0 },
            ],
        ),
        (
            "user_errors",
            vec![
                PATIENT,
                Submit { kind: 3, count: 1 },
                Submit { kind: 4, count: 1 },
                Submit { kind: 5, count: 1 },
                Submit { kind: 6, count: 1 },
                NOPS,
                Reset {},
                WAIT,
                WaitAny {},
            ],
        ),
        (
            "engines",
            vec![
                register(reg::CAPS, 0x11f, 255),
                register(reg::CAP_MSM, 1 | 4 << 4 | 64 << 9 | 8 << 16 | 10 << 24, 255),
                register(reg::CAP_NTT, 20 | 1 << 6 | 3 << 12, 255),
                PATIENT,
                Submit { kind: 4, count: 2 },
                Submit { kind: 5, count: 1 },
                Submit { kind: 8, count: 1 },
                WAIT,
                WaitAny {},
            ],
        ),
        (
            "no_second_queue",
            vec![Open { log: 2, limits: 0x14, watch: false }, Op::Queue { index: 0 }, Op::Queue { index: 7 }],
        ),
        ("two_queues", vec![register(reg::CAPS, 0x201, 255), Open { log: 2, limits: 0x14, watch: false }, NOPS, WAIT]),
        ("no_ring", vec![Open { log: 0, limits: 0, watch: false }]),
        ("wrong_id", tampered(0, 0x4000)),
        ("other_in_flight", tampered(0, 1)),
        ("duplicate", tampered(10, 0)),
        ("dropped", vec![HASTY, tamper(9, 0), NOPS, WAIT, WAIT, Reset {}, NOPS]),
        ("early_phase", tampered(5, 0)),
        ("bad_status", tampered(2, 99)),
        ("bad_epoch", tampered(3, 1)),
        ("bad_head", tampered(4, 2)),
        ("head_outside", tampered(11, 4000)),
        ("wild_counts", vec![PATIENT, tamper(6, u32::MAX), tamper(8, u32::MAX), tamper(7, 1), NOPS, WAIT, WAIT, WAIT]),
        (
            "unexpected",
            vec![PATIENT, Forge { id: 3, status: 0, epoch: 0, head: 0, due: true }, WaitAny {}, TrySubmit { kind: 0 }],
        ),
        (
            "early",
            vec![
                PATIENT,
                Work { interrupts: true, commands: 0 },
                Submit { kind: 0, count: 1 },
                Fail { call: 1, error: 0, after: 0 },
                Batch { kind: 0, count: 1 },
                Forge { id: 1, status: 0, epoch: 0, head: 0, due: true },
                WaitAny {},
            ],
        ),
        (
            "scribbles",
            vec![
                PATIENT,
                NOPS,
                Scribble { slot: 0, at: 31, data: vec![1] },
                WAIT,
                Scribble { slot: 1, at: 0, data: vec![0xff; 96] },
                WAIT,
            ],
        ),
        (
            "unplugged",
            vec![
                HASTY,
                NOPS,
                Ones { on: true },
                Work { interrupts: false, commands: 0 },
                WAIT,
                WAIT,
                Reset {},
                Doctor {},
                Ones { on: false },
            ],
        ),
        (
            "stands_still",
            vec![
                Open { log: 2, limits: 5, watch: false },
                Cycles { step: 0, backwards: false, jump: 0 },
                Work { interrupts: false, commands: 0 },
                NOPS,
                WAIT,
                WAIT,
            ],
        ),
        (
            "counts_back",
            vec![
                Open { log: 2, limits: 5, watch: false },
                Cycles { step: 1 << 20, backwards: true, jump: 0 },
                Work { interrupts: false, commands: 0 },
                NOPS,
                WAIT,
                WAIT,
            ],
        ),
        ("idle_but_owes", vec![Open { log: 2, limits: 5, watch: false }, tamper(9, 0), NOPS, WAIT, WAIT]),
        (
            "wall",
            vec![Open { log: 2, limits: 6, watch: false }, Work { interrupts: true, commands: 0 }, NOPS, WAIT, WAIT],
        ),
        (
            "out_of_cycles",
            vec![
                Open { log: 2, limits: 12, watch: false },
                Cycles { step: 1000, backwards: false, jump: 0 },
                Work { interrupts: true, commands: 0 },
                Submit { kind: 9, count: 1 },
                WAIT,
            ],
        ),
        (
            "queue_stopped",
            vec![PATIENT, Work { interrupts: true, commands: 0 }, register(reg::STATUS, 9, 255), NOPS, WAIT],
        ),
        ("reset_ignored", vec![Resets { how: 1, looks: 0 }, PATIENT, NOPS, WAIT]),
        ("reset_without_epoch", vec![PATIENT, Resets { how: 2, looks: 0 }, Reset {}, NOPS, WAIT]),
        ("reset_never_ready", vec![HASTY, Resets { how: 3, looks: 0 }, Reset {}]),
        ("reset_never_ready_twice", vec![HASTY, Resets { how: 9, looks: 0 }, Reset {}, Reset {}]),
        ("reset_takes_time", vec![PATIENT, Resets { how: 4, looks: 9 }, Reset {}, NOPS, WAIT]),
        ("reset_jumps", vec![PATIENT, Resets { how: 5, looks: 9 }, Reset {}, NOPS, WAIT]),
        ("opening_gone", opened(Ones { on: true })),
        ("opening_id_ones", opened(register(reg::ID, u32::MAX, 1))),
        ("opening_no_card", opened(register(reg::ID, 7, 1))),
        ("opening_version", opened(register(reg::VERSION, 0x0002_0000, 1))),
        ("opening_old_version", opened(register(reg::VERSION, 0, 1))),
        ("opening_no_queues", opened(register(reg::CAPS, 1, 1))),
        ("opening_msm", vec![register(reg::CAPS, 0x102, 1), register(reg::CAP_MSM, 0xffff_ffff, 1), HASTY]),
        ("opening_msm_zero", vec![register(reg::CAPS, 0x102, 1), HASTY]),
        ("opening_ntt", vec![register(reg::CAPS, 0x104, 1), register(reg::CAP_NTT, 0xffff_ffff, 1), HASTY]),
        ("opening_clock", opened(register(reg::CLOCK_HZ, 0, 1))),
        ("opening_no_dma", opened(Fail { call: 3, error: 2, after: 0 })),
        ("opening_no_interrupt", opened(Fail { call: 5, error: 4, after: 0 })),
        ("opening_reset_stays", vec![register(reg::Q_ENABLE, 1, 255), Resets { how: 7, looks: 0 }, PATIENT]),
        ("config", vec![Config { at: 4, value: 0xffff }, HASTY]),
    ];
    for (name, call) in [
        ("fail_read", 0),
        ("fail_write", 1),
        ("fail_config", 2),
        ("fail_unmap", 4),
        ("fail_wait", 6),
        ("fail_reset", 7),
    ] {
        let mut ops = vec![PATIENT, Memory { pages: 0xf000, keep: true }];
        for error in 0..5 {
            ops.extend([Resets { how: 2, looks: 0 }, Fail { call, error, after: 1 }, NOPS, WAIT, Reset {}, Doctor {}]);
            ops.push(Memory { pages: 0, keep: false });
        }
        scripts.push((name, ops));
    }
    let mut statuses = vec![PATIENT];
    statuses.extend((0..13).flat_map(|status| [tamper(2, status), Submit { kind: 0, count: 1 }, WAIT]));
    scripts.push(("statuses", statuses));
    scripts.into_iter().map(|(name, ops)| (name, Op::script(&ops))).collect()
}

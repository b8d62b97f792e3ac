//! Scripts written by hand: between them they reach every command, refusal and fault.

use super::files::{EVENT, SEALED, SPARSE, UNSEALED};
use super::ops::Op;
use super::{Op::*, RAW};

fn irqs(flags: u32, index: u8, start: u32, count: u32, data: &[u8], files: u8, kind: u8) -> Op {
    SetIrqs { flags, index, start, count, data: data.to_vec(), files, kind }
}

fn map(flags: u32, offset: u8, iova: u8, size: u8, files: u8, kind: u8) -> Op {
    Map { flags, offset, iova, size, twist: 0, files, kind }
}

fn message(command: u8, flags: u32, payload: &[u8]) -> Op {
    Message { command, flags, lie: 0, files: 0, kind: 0, payload: payload.to_vec() }
}

fn copy(from: u8, to: u8, spaces: u8) -> Op {
    Job { opcode: 1, unit: 0, count: 8, epoch: 0, from, to, spaces }
}

const HELLO: Op = Version { major: 0, minor: 1, text: 1 };

/// Every seed with its name.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut raw = vec![RAW];
    raw.extend([1, 0, 1, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 9]);
    let none = 1 << 5 | 1;
    let eventfd = 1 << 5 | 4;
    let scripts: Vec<(&'static str, Vec<Op>)> = vec![
        ("versions", {
            let mut ops = vec![message(9, 0, &[0; 16]), Version { major: 1, minor: 0, text: 1 }];
            ops.extend((3..6).map(|text| Version { major: 0, minor: 0, text }));
            ops.extend([message(1, 0, &[0; 3]), HELLO, HELLO]);
            ops
        }),
        ("information", {
            let info = |command, argsz, index, words| Info { command, argsz, index, words };
            vec![
                HELLO,
                info(0, 16, 0, 4),
                info(0, 15, 0, 4),
                info(0, 16, 0, 3),
                info(1, 32, 0, 8),
                info(1, 32, 9, 8),
                info(1, 32, 7, 9),
                info(2, 16, 0, 4),
                info(3, 16, 2, 4),
                info(3, 16, 5, 4),
                info(3, 200, 1, 4),
            ]
        }),
        ("unknown_and_not_offered", {
            let mut ops: Vec<Op> = vec![HELLO, message(0, 0, &[1, 2, 3]), message(99, 0, &[])];
            ops.extend([6, 11, 12].map(|c| message(c, 0, &[0; 16])));
            ops.extend((1..14).map(|c| message(c, 0, &[])));
            ops.extend([message(13, 1 << 9, &[]), message(13, 1, &[]), message(13, 0x10, &[]), Reset { extra: true }]);
            ops
        }),
        ("windows", {
            let twisted = |iova, size, twist| Map { flags: 3, offset: 0, iova, size, twist, files: 1, kind: SEALED };
            vec![
                HELLO,
                map(3, 0, 4, 4, 1, SEALED),
                map(3, 0, 7, 2, 1, SEALED),
                map(1, 1, 8, 1, 1, 2),
                map(3, 1, 9, 1, 1, 2),
                map(0, 0, 20, 1, 1, SEALED),
                map(7, 0, 20, 1, 1, SEALED),
                map(3, 0, 20, 1, 2, SEALED),
                map(3, 0, 20, 1, 18, SEALED),
                map(3, 15, 20, 2, 1, SEALED),
                map(3, 0, 20, 1, 1, 6),
                map(3, 0, 20, 1, 1, 5),
                map(3, 0, 21, 1, 0, 0),
                twisted(30, 1, 4 << 2 | 1),
                twisted(30, 1, 4 << 2 | 2),
                twisted(30, 1, 5 << 2 | 3),
                twisted(1, 2, 5 << 2 | 2),
                Unmap { flags: 0, iova: 4, size: 2, twist: 0 },
                Unmap { flags: 0, iova: 4, size: 4, twist: 0 },
                Unmap { flags: 0, iova: 4, size: 4, twist: 8 },
                Unmap { flags: 0, iova: 4, size: 4, twist: 10 },
                Unmap { flags: 2, iova: 4, size: 4, twist: 0 },
                Unmap { flags: 4, iova: 4, size: 4, twist: 0 },
                Unmap { flags: 9, iova: 0, size: 0, twist: 0 },
                Unmap { flags: 4, iova: 0, size: 0, twist: 0 },
                map(3, 0, 4, 4, 1, SEALED),
            ]
        }),
        ("too_many_windows", {
            let mut ops = vec![HELLO];
            ops.extend((0..3).map(|i| Windows { iova: 100 * i, gap: i, count: 200, kind: SEALED }));
            ops.extend([Unmap { flags: 4, iova: 0, size: 0, twist: 0 }, map(3, 0, 0, 1, 1, SPARSE)]);
            ops.push(map(1, 0, 1, 1, 1, SPARSE));
            ops
        }),
        ("a_file_that_grows", {
            let mut ops = vec![HELLO];
            for i in 0..20 {
                ops.extend([Resize { kind: UNSEALED, pages: i + 1 }, map(3, i, i * 2, 1, 1, UNSEALED)]);
            }
            ops
        }),
        ("interrupts", {
            vec![
                HELLO,
                irqs(eventfd, 2, 0, 1, &[], 1, EVENT),
                irqs(eventfd, 2, 0, 1, &[], 1, SEALED),
                irqs(eventfd, 2, 0, 1, &[], 2, EVENT),
                irqs(eventfd, 2, 0, 1, &[], 0, 0),
                irqs(1 << 3 | 4, 2, 0, 1, &[], 1, EVENT),
                irqs(eventfd, 2, 0, 1, &[], 1, 4),
                irqs(none, 2, 0, 1, &[], 0, 0),
                irqs(1 << 3 | 1, 2, 0, 1, &[], 0, 0),
                irqs(none, 2, 0, 1, &[], 0, 0),
                irqs(1 << 4 | 1, 2, 0, 1, &[], 0, 0),
                irqs(1 << 5 | 2, 2, 0, 1, &[0], 0, 0),
                irqs(1 << 5 | 2, 2, 0, 1, &[1], 0, 0),
                irqs(1 << 5 | 2, 2, 0, 1, &[], 0, 0),
                irqs(none, 2, 0, 1, &[], 1, EVENT),
                irqs(none, 2, 0, 2, &[], 0, 0),
                irqs(none, 2, u32::MAX, 2, &[], 0, 0),
                irqs(none, 9, 0, 1, &[], 0, 0),
                irqs(none | 2, 2, 0, 1, &[], 0, 0),
                irqs(1 << 9 | none, 2, 0, 1, &[], 0, 0),
                irqs(eventfd, 2, 0, 0, &[], 0, 0),
                irqs(none, 2, 0, 0, &[], 0, 0),
            ]
        }),
        ("accesses", {
            let read = |region, offset, count| Read { region, offset, count };
            let write =
                |region, offset, lie: i32, n: usize| Write { region, offset, lie: lie as u32, data: vec![0xff; n] };
            vec![
                HELLO,
                read(7, 0, 64),
                read(0, 0, 4),
                write(7, 4, 0, 2),
                read(0, 0, 4096),
                read(0, 0x1ff, 7),
                read(0, 0xffff, 2),
                read(0, u64::MAX, 2),
                read(0, 0, u32::MAX),
                read(3, 0, 0),
                read(2, 0, 64),
                read(2, 0x2000, 8),
                read(99, 0, 1),
                write(0, 0x4c, 0, 4),
                write(0, 0x4d, 0, 2),
                write(2, 0, 0, 40),
                write(7, 0x60, 0, 16),
                write(7, 4095, 0, 2),
                write(0, 0, 1, 4),
                write(0, 0, -1, 4),
                write(8, 0, 0, 4),
                Reset { extra: false },
                read(0, 0, 4),
            ]
        }),
        ("a_job", {
            let mut ops = vec![Start { log: 4, master: true }, Poke { page: 4, at: 0, data: vec![7; 64] }];
            ops.extend([copy(0x14, 0, 2), copy(0, 0x16, 1), Step { times: 15 }]);
            ops.extend([Op::Job { opcode: 0, unit: 0, count: 0, epoch: 0, from: 0, to: 0, spaces: 12 }]);
            ops.extend((0..6).map(|opcode| Op::Job { opcode, unit: 1, count: 4, epoch: 1, from: 0, to: 0, spaces: 0 }));
            ops.push(Step { times: 15 });
            ops
        }),
        ("faults", {
            let mut ops = vec![Start { log: 5, master: true }];
            ops.extend([map(1, 0, 0x40, 1, 1, SEALED), map(3, 0, 0x41, 1, 0, 0), map(3, 0, 0x42, 1, 1, UNSEALED)]);
            ops.push(Resize { kind: UNSEALED, pages: 0 });
            for page in [0x40, 0x41, 0x42, 0x50] {
                ops.extend([copy(0, page, 1), Step { times: 4 }, copy(page, 0, 2), Step { times: 4 }]);
            }
            ops
        }),
        ("no_bus_mastering", vec![Start { log: 2, master: false }, copy(0x14, 0, 2), Step { times: 4 }]),
        ("unmap_under_the_queue", {
            let mut ops = vec![Start { log: 1, master: true }];
            ops.extend([copy(0x14, 0, 2), Unmap { flags: 4, iova: 0, size: 0, twist: 0 }, copy(0x14, 0, 2)]);
            ops.extend([Step { times: 9 }, Reset { extra: false }, Step { times: 9 }]);
            ops
        }),
        ("in_pieces", {
            let mut ops = vec![Pieces { bytes: 1, turns: true }, HELLO, map(3, 0, 4, 4, 1, SEALED)];
            ops.extend([Pieces { bytes: 17, turns: true }, Start { log: 3, master: true }, copy(0x14, 0, 2)]);
            ops.extend([Pieces { bytes: 33, turns: false }, Read { region: 7, offset: 0, count: 256 }]);
            ops
        }),
        ("too_long", {
            let long = |kilobytes, files| Long { command: 10, kilobytes, files };
            vec![HELLO, long(63, 0), long(64, 0), long(255, 3), Read { region: 7, offset: 0, count: 4 }]
        }),
        ("lying_sizes", {
            let lie =
                |lie: i32| Message { command: 9, flags: 0, lie: lie as u32, files: 1, kind: 0, payload: vec![0; 16] };
            vec![HELLO, lie(-8), Bytes { data: vec![0; 40] }, lie(8), lie(-17), HELLO, lie(-33)]
        }),
        ("clients_that_leave", {
            let half = Bytes { data: vec![1, 0, 9, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5] };
            vec![
                HELLO,
                Leave { how: 0 },
                Start { log: 4, master: true },
                copy(0x14, 0, 2),
                Leave { how: 2 },
                HELLO,
                half.clone(),
                Leave { how: 1 },
                half,
                Leave { how: 0 },
                Bytes { data: vec![1, 2, 3] },
                Leave { how: 0 },
                HELLO,
            ]
        }),
    ];
    let mut all: Vec<_> = scripts.into_iter().map(|(name, ops)| (name, Op::script(&ops))).collect();
    all.push(("raw", raw));
    all
}

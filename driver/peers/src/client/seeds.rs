//! Scripts written by hand: between them they reach every command, error and breach.

use super::RAW;
use super::ops::Op::{self, *};

const CALLS: [Op; 10] = [
    Read { offset: 0x40 },
    Post { offset: 0x50, value: 3 },
    Write { offset: 0x4c, value: 7 },
    ConfigRead { offset: 4, len: 2 },
    ConfigWrite { offset: 4, len: 2 },
    Map {},
    Unmap { iova: 0x20_0000, len: 0x20_0000 },
    Enable {},
    Wait { milliseconds: 5 },
    Reset {},
];

/// The handshake's commands.
const SHAKEN: Op = Honest { times: 4 };

fn lie() -> Op {
    Lie { id: 0, command: 0, flags: 0, size: 0, errno: 0, at: 0, xor: vec![], cut: 0, more: 0 }
}

macro_rules! lie {
    ($($field:ident: $value:expr),*) => {{
        let mut op = lie();
        #[allow(unused_assignments)]
        if let Lie { $($field),*, .. } = &mut op {
            $(*$field = $value;)*
        }
        op
    }};
}

/// Every seed with its name.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut scripts: Vec<(&'static str, Vec<Op>)> = vec![
        ("honest", CALLS.to_vec()),
        ("out_of_bounds", vec![ConfigRead { offset: 0xffff, len: 2 }, ConfigWrite { offset: 0, len: 5000 }]),
        ("refusals", {
            let mut ops = vec![SHAKEN];
            ops.extend(
                [13, 0, 1 << 31, 4096, 22, 22, 22, 22].map(|errno| Refuse { errno, payload: (errno & 8) as u8 }),
            );
            ops.extend(CALLS);
            ops
        }),
        ("pieces", [vec![Pieces { bytes: 3 }], CALLS.to_vec()].concat()),
        ("interrupts", {
            let wait = Wait { milliseconds: 50 };
            vec![SHAKEN, Honest { times: 0 }, Interrupt { fill: false }, Honest { times: 0 }, Interrupt { fill: true }]
                .into_iter()
                .chain([
                    Enable {},
                    Read { offset: 0 },
                    wait.clone(),
                    wait.clone(),
                    Read { offset: 4 },
                    wait.clone(),
                    wait,
                ])
                .collect()
        }),
        ("short_sends", {
            let clog = Clog { bytes: 5, error: 2 };
            [vec![Honest { times: 2 }, clog], CALLS.to_vec()].concat()
        }),
        ("requests", {
            let ask = |flags| Ask { id: 500, command: 11, flags, payload: 16 };
            [vec![SHAKEN, ask(0), ask(0x10), Honest { times: 0 }, ask(0)], CALLS.to_vec()].concat()
        }),
        ("requests_while_waiting", {
            let ask = |flags| Ask { id: 1, command: 12, flags, payload: 200 };
            let after = |data: Vec<u8>| vec![SHAKEN, Raw { data }, Honest { times: 0 }];
            let reply = [4, 0, 7, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0].to_vec();
            let mut ops = vec![Honest { times: 3 }, ask(0x10)];
            ops.extend(after(reply).into_iter().skip(1));
            ops.extend([Wait { milliseconds: 9 }, Read { offset: 0 }]);
            ops
        }),
        ("flood", vec![SHAKEN, Flood { count: 255, reply: true }, Read { offset: 0 }, Wait { milliseconds: 9 }]),
        ("flood_in_a_wait", {
            let header = |id: u8, command: u8, size: u8, flags: u8| {
                [id, 0, command, 0, size, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0]
            };
            let mut merged = header(5, 13, 16, 1).to_vec();
            (0..14).for_each(|_| merged.extend(header(9, 11, 16, 0x10)));
            let more = || Raw { data: header(9, 11, 16, 0x10).repeat(15) };
            let mut ops = vec![SHAKEN, Raw { data: merged }];
            ops.extend((0..5).map(|_| more()));
            ops.extend([Silence {}, Reset {}, Wait { milliseconds: 9 }, Read { offset: 0 }, Wait { milliseconds: 9 }]);
            ops
        }),
        ("unasked_reply", {
            let header = |id: u8, command: u8| [id, 0, command, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
            let twice = [header(5, 13), header(5, 13)].concat();
            vec![SHAKEN, Raw { data: twice }, Silence {}, Reset {}, Wait { milliseconds: 9 }, Reset {}]
        }),
        ("silence", [vec![SHAKEN, Silence {}], CALLS.to_vec()].concat()),
        (
            "trickle",
            vec![SHAKEN, Pieces { bytes: 1 }, Delay { milliseconds: 200 }, Read { offset: 0 }, Read { offset: 4 }],
        ),
        ("closed", [vec![SHAKEN, Close {}], CALLS.to_vec()].concat()),
        ("closed_in_a_reply", vec![SHAKEN, Raw { data: vec![5; 20] }, Close {}, Read { offset: 0 }]),
        ("poll_fails", [vec![SHAKEN, Poll { error: 1 }], CALLS.to_vec()].concat()),
        ("poll_interrupted", [vec![SHAKEN, Poll { error: 0 }], CALLS.to_vec()].concat()),
    ];
    for (name, error) in [("send_times_out", 0), ("send_fails", 1), ("send_interrupted", 2), ("send_reset", 3)] {
        scripts.push((name, [vec![SHAKEN, Clog { bytes: 0, error }], CALLS.to_vec()].concat()));
    }
    let lies: [(&'static str, Op); 11] = [
        ("lie_id", lie!(id: 1)),
        ("lie_command", lie!(command: 3)),
        ("lie_type", lie!(flags: 2)),
        ("lie_size_small", lie!(size: -5i32 as u32)),
        ("lie_size_below_header", lie!(size: -30i32 as u32)),
        ("lie_size_huge", lie!(size: u32::MAX / 2)),
        ("lie_short", lie!(cut: 4)),
        ("lie_long", lie!(more: 5)),
        ("lie_echo", lie!(xor: vec![4])),
        ("lie_region", lie!(at: 8, xor: vec![1])),
        ("lie_request", lie!(flags: 1)),
    ];
    for (name, lie) in lies {
        scripts.push((name, [vec![SHAKEN, lie], CALLS.to_vec()].concat()));
    }
    scripts.push(("lie_write_echo", vec![SHAKEN, lie!(xor: vec![4]), Write { offset: 0, value: 1 }]));
    for (name, op) in [
        ("unfit_major", Version { major: 1, minor: 0, text: 0 }),
        ("unfit_minor", Version { major: 0, minor: 9, text: 0 }),
        ("unfit_no_files", Version { major: 0, minor: 1, text: 1 }),
        ("bad_text", Version { major: 0, minor: 1, text: 2 }),
        ("connect_silence", Silence {}),
        ("connect_close", Close {}),
        ("connect_refuse", Refuse { errno: 1, payload: 0 }),
        ("connect_lie", lie!(id: 3)),
    ] {
        scripts.push((name, vec![op]));
    }
    for (name, honest, at, value) in [
        ("unfit_regions", 0, 2, 7),
        ("unfit_interrupts", 0, 3, 2),
        ("unfit_reset", 0, 1, 2),
        ("unfit_bar_flags", 1, 1, 1),
        ("unfit_bar_size", 1, 4, 4096),
        ("unfit_config", 2, 4, 64),
        ("unfit_msix", 3, 3, 0),
        ("unfit_eventfd", 3, 1, 0),
    ] {
        scripts.push((name, vec![Honest { times: honest }, Word { at, value }]));
    }
    let mut all: Vec<_> = scripts.into_iter().map(|(name, ops)| (name, Op::script(&ops))).collect();
    let mut raw = vec![RAW];
    raw.extend([0, 0, 1, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    all.push(("raw", raw));
    all
}

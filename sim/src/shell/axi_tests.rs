use super::*;

/// A memory of words that holds its own addresses; nothing at and beyond 0x10000.
#[derive(Default)]
struct Words {
    written: Vec<(u64, u8)>,
    refused: Vec<String>,
}

impl Memory for Words {
    fn read(&mut self, address: u64) -> Option<[u8; BEAT]> {
        let mut data = [0; BEAT];
        data[..8].copy_from_slice(&address.to_le_bytes());
        (address < 0x1_0000).then_some(data)
    }

    fn write(&mut self, address: u64, data: &[u8; BEAT], _alone: bool) -> Option<bool> {
        self.written.push((address, data[0]));
        (address < 0x1_0000).then_some(true)
    }

    fn refuse(&mut self, _: u64, _: bool, why: &str) {
        self.refused.push(why.into());
    }
}

const TIMING: Timing =
    Timing { read_latency: 10, write_latency: 5, bytes_per_cycle: 32, outstanding: 4, shared: false };

fn quiet() -> Pins {
    Outputs { h_rready: true, h_bready: true, ..Outputs::default() }.host_pins()
}

fn read(address: u64, beats: u64) -> Pins {
    Pins { araddr: address, arlen: beats - 1, arvalid: true, ..quiet() }
}

/// Runs until idle; the cycle, address, response and last flag of every read beat, and the cycle
/// and response of every write answer.
#[allow(clippy::type_complexity)]
fn drain(slave: &mut AxiSlave, memory: &mut Words) -> (Vec<(u64, u64, u64, bool)>, Vec<(u64, u64)>) {
    let (mut beats, mut answers) = (vec![], vec![]);
    for cycle in 0..10_000 {
        let mut i = Inputs::default();
        slave.drive_host(&mut i);
        if i.h_rvalid {
            beats.push((cycle, i.h_rdata[0], i.h_rresp, i.h_rlast));
        }
        if i.h_bvalid {
            answers.push((cycle, i.h_bresp));
        }
        if slave.is_idle() {
            return (beats, answers);
        }
        slave.edge(&quiet(), memory);
    }
    panic!("never idle");
}

#[test]
fn beats_come_in_order_after_the_latency_one_a_cycle() {
    let (mut slave, mut memory) = (AxiSlave::new(TIMING), Words::default());
    slave.edge(&read(0x40, 3), &mut memory);
    slave.edge(&read(0xfe0, 1), &mut memory);
    let (beats, _) = drain(&mut slave, &mut memory);
    let expect = [(9, 0x40, OKAY, false), (10, 0x60, OKAY, false), (11, 0x80, OKAY, true), (12, 0xfe0, OKAY, true)];
    assert_eq!(beats, expect);
    assert!(memory.refused.is_empty());
}

#[test]
fn bandwidth_limits_beats_and_outstanding_limits_addresses() {
    let timing = Timing { bytes_per_cycle: 8, outstanding: 1, ..TIMING };
    let (mut slave, mut memory) = (AxiSlave::new(timing), Words::default());
    slave.edge(&read(0, 8), &mut memory);
    slave.edge(&read(0x400, 8), &mut memory);
    let (beats, _) = drain(&mut slave, &mut memory);
    assert_eq!(beats.len(), 8, "the second address was not taken");
    let gaps: Vec<u64> = beats.windows(2).map(|w| w[1].0 - w[0].0).collect();
    assert!(gaps.iter().sum::<u64>() >= 7 * 4 - 4 && gaps[2..].iter().all(|g| *g == 4), "{gaps:?}");
}

#[test]
fn holes_and_bursts_that_no_card_may_issue_answer_slverr_and_end() {
    for (address, beats, refused) in [
        (0x1_0000, 2, None),
        (0x20_0010, 1, Some("is not a multiple of 32")),
        (0, 17, Some("has more than 16 beats")),
        (0xfe0, 2, Some("crosses a 4 KiB boundary")),
        (u64::MAX - 31, 2, Some("crosses a 4 KiB boundary")),
    ] {
        let (mut slave, mut memory) = (AxiSlave::new(TIMING), Words::default());
        slave.edge(&read(address, beats), &mut memory);
        let (got, _) = drain(&mut slave, &mut memory);
        assert_eq!(got.len() as u64, beats);
        assert!(got.iter().all(|b| b.2 == SLVERR) && got.last().is_some_and(|b| b.3));
        assert_eq!(memory.refused, refused.map(String::from).into_iter().collect::<Vec<_>>(), "{address:#x}");
    }
}

#[test]
fn write_data_may_come_before_its_address_and_is_answered_once() {
    let (mut slave, mut memory) = (AxiSlave::new(TIMING), Words::default());
    for k in 0..3 {
        slave.edge(&Pins { wdata: [k, 0, 0, 0], wlast: k == 2, wvalid: true, ..quiet() }, &mut memory);
    }
    assert!(memory.written.is_empty() && !slave.is_idle());
    slave.edge(&Pins { awaddr: 0x80, awlen: 2, awvalid: true, ..quiet() }, &mut memory);
    let (_, answers) = drain(&mut slave, &mut memory);
    assert_eq!(memory.written, [(0x80, 0), (0xa0, 1), (0xc0, 2)]);
    assert_eq!(answers, [(7, OKAY)]);
}

#[test]
fn a_burst_with_a_bad_end_or_into_a_hole_answers_slverr() {
    for (address, last) in [(0x80, 0), (0x1_0000, 1), (0xffe0, 0)] {
        let (mut slave, mut memory) = (AxiSlave::new(TIMING), Words::default());
        slave.edge(&Pins { awaddr: address, awlen: 1, awvalid: true, ..quiet() }, &mut memory);
        for k in 0..2 {
            slave.edge(&Pins { wlast: k == last, wvalid: true, ..quiet() }, &mut memory);
        }
        let (_, answers) = drain(&mut slave, &mut memory);
        assert_eq!(answers.iter().map(|a| a.1).collect::<Vec<_>>(), [SLVERR], "{address:#x}");
    }
}

#[test]
fn beats_and_answers_wait_for_a_card_that_is_not_ready() {
    let (mut slave, mut memory) = (AxiSlave::new(TIMING), Words::default());
    slave.edge(&read(0x40, 2), &mut memory);
    let mut i = Inputs::default();
    for _ in 0..50 {
        slave.edge(&Pins { rready: false, bready: false, ..quiet() }, &mut memory);
    }
    slave.drive_host(&mut i);
    assert!(i.h_rvalid && i.h_rdata[0] == 0x40 && !i.h_rlast);
    assert_eq!(drain(&mut slave, &mut memory).0.len(), 2);
}

//! The queue pair alone, without a card.

use super::*;
use crate::dma::DmaPool;
use crate::transport::IovaRange;
use crate::transport::testing::Windows;
use gristmill_abi::command::{Opcode, Operand};

fn queue() -> (QueuePair, Windows) {
    let (pool, mut t) = (DmaPool::new(&[IovaRange { first: 0, last: 1 << 40 }]), Windows::default());
    let (sq, cq) = QueuePair::ring_bytes(2);
    let (sq, cq) = (pool.allocate(&mut t, sq).unwrap(), pool.allocate(&mut t, cq).unwrap());
    let mut queue = QueuePair::new(sq, cq, 2, 0);
    queue.start(&mut t, 5).unwrap();
    (queue, t)
}

fn push(queue: &mut QueuePair) -> Ticket {
    let none = Operand::NONE;
    let nop = Descriptor {
        opcode: Opcode::Nop as u8,
        flags: 0,
        id: 0,
        unit: 0,
        count: 0,
        more: 0,
        rows: [0; 2],
        epoch: 0,
        a: none,
        b: none,
        c: none,
    };
    queue.push(nop, 1, Holds::default()).unwrap()
}

fn complete(queue: &mut QueuePair, slot: u64, id: u16, sq_head: u16) {
    let c = Completion { detail: 0, epoch: 5, cycles: 1, work: 0, sq_head, id, status: 0, phase: queue.phase };
    queue.completions.write(slot * COMPLETION_BYTES as u64, &c.encode()).unwrap();
}

#[test]
fn a_completion_before_its_doorbell_is_an_error() {
    let (mut queue, mut t) = queue();
    push(&mut queue);
    queue.ring(&mut t).unwrap();
    push(&mut queue);
    complete(&mut queue, 0, 1, 2);
    assert_eq!(queue.poll(), Err(QueueError::Early { id: 1 }));
    let (mut queue, _) = self::queue();
    push(&mut queue);
    complete(&mut queue, 0, 0, 1);
    assert_eq!(queue.poll(), Err(QueueError::Early { id: 0 }));
}

#[test]
fn a_head_past_the_doorbell_is_an_error() {
    let (mut queue, mut t) = queue();
    push(&mut queue);
    queue.ring(&mut t).unwrap();
    push(&mut queue);
    complete(&mut queue, 0, 0, 2);
    assert_eq!(queue.poll(), Err(QueueError::BadHead { id: 0, head: 2, after: 1, tail: 1 }));
}

#[test]
fn ids_wrap_and_results_are_taken_once() {
    let (mut queue, mut t) = queue();
    queue.next = 0xffff;
    for round in 0..3u64 {
        let ticket = push(&mut queue);
        queue.ring(&mut t).unwrap();
        complete(&mut queue, round, 0xffff_u16.wrapping_add(round as u16), (round as u16 + 1) % 4);
        assert!(queue.is_in_flight(ticket));
        assert_eq!(queue.poll(), Ok(1));
        assert!(queue.take(ticket).is_some() && queue.take(ticket).is_none());
        assert!(!queue.is_in_flight(ticket));
    }
}

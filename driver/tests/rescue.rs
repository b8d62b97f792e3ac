//! Resetting a card that may be in any state.

mod support;

use gristmill_abi::registers as reg;
use gristmill_driver::{Card, Error};
use support::Fake;

fn rescue(fake: &Fake, function: bool) -> Result<gristmill_driver::card::Rescue, Error> {
    Card::rescue(Box::new(fake.clone()), function).map(|(_, rescue)| rescue)
}

#[test]
fn the_epoch_is_told_before_and_after() {
    let fake = Fake::new();
    fake.set(reg::EPOCH, 41);
    let done = rescue(&fake, false).unwrap();
    assert_eq!((done.before, done.after, done.nop.cycles), (Some(41), 42, 10));
    assert_eq!(fake.with(|s| s.function_resets), 0);
    let again = rescue(&fake, true).unwrap();
    assert_eq!(fake.with(|s| s.function_resets), 1);
    assert!(again.after > again.before.unwrap());
}

#[test]
fn a_card_whose_own_reset_fails_is_reset_as_a_function() {
    let fake = Fake::new();
    fake.with(|s| s.reset_works = false);
    let done = rescue(&fake, false).unwrap();
    assert_eq!((fake.with(|s| s.function_resets), done.before), (1, Some(0)));
}

#[test]
fn what_cannot_be_rescued_is_an_error() {
    let fake = Fake::new();
    fake.with(|s| s.unplugged = true);
    for function in [false, true] {
        assert!(matches!(rescue(&fake, function), Err(Error::Gone { .. })));
    }
    let foreign = Fake::new();
    foreign.set(reg::ID, 7);
    assert!(matches!(rescue(&foreign, true), Err(Error::NotACard { id: 7, .. })));
    assert_eq!(foreign.with(|s| s.function_resets), 1);
}

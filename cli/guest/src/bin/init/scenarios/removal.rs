//! A card that is pulled out.

use super::jobs::round_trip;
use super::roles::Role;
use super::{Outcome, address, ask, card, ensure};
use gristmill_driver::{Card, open};

/// The card disappears in the middle of a job: the wait ends with an error that says so, and another
/// card goes on.
///
/// The job is another process', which nobody waits for: the kernel resets a function that is closed,
/// and waits more than a minute for one that does not answer. So this is the last of its boot.
pub fn pulled_out_in_the_middle() -> Outcome {
    let mut other = Card::open(open(&format!("vfio:{}", address(1)?))?)?;
    let mut pulled = Role::start(&["lose", &card()?])?;
    pulled.await_line("busy")?;
    ask("kill 0")?;
    let end = pulled.line()?;
    println!("{end}");
    ensure!(end.starts_with("gone after"), "the process whose card was pulled out said {end:?}");
    pulled.leave();
    round_trip(&mut other, 8192, 0, 14)
}

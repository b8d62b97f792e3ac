//! Work for a card, short and long.

use super::{Outcome, ensure};
use gristmill_abi::layout::Curve;
use gristmill_driver::{Card, Command, DmaBuffer, ScalarForm, Ticket};
use std::error::Error;

/// Bytes that tell every place from every other.
pub fn pattern(bytes: u64, seed: u32) -> Vec<u8> {
    (0..bytes as u32).map(|i| ((i ^ seed).wrapping_mul(0x9e37_79b9) >> 24) as u8).collect()
}

/// Copies a pattern to card memory at `place` and back into another buffer, and compares.
pub fn round_trip(card: &mut Card, bytes: u64, place: u64, seed: u32) -> Outcome {
    let expected = pattern(bytes, seed);
    let (mut there, back) = (card.allocate(bytes)?, card.allocate(bytes)?);
    there.write(0, &expected)?;
    card.run(Command::copy_to_card(there.slice(0, bytes)?, place))?;
    card.run(Command::copy_from_card(place, back.slice(0, bytes)?))?;
    let mut got = vec![0; bytes as usize];
    back.read(0, &mut got)?;
    let wrong = got.iter().zip(&expected).position(|(a, b)| a != b);
    ensure!(wrong.is_none(), "byte {} of {bytes} differs", wrong.unwrap_or(0));
    Ok(())
}

/// Points of one of the long MSMs: as many as the small card takes.
const POINTS: u32 = 1024;

/// Submits MSMs that keep the card busy for 65,536 cycles each, that is for more than a second. The
/// points are all infinity: the sums do not matter.
pub fn keep_busy(card: &mut Card, msms: usize) -> Result<(Vec<Ticket>, DmaBuffer), Box<dyn Error>> {
    let bases = card.allocate(u64::from(POINTS) * 64)?;
    let mut scalars = card.allocate(u64::from(POINTS) * 32)?;
    let mut bytes = pattern(u64::from(POINTS) * 32, 7);
    // The top byte zero: below the group's order.
    bytes.iter_mut().skip(31).step_by(32).for_each(|top| *top = 0);
    scalars.write(0, &bytes)?;
    let sums = card.allocate(card.info().msm_result_words() as u64 * 32)?;
    let mut tickets = Vec::new();
    for _ in 0..msms {
        let msm = Command::msm(Curve::Bn254, POINTS, &bases, &scalars, ScalarForm::Canonical, &sums);
        tickets.push(card.submit(msm)?);
    }
    // All three but the scalars' owner go; the commands keep their memory.
    Ok((tickets, scalars))
}

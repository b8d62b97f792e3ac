//! Where a multiplier or block RAM wants to be, by its name.
//!
//! The wide words of the card run across the part, low bits on the left: lane j of each multiplier of the MSM
//! stands in column j of 16, each multiplier in its own row, and the memories of points between them in the
//! same order, so that a word's bits go up and down. The NTT has the right of the part and winds through
//! its rows. What moves words between host and engines stands between.

use super::sites::{MULTIPLIER_ROWS, RAM_ROWS};

/// The MSM's columns of tiles.
const MSM: (f64, f64) = (4.0, 80.0);
/// The NTT's columns of tiles.
const NTT: (f64, f64) = (90.0, 118.0);
/// The column between them.
const BETWEEN: f64 = 84.0;
/// Digits of 16 bits in a word.
const LANES: f64 = 16.0;

/// Column and row of tiles.
pub type Place = (f64, f64);

/// Where the multiplier of that name wants to be.
pub fn multiplier(name: &str) -> Option<Place> {
    if name.contains(".recoder.") {
        return Some((BETWEEN, f64::from(MULTIPLIER_ROWS[1])));
    }
    let (unit, part) = name.split_once(".stage.")?;
    // The lanes' products with the digit and with m stand beside each other; what makes m is at lane 0.
    let lane = part.strip_prefix("lane$").and_then(number).map_or(0.0, |j| f64::from(j) + 0.5);
    let beside = if part.contains("mp") { 0.6 } else { 0.0 };
    let along = lane / LANES;
    if unit.contains(".ntt") {
        let (x, row) = wound(along);
        return Some((x + beside, f64::from(MULTIPLIER_ROWS[row])));
    }
    let row = ["mul1", "mul2", "mul3"].iter().position(|m| unit.ends_with(m))?;
    Some((across(along) + beside, f64::from(MULTIPLIER_ROWS[row])))
}

/// Where slice `slice` of `slices` of the memory of that name wants to be.
pub fn ram(memory: &str, slice: usize, slices: usize) -> Option<Place> {
    let along = (slice as f64 + 0.5) / slices as f64;
    if memory.contains(".buckets.") || memory.contains(".chains.") {
        // x, y and z, a third each.
        let coordinate = ((along * 3.0) as usize).min(2);
        return Some((across(along * 3.0 - coordinate as f64), f64::from(RAM_ROWS[coordinate])));
    }
    if memory.contains(".ntt") {
        let (x, row) = wound(along);
        return Some((x, f64::from(RAM_ROWS[row])));
    }
    if memory.contains(".fifo.") {
        let row = ((along * RAM_ROWS.len() as f64) as usize).min(RAM_ROWS.len() - 1);
        return Some((BETWEEN, f64::from(RAM_ROWS[row])));
    }
    let last = f64::from(RAM_ROWS[3]);
    if memory.contains(".msm") {
        return Some(((MSM.0 + MSM.1) / 2.0, last));
    }
    memory.contains(".bridge.").then_some((NTT.1, last))
}

/// The MSM's column for a place along a word.
fn across(along: f64) -> f64 {
    MSM.0 + along * (MSM.1 - MSM.0)
}

/// The NTT's column and row (of three) for a place along a word: left to right, back, left to right.
fn wound(along: f64) -> (f64, usize) {
    let row = ((along * 3.0) as usize).min(2);
    let part = along * 3.0 - row as f64;
    let part = if row == 1 { 1.0 - part } else { part };
    (NTT.0 + part * (NTT.1 - NTT.0), row)
}

fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_go_from_left_to_right_each_multiplier_in_its_row() {
        let at = |name: &str| multiplier(name).expect("known");
        let low = at("card.card.msm$0.serial$0.mul1.stage.lane$0.ab$d_MULT18X18D_P9");
        let high = at("card.card.msm$0.serial$0.mul1.stage.lane$15.ab.d_MULT18X18D_P9");
        assert!(low.0 < 10.0 && high.0 > 70.0 && low.1 == 10.0 && high.1 == 10.0, "{low:?} {high:?}");
        assert_eq!(at("card.card.msm$0.serial$0.mul3.stage.m_full_MULT18X18D_P9"), (4.0, 58.0));
        assert!(at("x.mul2.stage.lane$3.mp.d").0 > at("x.mul2.stage.lane$3.ab.d").0);
        assert_eq!(
            multiplier("card.card.msm$0.recoder.redc.state$q_TRELLIS_FF_Q_523_DI_MULT18X18D_P27"),
            Some((BETWEEN, 34.0))
        );
        assert_eq!(multiplier("p_MULT18X18D_P27"), None);
    }

    #[test]
    fn the_ntt_winds_on_the_right() {
        let at = |j: u32| {
            multiplier(&format!("card.card.ntt$0.unit.serial$0.multiplier.stage.lane${j}.ab.d")).expect("known")
        };
        let rows: Vec<f64> = (0..16).map(|j| at(j).1).collect();
        assert!(rows.is_sorted() && rows[0] == 10.0 && rows[15] == 58.0, "{rows:?}");
        for j in 1..16 {
            let step = (at(j).0 - at(j - 1).0).abs();
            assert!(at(j).0 >= NTT.0 && at(j).0 <= NTT.1 && step < 7.0, "lane {j}: {step}");
        }
    }

    #[test]
    fn memories_of_points_stand_by_bit() {
        assert_eq!(ram("card.card.msm$0.buckets.words.0", 0, 86).map(|p| p.1), Some(22.0));
        assert_eq!(ram("card.card.msm$0.chains.words.0", 21, 22).map(|p| p.1), Some(70.0));
        let (x, _) = ram("card.card.msm$0.buckets.words.0", 28, 86).expect("known");
        assert!(x > 75.0, "{x}");
        assert_eq!(ram("card.card.writer.fifo.words.0", 7, 8), Some((BETWEEN, 82.0)));
        assert_eq!(ram("elsewhere.words.0", 0, 1), None);
    }
}

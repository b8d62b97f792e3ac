//! How fast the simulated clock really runs.

use std::time::{Duration, Instant};

/// Cycles a second of this machine's time, measured while the card runs, and forgetting slowly.
#[derive(Debug)]
pub(super) struct Rate {
    started: Instant,
    cycles: f64,
    time: Duration,
    hz: u32,
}

/// Before this much has been measured, the rate is a guess.
const LEAST: Duration = Duration::from_micros(500);
/// Beyond this the past counts half.
const MOST: Duration = Duration::from_secs(1);
/// The guess: what a whole card reaches natively.
const GUESS: u32 = 10_000;

impl Default for Rate {
    fn default() -> Self {
        Rate { started: Instant::now(), cycles: 0.0, time: Duration::ZERO, hz: GUESS }
    }
}

impl Rate {
    pub fn begin(&mut self) {
        self.started = Instant::now();
    }

    pub fn end(&mut self, cycles: u64) {
        self.cycles += cycles as f64;
        self.time += self.started.elapsed();
        if self.time >= LEAST && self.cycles > 0.0 {
            self.hz = (self.cycles / self.time.as_secs_f64()).clamp(1.0, f64::from(u32::MAX)) as u32;
        }
        if self.time >= MOST {
            self.time /= 2;
            self.cycles /= 2.0;
        }
    }

    pub fn hz(&self) -> u32 {
        self.hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_cycles_over_time() {
        let mut rate = Rate::default();
        assert_eq!(rate.hz(), GUESS);
        rate.begin();
        std::thread::sleep(Duration::from_millis(10));
        rate.end(1_000_000);
        let upper = 1_000_000.0 / 0.010;
        assert!(f64::from(rate.hz()) <= upper && rate.hz() > GUESS, "{}", rate.hz());
    }
}

//! Timing of something short, many times.

use crate::error::CliError;
use std::time::{Duration, Instant};

/// Most samples of one figure.
const MOST: usize = 100_000;
/// Fewest, however long each takes.
const LEAST: usize = 5;

/// The distribution of one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    pub samples: usize,
    pub median: Duration,
    pub p99: Duration,
}

/// Times `f` for about `span`, after it has run some times untimed.
pub fn times(span: Duration, mut f: impl FnMut() -> Result<(), CliError>) -> Result<Times, CliError> {
    let begin = Instant::now();
    for _ in 0..LEAST * 20 {
        f()?;
        if begin.elapsed() > span / 10 {
            break;
        }
    }
    let mut samples = Vec::with_capacity(MOST);
    let begin = Instant::now();
    let mut last = begin;
    while samples.len() < LEAST || (samples.len() < MOST && last - begin < span) {
        let start = Instant::now();
        f()?;
        last = Instant::now();
        samples.push(last - start);
    }
    Ok(summary(samples))
}

/// The smallest sample that half, or 99 in a hundred, do not exceed. There must be samples.
fn summary(mut samples: Vec<Duration>) -> Times {
    samples.sort_unstable();
    let at = |percent: usize| samples[(samples.len() * percent).div_ceil(100).max(1) - 1];
    Times { samples: samples.len(), median: at(50), p99: at(99) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let of = |n: u64| summary((1..=n).rev().map(Duration::from_nanos).collect());
        let nanos = |n| Duration::from_nanos(n);
        assert_eq!(of(1), Times { samples: 1, median: nanos(1), p99: nanos(1) });
        assert_eq!(of(5), Times { samples: 5, median: nanos(3), p99: nanos(5) });
        assert_eq!(of(1000), Times { samples: 1000, median: nanos(500), p99: nanos(990) });
    }

    #[test]
    fn something_slow_is_still_sampled() {
        let mut calls = 0;
        let times = times(Duration::from_millis(1), || {
            calls += 1;
            std::thread::sleep(Duration::from_millis(2));
            Ok(())
        });
        assert_eq!((times.unwrap().samples, calls), (LEAST, LEAST + 1));
    }
}

//! How an MSM is cut: the width of windows, and tasks for threads.

use super::digits::{WIDEST, windows};
use std::ops::Range;

/// Below so many scalars that are not zero, buckets do not pay.
pub(crate) const FEW: usize = 48;
/// Entries that a task should have at least, to fill batches.
const TASK: usize = 32768;
/// Buckets that are weighted together, about: they are in memory at one time.
const GROUP: usize = 1 << 16;
/// Entries that are sorted at one time, if that is more than a task for each thread.
const WAVE: usize = 1 << 20;
/// What a bucket costs, in additions into buckets: two of rows and columns, less the one that its first entry needs not.
const BUCKET_COST: f64 = 1.3;

/// The cut of one MSM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Bits of a window.
    pub width: u32,
    threads: usize,
}

impl Plan {
    /// For `used` scalars that are not zero, of a field of `bits` bits.
    pub fn new(bits: u32, used: usize, threads: usize) -> Self {
        let cost = |width: &u32| {
            let buckets = (1usize << (width - 1)) as f64;
            windows(bits, *width) as f64 * (used as f64 + BUCKET_COST * buckets)
        };
        let width = (3..=WIDEST).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(WIDEST);
        Plan { width, threads }
    }

    /// The same with another width.
    #[cfg(test)]
    pub fn of_width(self, width: u32) -> Self {
        Plan { width, ..self }
    }

    /// Buckets of a window.
    pub fn buckets(&self) -> usize {
        1 << (self.width - 1)
    }

    /// Tasks whose buckets are weighted together.
    pub fn groups<'a>(&self, tasks: &'a [Range<usize>]) -> impl Iterator<Item = &'a [Range<usize>]> {
        let own = tasks.iter().map(|t| t.len()).max().unwrap_or(1);
        tasks.chunks((GROUP / own).max(self.threads))
    }

    /// Tasks that are sorted at one time, given the number of entries in each window.
    pub fn waves<'a>(&self, group: &'a [Range<usize>], counts: &[usize]) -> Vec<&'a [Range<usize>]> {
        let (mut waves, mut rest) = (Vec::new(), group);
        while !rest.is_empty() {
            let mut entries = 0;
            let fits = |keys: &&Range<usize>| {
                entries += self.entries(keys, counts);
                entries <= WAVE
            };
            let count = rest.iter().take_while(fits).count().max(self.threads).min(rest.len());
            let (wave, later) = rest.split_at(count);
            waves.push(wave);
            rest = later;
        }
        waves
    }

    /// Entries of a range of keys, about: those of a window are taken to be spread evenly.
    fn entries(&self, keys: &Range<usize>, counts: &[usize]) -> usize {
        let buckets = self.buckets();
        (keys.start / buckets..keys.end.div_ceil(buckets))
            .map(|w| {
                let own = keys.end.min((w + 1) * buckets) - keys.start.max(w * buckets);
                counts[w] * own / buckets
            })
            .sum()
    }

    /// Ranges of keys, given the number of entries in each window. Windows without any are left out.
    pub fn tasks(&self, counts: &[usize]) -> Vec<Range<usize>> {
        let buckets = self.buckets();
        let used = counts.iter().filter(|c| **c > 0).count();
        let total: usize = counts.iter().sum();
        // Entries of a task: enough to fill batches, but something to do for every thread.
        let share = TASK.min(total.div_ceil(self.threads)).max(1);
        let mut tasks: Vec<Range<usize>> = Vec::new();
        let mut room = 0;
        for (w, &count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
            let keys = w * buckets..(w + 1) * buckets;
            // A window scans all digits for each of its tasks: several only where threads would idle.
            let ranges = (2 * self.threads).div_ceil(used).min(count / TASK).min(buckets / 64);
            match tasks.last_mut() {
                Some(last) if room >= count && last.end == keys.start => {
                    last.end = keys.end;
                    room -= count;
                }
                _ if ranges > 1 && self.threads > used => {
                    let size = buckets.div_ceil(ranges);
                    tasks.extend(keys.clone().step_by(size).map(|k| k..keys.end.min(k + size)));
                    room = 0;
                }
                _ => {
                    tasks.push(keys);
                    room = share.saturating_sub(count);
                }
            }
        }
        tasks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_cover_each_used_window_once() {
        for threads in [1, 2, 3, 16, 64, 1000] {
            for n in [50, 1000, 70_000, 1 << 20] {
                let plan = Plan::new(254, n, threads);
                let mut counts = vec![n; windows(254, plan.width)];
                counts[1] = 0;
                let mut keys: Vec<usize> = plan.tasks(&counts).into_iter().flatten().collect();
                let buckets = plan.buckets();
                let expected: Vec<usize> = (0..counts.len() * buckets).filter(|k| k / buckets != 1).collect();
                keys.sort_unstable();
                assert_eq!(keys, expected, "{threads} threads, {n} scalars");
                // Waves are the tasks again, none of them much larger than it may be.
                let tasks = plan.tasks(&counts);
                let waves = plan.waves(&tasks, &counts);
                assert_eq!(waves.concat(), tasks);
                for wave in waves {
                    let entries: usize = wave.iter().map(|keys| plan.entries(keys, &counts)).sum();
                    assert!(entries <= WAVE || wave.len() <= threads, "{entries} in {} tasks", wave.len());
                }
            }
        }
    }
}

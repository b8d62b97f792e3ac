//! What a bad line does to bytes.

use std::str::FromStr;

/// Probabilities, each for one byte, that it is lost, doubled, or has a bit turned over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineFaults {
    /// Lost.
    pub lost: f64,
    /// Comes twice.
    pub doubled: f64,
    /// Comes with one bit wrong.
    pub damaged: f64,
    /// Seed of the dice.
    pub seed: u64,
}

impl Default for LineFaults {
    fn default() -> Self {
        LineFaults { lost: 0.0, doubled: 0.0, damaged: 0.0, seed: 1 }
    }
}

impl LineFaults {
    /// Whether the line is good.
    pub fn none(&self) -> bool {
        self.lost + self.doubled + self.damaged == 0.0
    }
}

impl FromStr for LineFaults {
    type Err = String;

    /// `lost=P,doubled=P,damaged=P,seed=S`, any of them left out.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = LineFaults::default();
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(format!("`{part}` is not KEY=VALUE; keys: lost, doubled, damaged, seed"));
            };
            let chance = || match value.parse::<f64>() {
                Ok(p) if (0.0..=0.1).contains(&p) => Ok(p),
                _ => Err(format!("{key} is `{value}`: choose a probability from 0 to 0.1")),
            };
            match key.trim() {
                "lost" => faults.lost = chance()?,
                "doubled" => faults.doubled = chance()?,
                "damaged" => faults.damaged = chance()?,
                "seed" => {
                    faults.seed = value.parse().map_err(|_| format!("seed is `{value}`: choose a whole number"))?
                }
                _ => return Err(format!("`{key}` is no key; keys: lost, doubled, damaged, seed")),
            }
        }
        Ok(faults)
    }
}

/// A line with its dice.
#[derive(Clone, Debug)]
pub struct FaultyLine {
    faults: LineFaults,
    state: u64,
    /// Bytes that something happened to.
    pub hit: u64,
}

impl FaultyLine {
    /// A line with these faults.
    pub fn new(faults: LineFaults) -> Self {
        FaultyLine { faults, state: faults.seed, hit: 0 }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// What comes out at the other end.
    pub fn pass(&mut self, byte: u8, mut give: impl FnMut(u8)) {
        let f = self.faults;
        if f.none() {
            return give(byte);
        }
        let dice = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        if dice >= f.lost + f.doubled + f.damaged {
            return give(byte);
        }
        self.hit += 1;
        if dice < f.doubled {
            give(byte);
            give(byte);
        } else if dice < f.doubled + f.damaged {
            give(byte ^ 1 << (self.next() % 8));
        }
    }
}

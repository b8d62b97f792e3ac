//! A bad line: bytes that get lost, come twice or change, by a seeded generator.

/// Does it to one direction of a line.
#[derive(Clone, Debug)]
pub struct Noise {
    state: u64,
    per_million: u32,
    hits: u64,
}

impl Noise {
    /// Hits so many of a million bytes, and always the same ones.
    pub const fn new(seed: u64, per_million: u32) -> Self {
        Noise { state: seed, per_million, hits: 0 }
    }

    /// None at all.
    pub const fn none() -> Self {
        Self::new(0, 0)
    }

    /// Bytes that were hit.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// What becomes of one byte.
    pub fn pass(&mut self, byte: u8, mut out: impl FnMut(u8)) {
        if self.per_million == 0 || self.next() % 1_000_000 >= u64::from(self.per_million) {
            return out(byte);
        }
        self.hits += 1;
        match self.next() % 3 {
            0 => {}
            1 => {
                out(byte);
                out(byte);
            }
            _ => out(byte ^ (1 + self.next() % 255) as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_what_was_asked_for_and_all_three_things_happen() {
        let mut noise = Noise::new(1, 10_000);
        let (mut lost, mut doubled, mut changed) = (0, 0, 0);
        for i in 0..100_000u32 {
            let byte = i as u8;
            let mut out = vec![];
            noise.pass(byte, |b| out.push(b));
            match out[..] {
                [] => lost += 1,
                [b] if b == byte => {}
                [_] => changed += 1,
                _ => doubled += 1,
            }
        }
        assert_eq!(lost + doubled + changed, noise.hits());
        assert!((900..1100).contains(&noise.hits()) && lost > 250 && doubled > 250 && changed > 250);
    }
}

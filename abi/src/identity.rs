//! What a card was built from: the hash of its generated Verilog.

use crate::registers::{SOURCE_HASH0, SOURCE_HASH7};
use std::fmt;

/// The sha256 of a card's generated Verilog in which the words of this hash are zero.
///
/// A card shows it in [`SOURCE_HASH0`] to [`SOURCE_HASH7`]: word 0 is the digest's first four
/// bytes, the first of them on top, so that the words in hexadecimal, one after another, are the
/// digest as tools print it. All zeros mean that the card was not built from a source with an
/// identity: it is simulated.
///
/// Only these words are zeroed for hashing. The configuration's own identity (CONFIG_ID) is part
/// of what is hashed: two configurations are two sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SourceHash(pub [u32; SourceHash::WORDS]);

impl SourceHash {
    /// Registers that it takes.
    pub const WORDS: usize = ((SOURCE_HASH7 - SOURCE_HASH0) / 4 + 1) as usize;
    /// A card without an identity.
    pub const NONE: SourceHash = SourceHash([0; SourceHash::WORDS]);

    /// From the bytes of the digest.
    pub fn from_digest(digest: [u8; 4 * SourceHash::WORDS]) -> Self {
        let mut words = [0; SourceHash::WORDS];
        for (word, bytes) in words.iter_mut().zip(digest.chunks_exact(4)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        SourceHash(words)
    }

    /// Whether the card has no identity.
    pub fn is_none(self) -> bool {
        self == SourceHash::NONE
    }

    /// The registers' offsets, with the word of each.
    pub fn registers(self) -> impl Iterator<Item = (u16, u32)> {
        (SOURCE_HASH0..=SOURCE_HASH7).step_by(4).zip(self.0)
    }
}

/// 64 hexadecimal digits, as `sha256sum` prints them.
impl fmt::Display for SourceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:08x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_digest_as_tools_print_it() {
        let digest: [u8; 32] = std::array::from_fn(|i| i as u8 * 7 + 1);
        let hash = SourceHash::from_digest(digest);
        assert_eq!(hash.0[0], 0x0108_0f16);
        let printed: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash.to_string(), printed);
        assert!(!hash.is_none() && SourceHash::default().is_none());
        let registers: Vec<_> = hash.registers().collect();
        assert_eq!(registers.len(), SourceHash::WORDS);
        assert_eq!((registers[0], registers[7]), ((SOURCE_HASH0, hash.0[0]), (SOURCE_HASH7, hash.0[7])));
        assert!(registers.iter().all(|(offset, _)| crate::registers::find(*offset).is_some()));
    }
}

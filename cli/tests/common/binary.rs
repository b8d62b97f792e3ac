//! Sections of a zkey or wtns, to damage them at the right place.

/// A file's bytes, with its sections found.
#[derive(Clone)]
pub struct Binary {
    /// All bytes.
    pub bytes: Vec<u8>,
    /// Id, where its head begins, where its content begins, size of its content.
    sections: Vec<(u32, usize, usize, usize)>,
}

impl Binary {
    pub fn read(path: &std::path::Path) -> Binary {
        let bytes = std::fs::read(path).expect("an example");
        let number = |at: usize, n: usize| bytes[at..at + n].iter().rev().fold(0, |v, b| v << 8 | *b as usize);
        let mut sections = Vec::new();
        let mut at = 12;
        for _ in 0..number(8, 4) {
            let (id, size) = (number(at, 4) as u32, number(at + 4, 8));
            sections.push((id, at, at + 12, size));
            at += 12 + size;
        }
        assert_eq!(at, bytes.len());
        Binary { bytes, sections }
    }

    fn section(&self, id: u32) -> (usize, usize, usize) {
        let found = self.sections.iter().find(|s| s.0 == id).expect("this section");
        (found.1, found.2, found.3)
    }

    /// The file with bytes overwritten from an offset within a section's content.
    pub fn with(&self, id: u32, offset: usize, bytes: &[u8]) -> Vec<u8> {
        let (_, content, size) = self.section(id);
        assert!(offset + bytes.len() <= size);
        self.with_at(content + offset, bytes)
    }

    /// The file with bytes overwritten from an offset within it.
    pub fn with_at(&self, at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut out = self.bytes.clone();
        out[at..at + bytes.len()].copy_from_slice(bytes);
        assert_ne!(out, self.bytes, "this changes nothing");
        out
    }

    /// The file with another size in the section's head.
    pub fn with_size(&self, id: u32, size: u64) -> Vec<u8> {
        self.with_at(self.section(id).0 + 4, &size.to_le_bytes())
    }

    /// The file with a section's bytes shortened or lengthened by zeros, its head telling the truth.
    pub fn resized(&self, id: u32, by: i64) -> Vec<u8> {
        let (_, content, size) = self.section(id);
        let new = (size as i64 + by) as usize;
        let mut out = self.with_size(id, new as u64);
        let tail = out.split_off(content + size);
        out.resize(content + new, 0);
        out.extend(tail);
        out
    }

    /// The file with a section renumbered.
    pub fn renumbered(&self, id: u32, new: u32) -> Vec<u8> {
        self.with_at(self.section(id).0, &new.to_le_bytes())
    }

    /// Bytes of a section's content.
    pub fn get(&self, id: u32, offset: usize, count: usize) -> &[u8] {
        let (_, content, _) = self.section(id);
        &self.bytes[content + offset..content + offset + count]
    }
}

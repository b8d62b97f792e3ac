//! The container of zkey and wtns: magic, version, number of sections; then for each section its
//! id (u32), its size in bytes (u64) and its content. All numbers are little-endian.

use super::Problem;

/// A cursor that never reads past its end.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes }
    }

    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    pub fn take(&mut self, count: u64, place: impl Fn() -> String) -> Result<&'a [u8], Problem> {
        match usize::try_from(count).ok().and_then(|n| self.bytes.split_at_checked(n)) {
            Some((head, tail)) => {
                self.bytes = tail;
                Ok(head)
            }
            None => Err(Problem::Truncated { place: place(), needed: count, available: self.bytes.len() as u64 }),
        }
    }

    pub fn array<const N: usize>(&mut self, place: impl Fn() -> String) -> Result<[u8; N], Problem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64, place)?);
        Ok(array)
    }

    pub fn u32(&mut self, place: impl Fn() -> String) -> Result<u32, Problem> {
        Ok(u32::from_le_bytes(self.array(place)?))
    }

    pub fn u64(&mut self, place: impl Fn() -> String) -> Result<u64, Problem> {
        Ok(u64::from_le_bytes(self.array(place)?))
    }
}

/// The sections of a file by id, those with a name; others are skipped.
pub(super) struct Sections<'a> {
    names: &'static [(u32, &'static str)],
    found: Vec<(u32, &'a [u8])>,
}

/// A section.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    pub id: u32,
    pub name: &'static str,
    pub bytes: &'a [u8],
}

impl<'a> Sections<'a> {
    pub fn scan(
        bytes: &'a [u8],
        magic: &'static str,
        version: u32,
        names: &'static [(u32, &'static str)],
    ) -> Result<Self, Problem> {
        let mut cursor = Cursor::new(bytes);
        let header = || "the file's header".to_owned();
        let found = cursor.array::<4>(header)?;
        if found != *magic.as_bytes() {
            return Err(Problem::Magic { expected: magic, found: format!("`{}`", found.escape_ascii()) });
        }
        let found = cursor.u32(header)?;
        if found != version {
            return Err(Problem::Version { format: magic, found, expected: version });
        }
        let count = cursor.u32(header)?;
        let mut sections = Sections { names, found: Vec::new() };
        for i in 1..=count {
            let id = cursor.u32(|| format!("the head of section {i} of {count}"))?;
            let size = cursor.u64(|| format!("the head of section {i} of {count}"))?;
            let name = names.iter().find(|(n, _)| *n == id).map(|(_, name)| *name);
            let content = cursor.take(size, || format!("section {id} ({})", name.unwrap_or("unknown")))?;
            let Some(name) = name else { continue };
            if sections.found.iter().any(|(f, _)| *f == id) {
                return Err(Problem::DuplicateSection { id, name });
            }
            sections.found.push((id, content));
        }
        match cursor.left() {
            0 => Ok(sections),
            bytes => Err(Problem::Trailing { bytes }),
        }
    }

    pub fn get(&self, id: u32) -> Result<Section<'a>, Problem> {
        let name = self.names.iter().find(|(n, _)| *n == id).map_or("unknown", |(_, name)| *name);
        match self.found.iter().find(|(f, _)| *f == id) {
            Some((_, bytes)) => Ok(Section { id, name, bytes }),
            None => Err(Problem::MissingSection { id, name }),
        }
    }
}

impl<'a> Section<'a> {
    /// What follows a head of `head` bytes: exactly `count` records of `size` bytes.
    pub fn records(&self, head: usize, size: usize, count: u64, what: &str) -> Result<&'a [u8], Problem> {
        let expected = (count as u128) * (size as u128) + head as u128;
        if expected != self.bytes.len() as u128 {
            return Err(Problem::SectionSize {
                id: self.id,
                name: self.name,
                found: self.bytes.len() as u64,
                expected: u64::try_from(expected).unwrap_or(u64::MAX),
                what: format!("{count} {what}"),
            });
        }
        Ok(&self.bytes[head..])
    }

    /// Where something in this section is.
    pub fn place(&self, what: impl std::fmt::Display) -> String {
        format!("section {} ({}), {what}", self.id, self.name)
    }
}

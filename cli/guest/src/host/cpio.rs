//! An archive of the kind that the kernel unpacks as its initramfs: cpio's "newc" format
//! (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).

/// Type bits of a directory, a file, a character device.
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

/// The archive as it grows. Paths are relative to the root, without a leading slash.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    inode: u32,
}

impl Archive {
    /// A directory.
    pub fn directory(&mut self, path: &str) {
        self.entry(path, DIRECTORY | 0o755, (0, 0), &[]);
    }

    /// A file with permission bits.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.entry(path, FILE | mode, (0, 0), content);
    }

    /// A character device, by major and minor number.
    pub fn device(&mut self, path: &str, number: (u32, u32)) {
        self.entry(path, CHARACTER_DEVICE | 0o600, number, &[]);
    }

    /// The whole archive.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.inode += 1;
        let links = if mode & DIRECTORY == DIRECTORY { 2 } else { 1 };
        let size = u32::try_from(content.len()).expect("files are small");
        let name = path.len() as u32 + 1;
        // inode, mode, user, group, links, time, size, device, device of the node, name, check sum
        let fields = [self.inode, mode, 0, 0, links, 0, size, 0, 0, device.0, device.1, name, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(path.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_names_and_contents_are_aligned() {
        let mut archive = Archive::default();
        archive.directory("dev");
        archive.file("init", 0o755, b"hello");
        archive.device("dev/console", (5, 1));
        let bytes = archive.finish();
        // A header has 110 bytes.
        let head = |at: usize| std::str::from_utf8(&bytes[at..at + 110]).unwrap();
        assert_eq!(&head(0)[..22], "0707010000000100000000".replace("00000000", "000041ed").get(..22).unwrap());
        assert_eq!(&bytes[110..114], b"dev\0");
        let second = 116;
        assert_eq!(&head(second)[6..22], "00000002000081ed");
        assert_eq!(&head(second)[54..62], "00000005");
        assert_eq!(&bytes[second + 110..second + 115], b"init\0");
        assert_eq!(&bytes[second + 116..second + 121], b"hello");
        let third = second + 124;
        assert_eq!(&head(third)[6..22], "0000000300002180");
        assert_eq!(&head(third)[78..94], "0000000500000001");
        assert_eq!(bytes.len() % 4, 0);
        assert!(bytes.windows(10).any(|w| w == b"TRAILER!!!"));
    }
}

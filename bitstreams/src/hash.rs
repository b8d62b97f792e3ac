//! sha256 in the form that manifests and reports write.

use sha2::{Digest, Sha256};

/// The hash as 32 bytes.
pub fn bytes(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// The hash as 64 hexadecimal digits.
pub fn of(data: &[u8]) -> String {
    hex(&bytes(data))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_sha256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(super::of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

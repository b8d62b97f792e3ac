//! The guest's initramfs.

use super::assets::Assets;
use super::binaries::Binaries;
use super::cpio::Archive;
use std::collections::BTreeSet;
use std::path::Path;

/// Files of this repository that scenarios use, by their names in the guest's `/data`.
const DATA: &[(&str, &str)] = &[
    ("circuit.zkey", "examples/product/circuit.zkey"),
    ("witness.wtns", "examples/product/witness.wtns"),
    ("verification_key.json", "examples/product/verification_key.json"),
];

/// Packs the initramfs: `/init`, `/bin/gristmill`, their libraries, the modules and the data.
pub fn pack(assets: &Assets, binaries: &Binaries) -> Result<Vec<u8>, String> {
    let read = |path: &Path| std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    let mut archive = Archive::default();
    for folder in ["dev", "proc", "sys", "tmp", "bin", "data", "modules"] {
        archive.directory(folder);
    }
    // The kernel gives it to init as its standard files.
    archive.device("dev/console", (5, 1));
    archive.file("init", 0o755, &read(&binaries.init)?);
    archive.file("bin/gristmill", 0o755, &read(&binaries.gristmill)?);
    let mut folders = BTreeSet::new();
    for library in &binaries.libraries {
        let place = library.strip_prefix("/").unwrap_or(library);
        // From the root down.
        for folder in place.ancestors().skip(1).collect::<Vec<_>>().into_iter().rev() {
            if !folder.as_os_str().is_empty() && folders.insert(folder.to_owned()) {
                archive.directory(&folder.to_string_lossy());
            }
        }
        archive.file(&place.to_string_lossy(), 0o755, &read(library)?);
    }
    for (name, path) in DATA {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        archive.file(&format!("data/{name}"), 0o644, &read(&path)?);
    }
    for module in &assets.modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{name}"), 0o644, &read(module)?);
    }
    Ok(archive.finish())
}

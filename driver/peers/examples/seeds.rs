//! Writes the seeds of every target into the corpus.

fn main() -> std::io::Result<()> {
    for target in gristmill_peers::TARGETS {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (name, data) in (target.seeds)() {
            std::fs::write(folder.join(format!("seed-{name}")), data)?;
        }
    }
    Ok(())
}

//! No kernel of the card uses a construct that means one thing in simulation and another in Verilog.

use gristmill_hdl_kit::source_check::check;
use std::path::Path;

#[test]
fn kernels_mean_the_same_in_simulation_and_in_verilog() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let report = check(&[&src]).unwrap();
    assert!(report.findings.is_empty(), "\n{report}");
    // Guards against a check that looks at nothing.
    let kernels = count(&src);
    assert!(kernels > 0, "no kernel under {}", src.display());
    assert_eq!(report.kernels, kernels);
}

/// Lines that are just `#[hdl_gen]`.
fn count(dir: &Path) -> usize {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .map(|p| {
            if p.is_dir() {
                count(&p)
            } else if p.extension().is_some_and(|x| x == "rs") {
                std::fs::read_to_string(&p).unwrap().lines().filter(|l| l.trim() == "#[hdl_gen]").count()
            } else {
                0
            }
        })
        .sum()
}

//! Peak memory of an MSM and a transform on the CPU (Linux): what the kernel saw resident at most while each ran, inputs included.
//!
//! `cargo run --release -p gristmill --example peak_memory -- 20` for 2^20 points and elements.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_std::{UniformRand, test_rng};
use gristmill::{Transform, cpu};
use std::{error::Error, fs, mem::size_of_val};

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|l| l.strip_prefix(name)).ok_or("no such line in /proc/self/status")?;
    Ok(line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

fn measure(what: &str, inputs: usize, run: impl FnOnce()) -> Result<(), Box<dyn Error>> {
    // 5 sets the peak back to what is resident now (proc(5)).
    fs::write("/proc/self/clear_refs", "5")?;
    let before = status("VmRSS")?;
    run();
    let more = status("VmHWM")? - before;
    let (mib, inputs) = (1024.0 * 1024.0, inputs as f64);
    println!(
        "{what}: inputs {:.1} MiB, {:.1} MiB more at the peak: {:.2} x the inputs in all",
        inputs / mib,
        more / mib,
        1.0 + more / inputs
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let log: u32 = std::env::args().nth(1).map_or(Ok(20), |arg| arg.parse())?;
    if log > 24 {
        return Err("at most 24: log2 of the points".into());
    }
    let rng = &mut test_rng();
    let step = G1Projective::generator() * Fr::rand(rng);
    let mut points: Vec<G1Affine> = vec![];
    let mut point = G1Projective::generator();
    for _ in 0..(1usize << log).div_ceil(4096) {
        let some: Vec<G1Projective> = (0..4096)
            .map(|_| {
                point += step;
                point
            })
            .collect();
        points.extend(G1Projective::normalize_batch(&some));
    }
    points.truncate(1 << log);
    points.shrink_to_fit();
    let mut scalars: Vec<Fr> = (0..1 << log).map(|_| Fr::rand(rng)).collect();
    // Threads and their stacks are there from now on.
    let _ = cpu::msm(&points[..points.len().min(4096)], &scalars);

    measure(&format!("MSM, 2^{log} points of BN254 G1"), size_of_val(&*points) + size_of_val(&*scalars), || {
        let _ = cpu::msm(&points, &scalars);
    })?;
    measure(&format!("NTT, 2^{log} elements of BN254 Fr"), size_of_val(&*scalars), || {
        cpu::ntt(&mut scalars, &Transform::FORWARD);
    })
}

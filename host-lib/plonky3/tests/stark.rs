//! Against Plonky3's own transforms, and a STARK that is proved with the card's and verified by Plonky3.
#![cfg(target_os = "linux")]

use gristmill::{Check, Device, Fallback, Options};
use gristmill_plonky3::DeviceDft;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_challenger::DuplexChallenger;
use p3_commit::ExtensionMmcs;
use p3_dft::{Radix2Dit, TwoAdicSubgroupDft};
use p3_field::extension::BinomialExtensionField;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_goldilocks::{Goldilocks, Poseidon2Goldilocks, default_goldilocks_poseidon2_8};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use p3_uni_stark::{StarkConfig, prove, verify};
use std::sync::atomic::{AtomicU32, Ordering};

/// The smallest card, with transforms of Goldilocks of up to 2^7 elements.
const CARD: &str = r#"
name = "gold"
curve = "bn254"
window_bits = 4
segments = 2
stall_depth = 16
log_max_points = 10
ntt_log_max = 7
ntt_field = "goldilocks"
queues = 1
card_mem_bytes = 65536
clock_hz = 250000000
"#;

fn card(faults: &[&str]) -> Device {
    // Of each card its own: tests run side by side.
    static CARDS: AtomicU32 = AtomicU32::new(0);
    let (process, number) = (std::process::id(), CARDS.fetch_add(1, Ordering::Relaxed));
    let file = std::env::temp_dir().join(format!("gristmill-plonky3-{process}-{number}.toml"));
    std::fs::write(&file, CARD).expect("a file");
    let options = Options {
        config: file.to_str().map(str::to_owned),
        fallback: Fallback::Never,
        check: Check::Dual,
        faults: faults.iter().map(|f| f.parse().expect("a fault")).collect(),
        ..Options::default()
    };
    let device = Device::open("sim", &options).expect("a simulated card");
    std::fs::remove_file(&file).expect("the file");
    device
}

fn matrix(height: usize, width: usize) -> RowMajorMatrix<Goldilocks> {
    let mut x = Goldilocks::from_u64(3);
    let values = (0..height * width).map(|_| {
        x = x * x + Goldilocks::from_u64(0xdead_beef);
        x
    });
    RowMajorMatrix::new(values.collect(), width)
}

fn agrees(dft: &DeviceDft, heights: &[usize]) {
    let plain = Radix2Dit::default();
    let shift = Goldilocks::from_u64(0x1234_5678_9abc);
    for height in heights {
        for width in [1, 3] {
            let m = matrix(*height, width);
            let natural = |m: &RowMajorMatrix<Goldilocks>| m.values.clone();
            assert_eq!(dft.dft_batch(m.clone()).values, natural(&plain.dft_batch(m.clone()).to_row_major_matrix()));
            let coset = plain.coset_dft_batch(m.clone(), shift).to_row_major_matrix();
            assert_eq!(dft.coset_dft_batch(m.clone(), shift).values, coset.values);
            assert_eq!(dft.idft_batch(m.clone()).values, plain.idft_batch(m.clone()).values);
            assert_eq!(dft.coset_idft_batch(m.clone(), shift).values, plain.coset_idft_batch(m.clone(), shift).values);
            let lde = plain.coset_lde_batch(m.clone(), 1, shift).to_row_major_matrix();
            assert_eq!(dft.coset_lde_batch(m.clone(), 1, shift).values, lde.values, "{height} by {width}");
        }
    }
}

#[test]
fn transforms_are_plonky3s() {
    let device = card(&[]);
    agrees(&DeviceDft::new(&device), &[4, 16, 64]);
    let report = device.take_report();
    assert!(report.butterflies > 0 && report.fallbacks == 0, "{report:?}");
    assert!(!report.host_stages.iter().any(|s| s == "goldilocks ntt"), "all by the card: {:?}", report.host_stages);
    // Too short or too long for the card; without a device; one that fails.
    agrees(&DeviceDft::new(&device), &[1, 2, 256]);
    agrees(&DeviceDft::default(), &[1, 8, 512]);
    agrees(&DeviceDft::new(&card(&["status:8@ntt", "corrupt@ntt+3"])), &[16]);
}

/// x' = x^3 + 5, from the first public value to the second.
struct Cubes;

impl<F> BaseAir<F> for Cubes {
    fn width(&self) -> usize {
        1
    }

    fn num_public_values(&self) -> usize {
        2
    }
}

impl<AB: AirBuilder<F = Goldilocks>> Air<AB> for Cubes {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let (x, next) = (main.current_slice()[0], main.next_slice()[0]);
        let (first, last) = (builder.public_values()[0], builder.public_values()[1]);
        builder.when_first_row().assert_eq(x, first);
        let cube = x.into() * x.into() * x.into();
        builder.when_transition().assert_eq(cube + Goldilocks::from_u64(5), next);
        builder.when_last_row().assert_eq(x, last);
    }
}

type Permutation = Poseidon2Goldilocks<8>;
type Hash = PaddingFreeSponge<Permutation, 8, 4, 4>;
type Compress = TruncatedPermutation<Permutation, 2, 4, 8>;
type Packed = <Goldilocks as Field>::Packing;
type Trees = MerkleTreeMmcs<Packed, Packed, Hash, Compress, 2, 4>;
type Challenge = BinomialExtensionField<Goldilocks, 2>;
type ChallengeTrees = ExtensionMmcs<Goldilocks, Challenge, Trees>;
type Challenger = DuplexChallenger<Goldilocks, Permutation, 8, 4>;

fn config<D: Clone>(dft: D) -> StarkConfig<TwoAdicFriPcs<Goldilocks, D, Trees, ChallengeTrees>, Challenge, Challenger> {
    let permutation = default_goldilocks_poseidon2_8();
    let trees = Trees::new(Hash::new(permutation.clone()), Compress::new(permutation.clone()), 0);
    let parameters = FriParameters {
        log_blowup: 2,
        log_final_poly_len: 0,
        max_log_arity: 1,
        num_queries: 20,
        batch_proof_of_work_bits: 0,
        commit_proof_of_work_bits: 0,
        query_proof_of_work_bits: 4,
        mmcs: ChallengeTrees::new(trees.clone()),
    };
    StarkConfig::new(TwoAdicFriPcs::new(dft, trees, parameters), Challenger::new(permutation))
}

#[test]
fn a_stark_is_proved_with_the_cards_transforms() {
    let rows = 32;
    let cube = |x: &Goldilocks| Some(*x * *x * *x + Goldilocks::from_u64(5));
    let trace: Vec<Goldilocks> = std::iter::successors(Some(Goldilocks::from_u64(2)), cube).take(rows).collect();
    let public = [trace[0], trace[rows - 1]];
    let trace = RowMajorMatrix::new_col(trace);
    let device = card(&[]);
    let proof = prove(&config(DeviceDft::new(&device)), &Cubes, trace.clone(), &public).expect("a proof");
    let report = device.report();
    assert!(report.butterflies > 0 && report.cycles > 0 && report.fallbacks == 0, "{report:?}");
    // It is the very proof that Plonky3 makes with its own transforms; its verifier uses none.
    let expected = prove(&config(Radix2Dit::default()), &Cubes, trace, &public).expect("a proof");
    assert_eq!(serde_json::to_value(&proof).expect("JSON"), serde_json::to_value(&expected).expect("JSON"));
    let verifier = config(DeviceDft::default());
    verify(&verifier, &Cubes, &proof, &public).expect("the proof holds");
    assert!(verify(&verifier, &Cubes, &proof, &[public[0], public[0]]).is_err());
}

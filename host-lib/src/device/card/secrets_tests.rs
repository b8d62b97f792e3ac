//! What was secret does not stay in memory that the card can reach.

use super::engine::{CardEngine, Nature};
use super::in_process::InProcess;
use super::words;
use crate::device::Transform;
use crate::device::engine::{Engine, MsmEngine, MsmJob};
use ark_bn254::{Fr, G1Affine};
use ark_std::{One, UniformRand, test_rng};
use gristmill_driver::transport::{DmaRegion, IovaRange, Transport};
use gristmill_driver::{Card, TransportError};
use gristmill_hdl::config::CardConfig;
use gristmill_sim::{Options as SimOptions, SimCard};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Files = Arc<Mutex<Vec<(File, u64)>>>;

/// Keeps a handle of everything that is mapped for the card.
struct Spy {
    card: InProcess,
    files: Files,
}

impl Transport for Spy {
    fn name(&self) -> &str {
        self.card.name()
    }
    fn read32(&mut self, offset: u16) -> Result<u32, TransportError> {
        self.card.read32(offset)
    }
    fn write32(&mut self, offset: u16, value: u32) -> Result<(), TransportError> {
        self.card.write32(offset, value)
    }
    fn config_read(&mut self, offset: u16, data: &mut [u8]) -> Result<(), TransportError> {
        self.card.config_read(offset, data)
    }
    fn config_write(&mut self, offset: u16, data: &[u8]) -> Result<(), TransportError> {
        self.card.config_write(offset, data)
    }
    fn iova_ranges(&self) -> &[IovaRange] {
        self.card.iova_ranges()
    }
    fn dma_map(&mut self, region: &DmaRegion) -> Result<(), TransportError> {
        let file = File::from(region.file().try_clone_to_owned().expect("dup"));
        self.files.lock().expect("files").push((file, region.size()));
        self.card.dma_map(region)
    }
    fn dma_unmap(&mut self, iova: u64, len: u64) -> Result<(), TransportError> {
        self.card.dma_unmap(iova, len)
    }
    fn enable_interrupt(&mut self) -> Result<(), TransportError> {
        self.card.enable_interrupt()
    }
    fn wait_interrupt(&mut self, timeout: Duration) -> Result<bool, TransportError> {
        self.card.wait_interrupt(timeout)
    }
    fn reset(&mut self) -> Result<(), TransportError> {
        self.card.reset()
    }
}

/// Whether any of these elements' words is in memory that was ever mapped.
fn found(files: &Files, elements: &[Fr]) -> bool {
    let mut needles = Vec::new();
    words::put_elements(elements, &mut needles);
    files.lock().expect("files").iter().any(|(file, len)| {
        let mut bytes = vec![0; *len as usize];
        file.read_exact_at(&mut bytes, 0).expect("read");
        // Operands lie at word boundaries.
        bytes.chunks_exact(32).any(|word| needles.chunks_exact(32).any(|n| n == word))
    })
}

fn bench(card_mem_bytes: u64, faults: &[&str]) -> (CardEngine, Files) {
    let faults = faults.iter().map(|f| f.parse().expect("fault")).collect();
    let config = CardConfig { card_mem_bytes, ..CardConfig::tiny() };
    let card = SimCard::new(&SimOptions { faults, ..SimOptions::native(config) }).expect("card");
    let files = Files::default();
    let spy = Spy { card: InProcess::new("spied".into(), card), files: files.clone() };
    let card = Card::open(Box::new(spy)).expect("open");
    (CardEngine::new(card, Nature { kind: "simulator", ..Nature::default() }), files)
}

#[test]
fn scalars_and_vectors_are_scrubbed_after_success_and_failure() {
    scrubs(bench(CardConfig::tiny().card_mem_bytes, &FAILURES));
}

#[test]
fn a_card_without_memory_leaves_nothing_either() {
    scrubs(bench(0, &FAILURES));
}

/// The second transform and the second MSM fail.
const FAILURES: [&str; 2] = ["status:8@ntt+1", "status:8@msm+1"];

fn scrubs((engine, files): (CardEngine, Files)) {
    let rng = &mut test_rng();
    let points: Arc<[G1Affine]> = (0..6).map(|_| G1Affine::rand(rng)).collect();
    let (resident, _) = engine.upload(&points).expect("upload");
    let generator = Fr::rand(rng);
    let transform = Transform::FORWARD.on_coset(generator);
    for works in [true, false] {
        let secret: Vec<Fr> = (0..6).map(|_| Fr::rand(rng)).collect();
        let job = [MsmJob { resident: &resident, points: &points, scalars: &secret }];
        assert_eq!(engine.msm(&job).is_ok(), works);
        let witness: Vec<Fr> = (0..16).map(|_| Fr::rand(rng)).collect();
        let mut vector = witness.clone();
        assert_eq!(engine.ntt(&mut [&mut vector], &transform).is_ok(), works);
        assert!(!found(&files, &secret), "scalars (works: {works})");
        assert!(!found(&files, &witness), "a transform's input (works: {works})");
        if works {
            assert!(!found(&files, &vector), "a transform's output");
        }
    }
    // Factors of a public coset are kept: the search does find what is there.
    assert!(found(&files, &[generator]) && found(&files, &[Fr::one()]));
}

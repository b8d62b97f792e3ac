//! What was secret does not stay in memory that the card can reach.

use super::engine::{CardEngine, Nature};
use super::in_process::InProcess;
use super::words;
use crate::device::Transform;
use crate::device::engine::{MsmEngine, MsmJob, NttEngine, VectorEngine, VectorOperand, VectorStep};
use crate::report::Cost;
use ark_bn254::{Fr, G1Affine};
use ark_std::{One, UniformRand, test_rng};
use gristmill_abi::command::Operation;
use gristmill_driver::transport::{DmaRegion, IovaRange, Transport};
use gristmill_driver::{Card, Command, TransportError};
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

/// Card memory, all of it.
fn card_memory(engine: &CardEngine) -> Vec<u8> {
    let read = engine.task("reading card memory", |state, _| {
        let bytes = state.card.info().card_mem_bytes;
        let buffer = state.allocate(bytes)?;
        state.run([Command::copy_from_card(0, buffer.whole())], &mut Cost::default())?;
        let mut all = vec![0; bytes as usize];
        buffer.read(0, &mut all).expect("read");
        Ok(all)
    });
    read.expect("card memory").0
}

#[test]
fn vectors_are_scrubbed_from_card_memory() {
    let rng = &mut test_rng();
    for faults in [&[][..], &["status:8@elementwise"]] {
        let (engine, files) = bench(CardConfig::tiny().card_mem_bytes, faults);
        let secret: Vec<Fr> = (0..16).map(|_| Fr::rand(rng)).collect();
        let (vector, _) = engine.new_vector(16, Some(&secret)).expect("a vector");
        let mut needles = Vec::new();
        words::put_elements(&secret, &mut needles);
        let there = |memory: &[u8]| memory.chunks_exact(32).any(|w| needles.chunks_exact(32).any(|n| n == w));
        assert!(there(&card_memory(&engine)));
        let twice = VectorStep::Combine(Operation::Add, &vector, VectorOperand::Vector(&vector), &vector);
        let transform = VectorStep::Transform(&vector, Transform::FORWARD);
        assert_eq!(engine.run_steps(&[twice, transform]).is_ok(), faults.is_empty());
        if !faults.is_empty() {
            // The reset after the failure takes it.
            assert!(!there(&card_memory(&engine)));
            let lost = engine.read_vector(&vector, &mut [Fr::one(); 16]).expect_err("lost").to_string();
            assert!(lost.contains("lost when the card was reset"), "{lost}");
        }
        let (other, _) = engine.new_vector(16, Some(&secret)).expect("another");
        assert!(there(&card_memory(&engine)));
        drop((vector, other));
        assert!(!there(&card_memory(&engine)), "dropped");
        assert!(!found(&files, &secret), "staged");
    }
}

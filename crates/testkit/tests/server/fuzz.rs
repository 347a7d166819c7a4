//! The parsers of `fuzz/`, run from its corpus on the stable toolchain: as it is, and changed at random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{fs, panic, path::PathBuf};

use kagiya_testkit::parsers;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Changed inputs of each; those that need a whole server get a tenth.
const RUNS: usize = 20_000;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// An input of the corpus with some bytes changed, left out, said twice, or taken from another.
fn changed(corpus: &[Vec<u8>], rng: &mut TestRng) -> Vec<u8> {
    let mut below = |most: usize| usize::try_from(rng.next_u64()).unwrap() % most.max(1);
    let mut bytes = corpus[below(corpus.len())].clone();
    for _ in 0..=below(8) {
        let (at, other) = (below(bytes.len()), &corpus[below(corpus.len())]);
        let (from, to) = (at, (at + 1 + below(16)).min(bytes.len()));
        match below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << below(8),
            1 => bytes.insert(at, u8::try_from(below(256)).unwrap()),
            2 => drop(bytes.drain(from..to)),
            3 => {
                let again = bytes[from..to].to_vec();
                bytes.splice(at..at, again);
            }
            4 => drop(bytes.splice(at.., other.iter().skip(below(other.len())).copied())),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn the_fuzz_targets_are_these_and_all_hold_from_their_corpus() {
    let targets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let mut named: Vec<String> = fs::read_dir(targets)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    named.sort();
    let mut here: Vec<&str> = parsers::ALL.iter().map(|(name, _)| *name).collect();
    here.sort_unstable();
    assert_eq!(named, here);
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed());
    for (name, parse) in parsers::ALL {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name} has no corpus");
        let runs = if name == "request" { RUNS / 10 } else { RUNS };
        let changes = (0..runs).map(|_| changed(&corpus, &mut rng));
        for input in corpus.iter().cloned().chain(changes) {
            let broken = panic::catch_unwind(|| parse(&input)).is_err();
            assert!(!broken, "{name}: keep this in fuzz/corpus/{name}: {:?}", String::from_utf8_lossy(&input));
        }
    }
}

/// Another seed in every run.
fn seed() -> [u8; 32] {
    let (a, b) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(a.as_bytes());
    seed[16..].copy_from_slice(b.as_bytes());
    seed
}

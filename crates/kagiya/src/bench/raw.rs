//! The limits for hashes and verdicts: the bare functions.

use std::time::{Duration, Instant};

use argon2_rust::{Algorithm, Argon2, Params, Version, params::Memory};
use kagiya_domain::{Audience, Evidence, Timestamp, diagnosis::diagnose};

/// Argon2id hashes per second on that many threads, each with an arena of its own, with the
/// parameters that `serve` has by default.
#[allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "the bench measures real time")]
pub(super) fn hashes(threads: usize, time: Duration) -> f64 {
    let usual = kagiya_flows::settings::Argon2Parameters::default();
    let work = move || {
        let params = Params::DEFAULT
            .to_builder()
            .memory(Memory::kib(u64::from(usual.memory_kib)))
            .passes(usual.passes)
            .lanes(usual.lanes)
            .threads(1)
            .build();
        let Ok(params) = params else {
            return 0.0;
        };
        let mut hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hasher();
        let mut tag = [0; 32];
        let mut count = 0_u64;
        let begun = Instant::now();
        while begun.elapsed() < time {
            let _ = hasher.hash_into(b"correct horse battery", b"sixteen bytes!!!", &mut tag);
            count += 1;
        }
        count as f64 / begun.elapsed().as_secs_f64()
    };
    let running: Vec<_> = (0..threads).map(|_| std::thread::spawn(work)).collect();
    running.into_iter().filter_map(|thread| thread.join().ok()).sum()
}

/// Verdicts per second on one core, over evidence as a refused sign-in has it.
#[allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "the bench measures real time")]
pub(super) fn verdicts(time: Duration) -> f64 {
    let at = Timestamp(1_700_000_000_000);
    let cases = [
        (vec![Evidence::CredentialsRefused, Evidence::PasswordMismatch, Evidence::DeviceKnown], Audience::Staff),
        (vec![Evidence::CredentialsRefused, Evidence::LoginUnknown], Audience::Browser),
        (
            vec![
                Evidence::TriesSpent { until: at },
                Evidence::StrangersLocked { until: at },
                Evidence::OthersFailures { count: 12, networks: 4 },
                Evidence::PasswordChangedAt { at },
            ],
            Audience::Owner,
        ),
        (vec![Evidence::CodeRefused, Evidence::SaysNoMail, Evidence::MailRefused { status: 550 }], Audience::Staff),
    ];
    let begun = Instant::now();
    let mut count = 0_u64;
    while begun.elapsed() < time {
        for _ in 0..250 {
            for (evidence, audience) in &cases {
                std::hint::black_box(diagnose(std::hint::black_box(evidence), *audience));
                count += 1;
            }
        }
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

//! argon2-rust is not audited: its tags must be those of RustCrypto's crate.
#![allow(clippy::unwrap_used)]

use argon2::{Algorithm, Argon2, Params, Version};

#[test]
fn both_crates_give_one_tag_over_parameters_and_inputs() {
    let long = "ぱすわーど".repeat(40);
    let passwords: [&[u8]; 5] = [b"", b"a", b"correct horse battery", long.as_bytes(), &[0xff; 129]];
    let salts: [&[u8]; 3] = [b"8 bytes!", b"sixteen bytes!!!", &[7; 48]];
    let mut compared = 0;
    for (memory, passes, lanes) in [(8, 1, 1), (64, 1, 1), (64, 3, 2), (256, 2, 4), (1_024, 2, 1), (19 * 1_024, 2, 1)] {
        for password in passwords {
            for salt in salts {
                for length in [16, 32, 64] {
                    if memory > 10_000 && (length != 32 || salt.len() != 16) {
                        continue;
                    }
                    let params = Params::new(memory, passes, lanes, Some(length)).unwrap();
                    let mut theirs = vec![0; length];
                    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                        .hash_password_into(password, salt, &mut theirs)
                        .unwrap();
                    let params = argon2_rust::Params::DEFAULT
                        .to_builder()
                        .memory(argon2_rust::params::Memory::kib(u64::from(memory)))
                        .passes(passes)
                        .lanes(lanes)
                        .threads(1)
                        .tag_len(argon2_rust::params::TagLen::bytes(length as u64))
                        .build()
                        .unwrap();
                    let ours =
                        argon2_rust::Argon2::new(argon2_rust::Algorithm::Argon2id, argon2_rust::Version::V0x13, params)
                            .hash(password, salt)
                            .unwrap();
                    assert_eq!(ours, theirs, "m={memory} t={passes} p={lanes} length={length}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

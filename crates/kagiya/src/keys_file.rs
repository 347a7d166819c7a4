//! The keys file: outside the database, readable by its owner alone.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use kagiya_flows::{Dice, keys::Keys};

use crate::{Failure, outside::SystemDice};

/// Reads the keys; makes them when the file is missing.
pub(crate) fn open(path: &Path) -> Result<Keys, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(Failure::Failed(format!("{}: {error}", path.display()))),
    };
    let wrong = |line: usize| {
        Failure::Failed(format!(
            "{}: line {line}: expected 64 hexadecimal digits, one key a line, the newest first",
            path.display()
        ))
    };
    let mut secrets = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        secrets.push(decode(line).ok_or_else(|| wrong(number + 1))?);
    }
    Keys::new(secrets).ok_or_else(|| wrong(1))
}

/// Whether others than the owner may read the file.
pub(crate) fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

fn create(path: &Path) -> Result<String, Failure> {
    let mut secret = [0; 32];
    SystemDice.fill(&mut secret);
    let digits: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!(
        "# Keys of this Kagiya. Keep them secret and back them up apart from the database.\n\
         # One a line, the newest first; older ones still verify.\n{digits}\n"
    );
    let fail = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match opened {
        Ok(file) => file,
        // Another process was faster: its keys are the ones.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::thread::sleep(std::time::Duration::from_millis(50));
            return fs::read_to_string(path).map_err(fail);
        }
        Err(error) => return Err(fail(error)),
    };
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)?;
    Ok(text)
}

fn decode(line: &str) -> Option<[u8; 32]> {
    let mut secret = [0; 32];
    if line.len() != 64 || !line.is_ascii() {
        return None;
    }
    for (place, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(line.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(secret)
}

//! Reads the settings file, and says what is wrong with it without repeating a value: it may be a secret.

use kagiya_flows::visible::visible;
use serde::Deserialize;

/// Reads the file's text. What is wrong is named by line, column and key; its value, which may be a secret, is not.
pub(crate) fn understand<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    let table = toml::Value::Table(toml::from_str(text).map_err(|error| place(text, &error))?);
    if let Some(key) = first_control(&table, &mut Vec::new()) {
        return Err(format!("{key}: expected text without line breaks and other control characters"));
    }
    // From the text first, for that names the line of what is wrong.
    toml::from_str::<T>(text).map_err(|error| place(text, &error))?;
    T::deserialize(marked(table)).map_err(|error| place(text, &error))
}

/// With marks for what turns the direction of text: wherever a setting is shown, it shows what it is.
#[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
fn marked(value: toml::Value) -> toml::Value {
    match value {
        toml::Value::String(text) => toml::Value::String(visible(&text)),
        toml::Value::Array(all) => toml::Value::Array(all.into_iter().map(marked).collect()),
        toml::Value::Table(all) => {
            toml::Value::Table(all.into_iter().map(|(key, value)| (key, marked(value))).collect())
        }
        other => other,
    }
}

fn place(text: &str, error: &toml::de::Error) -> String {
    let mut what = error.message().to_owned();
    // serde repeats the value between these.
    for start in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = what.strip_prefix(start).and_then(|rest| rest.rsplit_once(", expected ")) {
            let kind = found.split([' ', '`']).next().unwrap_or_default();
            what = format!("{start}{kind}, expected {expected}");
        }
    }
    let what = what.lines().next().unwrap_or_default().to_owned();
    let Some(at) = error.span().map(|span| span.start.min(text.len())).filter(|at| text.is_char_boundary(*at)) else {
        return what;
    };
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let whole = text.lines().nth(line - 1).unwrap_or_default();
    let key = whole.split('=').next().unwrap_or_default().trim();
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if whole.contains('=') && !key.is_empty() && key.chars().all(named) {
        format!("line {line}, column {column}: {key}: {what}")
    } else {
        format!("line {line}, column {column}: {what}")
    }
}

/// The key of the first text with a control character: nothing that is set has one, and mail headers and terminals
/// would obey it.
#[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
fn first_control(value: &toml::Value, path: &mut Vec<String>) -> Option<String> {
    match value {
        toml::Value::String(text) if text.chars().any(char::is_control) => Some(path.join(".")),
        toml::Value::Array(all) => all.iter().enumerate().find_map(|(place, value)| {
            path.push((place + 1).to_string());
            let found = first_control(value, path);
            path.pop();
            found
        }),
        toml::Value::Table(all) => all.iter().find_map(|(key, value)| {
            path.push(key.clone());
            let found = first_control(value, path);
            path.pop();
            found
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::File;

    #[test]
    fn no_error_repeats_a_value() {
        let secret = "s3cr3t-Passw0rd";
        for text in [
            format!("database = \"postgres://u:{secret}@h:port/d\"\n"),
            format!("database = \"mysql://u:{secret}@h/d\"\n"),
            format!("mail = \"smtp://u:{secret}@h:port\"\n"),
            format!("public_url = \"https://u:{secret}@h\"\n"),
            format!("listen = \"{secret}\"\n"),
            format!("time_zone = \"{secret}\"\n"),
            format!("log = \"{secret}\"\n"),
            format!("trusted_proxy = [\"{secret}\"]\n"),
            format!("[service]\naccent = \"{secret}\"\n"),
            format!("[throttle]\ndevice_tries = \"{secret}\"\n"),
            format!("[[providers]]\nid = [\"{secret}\"]\n"),
            format!("mail = \"smtp://u:{secret}@h\n"),
        ] {
            let error = understand::<File>(&text).unwrap_err();
            assert!(!error.contains(secret) && error.contains("line"), "{error}");
        }
    }

    #[test]
    fn what_turns_text_is_marked_wherever_it_is_set() {
        let names = "name = \"a\\u202eb\"\n[[status.news]]\nname = \"\u{2066}n\"\nurl = \"https://example.jp\"\n";
        let file: File = understand(&format!("[service]\nmember_url = \"https://\\u202ex\"\n{names}")).unwrap();
        let shown = format!("{file:?}");
        assert!(
            shown.contains("https://\u{fffd}x") && shown.contains("a\u{fffd}b") && shown.contains("\u{fffd}n"),
            "{shown}"
        );
    }

    #[test]
    fn control_characters_are_refused_by_name() {
        let error = understand::<File>("[service]\nname = \"a\\r\\nBcc: x\"\n").unwrap_err();
        assert!(error.starts_with("service.name:"), "{error}");
    }
}

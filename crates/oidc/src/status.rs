//! A provider's own word about its health. It comes late and says much about other things, so
//! it only ever confirms what was measured.

use serde_json::Value;

use crate::{
    answer::{Endpoint, Failure},
    provider::Provider,
};

/// What a feed says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// All is well.
    Fine,
    /// Something that has to do with signing in is in trouble.
    Trouble(String),
    /// The feed cannot be understood.
    Unknown,
}

/// Words that name what signing in needs.
const CONCERNS: [&str; 7] = ["sign in", "sign-in", "login", "oauth", "identity", "account", "authentication"];

fn concerns(name: &str) -> bool {
    let name = name.to_lowercase();
    CONCERNS.iter().any(|word| name.contains(word))
}

/// Reads a feed, whichever of the known shapes it has.
pub fn read(text: &str) -> Word {
    // Apple wraps its JSON in a call.
    let inner =
        text.trim().strip_prefix("jsonCallback(").map_or(text, |rest| rest.trim_end_matches([';', ')', '\n', ' ']));
    let Ok(told) = serde_json::from_str::<Value>(inner) else {
        return Word::Unknown;
    };
    if told["status"]["indicator"].is_string() {
        return statuspage(&told);
    }
    if let Some(services) = told["services"].as_array() {
        return apple(services);
    }
    match told.as_array() {
        Some(list) if list.iter().all(|item| item["services"].is_array()) && !list.is_empty() => facebook(list),
        Some(list) => google(list),
        None => Word::Unknown,
    }
}

/// Statuspage's `summary.json` (LINE, X, and most others).
fn statuspage(told: &Value) -> Word {
    let parts = told["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let own: Vec<&Value> = parts.iter().filter(|part| concerns(part["name"].as_str().unwrap_or_default())).collect();
    let down = |part: &&Value| part["status"].as_str().is_some_and(|status| status != "operational");
    if let Some(part) = own.iter().copied().find(|part| down(part)) {
        return Word::Trouble(part["name"].as_str().unwrap_or_default().to_owned());
    }
    let indicator = told["status"]["indicator"].as_str().unwrap_or_default();
    if own.is_empty() && matches!(indicator, "major" | "critical") {
        return Word::Trouble(told["status"]["description"].as_str().unwrap_or_default().to_owned());
    }
    Word::Fine
}

/// Google's `incidents.json`: an incident without an end goes on.
fn google(list: &[Value]) -> Word {
    let running = |incident: &&Value| incident["end"].is_null() && !incident["begin"].is_null();
    for incident in list.iter().filter(running) {
        let products = incident["affected_products"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names = products.iter().filter_map(|product| product["title"].as_str());
        let named = names.chain(incident["service_name"].as_str()).find(|name| concerns(name));
        if let Some(name) = named {
            return Word::Trouble(name.to_owned());
        }
    }
    Word::Fine
}

/// Apple's system status: events with an end are over.
fn apple(services: &[Value]) -> Word {
    for service in services {
        let name = service["serviceName"].as_str().unwrap_or_default();
        let own = concerns(name) || name.contains("Apple ID");
        let events = service["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ongoing = |event: &Value| {
            let status = event["eventStatus"].as_str().unwrap_or_default();
            !matches!(status, "resolved" | "completed" | "upcoming") && event["epochEndDate"].is_null()
        };
        if own && events.iter().any(ongoing) {
            return Word::Trouble(name.to_owned());
        }
    }
    Word::Fine
}

/// Meta's `orgs.json`.
fn facebook(list: &[Value]) -> Word {
    for service in list.iter().flat_map(|org| org["services"].as_array().map(Vec::as_slice).unwrap_or_default()) {
        let name = service["name"].as_str().unwrap_or_default();
        let status = service["status"].as_str().unwrap_or_default().to_lowercase();
        if concerns(name) && (status.contains("disruption") || status.contains("outage") || status.contains("issue")) {
            return Word::Trouble(name.to_owned());
        }
    }
    Word::Fine
}

impl Provider {
    /// Asks the provider's status feed; `None` when it has none.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ask_status(&self) -> Option<Result<Word, Failure>> {
        let url = self.status_url()?;
        let endpoint = Endpoint::Status;
        let asked = async {
            let request = self.client.request(reqwest::Method::GET, &url)?;
            let told = self.client.send(endpoint, request).await?;
            if told.status != 200 {
                return Err(Failure::Unreadable { endpoint, why: "no status" });
            }
            Ok(read(&String::from_utf8_lossy(&told.body)))
        };
        Some(asked.await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feed_is_read_and_other_products_are_no_concern() {
        let trouble = |name: &str| Word::Trouble(name.to_owned());
        for (text, word) in [
            (
                r#"{"status":{"indicator":"none"},"components":[{"name":"LINE Login","status":"operational"}]}"#,
                Word::Fine,
            ),
            (
                r#"{"status":{"indicator":"minor"},"components":[{"name":"LINE Login","status":"major_outage"}]}"#,
                trouble("LINE Login"),
            ),
            (
                r#"{"status":{"indicator":"major"},"components":[{"name":"LINE Login","status":"operational"},{"name":"Messaging API","status":"major_outage"}]}"#,
                Word::Fine,
            ),
            (r#"{"status":{"indicator":"critical","description":"Everything"}}"#, trouble("Everything")),
            (r#"[{"begin":"2026-01-01","end":"2026-01-02","service_name":"Google Account"}]"#, Word::Fine),
            (r#"[{"begin":"2026-01-01","affected_products":[{"title":"Google Sign-In"}]}]"#, trouble("Google Sign-In")),
            (r#"[{"begin":"2026-01-01","affected_products":[{"title":"Gmail"}]}]"#, Word::Fine),
            (
                r#"jsonCallback({"services":[{"serviceName":"Sign in with Apple","events":[{"eventStatus":"ongoing","epochEndDate":null}]}]});"#,
                trouble("Sign in with Apple"),
            ),
            (
                r#"jsonCallback({"services":[{"serviceName":"Apple ID","events":[{"eventStatus":"resolved","epochEndDate":1}]}]});"#,
                Word::Fine,
            ),
            (
                r#"[{"id":"x","services":[{"name":"Facebook Login","status":"Major disruptions"}]}]"#,
                trouble("Facebook Login"),
            ),
            ("<html>", Word::Unknown),
        ] {
            assert_eq!(read(text), word, "{text}");
        }
    }
}

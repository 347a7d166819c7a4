//! The code for an identity: one call to the token endpoint, at most one to another.

use reqwest::Method;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{
    answer::{Endpoint, Failure, clean},
    endpoints::clean_issuer,
    fault::TokenFault,
    identity::{Identity, address, is_true, shown, subject_of},
    jwt::{self, Claims},
    kinds::{ClientProof, IdToken, Kind, Profile},
    provider::{Provider, Secret},
};

/// What came back, and what it must fit.
#[derive(Clone, Copy, Debug)]
pub struct CodeGrant<'a> {
    /// The code.
    pub code: &'a str,
    /// As in the request.
    pub redirect_uri: &'a str,
    /// As in the request.
    pub nonce: &'a str,
    /// As behind the request's challenge.
    pub verifier: &'a str,
    /// Apple's word about the person, told once, beside the code.
    pub user: Option<&'a str>,
    /// Seconds since 1970.
    pub now: i64,
}

#[derive(Serialize)]
struct SecretClaims<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
    aud: &'a str,
    sub: &'a str,
}

/// A signed secret is for one call; clocks may differ.
const SECRET_LIFE: i64 = 300;

impl Provider {
    /// Whether an answer names this provider, where it has to (RFC 9207 2.4).
    ///
    /// # Errors
    /// When the provider has to be asked whether it does, and does not answer.
    pub async fn is_from_here(&self, iss: Option<&str>) -> Result<bool, Failure> {
        let issuer = self.issuer();
        Ok(match iss {
            // Who has no issuer cannot name it.
            Some(_) if self.plan.issuer.is_none() && self.plan.kind.ways().issuer.is_none() => true,
            Some(iss) => {
                let known = if self.plan.issuer.is_none() { self.plan.kind.ways().issuer_aliases } else { &[] };
                iss == issuer || known.contains(&iss)
            }
            None => !self.places().await?.names_itself,
        })
    }

    /// Exchanges a code, once and at once.
    ///
    /// # Errors
    /// Why there is no identity.
    pub async fn exchange(&self, ticket: &CodeGrant<'_>) -> Result<Identity, Failure> {
        let ways = self.plan.kind.ways();
        let tokens = self.ask_tokens(ticket).await?;
        let refresh_token = self.refresh_token_of(&tokens);
        let mut identity = Identity { issuer: self.issuer(), refresh_token, ..Identity::default() };
        if ways.id_token != IdToken::None {
            let token = tokens["id_token"].as_str().ok_or(TokenFault::Missing)?;
            let claims: Claims = self.verify(token, true, ticket.now).await?;
            // What is no ID token says so (RFC 8725, 3.11).
            if Self::type_of(token).is_some_and(|typ| !matches!(typ.as_str(), "jwt" | "id_token+jwt" | "id+jwt")) {
                return Err(TokenFault::Type.into());
            }
            let issuer = self.token_issuer().await?;
            if let Err(fault) = jwt::check_id_token(&self.plan, &issuer, &claims, ticket.nonce, ticket.now) {
                // Whoever was asked what they are called has said so: then it is not our setting.
                let told = claims.iss.as_deref().filter(|_| !self.needs_discovery());
                return Err(slip_of_ours(&issuer, told, fault));
            }
            if let Some(named) = claims.iss.clone().filter(|_| issuer.contains(jwt::TENANT)) {
                // Each tenant is an issuer of its own.
                identity.issuer = named;
            }
            self.take_claims(&mut identity, claims);
        }
        let ask = match ways.profile {
            Profile::Always => true,
            Profile::WithoutEmail => identity.email.is_none() && self.places().await?.profile.is_some(),
            Profile::Never => false,
        };
        if ask {
            let token = tokens["access_token"]
                .as_str()
                .ok_or(Failure::Unreadable { endpoint: Endpoint::Token, why: "without an access token" })?;
            match self.ask_profile(token, ticket.now).await {
                Ok(profile) => self.take_profile(&mut identity, &profile)?,
                // Who it is stands in the ID token already; only the address is missing.
                Err(failure) if !identity.subject.is_empty() => {
                    tracing::warn!(provider = self.id(), %failure, "the profile could not be read");
                }
                Err(failure) => return Err(failure),
            }
        }
        if self.is(Kind::Apple) && identity.name.is_none() {
            identity.name = ticket.user.and_then(apple_name);
        }
        identity.email_verified &= identity.email.is_some() && ways.vouches_for_email;
        Ok(identity)
    }

    fn take_claims(&self, identity: &mut Identity, claims: Claims) {
        identity.subject = claims.sub.unwrap_or_default();
        identity.email = claims.email.as_deref().and_then(address);
        identity.email_verified = is_true(claims.email_verified.as_ref());
        identity.relay = is_true(claims.is_private_email.as_ref());
        identity.name = claims.name.or(claims.preferred_username).as_deref().and_then(shown);
        identity.sid = claims.sid;
        if self.is(Kind::Apple) {
            identity.transfer_subject = claims.transfer_sub.filter(|sub| (1..=255).contains(&sub.len()));
        }
    }

    /// The profile completes the ID token, and must be of the same person (OpenID Connect Core 5.3.2).
    fn take_profile(&self, identity: &mut Identity, profile: &Value) -> Result<(), Failure> {
        let data = if profile["data"].is_object() { &profile["data"] } else { profile };
        let paths = &self.plan.paths;
        let named = match &paths.subject {
            Some(path) => at_path(profile, path).and_then(subject_of),
            None => ["sub", "id", "user_id"].iter().find_map(|name| subject_of(&data[*name])),
        };
        let subject = named.ok_or(TokenFault::Subject)?;
        if identity.subject.is_empty() {
            identity.subject = subject;
        } else if identity.subject != subject {
            return Err(TokenFault::Subject.into());
        }
        let text = |name: &str| data[name].as_str();
        if identity.email.is_none() {
            let told = match &paths.email {
                Some(path) => at_path(profile, path).and_then(Value::as_str),
                None => text("email").or(text("confirmed_email")),
            };
            identity.email = told.and_then(address);
            identity.email_verified = is_true(data.get("email_verified"));
        }
        if identity.name.is_none() {
            let told = match &paths.name {
                Some(path) => at_path(profile, path).and_then(Value::as_str),
                None => text("name").or(text("username")).or(text("nickname")).or(text("preferred_username")),
            };
            identity.name = told.and_then(shown);
        }
        Ok(())
    }

    async fn ask_tokens(&self, ticket: &CodeGrant<'_>) -> Result<Value, Failure> {
        let mut form =
            vec![("grant_type", "authorization_code"), ("code", ticket.code), ("redirect_uri", ticket.redirect_uri)];
        if self.plan.kind.ways().pkce {
            form.push(("code_verifier", ticket.verifier));
        }
        let url = self.places().await?.token.ok_or(Failure::Unknown(Endpoint::Token))?;
        self.ask_as_client(&url, form, None, ticket.now).await
    }

    /// Posts a form with what proves who we are, to the token endpoint or to one beside it.
    pub(crate) async fn ask_as_client<'f>(
        &'f self,
        url: &Url,
        mut form: Vec<(&'f str, &'f str)>,
        bearer: Option<&str>,
        now: i64,
    ) -> Result<Value, Failure> {
        let endpoint = Endpoint::Token;
        let secret = self.client_secret(now)?;
        let mut request = self.client.request(Method::POST, url)?.header("accept", "application/json");
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        match (&secret, self.proof().await) {
            (Some(secret), ClientProof::Basic) => {
                // Each half is encoded as in a form first (RFC 6749 2.3.1).
                let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                request = request.basic_auth(encode(&self.plan.client_id), Some(encode(secret)));
                // X wants the client named in the body, too.
                form.push(("client_id", &self.plan.client_id));
            }
            (Some(secret), ClientProof::Post) => {
                form.push(("client_id", &self.plan.client_id));
                form.push(("client_secret", secret));
            }
            (None, _) => form.push(("client_id", &self.plan.client_id)),
        }
        let read = self.client.send(endpoint, request.form(&form)).await?;
        let told = match serde_json::from_slice(&read.body).ok().or_else(|| form_of(&read.body)) {
            Some(told) => told,
            None if read.status == 200 => return Err(Failure::Unreadable { endpoint, why: "what is no JSON" }),
            None => Value::Null,
        };
        let empty_handed = told["access_token"].is_null() && told["id_token"].is_null();
        if read.status != 200 || says_error(&told) || (empty_handed && code_of(&told) != Default::default()) {
            let (code, words) = code_of(&told);
            return Err(Failure::Answered { endpoint, status: read.status, code, words });
        }
        Ok(told)
    }

    /// How we prove ourselves: as the settings say, else as the provider's own description allows, else as its kind does.
    async fn proof(&self) -> ClientProof {
        if let Some(proof) = self.plan.proof {
            return proof;
        }
        let usual = self.plan.kind.ways().proof;
        match self.learned.read().await.as_ref().and_then(|learned| learned.proofs.as_deref()) {
            Some(proofs) if !proofs.is_empty() && !proofs.contains(&usual) => proofs.first().copied().unwrap_or(usual),
            _ => usual,
        }
    }

    async fn ask_profile(&self, token: &str, now: i64) -> Result<Value, Failure> {
        let endpoint = Endpoint::Profile;
        let url = self.places().await?.profile.ok_or(Failure::Unknown(endpoint))?;
        let mut request =
            self.client.request(Method::GET, &url)?.bearer_auth(token).header("accept", "application/json");
        if self.is(Kind::OAuth2) {
            // Some services want to know once more who asks (Twitch).
            request = request.header("client-id", &self.plan.client_id);
        }
        let read = self.client.send(endpoint, request).await?;
        let text = std::str::from_utf8(&read.body).map(str::trim).unwrap_or_default();
        // A profile may be signed (OpenID Connect Core 5.3.2): it is read like an ID token then.
        let signed = read.status == 200 && text.matches('.').count() == 2 && !text.starts_with(['{', '[', '"']);
        let told: Value = if signed {
            let told: Value = self.verify(text, true, now).await?;
            let claims: Claims = serde_json::from_value(told.clone()).map_err(|_| TokenFault::Malformed)?;
            jwt::check_parties(&self.plan, &self.token_issuer().await?, &claims)?;
            told
        } else {
            serde_json::from_slice(&read.body).unwrap_or(Value::Null)
        };
        // X answers errors with 200, too, beside what it can tell.
        let failed = told["errors"].is_array() && !told["data"].is_object();
        if read.status != 200 || failed || says_error(&told) {
            let (code, words) = code_of(&told);
            return Err(Failure::Answered { endpoint, status: read.status, code, words });
        }
        let list = told.is_array() && self.plan.paths.subject.is_some();
        if !told.is_object() && !list {
            return Err(Failure::Unreadable { endpoint, why: "what is no JSON object" });
        }
        Ok(told)
    }

    /// The secret for one call.
    fn client_secret(&self, now: i64) -> Result<Option<String>, Failure> {
        match &self.plan.secret {
            Secret::None => Ok(None),
            Secret::Static(text) => Ok(Some(text.to_string())),
            Secret::Signed { team, key_id, pem } => {
                let key = jsonwebtoken::EncodingKey::from_ec_pem(pem.as_bytes())
                    .map_err(|error| Failure::Secret(error.to_string()))?;
                let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
                header.kid = Some(key_id.clone());
                let aud = self.issuer();
                let exp = now + SECRET_LIFE;
                let claims = SecretClaims { iss: team, iat: now, exp, aud: &aud, sub: &self.plan.client_id };
                jsonwebtoken::encode(&header, &claims, &key)
                    .map(Some)
                    .map_err(|error| Failure::Secret(error.to_string()))
            }
        }
    }

    /// Asks the token endpoint with a code that cannot be right: whoever answers that the *code*
    /// is wrong knows us. `None` when all is well.
    pub async fn probe(&self, redirect_uri: &str, now: i64) -> Option<Failure> {
        let ticket = CodeGrant { code: "kagiya-probe", redirect_uri, nonce: "", verifier: PROBE, user: None, now };
        match self.ask_tokens(&ticket).await {
            Ok(_) => None,
            Err(failure) if failure.class(self.tongue()).is_of_ticket() => None,
            Err(failure) => Some(failure),
        }
    }
}

/// An issuer that differs from the one of the settings by its end alone is no forgery: it is our setting.
fn slip_of_ours(ours: &str, theirs: Option<&str>, fault: TokenFault) -> Failure {
    match theirs {
        Some(theirs)
            if fault == TokenFault::Issuer
                && !ours.contains(jwt::TENANT)
                && theirs.trim_end_matches('/') == ours.trim_end_matches('/') =>
        {
            Failure::Setup {
                key: "issuer",
                words: format!("the settings say {ours:?}, its tokens are of {:?}", clean_issuer(theirs)),
            }
        }
        Some(_) | None => fault.into(),
    }
}

/// What stands at a path such as `data.0.id`.
#[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
fn at_path<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| match value {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        Value::Object(members) => members.get(name),
        _ => None,
    })
}

/// Whether an answer with status 200 is an error all the same, as several services write them.
fn says_error(told: &Value) -> bool {
    let error = match &told["error"] {
        Value::String(code) => !code.is_empty(),
        Value::Object(error) => !error.is_empty(),
        Value::Number(code) => code.as_i64() != Some(0),
        Value::Bool(failed) => *failed,
        Value::Null | Value::Array(_) => false,
    };
    let numbered = ["errcode", "error_code"].into_iter().any(|name| told[name].as_i64().is_some_and(|code| code != 0));
    let failed = ["ok", "success"].into_iter().any(|name| told[name] == Value::Bool(false));
    error || numbered || failed
}

/// An answer that is written as a form, as OAuth's drafts had it and some services still do.
fn form_of(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let members: serde_json::Map<String, Value> =
        url::form_urlencoded::parse(text.as_bytes()).take(32).map(|(k, v)| (k.into_owned(), v.into())).collect();
    ["access_token", "id_token", "error"].into_iter().any(|name| members.contains_key(name)).then_some(members.into())
}

/// A verifier of the right length that fits nothing.
const PROBE: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM";

/// The error's code and description: as OAuth writes them, X's problems and numbers, or what others call them.
fn code_of(told: &Value) -> (String, String) {
    let number = |value: &Value| value.as_i64().filter(|number| *number != 0).map(|number| number.to_string());
    let first = &told["errors"][0];
    let problem = told["type"].as_str().or(first["type"].as_str()).and_then(|url| url.rsplit('/').next());
    let code = told["error"]
        .as_str()
        .map(str::to_owned)
        .or_else(|| number(&first["code"]).or_else(|| first["code"].as_str().map(str::to_owned)))
        .or_else(|| problem.map(str::to_owned))
        .or_else(|| {
            let code = number(&told["error"]["code"])?;
            Some(match number(&told["error"]["error_subcode"]) {
                Some(below) => format!("{code}/{below}"),
                None => code,
            })
        })
        .or_else(|| told["errorCode"].as_str().map(str::to_owned))
        .or_else(|| [&told["error"], &told["errcode"], &told["error_code"], &told["code"]].into_iter().find_map(number))
        .unwrap_or_default();
    let words =
        ["error_description", "detail", "errmsg", "error_msg", "error_message", "errorSummary", "message"].into_iter();
    let words =
        words.map(|name| &told[name]).chain([&first["message"], first, &told["errors"], &told["error"]["message"]]);
    let words = words.into_iter().find_map(Value::as_str).unwrap_or_default();
    (clean(&code), words.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// The name from Apple's `user`, which is not signed: for a greeting, for nothing else.
fn apple_name(user: &str) -> Option<String> {
    let told: Value = serde_json::from_str(user.get(..4_096).unwrap_or(user)).ok()?;
    let part = |name: &str| told["name"][name].as_str().unwrap_or_default().to_owned();
    shown(format!("{} {}", part("firstName"), part("lastName")).trim())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::{Overrides, Plan};

    /// Made for this test with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgN3WIqAS/rdCLB1fj\n\
        a77r4PFxAnNAIKC+P0eyhHALREehRANCAARYKZ2C0hkC6P5IrcHDcPk9NGrsbB9j\n\
        bR+LAwAwJBOwv6wvzlT8eU8bEeIYSm0ZW3Akh+kqgc6fKY169ggNIkck\n\
        -----END PRIVATE KEY-----";

    fn apple(secret: Secret) -> Provider {
        let plan = Plan {
            id: "apple".into(),
            kind: Kind::Apple,
            name: "Apple".into(),
            client_id: "jp.example.web".into(),
            secret,
            scopes: Vec::new(),
            urls: Overrides::default(),
            issuer: None,
            ..Plan::default()
        };
        Provider::new(plan).unwrap()
    }

    #[test]
    fn apples_secret_is_signed_for_every_call_and_lives_for_minutes() {
        let signed =
            Secret::Signed { team: "TEAM123456".into(), key_id: "KEY1234567".into(), pem: Zeroizing::new(KEY.into()) };
        let secret = apple(signed).client_secret(1_800_000_000).unwrap().unwrap();
        let header = jsonwebtoken::decode_header(&secret).unwrap();
        assert_eq!((header.alg, header.kid.as_deref()), (jsonwebtoken::Algorithm::ES256, Some("KEY1234567")));
        let claims: Value = jsonwebtoken::dangerous::insecure_decode(&secret).unwrap().claims;
        assert_eq!(claims["iss"], "TEAM123456");
        assert_eq!(claims["sub"], "jp.example.web");
        assert_eq!(claims["aud"], "https://appleid.apple.com");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), SECRET_LIFE);
        // One that was made by hand tells when it runs out.
        let ends = claims["exp"].as_i64();
        assert_eq!(apple(Secret::Static(Zeroizing::new(secret))).secret_expires(), ends);
        assert!(apple(Secret::Static(Zeroizing::new("plain".into()))).secret_expires().is_none());
    }

    #[test]
    fn errors_keep_their_codes_in_every_shape() {
        for (told, code) in [
            (r#"{"error":"invalid_grant","error_description":"used"}"#, "invalid_grant"),
            (r#"{"errors":[{"code":326,"message":"locked"}]}"#, "326"),
            (
                r#"{"title":"Forbidden","type":"https://api.x.com/2/problems/client-forbidden","status":403}"#,
                "client-forbidden",
            ),
            (r#"{"error":{"code":190,"message":"dead"}}"#, "190"),
            (r#"{"error":{"code":190,"error_subcode":458}}"#, "190/458"),
            (r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit"}"#, "E0000047"),
            (r#"{"error":40029}"#, "40029"),
            (r#"{"errcode":40029,"errmsg":"invalid code"}"#, "40029"),
            (r#"{"code":"x","error_code":110,"error_msg":"Access token invalid"}"#, "110"),
            (r#"{"error":"<b>\u0000 long"}"#, "<b>long"),
            ("null", ""),
        ] {
            assert_eq!(code_of(&serde_json::from_str(told).unwrap()).0, code, "{told}");
        }
    }

    #[test]
    fn errors_in_a_200_are_known_in_every_shape() {
        for (told, fails) in [
            (r#"{"error":40029}"#, true),
            (r#"{"errcode":40029,"errmsg":"invalid code"}"#, true),
            (r#"{"errcode":0,"errmsg":"ok","access_token":"a"}"#, false),
            (r#"{"error":"","access_token":"a"}"#, false),
            (r#"{"error":null,"access_token":"a"}"#, false),
            (r#"{"error":true}"#, true),
            (r#"{"success":false}"#, true),
            (r#"{"ok":true,"access_token":"a"}"#, false),
        ] {
            assert_eq!(says_error(&serde_json::from_str(told).unwrap()), fails, "{told}");
        }
        let form = form_of(b"error=bad_verification_code&error_description=The+code+is+wrong").unwrap();
        assert_eq!(code_of(&form), ("bad_verification_code".to_owned(), "The code is wrong".to_owned()));
        assert_eq!(form_of(b"access_token=a%2Fb&scope=").unwrap()["access_token"], "a/b");
        for other in [&b"<html>error=1</html>"[..], b"", b"\xff", b"nothing"] {
            assert!(form_of(other).is_none());
        }
    }

    #[test]
    fn apples_name_is_a_greeting_and_nothing_else() {
        assert_eq!(apple_name(r#"{"name":{"firstName":"Hana","lastName":"Sato"}}"#).as_deref(), Some("Hana Sato"));
        assert_eq!(apple_name(r#"{"name":{"firstName":"\u202eevil\r\n","lastName":""}}"#).as_deref(), Some("evil"));
        for odd in ["", "{", "[]", "null", "\"x\"", "{\"name\":1}"] {
            assert_eq!(apple_name(odd), None, "{odd}");
        }
    }
}

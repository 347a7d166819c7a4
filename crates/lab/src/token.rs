//! The other endpoints: tokens, profile, keys, discovery.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, StatusCode, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use kagiya_oidc::Kind;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    CLIENT_ID, CLIENT_SECRET, Fault, Town,
    grants::Grant,
    refresh,
    shops::{Shop, person, shop},
    transfer,
    wire::{error, fields, json_answer},
};

/// A shop's signing key.
#[derive(Clone)]
pub(crate) struct Key {
    kid: String,
    der: Vec<u8>,
}

impl Key {
    fn new(town: &Town) -> Option<Self> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).ok()?;
        Some(Self { kid: town.token(), der: pkcs8.as_ref().to_vec() })
    }

    fn jwk(&self) -> Value {
        let key = EncodingKey::from_ec_der(&self.der);
        let mut value = Jwk::from_encoding_key(&key, Algorithm::ES256)
            .ok()
            .and_then(|jwk| serde_json::to_value(jwk).ok())
            .unwrap_or_default();
        value["kid"] = json!(self.kid);
        value["use"] = json!("sig");
        value
    }
}

impl Town {
    /// A shop's key, made when it is first needed.
    pub(crate) fn key(&self, shop: &str) -> Option<Key> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(shop) {
            return Some(key.clone());
        }
        let key = Key::new(self)?;
        keys.insert(shop.to_owned(), key.clone());
        Some(key)
    }

    /// Changes a shop's key.
    pub fn rotate_keys(&self, shop: &str) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(shop);
    }

    /// Signs claims as the shop does.
    pub(crate) fn sign(&self, shop: &str, claims: &Value, typ: &str) -> String {
        let Some(key) = self.key(shop) else {
            return String::new();
        };
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.kid.clone());
        header.typ = Some(typ.to_owned());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&key.der)).unwrap_or_default()
    }
}

pub(crate) async fn discovery(State(town): State<Arc<Town>>, Path(id): Path<String>) -> Response {
    if shop(&id).is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    if town.has(&id, Fault::KeysDown) || town.has(&id, Fault::Down) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let at = |end: &str| format!("{}/{id}{end}", town.origin);
    json_answer(
        StatusCode::OK,
        &json!({
            "issuer": at(""),
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "jwks_uri": at("/jwks"),
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }),
    )
}

pub(crate) async fn keys(State(town): State<Arc<Town>>, Path(id): Path<String>) -> Response {
    if town.has(&id, Fault::KeysGone) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if town.has(&id, Fault::KeysDown) || town.has(&id, Fault::Down) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match town.key(&id) {
        Some(key) => json_answer(StatusCode::OK, &json!({ "keys": [key.jwk()] })),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Who the client says it is, and with which secret.
fn client_of(headers: &HeaderMap, fields: &BTreeMap<String, String>) -> (String, String, bool) {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    match basic.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((id, secret)) => (id.to_owned(), secret.to_owned(), true),
        None => (get("client_id"), get("client_secret"), false),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the usual answer; a few providers differ")]
#[expect(clippy::too_many_lines, reason = "a provider's answers, one case after the other")]
pub(crate) async fn exchange(
    State(town): State<Arc<Town>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(shop) = shop(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let faults = town.faults(&id);
    let has = |fault: Fault| faults.contains(&fault);
    if has(Fault::Slow) {
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    if has(Fault::Down) || has(Fault::TokenDown) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Some(fields) = fields(body).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let get = |name: &str| fields.get(name).map_or("", String::as_str);
    let (client, secret, basic) = client_of(&headers, &fields);
    let signed = shop.kind == Kind::Apple && secret.split('.').count() == 3;
    let wants_basic = matches!(shop.kind, Kind::X | Kind::YahooJapan);
    if client != CLIENT_ID
        || (secret != CLIENT_SECRET && !signed)
        || has(Fault::SecretExpired)
        || (wants_basic && !basic)
    {
        return error(401, "invalid_client", "unknown client, or the secret has run out");
    }
    if has(Fault::Babble) {
        return (StatusCode::OK, "<html>busy</html>").into_response();
    }
    if get("grant_type") == "client_credentials" {
        return transfer::leave(shop.kind, get("scope"));
    }
    if get("grant_type") == "refresh_token" {
        return refresh::renew(&town, shop, get("refresh_token"));
    }
    let refused = |words: &str| match shop.kind {
        Kind::X => error(400, "invalid_request", "Value passed for the authorization code was invalid."),
        Kind::Line => error(400, "invalid_grant", "invalid authorization code"),
        _ => error(400, "invalid_grant", words),
    };
    let grant = town.grants.lock().unwrap_or_else(PoisonError::into_inner).codes.remove(get("code"));
    let Some(grant) = grant.filter(|grant| grant.shop == id) else {
        return refused("The code has already been used.");
    };
    if has(Fault::BadCode) {
        return error(200, "bad_verification_code", "The code passed is incorrect or expired.");
    }
    let life = if shop.kind == Kind::X { 30 } else { 300 };
    if has(Fault::ExpiredCode) || town.now() - grant.given_at > life {
        return refused("The code has expired or has been revoked.");
    }
    if grant.redirect_uri != get("redirect_uri") {
        return refused("redirect_uri does not match");
    }
    if let Some(challenge) = &grant.challenge {
        let made = URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier").as_bytes()));
        if made != *challenge {
            return refused("code_verifier does not match");
        }
    }
    let access = town.token();
    let mut told = json!({ "access_token": access, "token_type": "Bearer", "expires_in": 3600 });
    if !matches!(shop.kind, Kind::X | Kind::OAuth2) && !has(Fault::NoToken) {
        told["id_token"] = json!(id_token(&town, shop, &grant, &faults));
    }
    refresh::give(&town, &grant, &mut told);
    town.grants.lock().unwrap_or_else(PoisonError::into_inner).access.insert(access, grant);
    json_answer(StatusCode::OK, &told)
}

/// The subject of a person at a shop.
pub(crate) fn subject(shop: &str, person: &str) -> String {
    format!("{shop}-{person}")
}

fn email_of(who: &crate::shops::Person, faults: &[Fault]) -> Option<String> {
    let changed = faults.contains(&Fault::ChangedEmail);
    who.email.as_ref().map(|email| if changed { format!("new.{email}") } else { email.clone() })
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the usual answer; a few providers differ")]
fn id_token(town: &Town, shop: &Shop, grant: &Grant, faults: &[Fault]) -> String {
    let has = |fault: Fault| faults.contains(&fault);
    let (now, who) = (town.now(), person(&grant.person));
    let issuer = format!("{}/{}", town.origin, shop.id);
    let mut claims = json!({
        "iss": match () {
            () if has(Fault::WrongIssuer) => format!("{issuer}/other"),
            () if has(Fault::IssuerSlash) => format!("{issuer}/"),
            () => issuer,
        },
        "sub": subject(shop.id, &who.id),
        "aud": if has(Fault::WrongAudience) { "somebody-else" } else { CLIENT_ID },
        "iat": if has(Fault::Future) { now + 3_600 } else { now },
        "exp": if has(Fault::Expired) { now - 3_600 } else { now + 600 },
        "sid": format!("sid-{}", who.id),
    });
    if has(Fault::Moved) && shop.kind == Kind::Apple {
        claims["transfer_sub"] = json!(transfer::of(&subject(shop.id, &who.id)));
        claims["sub"] = json!(format!("moved-{}", subject(shop.id, &who.id)));
    }
    if has(Fault::WrongParty) {
        claims["aud"] = json!([CLIENT_ID, "somebody-else"]);
        claims["azp"] = json!("somebody-else");
    }
    if has(Fault::NotYet) {
        claims["nbf"] = json!(now + 3_600);
    }
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(if has(Fault::WrongNonce) { "another" } else { nonce.as_str() });
    }
    if has(Fault::Huge) {
        claims["padding"] = json!("x".repeat(120_000));
    }
    // Yahoo! JAPAN tells the address at its attribute endpoint only; the plain issuer likewise.
    if matches!(shop.kind, Kind::Google | Kind::Apple | Kind::Line)
        && let Some(email) = email_of(&who, faults)
    {
        claims["email"] = json!(email);
        match shop.kind {
            Kind::Apple => claims["email_verified"] = json!(if who.verified { "true" } else { "false" }),
            Kind::Line => {}
            _ => claims["email_verified"] = json!(who.verified),
        }
    }
    if shop.kind != Kind::Apple {
        claims["name"] = json!(who.name);
    }
    broken(town, shop, &claims, faults)
}

/// Signs an ID token, rightly or in one of the wrong ways.
fn broken(town: &Town, shop: &Shop, claims: &Value, faults: &[Fault]) -> String {
    let has = |fault: Fault| faults.contains(&fault);
    let plain = |header: Value, text: &str| {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(text))
    };
    if has(Fault::AlgNone) {
        return format!("{}.", plain(json!({ "alg": "none", "typ": "JWT" }), &claims.to_string()));
    }
    let Some(key) = town.key(shop.id) else {
        return String::new();
    };
    let hs256 = |secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap_or_default()
    };
    if has(Fault::KeyConfusion) {
        return hs256(key.jwk().to_string().as_bytes());
    }
    if has(Fault::Twice) {
        let text = claims.to_string();
        let twice = format!("{{\"sub\":\"somebody-else\",{}", text.trim_start_matches('{'));
        return sign_text(&key, &twice);
    }
    if shop.kind == Kind::Line {
        let secret = if has(Fault::BadSignature) { "another secret" } else { CLIENT_SECRET };
        return hs256(secret.as_bytes());
    }
    if has(Fault::BadSignature) || has(Fault::UnknownKey) || has(Fault::KeysGone) {
        let Some(mut other) = Key::new(town) else {
            return String::new();
        };
        if has(Fault::BadSignature) {
            other.kid.clone_from(&key.kid);
        }
        return sign_text(&other, &claims.to_string());
    }
    sign_text(&key, &claims.to_string())
}

/// Signs a text as it stands.
fn sign_text(key: &Key, text: &str) -> String {
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": key.kid });
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(text));
    let made = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.der).and_then(|pair| {
        pair.sign(&SystemRandom::new(), message.as_bytes())
            .map_err(|_| aws_lc_rs::error::KeyRejected::from(aws_lc_rs::error::Unspecified))
    });
    match made {
        Ok(signature) => format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())),
        Err(_) => String::new(),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the usual answer; a few providers differ")]
pub(crate) async fn profile(State(town): State<Arc<Town>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Some(shop) = shop(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let faults = town.faults(&id);
    if faults.contains(&Fault::Down) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let grant =
        token.and_then(|token| town.grants.lock().unwrap_or_else(PoisonError::into_inner).access.get(token).cloned());
    let Some(grant) = grant.filter(|grant| grant.shop == id && !faults.contains(&Fault::ProfileDead)) else {
        return json_answer(
            StatusCode::UNAUTHORIZED,
            &json!({ "title": "Unauthorized", "status": 401, "type": "about:blank", "detail": "Unauthorized" }),
        );
    };
    let who = person(&grant.person);
    let sub = subject(shop.id, &who.id);
    let email = email_of(&who, &faults);
    let told = match shop.kind {
        // X tells an address seldom; here never.
        Kind::X => json!({ "data": { "id": sub, "name": who.name, "username": who.id } }),
        Kind::OAuth2 => json!({ "id": sub, "name": who.name, "email": email }),
        _ => json!({ "sub": sub, "name": who.name, "email": email, "email_verified": who.verified }),
    };
    json_answer(StatusCode::OK, &told)
}

//! An identity that is linked to no account here: kept until its owner has chosen.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{Audience, Evidence, Timestamp, act::Act, link::LinkState};
use kagiya_oidc::Identity;
use kagiya_store::{self as store, authorization_session::AuthorizationSession, link::Link};
use uuid::Uuid;

use super::{CHOOSING, Entry, facts, verified_email};
use crate::{
    App, Fault, Visitor,
    attempt::{self, Draft},
    external::providers::seal_identity,
};

/// Keeps the identity with the way, and why it is not linked under a reference.
pub(super) async fn keep(
    app: &App,
    visitor: &Visitor,
    entry: &Arc<Entry>,
    authorization: AuthorizationSession,
    identity: &Identity,
) -> Result<Uuid, Fault> {
    let mut draft = Draft::new(Act::External, 200, visitor, vec![Evidence::IdentityNotLinked]);
    draft.audience = Audience::Provider;
    let mut conn = app.store.reader().await?;
    if let Some(link) = store::link::find_removed(&mut conn, &identity.issuer, &identity.subject).await? {
        draft.evidence.push(Evidence::LinkRemovedHere { at: Timestamp(link.removed_at.unwrap_or_default()) });
        draft.account = Some(link.account_id);
    }
    // Apple's word for an app that has moved; or another name for the very address that is linked here.
    let mut changed = identity.transfer_subject.is_some();
    // Whether an account has the address is told to its mailbox, never here; nor by the time that it takes.
    if let Some(email) = verified_email(identity) {
        let key = email.key();
        let account = store::account::find_by_email(&mut conn, &key).await?;
        let links =
            store::link::of_account(&mut conn, account.as_ref().map_or(Uuid::nil(), |account| account.id)).await?;
        let same =
            |link: &Link| link.provider == entry.provider.id() && link.email_key.as_deref() == Some(key.as_str());
        changed |= links.iter().any(same);
        if let Some(account) = account {
            draft.evidence.push(Evidence::AddressElsewhere);
            draft.account = Some(account.id);
        }
    }
    if changed {
        draft.evidence.push(Evidence::SubjectChanged);
    }
    drop(conn);
    let links = facts::known_links(app, visitor, entry.provider.id(), &mut draft).await?;
    // Not the usual one of this browser: unless that one is known to be in trouble.
    let may_work = |link: &Link| matches!(link.state(), LinkState::Ok | LinkState::ReauthNeeded) || link.has_lapsed();
    if links.iter().any(may_work) {
        draft.evidence.push(Evidence::OtherIdentityBefore);
    }
    let refusal = attempt::refuse(app, visitor, draft).await;
    let (id, reference) = (authorization.id, refusal.reference.as_str().to_owned());
    let kept = seal_identity(&app.keys, identity, app.random());
    let expires = app.now().plus(CHOOSING);
    app.store
        .write(move |conn| {
            async move {
                store::authorization_session::settle(conn, id, "choose", Some(&kept), expires).await?;
                store::authorization_session::set_reference(conn, id, &reference).await
            }
            .boxed()
        })
        .await?;
    Ok(id)
}

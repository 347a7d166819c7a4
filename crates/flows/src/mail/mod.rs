//! Mail: what is written, to whom it goes, and how it leaves.

pub mod compose;
pub(crate) mod html;
pub mod mailbox;
pub mod outbox;
pub(crate) mod postage;
pub mod shown;

use kagiya_domain::{Span, mail::MailKind};
use kagiya_store::outbox::NewMail;
use uuid::Uuid;

use crate::{App, sign_in::starts::Start};

/// A mail to the owner of an account, to be enqueued by the caller's transaction. It is composed when it is sent.
pub(crate) fn to_account(app: &App, kind: MailKind, account: Option<Uuid>, data: String, lang: &str) -> NewMail {
    NewMail {
        id: app.new_id(),
        kind,
        account_id: account,
        flow_id: None,
        address: None,
        data,
        lang: lang.to_owned(),
        patience: Span::hours(24),
        network: None,
        behind: Start::FIRST.place(),
        wait: Span(0),
    }
}

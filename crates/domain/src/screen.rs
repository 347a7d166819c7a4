//! What a provider's own pages show when they do not let a person come back. The person
//! describes it; the description is evidence of the first rank (`providers.md` 3.2).

use serde::{Deserialize, Serialize};

macro_rules! screens {
    ($($variant:ident $id:literal $key:literal $doc:literal,)*) => {
        /// What the provider's page showed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Screen {
            $(#[doc = $doc] $variant,)*
        }

        impl Screen {
            /// Every screen.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value of the field `saw`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The name of the fact.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }
        }
    };
}

screens! {
    Frozen "frozen" "saw_frozen" "The account there is disabled, suspended or locked.",
    Verify "verify" "saw_verify" "A second step or a proof of identity is asked for.",
    PasswordThere "password_there" "saw_password_there" "The password there is not accepted.",
    NoSuchAccount "no_such_account" "saw_no_such_account" "There is no such account there.",
    OtherAccount "other_account" "saw_other_account" "Another account was signed in there.",
    BrowserRefused "browser_refused" "saw_browser_refused" "This browser or app is not let in.",
    AdminBlocked "admin_blocked" "saw_admin_blocked" "An administrator or guardian forbids it.",
    SomethingWrong "something_wrong" "saw_something_wrong" "Something went wrong, without a reason.",
    TheirTrouble "their_trouble" "saw_their_trouble" "The service is not available.",
    OurFault "our_fault" "saw_our_fault" "An error about this app's request or set-up.",
    Closed "closed" "saw_closed" "The person closed or cancelled it.",
    TopPage "top_page" "saw_top_page" "The service's own front page.",
    Blank "blank" "saw_blank" "Nothing, or a page that does not end loading.",
    NoneOfThese "none_of_these" "saw_none_of_these" "Something else.",
}

use Screen::*;

/// The screens that a kind of provider has, the likeliest first.
pub fn of_kind(kind: &str) -> &'static [Screen] {
    match kind {
        "google" => &[
            OtherAccount,
            BrowserRefused,
            AdminBlocked,
            Frozen,
            PasswordThere,
            Verify,
            OurFault,
            TheirTrouble,
            Closed,
            Blank,
            NoneOfThese,
        ],
        "apple" => &[Verify, PasswordThere, Frozen, OurFault, AdminBlocked, TheirTrouble, Closed, Blank, NoneOfThese],
        "x" => &[SomethingWrong, Frozen, PasswordThere, Verify, OtherAccount, TheirTrouble, Closed, Blank, NoneOfThese],
        "yahoo_japan" => &[
            TopPage,
            PasswordThere,
            Frozen,
            Verify,
            NoSuchAccount,
            OtherAccount,
            TheirTrouble,
            OurFault,
            Closed,
            Blank,
            NoneOfThese,
        ],
        "line" => &[
            PasswordThere,
            Verify,
            NoSuchAccount,
            BrowserRefused,
            OurFault,
            Frozen,
            TheirTrouble,
            Closed,
            Blank,
            NoneOfThese,
        ],
        _ => &[
            PasswordThere,
            Frozen,
            Verify,
            NoSuchAccount,
            OtherAccount,
            AdminBlocked,
            TheirTrouble,
            OurFault,
            Closed,
            Blank,
            NoneOfThese,
        ],
    }
}

impl Screen {
    /// The screen of that value.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|screen| screen.id() == id)
    }
}

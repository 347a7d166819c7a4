//! What a person sees. Symptoms are evidence, not causes (`causes.md` 4.2).

use serde::{Deserialize, Serialize};

macro_rules! symptoms {
    ($($variant:ident $id:literal $key:literal $doc:literal,)*) => {
        /// What a person says that they see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Symptom {
            $(#[doc = $doc] $variant,)*
        }

        impl Symptom {
            /// Every symptom, in the order in which they are asked for.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value of the field `symptom`.
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

symptoms! {
    SameError "same_error" "says_same_error" "The same error again and again.",
    Loop "loop" "says_loop" "Sent to and fro between pages.",
    BouncedToSignUp "bounced_to_sign_up" "says_bounced_to_sign_up" "Thrown back to the sign-up page.",
    SuddenLogout "sudden_logout" "says_sudden_logout" "Signed out without having asked for it.",
    Blank "blank" "says_blank" "A blank page.",
    ButtonDead "button_dead" "says_button_dead" "A button does nothing.",
    NoMail "no_mail" "says_no_mail_here" "No mail arrives.",
    PageDown "page_down" "says_page_down" "The page does not open.",
    WorksElsewhere "works_elsewhere" "says_works_elsewhere" "It works in another browser.",
    ProviderPageError "provider_page_error" "says_provider_page_error" "An error on the external service's page.",
    NotReturned "not_returned" "says_not_returned" "The external service does not send the person back.",
    RefusedAfterProvider "refused_after_provider" "says_refused_after_provider" "Refused after coming back from the external service.",
}

impl Symptom {
    /// Whether only somebody who signs in by an external service can see it.
    pub const fn is_of_provider(self) -> bool {
        matches!(self, Self::ProviderPageError | Self::NotReturned | Self::RefusedAfterProvider)
    }

    /// The symptom of that value.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|symptom| symptom.id() == id)
    }
}

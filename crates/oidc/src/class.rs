//! Classes of what providers answer.

/// What a provider's code means for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The person did not agree.
    Denied,
    /// The provider is in trouble.
    Trouble,
    /// Our own registration or secret is wrong.
    Ours,
    /// The provider wants the person to act on its pages.
    WantsAct,
    /// The provider wants the person's consent, which we took for given.
    WantsConsent,
    /// The ticket is used up, too old, or of another try.
    Ticket,
    /// An organisation, a guardian or a special protection forbids it.
    Policy,
    /// The person's account there is suspended or locked.
    Frozen,
    /// The token that was just given does not work.
    Dead,
    /// This browser is not let in there.
    Browser,
    /// None that is known.
    Unknown,
}

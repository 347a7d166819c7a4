//! Classes of what providers answer.

/// What a provider's code means for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// The ticket is used up, too old, or of another try; which, is not said.
    Ticket,
    /// The ticket was used already.
    TicketUsed,
    /// The ticket came too late.
    TicketLate,
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

impl Class {
    /// Whether it is about the ticket.
    pub const fn is_of_ticket(self) -> bool {
        matches!(self, Self::Ticket | Self::TicketUsed | Self::TicketLate)
    }
}

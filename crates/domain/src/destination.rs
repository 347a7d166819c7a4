//! What goes on after a sign-in: carried through every act, its failures, other tabs and other languages.

use std::borrow::Cow;

use uuid::Uuid;

use crate::return_to::ReturnTo;

/// How a stored request is named where a path could stand.
const REQUEST: &str = "request.";

/// What goes on after a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Destination {
    /// Nothing was asked for: wherever the act leads.
    #[default]
    Home,
    /// A page of this origin.
    Path(ReturnTo),
    /// A request that is kept on the server, being longer than what a query may carry.
    Request(Uuid),
}

impl Destination {
    /// Reads what a query, a form or a row carries; anything else is dropped.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix(REQUEST).map(Uuid::try_parse) {
            Some(Ok(key)) => Self::Request(key),
            Some(Err(_)) => Self::Home,
            None => ReturnTo::parse(text).map_or(Self::Home, Self::Path),
        }
    }

    /// As a query, a form or a row carries it; empty for [`Destination::Home`].
    pub fn carried(&self) -> Cow<'_, str> {
        match self {
            Self::Home => Cow::Borrowed(""),
            Self::Path(path) => Cow::Borrowed(path.as_str()),
            Self::Request(key) => Cow::Owned(format!("{REQUEST}{}", key.as_simple())),
        }
    }

    /// As a row keeps it.
    pub fn kept(&self) -> Option<String> {
        (*self != Self::Home).then(|| self.carried().into_owned())
    }

    /// Where a browser that is signed in is sent: to the path, to where the stored request is looked up, or to `home`.
    pub fn place<'a>(&'a self, home: &'a str) -> Cow<'a, str> {
        match self {
            Self::Home => Cow::Borrowed(home),
            Self::Path(path) => Cow::Borrowed(path.as_str()),
            Self::Request(_) => Cow::Owned(format!("/sign-in?return_to={}", self.carried())),
        }
    }

    /// This, or the other when this is none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::Home { other } else { self }
    }
}

impl From<Option<String>> for Destination {
    fn from(kept: Option<String>) -> Self {
        kept.map_or(Self::Home, |kept| Self::parse(&kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_back_as_it_was_carried_and_nothing_else_is() {
        let key = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        for (text, expected, place) in [
            ("", Destination::Home, "/home"),
            ("/account?a=1", Destination::parse("/account?a=1"), "/account?a=1"),
            ("//evil.example", Destination::Home, "/home"),
            ("request.", Destination::Home, "/home"),
            ("request.evil", Destination::Home, "/home"),
            ("request.01900000000070008000000000000001/../x", Destination::Home, "/home"),
            (
                "request.01900000000070008000000000000001",
                Destination::Request(key),
                "/sign-in?return_to=request.01900000000070008000000000000001",
            ),
        ] {
            let read = Destination::parse(text);
            assert_eq!(read, expected, "{text}");
            assert_eq!(read.place("/home"), place);
            assert_eq!(Destination::parse(&read.carried()), read);
            assert_eq!(Destination::from(read.kept()), read);
        }
        let path = Destination::parse("/a");
        assert_eq!(Destination::Home.or(path.clone()), path);
        assert_eq!(path.clone().or(Destination::Request(key)), path);
    }
}

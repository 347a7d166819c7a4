//! The stand-ins and the people of the town.

use kagiya_oidc::Kind;

/// A stand-in for a provider.
#[derive(Clone, Copy, Debug)]
pub struct Shop {
    /// Its name in URLs, the same as the provider's.
    pub id: &'static str,
    /// What it stands in for.
    pub kind: Kind,
    /// Its name for people.
    pub name: &'static str,
}

/// Every stand-in.
pub const SHOPS: [Shop; 7] = [
    Shop { id: "google", kind: Kind::Google, name: "Google" },
    Shop { id: "apple", kind: Kind::Apple, name: "Apple" },
    Shop { id: "x", kind: Kind::X, name: "X" },
    Shop { id: "yahoo_japan", kind: Kind::YahooJapan, name: "Yahoo! JAPAN" },
    Shop { id: "line", kind: Kind::Line, name: "LINE" },
    Shop { id: "town", kind: Kind::Oidc, name: "Town ID" },
    Shop { id: "club", kind: Kind::OAuth2, name: "Club" },
];

/// A practice member.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Part of the subject at every shop.
    pub id: &'static str,
    /// The name.
    pub name: &'static str,
    /// The address, if the shop tells it.
    pub email: Option<&'static str>,
    /// Whether the shop vouches for it.
    pub verified: bool,
}

/// The people of the town. Others may be made up on the spot: any name of letters will do.
pub const MEMBERS: [Member; 4] = [
    Member { id: "hana", name: "花", email: Some("hana@example.jp"), verified: true },
    Member { id: "taro", name: "太郎", email: Some("taro@example.jp"), verified: true },
    Member { id: "newcomer", name: "New Comer", email: Some("newcomer@example.jp"), verified: true },
    Member { id: "silent", name: "Silent", email: None, verified: false },
];

/// Somebody, known or made up: `name`, with `+unverified` or `+silent` behind it for the address.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) verified: bool,
}

pub(crate) fn person(text: &str) -> Person {
    let (id, manner) = text.split_once('+').unwrap_or((text, ""));
    let known = MEMBERS.iter().find(|member| member.id == id);
    let email = match (known, manner) {
        (_, "silent") => None,
        (Some(member), _) => member.email.map(str::to_owned),
        (None, _) => Some(format!("{id}@example.jp")),
    };
    Person {
        id: id.to_owned(),
        name: known.map_or(id, |member| member.name).to_owned(),
        verified: email.is_some() && manner != "unverified" && known.is_none_or(|member| member.verified),
        email,
    }
}

pub(crate) fn shop(id: &str) -> Option<&'static Shop> {
    SHOPS.iter().find(|shop| shop.id == id)
}

//! What a path is: the act, what planned work means for it, and whether its pages tell what is wrong.

use std::collections::HashMap;

use http::Method;
use kagiya_domain::act::Act;
use kagiya_flows::status::platform::board::Operation;

/// What a path is: no route can be registered without.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    /// What is attempted there.
    pub(crate) act: Act,
    /// What a request that reads is about to do; planned work may forbid it. `None`: it stays open.
    pub(crate) reads: Option<Operation>,
    /// The same of one that sends something.
    pub(crate) sends: Option<Operation>,
    /// Whether its pages say what is wrong with the service.
    pub(crate) banner: Banner,
}

/// When a page says what is wrong with the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Banner {
    /// Where people begin something, or hear that it does not work: also what is answered before any door is reached.
    Always,
    /// Before anything is typed that cannot be kept now.
    WhileChangesAreShut,
    /// Only with a fault of ours.
    Never,
}

impl Door {
    /// What a request of that method is about to do.
    pub(crate) fn operation(&self, method: &Method) -> Option<Operation> {
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) { self.reads } else { self.sends }
    }

    /// One.
    pub(crate) const fn of(act: Act, reads: Option<Operation>, sends: Option<Operation>, banner: Banner) -> Self {
        Self { act, reads, sends, banner }
    }

    /// With pages on which people hear that something does not work.
    pub(crate) const fn with_banner(self) -> Self {
        Self { banner: Banner::Always, ..self }
    }
}

/// The doors by the path under which they are registered.
#[derive(Debug, Default)]
pub(crate) struct Doors(HashMap<String, Door>);

impl Doors {
    /// Adds one.
    pub(crate) fn insert(&mut self, registered: &str, door: Door) {
        self.0.insert(registered.to_owned(), door);
    }

    /// That of a path as it was registered.
    pub(crate) fn find(&self, registered: &str) -> Option<Door> {
        self.0.get(registered).copied()
    }
}

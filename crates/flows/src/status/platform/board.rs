//! The board: notices and components as they are now, in memory and in a file beside the data.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use kagiya_domain::{
    Evidence, Span, Timestamp,
    act::Act,
    component::{self, Component, Level},
    notice::{Door, Impact, Kind, Notice},
};
use serde::{Deserialize, Serialize};

/// How far back the status page tells.
pub const HISTORY: Span = Span::days(90);

/// What hangs on the board.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Notices, the newest first; those of staff only among them.
    pub notices: Vec<Notice>,
    /// Components, as measured.
    pub components: Vec<Component>,
    /// What is remembered of each component's days, the oldest first.
    #[serde(default)]
    pub days: BTreeMap<String, Vec<Day>>,
}

/// A component's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Days since 1970, in the service's zone.
    pub day: i64,
    /// The worst that lasted a minute.
    pub worst: Level,
    /// Milliseconds that were measured.
    pub ms: i64,
    /// Those of them in which it was out.
    pub out_ms: i64,
}

/// What a person wants to do, as far as the door is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Begin a session.
    SignIn,
    /// Change or make something.
    Change,
}

impl Snapshot {
    /// Notices that go on now, the gravest first.
    pub fn active(&self, now: Timestamp) -> Vec<&Notice> {
        let mut active: Vec<&Notice> = self.notices.iter().filter(|notice| notice.is_active(now)).collect();
        active.sort_by_key(|notice| (std::cmp::Reverse(notice.door), std::cmp::Reverse(notice.impact)));
        active
    }

    /// Whether a notice says that something is wrong now: nobody is reassured meanwhile.
    pub fn says_trouble(&self, now: Timestamp) -> bool {
        self.active(now).into_iter().any(|notice| notice.impact > Impact::None)
    }

    /// Whether a component of ours is out, as we measure it or as staff says.
    pub(crate) fn is_out(&self, component: &str, now: Timestamp) -> bool {
        let said = |notice: &Notice| {
            notice.kind == Kind::Incident && notice.impact >= Impact::Major && notice.concerns(component)
        };
        self.measured(component).is_some_and(|measured| measured.level.is_out())
            || self.active(now).into_iter().any(said)
    }

    /// Notices of what is planned, the next first.
    pub fn upcoming(&self, now: Timestamp) -> Vec<&Notice> {
        let mut upcoming: Vec<&Notice> = self.notices.iter().filter(|notice| notice.is_upcoming(now)).collect();
        upcoming.sort_by_key(|notice| notice.begins_at);
        upcoming
    }

    /// The maintenance that keeps people from what they wish.
    pub fn shut(&self, wish: Operation, now: Timestamp) -> Option<&Notice> {
        let least = if wish == Operation::SignIn { Door::Closed } else { Door::ReadOnly };
        self.notices.iter().find(|n| n.kind == Kind::Maintenance && n.door >= least && n.is_active(now))
    }

    /// A component as measured.
    pub fn measured(&self, id: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.id == id)
    }

    /// A component's level as it is told: the worse of what is measured and what staff says.
    pub fn level(&self, id: &str, now: Timestamp) -> Level {
        let measured = self.measured(id).map_or(Level::Operational, |component| component.level);
        let told = self.active(now).into_iter().filter(|notice| notice.concerns(id)).map(|notice| {
            match (notice.kind, notice.impact) {
                (Kind::Maintenance, _) => Level::UnderMaintenance,
                (_, Impact::Critical) => Level::MajorOutage,
                (_, Impact::Major) => Level::PartialOutage,
                (_, Impact::Minor) => Level::DegradedPerformance,
                (_, Impact::None | Impact::Maintenance) => Level::Operational,
            }
        });
        let told = told.max().unwrap_or_default();
        // What is down because it is worked on is no outage.
        if told == Level::UnderMaintenance { told } else { told.max(measured) }
    }

    /// What speaks for a fault of ours in an act of that kind.
    pub fn evidence(&self, act: Act, provider: Option<&str>, slices: &str, now: Timestamp) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let concerned = concerned(act, provider);
        let wish = if matches!(act, Act::SignIn | Act::Session | Act::External) {
            Operation::SignIn
        } else {
            Operation::Change
        };
        if let Some(until) = self.shut(wish, now).and_then(|notice| notice.ends_at) {
            // It may overrun; then it is a little longer yet.
            evidence.push(Evidence::Maintenance { until: until.max(now.plus(Span::minutes(1))) });
        }
        for notice in self.active(now) {
            if let Some(slice) =
                notice.slice.split_once(':').filter(|(name, _)| *name != "component").map(|_| &notice.slice)
            {
                if slices.split(' ').any(|own| own == slice) {
                    evidence.push(Evidence::SliceFails { slice: slice.clone(), since: notice.begins_at });
                }
                continue;
            }
            if !concerned.iter().any(|id| notice.concerns(id)) && !provider.is_some_and(|id| notice.concerns(id)) {
                continue;
            }
            // An incident of one provider, or of mail, is that and not everything.
            let provider_only = provider.is_some_and(|id| notice.components.iter().any(|name| name == id))
                && !concerned.iter().any(|id| notice.components.iter().any(|name| name == id));
            let mail_only = notice.components == [component::MAIL];
            let since = notice.begins_at;
            match (notice.kind, notice.impact) {
                (Kind::Maintenance, _) => {}
                (_, Impact::Major | Impact::Critical) if provider_only => {
                    evidence.push(Evidence::ProviderDown { since });
                }
                (_, Impact::Major | Impact::Critical) if mail_only => evidence.push(Evidence::MailDown { since }),
                (_, Impact::Major | Impact::Critical) => {
                    evidence.push(Evidence::IncidentOpen { since: notice.begins_at });
                }
                (_, Impact::Minor) => evidence.push(Evidence::ServiceDegraded { since: notice.begins_at }),
                (_, Impact::None | Impact::Maintenance) => {}
            }
        }
        for id in concerned {
            let Some(component) = self.measured(id) else {
                continue;
            };
            let since = component.since;
            match (*id, component.level) {
                (component::MAIL, level) if level.is_out() => evidence.push(Evidence::MailDown { since }),
                (_, Level::MajorOutage) if component::OWN.contains(id) => {
                    evidence.push(Evidence::ComponentDown { component: (*id).to_owned(), since });
                }
                // One server of several, or most people but not all.
                (_, Level::PartialOutage) if component::OWN.contains(id) => {
                    evidence.push(Evidence::SliceFails { slice: format!("component:{id}"), since });
                }
                (component::PASSWORD | component::DATABASE, Level::DegradedPerformance) => {
                    evidence.push(Evidence::ServiceDegraded { since });
                }
                _ => {}
            }
        }
        evidence
    }

    /// Whether staff says that failures to sign in are ours just now: the key under which they are
    /// counted apart. What is measured does not decide it: strangers could bring that about, and
    /// get new tries by it.
    pub fn trouble(&self, now: Timestamp) -> Option<&str> {
        let ours = [component::PASSWORD, component::DATABASE, component::SESSIONS];
        let told = self.active(now).into_iter().find(|notice| {
            notice.kind == Kind::Incident
                && notice.impact >= Impact::Major
                && notice.slice.is_empty()
                && ours.iter().any(|id| notice.concerns(id))
        });
        told.map(|notice| notice.id.as_str())
    }
}

/// The components that an act needs.
fn concerned(act: Act, provider: Option<&str>) -> &'static [&'static str] {
    use component::{DATABASE, MAIL, PASSWORD, SESSIONS};
    match act {
        Act::External => &[SESSIONS, DATABASE],
        Act::SignIn | Act::Session | Act::Check => &[PASSWORD, SESSIONS, DATABASE],
        Act::SignUp | Act::Recover | Act::Unlock | Act::Code | Act::Confirm => &[MAIL, DATABASE],
        Act::AddEmail
        | Act::Prove
        | Act::Account
        | Act::Repair
        | Act::Subscribe
        | Act::Notify
        | Act::MeToo
        | Act::SignOut
        | Act::AfterSignIn
        | Act::Staff
        | Act::Form
        | Act::Edge
        | Act::Fault
        | Act::Page => {
            if provider.is_some() {
                &[SESSIONS, DATABASE]
            } else {
                &[DATABASE]
            }
        }
    }
}

/// The board of a running server.
#[derive(Debug, Default)]
pub struct Board {
    now: RwLock<Arc<Snapshot>>,
    file: Option<PathBuf>,
    written: Mutex<Vec<u8>>,
}

impl Board {
    /// A board that is kept in a file; what hung there before hangs there again.
    pub fn open(file: Option<PathBuf>) -> Self {
        let bytes = file.as_ref().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        let snapshot: Snapshot = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { now: RwLock::new(Arc::new(snapshot)), file, written: Mutex::new(bytes) }
    }

    /// What hangs there.
    pub fn get(&self) -> Arc<Snapshot> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = (**now).clone();
        change(&mut next);
        if next == **now {
            return;
        }
        let bytes = serde_json::to_vec(&next).unwrap_or_default();
        *now = Arc::new(next);
        drop(now);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file
            && *written != bytes
        {
            // Whole or not at all: a half-written board would be forgotten at the next start.
            let fresh = file.with_extension("new");
            match std::fs::write(&fresh, &bytes).and_then(|()| std::fs::rename(&fresh, file)) {
                Ok(()) => *written = bytes,
                Err(error) => tracing::warn!(%error, file = %file.display(), "the board could not be written"),
            }
        }
    }

    pub(crate) fn set_components(&self, components: Vec<Component>) {
        self.change(|board| board.components = components);
    }

    pub(crate) fn set_days(&self, days: BTreeMap<String, Vec<Day>>) {
        self.change(|board| board.days = days);
    }

    pub(crate) fn set_notices(&self, notices: Vec<Notice>) {
        self.change(|board| board.notices = notices);
    }
}

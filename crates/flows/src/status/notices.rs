//! What staff does with notices. Every act is a line in the audit trail and in the notice's
//! own history; whoever asked to hear of it hears of it.

use futures_util::FutureExt;
use kagiya_domain::{
    Timestamp,
    audit::{Actor, Event, Line},
    notice::{self, Door, Impact, Kind, LONGEST_TEXT, LONGEST_TITLE, Notice, Stage, Update, Wrong},
    role::Permission,
};
use kagiya_store as store;
use kagiya_text::Lang;
use uuid::Uuid;

pub use crate::status::notice_json::to_json;
use crate::{
    App, Fault,
    staff::agent::Agent,
    status::{
        lock_release,
        platform::board::HISTORY,
        subscribe::{self, Telling},
    },
};

/// The alphabet of keys: no look-alikes.
const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz-";

/// What a notice is made from. Texts are plain; addresses in them become links.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// One line; empty: the beginning of the message.
    pub title: String,
    /// The same in English.
    pub title_en: String,
    /// What is told.
    pub message: String,
    /// The same in English.
    pub message_en: String,
}

/// A planned window.
#[derive(Clone, Debug)]
pub struct Window {
    /// Its words.
    pub text: Text,
    /// When it begins.
    pub begins: Timestamp,
    /// When it is expected to end.
    pub ends: Timestamp,
    /// What people can do meanwhile.
    pub door: Door,
    /// The components concerned; none: all.
    pub components: Vec<String>,
}

/// An incident.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its words.
    pub text: Text,
    /// How bad it is.
    pub impact: Impact,
    /// How far it has come.
    pub stage: Stage,
    /// The components concerned; none: all.
    pub components: Vec<String>,
    /// When it began; `None`: now.
    pub since: Option<Timestamp>,
    /// When more is told.
    pub next_update: Option<Timestamp>,
}

/// What changes about a notice.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The new stage.
    pub stage: Option<Stage>,
    /// How bad it is now.
    pub impact: Option<Impact>,
    /// The components concerned now.
    pub components: Option<Vec<String>>,
    /// The new end of a window.
    pub ends: Option<Timestamp>,
    /// When more is told.
    pub next_update: Option<Timestamp>,
    /// What is told.
    pub message: String,
    /// The same in English.
    pub message_en: String,
}

/// Done, or which field is wrong.
pub type Taken = Result<Result<Notice, Wrong>, Fault>;

fn new_key(app: &App) -> String {
    let bytes: [u8; 10] = app.random();
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 31)])).collect()
}

/// Notices that are told at most.
const MOST: i64 = 500;

/// Reads the notices anew.
///
/// # Errors
/// When the database fails; what hangs on the board goes on hanging there.
pub async fn refresh(app: &App) -> Result<(), Fault> {
    let notices = store::notice::list(&mut app.store.reader().await?, app.now().minus(HISTORY), MOST).await?;
    app.board.set_notices(notices);
    Ok(())
}

/// All notices, the newest first, those of staff only among them.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App) -> Result<Vec<Notice>, Fault> {
    refresh(app).await?;
    Ok(app.board.get().notices.clone())
}

fn check(app: &App, text: Text, components: &[String]) -> Result<Text, Wrong> {
    let message = notice::check_text("message", &text.message, LONGEST_TEXT)?;
    let optional = |field, text: &str, longest| {
        if text.trim().is_empty() { Ok(String::new()) } else { notice::check_text(field, text, longest) }
    };
    let message_en = optional("message_en", &text.message_en, LONGEST_TEXT)?;
    let mut title = optional("title", &text.title, LONGEST_TITLE)?.replace('\n', " ");
    let mut title_en = optional("title_en", &text.title_en, LONGEST_TITLE)?.replace('\n', " ");
    if title.is_empty() {
        title = headline(&message);
    }
    if title_en.is_empty() && !message_en.is_empty() {
        title_en = headline(&message_en);
    }
    check_components(app, components)?;
    Ok(Text { title, title_en, message, message_en })
}

fn check_components(app: &App, components: &[String]) -> Result<(), Wrong> {
    let known = app.component_names();
    match components.iter().find(|name| !known.iter().any(|known| known == *name)) {
        Some(unknown) => {
            Err(Wrong::new("components", "notice-wrong-component", format!("{unknown} ({})", known.join(", "))))
        }
        None => Ok(()),
    }
}

/// The first line or sentence, for a title.
fn headline(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let end = line.find('。').map(|at| at + '。'.len_utf8()).or_else(|| line.find(". ").map(|at| at + 1));
    let sentence = end.and_then(|end| line.get(..end)).unwrap_or(line).trim_end_matches(['。', '.']);
    if sentence.chars().count() > LONGEST_TITLE {
        let short: String = sentence.chars().take(LONGEST_TITLE - 1).collect();
        return format!("{short}…");
    }
    sentence.to_owned()
}

/// Plans a window, or begins one now.
///
/// # Errors
/// When the database fails.
pub async fn plan(app: &App, window: Window, by: &Agent) -> Taken {
    let Some(actor) = by.demand(Permission::Announce) else { return Ok(Err(not_permitted())) };
    let now = app.now();
    let others = list(app).await?;
    if let Err(wrong) = notice::check_window(window.begins, window.ends, now, &others) {
        return Ok(Err(wrong));
    }
    let text = match check(app, window.text, &window.components) {
        Ok(text) => text,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let stage = if window.begins <= now { Stage::InProgress } else { Stage::Scheduled };
    let mut made = fresh(app, Kind::Maintenance, stage, &text);
    made.impact = Impact::Maintenance;
    made.door = window.door;
    made.components = window.components;
    made.begins_at = window.begins;
    made.ends_at = Some(window.ends);
    Ok(taken(keep(app, made, Some((text.message, text.message_en)), actor, Event::NoticePlanned).await?))
}

/// Opens an incident; with [`Stage::Proposed`] only staff sees it.
///
/// # Errors
/// When the database fails.
pub async fn open(app: &App, report: Report, slice: &str, by: &Agent) -> Taken {
    let Some(actor) = by.demand(Permission::Announce) else { return Ok(Err(not_permitted())) };
    let now = app.now();
    let text = match check(app, report.text, &report.components) {
        Ok(text) => text,
        Err(wrong) => return Ok(Err(wrong)),
    };
    if report.since.is_some_and(|at| at > now) {
        return Ok(Err(Wrong::new("since", "notice-wrong-since-future", "")));
    }
    if report.next_update.is_some_and(|at| at <= now) {
        return Ok(Err(Wrong::new("next_update", "notice-wrong-next-past", "")));
    }
    let mut made = fresh(app, Kind::Incident, report.stage, &text);
    made.impact = report.impact;
    made.components = report.components;
    made.begins_at = report.since.unwrap_or(now);
    made.next_update_at = report.next_update;
    slice.clone_into(&mut made.slice);
    Ok(taken(keep(app, made, Some((text.message, text.message_en)), actor, Event::NoticeOpened).await?))
}

/// What is told to whom the role gives no right to it; its field is the role.
pub const NOT_PERMITTED: &str = "error-not-permitted";

fn not_permitted() -> Wrong {
    Wrong::new("role", NOT_PERMITTED, "")
}

/// What was kept, or that somebody else was faster.
fn taken(kept: Option<Notice>) -> Result<Notice, Wrong> {
    kept.ok_or_else(|| Wrong::new("id", "notice-wrong-changed", ""))
}

fn fresh(app: &App, kind: Kind, stage: Stage, text: &Text) -> Notice {
    let now = app.now();
    Notice {
        id: new_key(app),
        kind,
        stage,
        title: text.title.clone(),
        title_en: text.title_en.clone(),
        impact: Impact::Minor,
        door: Door::Open,
        components: Vec::new(),
        slice: String::new(),
        begins_at: now,
        ends_at: None,
        next_update_at: None,
        created_at: now,
        updated_at: now,
        ended_at: None,
        merged_into: None,
        updates: Vec::new(),
    }
}

/// Finds a notice by its key or by the beginning of it; with an empty key the only one of its
/// kind that is not over.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, kind: Kind, key: &str) -> Taken {
    let all = list(app).await?;
    let fits = |n: &&Notice| n.kind == kind && if key.is_empty() { !n.stage.is_over() } else { n.id.starts_with(key) };
    let mut found: Vec<&Notice> = all.iter().filter(fits).collect();
    if key.is_empty() && found.len() > 1 {
        let now = app.now();
        // What goes on is meant before what is planned.
        let active: Vec<&Notice> = found.iter().copied().filter(|n| n.is_active(now)).collect();
        if active.len() == 1 {
            found = active;
        }
    }
    Ok(match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Wrong::new("id", "notice-wrong-none", key)),
        many => {
            let ids: Vec<&str> = many.iter().map(|n| n.id.as_str()).collect();
            Err(Wrong::new("id", "notice-wrong-many", ids.join(", ")))
        }
    })
}

/// What a change says when nobody found words for it.
const fn said_by_itself(before: Stage, now: Stage, moved: bool) -> Option<&'static str> {
    match (before, now) {
        (Stage::Scheduled, Stage::Completed) => Some("told-called-off"),
        (_, Stage::Completed) => Some("told-completed"),
        (Stage::Proposed, _) | (Stage::Resolved, _) => None,
        (_, Stage::Resolved) => Some("told-resolved"),
        (Stage::Identified, Stage::Identified) | (Stage::Monitoring, Stage::Monitoring) if !moved => None,
        (_, Stage::Identified) => Some("told-identified"),
        (_, Stage::Monitoring) => Some("told-monitoring"),
        _ if moved => Some("told-moved"),
        _ => None,
    }
}

/// Changes a notice and tells it.
///
/// # Errors
/// When the database fails.
#[expect(clippy::too_many_lines, reason = "one transaction, begun by what it needs")]
pub async fn change(app: &App, mut notice: Notice, change: Change, by: &Agent) -> Taken {
    let Some(actor) = by.demand(Permission::Announce) else { return Ok(Err(not_permitted())) };
    let now = app.now();
    if notice.stage.is_over() {
        return Ok(Err(Wrong::new("id", "notice-wrong-over", notice.id)));
    }
    if let Some(stage) = change.stage.filter(|stage| !notice.may_become(*stage)) {
        return Ok(Err(Wrong::new("status", "notice-wrong-choice", stage.as_str())));
    }
    let (before, ends_before) = (notice.stage_at(now), notice.ends_at);
    let changes = change.stage.is_some_and(|stage| stage != before)
        || change.components.is_some()
        || change.impact.is_some()
        || change.ends.is_some()
        || change.next_update.is_some();
    if !changes && change.message.trim().is_empty() {
        return Ok(Err(Wrong::new("message", "notice-wrong-empty", "")));
    }
    if let Some(components) = change.components {
        if let Err(wrong) = check_components(app, &components) {
            return Ok(Err(wrong));
        }
        notice.components = components;
    }
    if let Some(ends) = change.ends {
        let others: Vec<Notice> = list(app).await?.into_iter().filter(|other| other.id != notice.id).collect();
        if let Err(wrong) = notice::check_window(notice.begins_at.max(now), ends, now, &others) {
            return Ok(Err(wrong));
        }
        notice.ends_at = Some(ends);
    }
    if change.next_update.is_some_and(|at| at <= now) {
        return Ok(Err(Wrong::new("next_update", "notice-wrong-next-past", "")));
    }
    // What was promised stays until something else is.
    notice.next_update_at = change.next_update.or(notice.next_update_at.filter(|at| *at > now));
    notice.impact = change.impact.unwrap_or(notice.impact);
    notice.stage = change.stage.unwrap_or_else(|| notice.stage_at(now));
    if notice.stage.is_over() {
        notice.ended_at = Some(now);
        notice.next_update_at = None;
        if notice.kind == Kind::Maintenance {
            // It ended when it ended, not when it was expected to.
            notice.ends_at = Some(now.max(notice.begins_at.plus(kagiya_domain::Span(1))));
        }
    }
    let told = if change.message.trim().is_empty() && change.message_en.trim().is_empty() {
        let key = said_by_itself(before, notice.stage, notice.ends_at != ends_before);
        key.map(|key| (app.words.get(Lang::Ja, key), app.words.get(Lang::En, key)))
    } else {
        let english = if change.message_en.trim().is_empty() {
            Ok(String::new())
        } else {
            notice::check_text("message_en", &change.message_en, LONGEST_TEXT)
        };
        match (notice::check_text("message", &change.message, LONGEST_TEXT), english) {
            (Ok(message), Ok(english)) => Some((message, english)),
            (Err(wrong), _) | (_, Err(wrong)) => return Ok(Err(wrong)),
        }
    };
    let kept = match taken(keep(app, notice, told, actor, Event::NoticeChanged).await?) {
        Ok(kept) => kept,
        Err(wrong) => return Ok(Err(wrong)),
    };
    // What ends by itself was only measured: whoever can bring that about gets no new tries by it. Nor does whoever may
    // tell of an incident and not end a pause.
    let may_release = *actor != Actor::System && by.may(Permission::EndLocks);
    if kept.stage == Stage::Resolved && may_release && lock_release::is_ours(&kept) {
        lock_release::make(app, kept.begins_at).await?;
    }
    Ok(Ok(kept))
}

/// Tells a notice under another one.
///
/// # Errors
/// When the database fails.
pub async fn merge(app: &App, mut notice: Notice, into: &Notice, by: &Agent) -> Taken {
    let Some(actor) = by.demand(Permission::Announce) else { return Ok(Err(not_permitted())) };
    if notice.id == into.id || notice.kind != into.kind || into.stage.is_over() || notice.stage.is_over() {
        return Ok(Err(Wrong::new("into", "notice-wrong-merge", into.id.clone())));
    }
    let mut whole = into.clone();
    whole.begins_at = whole.begins_at.min(notice.begins_at);
    if notice.components.is_empty() || whole.components.is_empty() {
        whole.components.clear();
    } else {
        whole.components.extend(notice.components.iter().cloned());
        whole.components.sort();
        whole.components.dedup();
    }
    whole.impact = whole.impact.max(notice.impact);
    notice.stage = Stage::Merged;
    notice.merged_into = Some(whole.id.clone());
    notice.ended_at = Some(app.now());
    let whole = Keeping::of(app, whole, None, actor, Event::NoticeChanged).await?;
    let kept = whole.notice.clone();
    let gone = Keeping::of(app, notice, None, actor, Event::NoticeMerged).await?;
    Ok(taken(keep_all(app, vec![gone, whole]).await?.then_some(kept)))
}

/// A notice about to be kept, with what is told about it and the line of the audit trail.
#[derive(Clone)]
struct Keeping {
    notice: Notice,
    /// As it was when it was read; nothing: it is new.
    seen: Option<Timestamp>,
    update: Option<(Uuid, Update)>,
    tell: Option<Telling>,
    audit: (Uuid, Line),
    actor: Actor,
}

impl Keeping {
    async fn of(
        app: &App,
        mut notice: Notice,
        told: Option<(String, String)>,
        actor: &Actor,
        act: Event,
    ) -> Result<Self, Fault> {
        let now = app.now();
        let seen = (!notice.updates.is_empty()).then_some(notice.updated_at);
        notice.updated_at = Timestamp(now.0.max(notice.updated_at.0 + 1));
        let update_id = app.new_id();
        let stage_changed = notice.updates.last().is_none_or(|last| last.stage != notice.stage);
        let update = (told.is_some() || stage_changed).then(|| {
            let (body, body_en) = told.unwrap_or_default();
            Update { id: update_id.simple().to_string(), at: now, stage: notice.stage, body, body_en }
        });
        notice.updates.extend(update.clone());
        let line = Line::new(actor.clone(), act, now).about(format!("{} {}", notice.kind.as_str(), notice.id));
        let tell = match &update {
            Some(update) => Some(subscribe::telling(app, &notice, update).await?),
            None => None,
        };
        let update = update.map(|update| (update_id, update));
        Ok(Self { notice, seen, update, tell, audit: (app.new_id(), line), actor: actor.clone() })
    }

    /// Undoes everything when somebody else changed the notice meanwhile: of two who saw the
    /// same, one has the word.
    async fn write(self, conn: &mut store::Conn, now: Timestamp) -> Result<(), store::Error> {
        if let Some(seen) = self.seen
            && !store::notice::claim(conn, &self.notice.id, seen, now).await?
        {
            return Err(store::Error::Undone);
        }
        store::notice::save(conn, &self.notice).await?;
        if let Some((id, update)) = &self.update {
            store::notice::add_update(conn, *id, &self.notice.id, update, &self.actor.name()).await?;
        }
        if let Some(tell) = self.tell {
            tell.keep(conn, now).await?;
        }
        store::audit::note(conn, self.audit.0, None, &self.audit.1).await
    }
}

/// Keeps a notice with what is told about it; `None` when somebody else changed it meanwhile.
pub(crate) async fn keep(
    app: &App,
    notice: Notice,
    told: Option<(String, String)>,
    actor: &Actor,
    act: Event,
) -> Result<Option<Notice>, Fault> {
    let keeping = Keeping::of(app, notice, told, actor, act).await?;
    let notice = keeping.notice.clone();
    Ok(keep_all(app, vec![keeping]).await?.then_some(notice))
}

/// All of them or none.
async fn keep_all(app: &App, all: Vec<Keeping>) -> Result<bool, Fault> {
    let now = app.now();
    let done = app
        .store
        .write(move |conn| {
            async move {
                for one in all {
                    one.write(conn, now).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await;
    let kept = match done {
        Err(store::Error::Undone) => false,
        // Another server proposed it in the same moment.
        Err(error) if error.is_taken() => false,
        other => {
            other?;
            app.mail_bell.notify_one();
            app.hook_bell.notify_one();
            true
        }
    };
    refresh(app).await?;
    Ok(kept)
}

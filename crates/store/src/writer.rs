//! SQLite's one writer: transactions that wait are committed, and synced, as a group.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{runtime::Handle, sync::oneshot};

use crate::db::{Conn, Error, Result, execute};

/// Called after the commit with its outcome.
type Finish = Box<dyn FnOnce(std::result::Result<(), &Error>) + Send>;
/// Does the work; `Err` when it must be undone.
type Work = Box<dyn for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, std::result::Result<Finish, Finish>> + Send>;

enum Message {
    /// Work, and whether it must survive power loss once acknowledged.
    Work(Work, bool),
    /// Answered when the file is closed.
    Stop(oneshot::Sender<()>),
}

/// How long another process that writes is waited for, and how long once it was waited for in vain.
const BUSY: Duration = Duration::from_secs(3);
const HELD: Duration = Duration::from_secs(1);

/// Longest group that is committed together.
const GROUP: usize = 64;

/// Work that arrives so soon after a commit is a sign of load: then
const LULL: Duration = Duration::from_millis(20);
/// company is waited for in steps of this, as long as it goes on arriving,
const STEP: Duration = Duration::from_millis(4);
/// and for so many steps at most: two hashes' time. A commit, its sync and the switches of threads
/// around it cost the same for many as for one; whoever comes alone never waits.
const STEPS: usize = 4;

#[derive(Clone)]
pub(crate) struct Writer {
    sender: Sender<Message>,
    stopping: Arc<AtomicBool>,
}

impl Writer {
    /// A thread of its own: a whole group is one visit there.
    pub(crate) fn start(conn: Conn) -> Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let runtime = Handle::current();
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || serve(conn, &receiver, &runtime))
            .map_err(sqlx::Error::Io)?;
        Ok(Self { sender, stopping: Arc::default() })
    }

    pub(crate) async fn run<T, F>(&self, durable: bool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Result<T>>();
        let work: Work = Box::new(move |conn| {
            async move {
                // A panic must cost this unit only, not the writer.
                let done =
                    AssertUnwindSafe(work(conn)).catch_unwind().await.unwrap_or(Err(Error::Unreadable("unit of work")));
                match done {
                    Ok(value) => Ok(Box::new(move |committed: std::result::Result<(), &Error>| {
                        let _ = answer.send(committed.map(|()| value).map_err(Error::copy));
                    }) as Finish),
                    Err(error) => Err(Box::new(move |_: std::result::Result<(), &Error>| {
                        let _ = answer.send(Err(error));
                    }) as Finish),
                }
            }
            .boxed()
        });
        self.sender.send(Message::Work(work, durable)).map_err(|_| Error::Closing)?;
        // Dropped with its group.
        answered
            .await
            .map_err(|_| if self.stopping.load(Ordering::Relaxed) { Error::Closing } else { Error::NotBegun })?
    }

    /// Lets what came before commit, closes the file and ends. Later writes are refused.
    pub(crate) async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        if self.sender.send(Message::Stop(answer)).is_ok() {
            let _ = answered.await;
        }
    }
}

/// A group of writes, and who wants to know when the file is closed.
#[derive(Default)]
struct Group {
    works: Vec<Work>,
    durable: bool,
    stop: Option<oneshot::Sender<()>>,
}

impl Group {
    fn take(&mut self, message: Message) {
        match message {
            Message::Work(work, durable) => {
                self.works.push(work);
                self.durable |= durable;
            }
            Message::Stop(answer) => self.stop = Some(answer),
        }
    }

    fn gather(&mut self, receiver: &Receiver<Message>) {
        while self.works.len() < GROUP
            && self.stop.is_none()
            && let Ok(next) = receiver.try_recv()
        {
            self.take(next);
        }
    }
}

fn serve(mut conn: Conn, receiver: &Receiver<Message>, runtime: &Handle) {
    // Several at once a moment ago: others are likely on their way. One by one, waiting is for nothing.
    let mut crowded = false;
    // As the file was opened.
    let mut durable = true;
    // Another process held the file when it was last asked for.
    let mut held = false;
    loop {
        let (first, soon) = match receiver.recv_timeout(LULL) {
            Ok(message) => (Ok(message), true),
            Err(RecvTimeoutError::Timeout) => (receiver.recv(), false),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let Ok(first) = first else {
            return;
        };
        let mut group = Group::default();
        group.take(first);
        group.gather(receiver);
        if soon && (crowded || group.works.len() > 1) {
            for _ in 0..STEPS {
                let before = group.works.len();
                std::thread::sleep(STEP);
                group.gather(receiver);
                if group.works.len() == before {
                    break;
                }
            }
        }
        crowded = group.works.len() > 1;
        if !group.works.is_empty() {
            runtime.block_on(async {
                // What must last is not written while the disk is synced less.
                match sync(&mut conn, durable, group.durable).await {
                    Ok(()) => {
                        durable = group.durable;
                        held = !commit(&mut conn, group.works, held).await;
                    }
                    Err(error) => tracing::error!(%error, "a group of writes was not begun"),
                }
            });
        }
        if let Some(answer) = group.stop {
            drop(conn);
            let _ = answer.send(());
            return;
        }
    }
}

/// Says how the disk is synced from now on, where that changes.
async fn sync(conn: &mut Conn, before: bool, durable: bool) -> Result<()> {
    match (before, durable) {
        // Not as a prepared statement: it takes effect when it is compiled.
        (false, true) => conn.raw("PRAGMA synchronous = FULL").await,
        (true, false) => conn.raw("PRAGMA synchronous = NORMAL").await,
        _ => Ok(()),
    }
}

/// Commits a group; `false` when it could not be begun, and nothing of it was done. Whoever waits has waited long enough
/// when others before have waited for the same: nobody is kept without a word.
async fn commit(conn: &mut Conn, group: Vec<Work>, held: bool) -> bool {
    let begun = match conn.patience(if held { HELD } else { BUSY }) {
        Ok(()) => say(conn, "BEGIN IMMEDIATE").await,
        Err(error) => Err(error),
    };
    if let Err(error) = begun {
        tracing::error!(%error, "a group of writes was not begun");
        // One that an earlier fault left open would keep every other from beginning.
        let _ = say(conn, "ROLLBACK").await;
        return false;
    }
    let mut finishes: Vec<Finish> = Vec::with_capacity(group.len());
    let alone = group.len() == 1;
    let outcome: Result<()> = async {
        for work in group {
            if !alone {
                say(conn, "SAVEPOINT unit").await?;
            }
            match (work(conn).await, alone) {
                (Ok(finish), _) => finishes.push(finish),
                (Err(finish), true) => {
                    finish(Ok(()));
                    return say(conn, "ROLLBACK").await;
                }
                (Err(finish), false) => {
                    finish(Ok(()));
                    say(conn, "ROLLBACK TO unit").await?;
                }
            }
            if !alone {
                say(conn, "RELEASE unit").await?;
            }
        }
        say(conn, "COMMIT").await
    }
    .await;
    if let Err(error) = &outcome {
        tracing::error!(%error, "a group of writes was not committed");
        let _ = say(conn, "ROLLBACK").await;
    }
    for finish in finishes {
        finish(match &outcome {
            Ok(()) => Ok(()),
            Err(error) => Err(error),
        });
    }
    true
}

/// A statement of the transaction's own.
async fn say(conn: &mut Conn, sql: &'static str) -> Result<()> {
    execute!(conn, sql).map(drop)
}

//! SQLite's one writer: transactions that wait are committed, and synced, as a group.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::db::{Conn, Error, Result};

/// Called after the commit with its outcome.
type Finish = Box<dyn FnOnce(std::result::Result<(), &Error>) + Send>;
/// Does the work; `Err` when it must be undone.
type Work = Box<dyn for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, std::result::Result<Finish, Finish>> + Send>;

enum Message {
    /// Work, and whether it must survive power loss once acknowledged.
    Work(Work, bool),
    Stop,
}

/// Longest group that is committed together.
const GROUP: usize = 64;

/// Work that arrives so soon after a commit is a sign of load: then
const LULL: Duration = Duration::from_millis(4);
/// so long is waited for company before the next. A commit and its sync cost more than that,
/// and whoever comes alone never waits.
const GATHER: Duration = Duration::from_millis(2);

#[derive(Clone)]
pub(crate) struct Writer {
    sender: mpsc::Sender<Message>,
    stopped: Arc<Mutex<Option<tokio::task::JoinHandle<()>>>>,
}

impl Writer {
    pub(crate) fn start(conn: Conn) -> Self {
        let (sender, receiver) = mpsc::channel(1_024);
        let task = tokio::spawn(serve(conn, receiver));
        Self { sender, stopped: Arc::new(Mutex::new(Some(task))) }
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
        self.sender.send(Message::Work(work, durable)).await.map_err(|_| Error::Closing)?;
        answered.await.map_err(|_| Error::Closing)?
    }

    /// Lets the group in hand commit, then ends. Later writes are refused.
    pub(crate) async fn stop(&self) {
        if let Some(task) = self.stopped.lock().await.take() {
            let _ = self.sender.send(Message::Stop).await;
            let _ = task.await;
        }
    }
}

async fn serve(mut conn: Conn, mut receiver: mpsc::Receiver<Message>) {
    // Several at once a moment ago: others are likely on their way. One by one, waiting is for nothing.
    let mut crowded = false;
    loop {
        let (message, soon) = match tokio::time::timeout(LULL, receiver.recv()).await {
            Ok(message) => (message, true),
            Err(_) => (receiver.recv().await, false),
        };
        let Some(Message::Work(first, mut durable)) = message else {
            break;
        };
        if soon && (crowded || !receiver.is_empty()) {
            tokio::time::sleep(GATHER).await;
        }
        let mut group = vec![first];
        let mut stop = false;
        while group.len() < GROUP
            && let Ok(next) = receiver.try_recv()
        {
            match next {
                Message::Work(work, must_last) => {
                    group.push(work);
                    durable |= must_last;
                }
                Message::Stop => {
                    stop = true;
                    break;
                }
            }
        }
        crowded = group.len() > 1;
        commit_group(&mut conn, group, durable).await;
        if stop {
            break;
        }
    }
}

async fn commit_group(conn: &mut Conn, group: Vec<Work>, durable: bool) {
    let mut finishes: Vec<Finish> = Vec::with_capacity(group.len());
    let alone = group.len() == 1;
    let outcome: Result<()> = async {
        // The beginning travels with the first statement, and the commit with the last ones.
        conn.raw_later(match (durable, alone) {
            (true, true) => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
            (true, false) => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; SAVEPOINT unit",
            (false, true) => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
            (false, false) => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; SAVEPOINT unit",
        })
        .await?;
        for work in group {
            match (work(conn).await, alone) {
                (Ok(finish), true) => finishes.push(finish),
                (Err(finish), true) => {
                    finish(Ok(()));
                    let _ = conn.flush().await;
                    return conn.raw("ROLLBACK").await;
                }
                (Ok(finish), false) => match conn.raw("RELEASE unit; SAVEPOINT unit").await {
                    Ok(()) => finishes.push(finish),
                    Err(error) => {
                        finish(Err(&error));
                        conn.raw("ROLLBACK TO unit").await?;
                    }
                },
                (Err(finish), false) => {
                    finish(Ok(()));
                    let _ = conn.flush().await;
                    conn.raw("ROLLBACK TO unit").await?;
                }
            }
        }
        // Releases an open savepoint, too.
        conn.raw("COMMIT").await
    }
    .await;
    if let Err(error) = &outcome {
        tracing::error!(%error, "a group of writes was not committed");
        let _ = conn.raw("ROLLBACK").await;
    }
    for finish in finishes {
        finish(match &outcome {
            Ok(()) => Ok(()),
            Err(error) => Err(error),
        });
    }
}

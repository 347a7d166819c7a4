//! What can go wrong in a store.

use rusqlite::ffi;

/// What can go wrong in a store. None of it is the member's fault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused, was gone, or was too slow.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// SQLite refused.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// No connection was free in time.
    #[error("database: no connection was free in time")]
    Busy,
    /// A transaction could not be begun; why stands in the log.
    #[error("database: the transaction could not be begun")]
    NotBegun,
    /// The data was written by a newer version of this program.
    #[error(
        "the database was written by a newer Kagiya (it has migration {0}, which this version does not know); \
         start that version, or restore a backup from before it"
    )]
    NewerSchema(i64),
    /// The data is of an older version and `kagiya migrate` has not been run.
    #[error("the database is not at this version; run `kagiya migrate` first ({0} migrations are missing)")]
    OlderSchema(usize),
    /// A migration could not be applied.
    #[error("migration: {0}")]
    Migration(String),
    /// The role that connects may not do what is needed.
    #[error("the database gives too few rights: {0}")]
    Rights(String),
    /// The database keeps texts in an encoding that has no room for every name.
    #[error("the database keeps texts as {0}; make one with ENCODING 'UTF8' (createdb -E UTF8 -T template0 NAME)")]
    Encoding(String),
    /// A row holds what this program never writes.
    #[error("the database holds an unreadable {0}")]
    Unreadable(&'static str),
    /// The caller found in the middle of its work that it must be undone.
    #[error("undone")]
    Undone,
    /// The database has not answered for a while; it is asked again once a second.
    #[error("the database does not answer")]
    Down,
    /// The writer has stopped: the program is shutting down.
    #[error("the store is closing")]
    Closing,
}

impl Error {
    /// Whether nobody answered, rather than that we were refused: it may answer later.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut))
    }

    /// Whether somebody else wrote first what may stand only once.
    pub fn is_taken(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(said)) => said.is_unique_violation(),
            Self::Sqlite(rusqlite::Error::SqliteFailure(said, _)) => {
                [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY].contains(&said.extended_code)
            }
            Self::Database(_)
            | Self::Sqlite(_)
            | Self::Busy
            | Self::NotBegun
            | Self::NewerSchema(_)
            | Self::OlderSchema(_)
            | Self::Migration(_)
            | Self::Rights(_)
            | Self::Encoding(_)
            | Self::Unreadable(_)
            | Self::Undone
            | Self::Down
            | Self::Closing => false,
        }
    }

    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::NewerSchema(version) => Self::NewerSchema(*version),
            Self::OlderSchema(missing) => Self::OlderSchema(*missing),
            Self::Rights(text) => Self::Rights(text.clone()),
            Self::Encoding(name) => Self::Encoding(name.clone()),
            Self::Unreadable(what) => Self::Unreadable(what),
            Self::Undone => Self::Undone,
            Self::Closing => Self::Closing,
            Self::Down => Self::Down,
            Self::Busy => Self::Busy,
            Self::NotBegun => Self::NotBegun,
            Self::Sqlite(e) => Self::Database(sqlx::Error::Protocol(e.to_string())),
            Self::Database(e) => Self::Database(sqlx::Error::Protocol(e.to_string())),
            Self::Migration(text) => Self::Migration(text.clone()),
        }
    }
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, Error>;

//! Runs a test on SQLite and on PostgreSQL.

use futures_util::{FutureExt, future::BoxFuture};
use kagiya_domain::{Span, Timestamp, email::EmailAddress};
use kagiya_store::{Conn, Location, PoolSize, Store, account, email, password, session::NewSession};
use sqlx::{Connection, Executor};
use uuid::Uuid;

pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub type Test = for<'s> fn(&'s Store) -> BoxFuture<'s, ()>;

pub async fn on_both(test: Test) {
    let folder = std::env::temp_dir().join(format!("kagiya-store-{}", Uuid::new_v4()));
    std::fs::create_dir_all(&folder).unwrap();
    let sqlite = Store::open(&Location::Sqlite(folder.join("t.db")), true, PoolSize::default()).await.unwrap();
    test(&sqlite).await;
    sqlite.close().await;
    std::fs::remove_dir_all(&folder).unwrap();

    let base = std::env::var("KAGIYA_TEST_POSTGRES").expect("KAGIYA_TEST_POSTGRES is not set: run ./test");
    let name = format!("s{}", Uuid::new_v4().simple());
    let mut admin = sqlx::PgConnection::connect(&format!("{base}/postgres")).await.unwrap();
    admin.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let postgres = Store::open(&Location::Postgres(format!("{base}/{name}")), true, PoolSize::default()).await.unwrap();
    test(&postgres).await;
    postgres.close().await;
}

/// Runs one function in a write of its own.
macro_rules! write {
    ($store:expr, |$conn:ident| $work:expr) => {
        $store
            .write(move |$conn| {
                async move {
                    let done = $work.await;
                    done
                }
                .boxed()
            })
            .await
            .unwrap()
    };
}

pub async fn read(store: &Store) -> Conn {
    store.reader().await.unwrap()
}

pub async fn member(store: &Store, login: &'static str) -> Uuid {
    let id = Uuid::new_v4();
    assert!(write!(store, |conn| account::insert(conn, id, login, login, "ja", NOW)));
    let address = EmailAddress::parse(&format!("{login}@example.jp")).unwrap();
    assert!(write!(store, |conn| email::insert(conn, id, &address, true, NOW)));
    write!(store, |conn| password::set(conn, id, "phc-1", NOW));
    id
}

pub(crate) use write;

/// A session of an account, with its number for a key and a token.
#[allow(dead_code, reason = "not every suite has sessions")]
pub fn new_session(account_id: Uuid, n: u8) -> NewSession {
    NewSession {
        id: Uuid::from_u128(u128::from(n)),
        token_hash: [n; 32],
        account_id,
        expires_at: NOW.plus(Span::hours(1)),
        idle_ms: Span::hours(1).0,
        browser: "Chrome 140".into(),
        system: "Windows".into(),
        network: "203.0.113.0/24".into(),
        link_id: None,
    }
}

//! `kagiya bench hostile`: what strangers try to stop, against a running server, and what members and new people get
//! beside it.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use super::{child::Child, external, load::Load, post_json, progress, report::Report, seed, sign_in_request};
use crate::{Failure, output::say};

/// Members whose browsers are known.
const KNOWN: u64 = 16;
/// Connections that are held, of each kind.
const HELD: usize = 2_000;
/// Connections over which requests come.
const ASKING: usize = 400;
/// The most memory that a server may take, whatever comes.
const MOST_MIB: f64 = 140.0;

/// A kind of connection that is held: what it sends, and whether it reads what comes back.
struct Held {
    name: &'static str,
    bytes: Vec<u8>,
    times: usize,
}

fn held() -> Vec<Held> {
    let preface: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    let head: &[u8] = b"GET / HTTP/1.1\r\nHost: bench\r\nX: ";
    let body: &[u8] = b"POST /sign-in HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n\
        Content-Length: 65000\r\n\r\n";
    let page: &[u8] = b"GET /sign-in HTTP/1.1\r\nHost: bench\r\n\r\n";
    let one = |name, bytes: Vec<u8>| Held { name, bytes, times: 1 };
    vec![
        one("silent", Vec::new()),
        one("half_heads", [head, &[b'a'; 100][..]].concat()),
        one("large_half_heads", [head, &[b'a'; 100_000][..]].concat()),
        one("half_bodies", [body, &[b'a'; 60_000][..]].concat()),
        one("half_prefaces", preface[..10].to_vec()),
        one("idle_http2", [preface, settings].concat()),
        one("http2_streams", streams()),
        Held { name: "unread_answers", bytes: page.repeat(2_000), times: 14 },
    ]
}

/// An HTTP/2 client that opens a hundred streams and lets no answer through: its window is closed.
fn streams() -> Vec<u8> {
    fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
    }
    fn field(name: &str, value: &str) -> Vec<u8> {
        let size = |text: &str| u8::try_from(text.len()).unwrap_or(0);
        [&[0, size(name)], name.as_bytes(), &[size(value)], value.as_bytes()].concat()
    }
    let head: Vec<u8> = [(":method", "GET"), (":scheme", "http"), (":authority", "bench"), (":path", "/sign-in")]
        .iter()
        .flat_map(|(name, value)| field(name, value))
        .collect();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for number in 0..100 {
        bytes.extend(frame(1, 5, 2 * number + 1, &head));
    }
    bytes
}

/// Opens connections of one kind, again and again where they are cut, until told to stop.
fn hold(address: SocketAddr, kind: &Held, stop: &watch::Receiver<bool>) {
    let bytes: Arc<[u8]> = kind.bytes.clone().into();
    for _ in 0..HELD {
        let (bytes, times, mut stop) = (Arc::clone(&bytes), kind.times, stop.clone());
        tokio::spawn(async move {
            let work = async {
                loop {
                    if let Ok(mut stream) = TcpStream::connect(address).await {
                        let send = async {
                            for _ in 0..times {
                                if stream.write_all(&bytes).await.is_err() {
                                    return;
                                }
                            }
                        };
                        let _ = tokio::time::timeout(Duration::from_secs(3), send).await;
                        if times == 1 {
                            // Until the server ends it.
                            while matches!(stream.read(&mut [0; 4_096]).await, Ok(1..)) {}
                        } else {
                            tokio::time::sleep(Duration::from_secs(30)).await;
                        }
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            };
            tokio::select! {
                () = work => {}
                _ = stop.changed() => {}
            }
        });
    }
}

/// Kinds of requests that anybody may send as often as they like.
fn asked() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let many = |make: &dyn Fn(u64) -> Vec<u8>| (0..4_000).map(make).collect::<Vec<_>>();
    let long = "the longest password that anybody would ever choose, ".repeat(4);
    vec![
        (
            "sign_ups",
            many(&|n| {
                let password = format!("{long}{n}");
                let form = serde_json::json!({ "login_id": format!("new{n}"), "email": format!("new{n}@example.jp"),
                    "password": password });
                post_json("/api/v1/sign-up", &form)
            }),
        ),
        ("wrong_passwords", many(&|n| sign_in_request(&format!("nobody{n}")))),
        (
            "recoveries",
            many(&|n| post_json("/api/v1/recover", &serde_json::json!({ "email": format!("n{n}@example.jp") }))),
        ),
        ("refusals", many(&|_| post_json("/api/v1/recover", &serde_json::json!({ "email": "" })))),
    ]
}

fn disk_kib(folder: &Path) -> f64 {
    let size =
        |entry: std::io::Result<std::fs::DirEntry>| entry.and_then(|entry| entry.metadata()).map_or(0, |m| m.len());
    let bytes: u64 = std::fs::read_dir(folder).map_or(0, |entries| entries.map(size).sum());
    f64::from(u32::try_from(bytes / 1_024).unwrap_or(u32::MAX))
}

/// What a member with a known browser, a new person and a running session get while `flood` goes on.
async fn beside(
    report: &mut Report,
    name: &str,
    time: Duration,
    server: &Child,
    (members, check): (&[Vec<u8>], &[u8]),
) -> Result<(), Failure> {
    let page = b"GET /sign-in HTTP/1.1\r\nHost: bench\r\n\r\n".to_vec();
    let calm = Duration::from_millis(20);
    let members = Load::new(server.address, 2, members.to_vec()).paced(Duration::from_millis(200));
    let pages = Load::new(server.address, 1, vec![page]).paced(calm);
    let checks = Load::new(server.address, 1, vec![check.to_vec()]).paced(calm);
    let (members, pages, checks) = tokio::join!(members.run(time), pages.run(time), checks.run(time));
    let (members, pages, checks) = (members?, pages?, checks?);
    let good = members.per_second() * time.as_secs_f64();
    let known = format!("hostile_{name}_known_devices");
    report.add(&known, good, Some((good + members.others()).max(1.0)), "their tries");
    report.want(&known, 0.99);
    report.add_at_most(&format!("hostile_{name}_page_p99_ms"), pages.percentile(0.99), 1_000.0);
    report.add_plain(&format!("hostile_{name}_check_p99_ms"), checks.percentile(0.99));
    report.add_at_most(&format!("hostile_{name}_peak_mib"), server.peak_mib(), MOST_MIB);
    Ok(())
}

pub(crate) async fn run(seconds: u64, print_json: bool) -> Result<(), Failure> {
    let time = Duration::from_secs(seconds);
    crate::serve::raise_descriptors();
    let mut report = Report::default();
    let seeded = seed::make(1_000).await?;
    let kinds = held();
    let asked = asked();
    for place in 0..kinds.len() + asked.len() {
        // A fresh server each: its peak of memory is of this flood alone.
        let server = Child::serve(seeded.folder()).await?;
        let mut known = Vec::new();
        for n in 0..KNOWN {
            let request = sign_in_request(&seeded.login(n));
            let cookies = external::cookies_of(server.address, &request).await?;
            let device: Vec<String> = cookies.into_iter().filter(|cookie| cookie.contains("device")).collect();
            known.push(super::platform::with_cookie(request, &device.join("; ")));
        }
        let session = external::cookies_of(server.address, &sign_in_request(&seeded.login(KNOWN))).await?.join("; ");
        let check = format!("GET /auth/check HTTP/1.1\r\nHost: bench\r\nCookie: {session}\r\n\r\n").into_bytes();
        let who = (&known[..], &check[..]);
        let (stop, stopped) = watch::channel(false);
        let before = disk_kib(seeded.folder());
        if let Some(kind) = kinds.get(place) {
            progress(&format!("{HELD} connections: {}", kind.name));
            hold(server.address, kind, &stopped);
            tokio::time::sleep(Duration::from_secs(2)).await;
            beside(&mut report, kind.name, time, &server, who).await?;
        } else if let Some((name, requests)) = asked.get(place - kinds.len()) {
            progress(&format!("{ASKING} connections that ask: {name}"));
            let flood = Load::new(server.address, ASKING, requests.clone()).run(time + Duration::from_secs(1));
            let (flood, quiet) = tokio::join!(flood, beside(&mut report, name, time, &server, who));
            quiet?;
            let flood = flood?;
            let sent = flood.per_second() + flood.others() / (time.as_secs_f64() + 1.0);
            report.add_plain(&format!("hostile_{name}_asked_per_second"), sent);
            let grown = (disk_kib(seeded.folder()) - before).max(0.0) / (time.as_secs_f64() + 1.0);
            report.add_plain(&format!("hostile_{name}_disk_kib_per_second"), grown);
        }
        let _ = stop.send(true);
        server.stop().await;
    }
    progress("the time of answers for known and unknown, 200 pairs a door");
    super::timing::doors(&mut report, &seeded).await?;
    progress("the ten dearest things that anybody can ask for");
    super::dearest::ten(&mut report, &seeded).await?;
    if print_json {
        say(&report.json().to_string())
    } else {
        report.print()
    }
    Ok(())
}

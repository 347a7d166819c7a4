//! `kagiya bench platform`: overload at ten times the capacity, the sign-in page while the database is
//! gone, and a simulated week of ordinary traffic before the detector of outages.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::net::{TcpListener, TcpStream};

use super::{Mean, ROUNDS, child::Child, external, load::Load, progress, report::Report, seed, sign_in_request};
use crate::{Failure, output::say};

/// Members whose browsers are known.
const KNOWN: u64 = 40;
/// Strangers at once: at ten milliseconds a hash, far more than ten times what can be looked at.
const STRANGERS: usize = 800;

pub(crate) async fn run(seconds: u64, postgres: Option<String>, json: bool) -> Result<(), Failure> {
    let time = Duration::from_secs(seconds);
    let mut report = Report::default();
    progress("a week of ordinary traffic, simulated");
    super::week::run(&mut report);
    progress("overload");
    overload(&mut report, time).await?;
    match postgres {
        Some(url) => {
            progress("the sign-in page without its database");
            outage(&mut report, time, &url).await?;
        }
        None => progress("not measured: the page without its database wants --postgres URL"),
    }
    if json {
        say(&report.json().to_string())
    } else {
        report.print()
    }
    Ok(())
}

pub(super) fn with_cookie(request: Vec<u8>, cookie: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(&request).into_owned();
    text.replacen("Host: bench\r\n", &format!("Host: bench\r\nCookie: {cookie}\r\n"), 1).into_bytes()
}

async fn overload(report: &mut Report, time: Duration) -> Result<(), Failure> {
    let seeded = seed::make(10_000).await?;
    let server = Child::serve(seeded.folder()).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut known = Vec::new();
    for n in 0..KNOWN {
        let cookies = external::cookies_of(server.address, &sign_in_request(&seeded.login(n))).await?;
        let device: Vec<String> = cookies.into_iter().filter(|cookie| cookie.contains("device")).collect();
        known.push(with_cookie(sign_in_request(&seeded.login(n)), &device.join("; ")));
    }
    let session = external::cookies_of(server.address, &sign_in_request(&seeded.login(KNOWN))).await?.join("; ");
    let check = format!("GET /auth/check HTTP/1.1\r\nHost: bench\r\nCookie: {session}\r\n\r\n").into_bytes();
    let strangers = |from: u64| (from..from + 4_000).map(|n| sign_in_request(&seeded.login(n))).collect::<Vec<_>>();
    let hello = Child::hello().await?;
    let sign_ins = || Load::new(server.address, 8, strangers(100));
    let (mut alone, mut beside, mut idle) = (Mean::default(), Mean::default(), Mean::default());
    let (mut good, mut offered) = (Mean::default(), Mean::default());
    let (mut kept, mut tried) = (0.0, 0.0);
    let (mut known_p99, mut check_p99) = (Mean::default(), Mean::default());
    // The machine drifts: the figure and its limits are taken in turn.
    for _ in 0..ROUNDS {
        let capacity = sign_ins().run(time).await?.per_second();
        alone.add(capacity);
        // Known devices ask for a third of what there is.
        let pause = Duration::from_secs_f64(4.0 / (capacity / 3.0).max(1.0));
        // More than ten times what can be looked at: who waits for an answer asks no more meanwhile.
        let crowd = f64::from(u32::try_from(STRANGERS).unwrap_or(800));
        let between = Duration::from_secs_f64(crowd / (capacity * 17.0).max(1.0));
        let flood = |address| Load::new(address, STRANGERS, strangers(4_200)).paced(between);
        // The sender of the flood, and the system's part of it, share the cores: the limit is what can
        // be hashed beside the same flood at a bare hyper server.
        let (sent, hashed) = tokio::join!(flood(hello.address).run(time), sign_ins().run(time));
        idle.add(sent?.per_second());
        beside.add(hashed?.per_second());
        let members = Load::new(server.address, 4, known.clone()).paced(pause);
        let calm = Load::new(server.address, 2, vec![check.clone()]).paced(Duration::from_millis(2));
        let (strangers, members, calm) =
            tokio::join!(flood(server.address).run(time), members.run(time), calm.run(time));
        let (strangers, members, calm) = (strangers?, members?, calm?);
        good.add(strangers.per_second() + members.per_second());
        offered.add(strangers.per_second() + strangers.others() / time.as_secs_f64());
        let succeeded = members.per_second() * time.as_secs_f64();
        kept += succeeded;
        tried += succeeded + members.others();
        known_p99.add(members.percentile(0.99));
        check_p99.add(calm.percentile(0.99));
    }
    hello.stop().await;
    let (alone, capacity, idle) = (alone.value(), beside.value(), idle.value());
    let (good, offered) = (good.value(), offered.value());
    report.add_plain("overload_flood_at_hello_per_second", idle);
    report.add("overload_goodput_per_second", good, Some(capacity), "sign-ins beside the same flood elsewhere");
    report.want("overload_goodput_per_second", 0.9);
    report.add("overload_goodput_of_sign_ins_alone", good, Some(alone), "sign-ins alone");
    report.add("overload_offered_per_second", offered, Some(alone), "sign-ins alone");
    report.add("overload_known_devices", kept, Some(tried.max(1.0)), "their tries");
    report.want("overload_known_devices", 0.99);
    report.add_plain("overload_known_p99_ms", known_p99.value());
    report.add_at_most("overload_check_p99_ms", check_p99.value(), 10.0);
    report.add_at_most("overload_peak_mib", server.peak_mib(), 160.0);
    server.stop().await;
    Ok(())
}

/// A way to a database that can be cut.
struct Wire {
    address: SocketAddr,
    cut: Arc<AtomicBool>,
}

impl Wire {
    async fn to(target: String) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let cut = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if watched.load(Ordering::Relaxed) {
                    continue;
                }
                let (target, watched) = (target.clone(), Arc::clone(&watched));
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(target).await else {
                        return;
                    };
                    let cut = async {
                        while !watched.load(Ordering::Relaxed) {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = cut => {}
                    }
                });
            }
        });
        Ok(Self { address, cut })
    }
}

/// An empty database of its own is wanted: `postgres://USER@HOST:PORT/NAME`.
async fn outage(report: &mut Report, time: Duration, postgres: &str) -> Result<(), Failure> {
    let wrong = || Failure::Usage("--postgres: expected postgres://USER@HOST:PORT/DATABASE".into());
    let url = url::Url::parse(postgres).map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?;
    let wire = Wire::to(format!("{host}:{}", url.port().unwrap_or(5_432))).await?;
    let mut through = url.clone();
    through.set_host(Some("127.0.0.1")).map_err(|_| wrong())?;
    through.set_port(Some(wire.address.port())).map_err(|()| wrong())?;
    let folder = seed::Folder::new()?;
    let server = Child::serve_with(folder.path(), &["--database", through.as_str()]).await?;
    let page = || vec![b"GET /sign-in HTTP/1.1\r\nHost: bench\r\n\r\n".to_vec()];
    tokio::time::sleep(Duration::from_secs(2)).await;
    let usual = Load::new(server.address, 32, page()).run(time).await?;
    wire.cut.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let alone = Load::new(server.address, 32, page()).counting(503).run(time).await?;
    let calm = Load::new(server.address, 4, page()).counting(503).paced(Duration::from_millis(5)).run(time).await?;
    report.add(
        "outage_pages_per_second",
        alone.per_second(),
        Some(usual.per_second()),
        "the same page in ordinary times",
    );
    report.want("outage_pages_per_second", 0.5);
    report.add_at_most("outage_page_p99_ms", calm.percentile(0.99), 20.0);
    server.stop().await;
    Ok(())
}

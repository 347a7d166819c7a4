//! A load from connections that are kept open, on a thread of its own.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Failure;

/// Requests sent round and round over some connections.
pub(super) struct Load {
    address: SocketAddr,
    connections: usize,
    requests: Arc<Vec<Vec<u8>>>,
    pause: Option<Duration>,
    also: u16,
}

/// What came of it.
pub(super) struct Outcome {
    seconds: f64,
    good: u64,
    other: u64,
    /// Milliseconds, sorted.
    times: Vec<f64>,
}

impl Outcome {
    /// Good answers per second.
    #[allow(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(super) fn per_second(&self) -> f64 {
        self.good as f64 / self.seconds
    }

    /// Answers that were neither 200 nor 303.
    #[allow(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(super) fn others(&self) -> f64 {
        self.other as f64
    }

    /// The time below which that share of answers came, in milliseconds.
    pub(super) fn percentile(&self, share: f64) -> f64 {
        share_of(&self.times, share)
    }
}

/// The time below which that share of sorted times lies; 0 of none.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
pub(super) fn share_of(times: &[f64], share: f64) -> f64 {
    let place = ((times.len() as f64 - 1.0).max(0.0) * share) as usize;
    times.get(place).copied().unwrap_or_default()
}

impl Load {
    pub(super) fn new(address: SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> Self {
        Self { address, connections, requests: Arc::new(requests), pause: None, also: 0 }
    }

    /// A pause between the requests of a connection.
    pub(super) fn paced(mut self, pause: Duration) -> Self {
        self.pause = Some(pause);
        self
    }

    /// Answers with this status are good, too.
    pub(super) fn counting(mut self, status: u16) -> Self {
        self.also = status;
        self
    }

    /// Sends for that long, after a short warm-up that is not counted.
    pub(super) async fn run(self, time: Duration) -> Result<Outcome, Failure> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let outcome = match runtime {
                Ok(runtime) => runtime.block_on(self.send(time)),
                Err(error) => Err(error),
            };
            let _ = answer.send(outcome);
        });
        Ok(answered.await.map_err(|e| Failure::Failed(e.to_string()))??)
    }

    #[allow(clippy::disallowed_methods, reason = "the bench measures real time")]
    async fn send(self, time: Duration) -> std::io::Result<Outcome> {
        let warm = Instant::now() + Duration::from_millis(500);
        let end = warm + time;
        let mut tasks = Vec::new();
        for number in 0..self.connections {
            let (requests, address, pause, step, also) =
                (Arc::clone(&self.requests), self.address, self.pause, self.connections, self.also);
            tasks.push(tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut buffer = vec![0; 64 * 1_024];
                let (mut good, mut other, mut times) = (0, 0, Vec::new());
                let mut place = number;
                loop {
                    let begun = Instant::now();
                    if begun >= end {
                        break;
                    }
                    let request = &requests[place % requests.len()];
                    place += step;
                    let mut status = exchange(&mut stream, request, &mut buffer).await;
                    if status.is_err() {
                        // A connection that lay idle may have been closed: browsers then ask once more on a new one
                        // (RFC 9112, 9.3.1).
                        stream = TcpStream::connect(address).await?;
                        stream.set_nodelay(true)?;
                        status = exchange(&mut stream, request, &mut buffer).await;
                    }
                    // Still none: a request that failed.
                    let status = status.unwrap_or(0);
                    if begun >= warm {
                        if matches!(status, 200 | 303) || status == also {
                            good += 1
                        } else {
                            other += 1
                        }
                        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
                    }
                    if let Some(pause) = pause {
                        tokio::time::sleep(pause).await;
                    }
                }
                Ok::<_, std::io::Error>((good, other, times))
            }));
        }
        let mut outcome = Outcome { seconds: time.as_secs_f64(), good: 0, other: 0, times: Vec::new() };
        for task in tasks {
            let (good, other, times) = task.await.map_err(std::io::Error::other)??;
            outcome.good += good;
            outcome.other += other;
            outcome.times.extend(times);
        }
        outcome.times.sort_by(f64::total_cmp);
        Ok(outcome)
    }
}

async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) -> std::io::Result<u16> {
    stream.write_all(request).await?;
    Ok(read_answer(stream, buffer).await?.0)
}

/// As our servers write it.
const LENGTH: &[u8] = b"\r\ncontent-length: ";

/// The decimal number that stands there.
fn number<T: std::str::FromStr>(bytes: &[u8], at: usize) -> Option<T> {
    let digits = bytes.get(at..)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

/// Reads one answer; returns its status and where its body lies in the buffer.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<(u16, std::ops::Range<usize>)> {
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        filled += count;
        let Some(head) = memmem::find(&buffer[..filled], b"\r\n\r\n") else {
            continue;
        };
        // What an answer costs to read is nothing that is measured here: it must not grow with its headers.
        let status: u16 = number(&buffer[..head], 9).unwrap_or(0);
        let length = memmem::find(&buffer[..head], LENGTH).and_then(|at| number(&buffer[..head], at + LENGTH.len()));
        let length: usize = length.unwrap_or(0);
        let end = head + 4 + length;
        while filled < end {
            let count = stream.read(&mut buffer[filled..]).await?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            filled += count;
        }
        return Ok((status, head + 4..end));
    }
}

/// One request on a connection of its own; the body of the answer.
pub(super) async fn once(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut buffer = vec![0; 64 * 1_024];
    let (_, body) = read_answer(&mut stream, &mut buffer).await?;
    Ok(buffer[body].to_vec())
}

/// How long one request takes, in milliseconds, the connection already open.
#[allow(clippy::disallowed_methods, reason = "the bench measures real time")]
pub(super) async fn time_once(address: SocketAddr, request: &[u8]) -> Result<f64, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 64 * 1_024];
    let begun = Instant::now();
    stream.write_all(request).await?;
    read_answer(&mut stream, &mut buffer).await?;
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}

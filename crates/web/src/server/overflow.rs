//! Requests that carry more than a request may, or that nobody can read: answered with a page, not with a bare status.

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context as Poller, Poll, ready},
    time::Duration,
};

use axum::response::Response;
use http::{HeaderMap, header, request::Parts};
use kagiya_domain::{Audience, Evidence, act::Act};
use kagiya_flows::{
    Visitor,
    attempt::{self, Draft},
};
use kagiya_text::Lang;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};

use crate::{
    Web,
    page::{View, fault::refused_page, seal_missing, verdict::VerdictView},
    request::{context::Context, cookies::Cookie, request_signals::TOO_LARGE},
    server::lines::Place,
};

/// The longest first line and the largest head that the HTTP library reads.
const MOST_LINE: usize = 60 * 1_024;
const MOST_HEAD: usize = 120 * 1_024;
/// So much is read at once: what a client sends ahead stays with the system until its turn.
const MOST_READ: usize = 8 * 1_024;
/// What a client may still send after its answer before the line is cut.
const DRAIN_BYTES: usize = 4 * 1_024 * 1_024;
const DRAIN_TIME: Duration = Duration::from_secs(3);

/// Whether the cookies of a request weigh more than is taken.
pub(crate) fn is_too_large(headers: &HeaderMap) -> bool {
    headers.get_all(header::COOKIE).into_iter().map(http::HeaderValue::len).sum::<usize>() > TOO_LARGE
}

/// The page for a browser with too many cookies: explains, names the heaviest, lets go of ours.
pub(crate) async fn page(web: Arc<Web>, parts: &Parts) -> Response {
    let context = Context::open(web, parts);
    let draft = Draft::new(Act::Edge, 431, &context.visitor, Vec::new());
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    let mut response = refused_page(&context, &refusal, "/sign-in");
    context.prune(response.headers_mut());
    crate::sign_in::expire_session(&context, &mut response);
    response
}

/// The page while more requests are under way than can be.
pub(crate) fn busy(web: &Arc<Web>, parts: &Parts) -> Response {
    at_the_edge(web, parts, 503, vec![Evidence::HashQueueFull])
}

/// The page for a request that breaks the rules of HTTP.
pub(crate) fn malformed(web: &Arc<Web>, parts: &Parts) -> Response {
    at_the_edge(web, parts, 400, vec![Evidence::PartialRequest])
}

/// The page for a request with more fields than anything sends.
pub(crate) fn overfull(web: &Arc<Web>, parts: &Parts) -> Response {
    let mut response = at_the_edge(web, parts, 431, vec![Evidence::PartialRequest]);
    seal_missing(web, response.headers_mut());
    response
}

fn at_the_edge(web: &Arc<Web>, parts: &Parts, status: u16, evidence: Vec<Evidence>) -> Response {
    let context = Context::open(Arc::clone(web), parts);
    let draft = Draft::new(Act::Edge, status, &context.visitor, evidence);
    let (refusal, row) = attempt::prepare(&web.app, &context.visitor, draft, context.now);
    attempt::keep_within_budget(&web.app, &context.visitor, row);
    refused_page(&context, &refusal, "/sign-in")
}

/// A connection whose first request head is watched. Past these limits the HTTP library hangs
/// up without a word, and a browser with too many cookies sends them with every first request.
/// What the library refuses by itself it refuses without a word, too: our page takes the place of that.
pub(crate) struct Edge {
    stream: TcpStream,
    web: Arc<Web>,
    place: Place,
    state: State,
}

enum State {
    /// The first head is not over: its bytes so far, whether its first line has begun and is over, and how
    /// many line ends in a row were seen.
    Head { seen: usize, begun: bool, line_over: bool, ends: u8 },
    /// Nothing is watched any more.
    Open,
    /// Our answer, and how much of it is written.
    Answering(Vec<u8>, usize),
    /// What the client still sends is read away, or it would not see the answer.
    Draining(Pin<Box<Sleep>>, usize),
}

impl Edge {
    pub(crate) fn new(stream: TcpStream, web: Arc<Web>, place: Place) -> Self {
        Self { stream, web, place, state: State::Head { seen: 0, begun: false, line_over: false, ends: 0 } }
    }

    fn now(&self) -> i64 {
        self.web.app.clock.monotonic_ms()
    }

    /// Looks at bytes of the first head; says the status when it is too much.
    fn watch(&mut self, bytes: &[u8]) -> Option<u16> {
        let State::Head { seen, begun, line_over, ends } = &mut self.state else {
            return None;
        };
        for byte in bytes {
            match byte {
                // Empty lines before the first one are no end of anything (RFC 9112, 2.2).
                b'\n' | b'\r' if !*begun => {}
                b'\n' => {
                    *ends += 1;
                    *line_over = true;
                }
                b'\r' => {}
                _ => (*begun, *ends) = (true, 0),
            }
            if *ends == 2 {
                self.state = State::Open;
                return None;
            }
        }
        *seen += bytes.len();
        match (*seen, *line_over) {
            (seen, false) if seen > MOST_LINE => Some(414),
            (seen, _) if seen > MOST_HEAD => Some(431),
            _ => None,
        }
    }

    /// Writes our answer, reads the rest away, and reports the end of the stream.
    fn poll_answer(&mut self, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.state {
                State::Answering(bytes, done) => match bytes.get(*done..).filter(|rest| !rest.is_empty()) {
                    Some(rest) => *done += ready!(Pin::new(&mut self.stream).poll_write(poller, rest))?,
                    None => {
                        self.state = State::Draining(Box::pin(tokio::time::sleep(DRAIN_TIME)), DRAIN_BYTES);
                    }
                },
                State::Draining(timer, left) => {
                    ready!(Pin::new(&mut self.stream).poll_shutdown(poller))?;
                    let mut sink = [0; 16 * 1_024];
                    let mut into = ReadBuf::new(&mut sink);
                    if *left == 0 || timer.as_mut().poll(poller).is_ready() {
                        return Poll::Ready(Ok(()));
                    }
                    match ready!(Pin::new(&mut self.stream).poll_read(poller, &mut into)) {
                        Ok(()) if !into.filled().is_empty() => *left = left.saturating_sub(into.filled().len()),
                        Ok(()) | Err(_) => return Poll::Ready(Ok(())),
                    }
                }
                State::Head { .. } | State::Open => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl Edge {
    /// Reads a little, and counts it.
    fn poll_some(&mut self, poller: &mut Poller<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = if into.remaining() <= MOST_READ {
            let before = into.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(poller, into))?;
            into.filled().len() - before
        } else {
            let mut some = ReadBuf::new(into.initialize_unfilled_to(MOST_READ));
            ready!(Pin::new(&mut self.stream).poll_read(poller, &mut some))?;
            let read = some.filled().len();
            into.advance(read);
            read
        };
        if self.place.read(read) { Poll::Ready(Ok(())) } else { Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into())) }
    }

    /// The status, when the library is about to refuse a request without a word: every answer of ours says
    /// what it is, the library's do not.
    fn refused_by_library(&self, bytes: &[u8]) -> Option<u16> {
        let status = bytes.strip_prefix(b"HTTP/1.1 4").and_then(|rest| rest.get(..2))?;
        let status = std::str::from_utf8(status).ok()?.parse::<u16>().ok()? + 400;
        let ours = memchr::memmem::find(bytes, b"x-content-type-options").is_some();
        (!ours && matches!(self.state, State::Head { .. } | State::Open)).then_some(status)
    }

    fn begin_answer(&mut self, status: u16) {
        let peer = self.stream.peer_addr().ok().map(|peer| peer.ip());
        self.state = State::Answering(answer(&self.web, status, peer), 0);
    }

    fn is_answering(&self) -> bool {
        matches!(self.state, State::Answering(..) | State::Draining(..))
    }

    /// Keeps in mind whether the client takes what is written.
    fn written<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.place.seat.line.waits(outcome.is_pending(), || self.now());
        outcome
    }
}

impl AsyncRead for Edge {
    fn poll_read(mut self: Pin<&mut Self>, poller: &mut Poller<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if matches!(this.state, State::Open) {
            return this.poll_some(poller, into);
        }
        if matches!(this.state, State::Head { .. }) {
            let before = into.filled().len();
            ready!(this.poll_some(poller, into))?;
            let fresh = into.filled().get(before..).unwrap_or_default();
            let Some(status) = this.watch(fresh) else {
                return Poll::Ready(Ok(()));
            };
            into.set_filled(before);
            this.begin_answer(status);
        }
        this.poll_answer(poller)
    }
}

impl AsyncWrite for Edge {
    fn poll_write(mut self: Pin<&mut Self>, poller: &mut Poller<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(status) = self.refused_by_library(bytes) {
            self.begin_answer(status);
        }
        if self.is_answering() {
            // Nothing of the library's goes out any more.
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(poller, bytes);
        self.written(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(status) = slices.first().and_then(|first| self.refused_by_library(first)) {
            self.begin_answer(status);
        }
        if self.is_answering() {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(poller, slices);
        self.written(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(poller)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        // Whoever is refused before the end of what they send must still get to read why: a line that is cut in the
        // client's face takes the answer with it.
        if matches!(self.state, State::Open) {
            self.state = State::Draining(Box::pin(tokio::time::sleep(DRAIN_TIME)), DRAIN_BYTES);
        }
        if self.is_answering() {
            ready!(self.poll_answer(poller))?;
        }
        Pin::new(&mut self.stream).poll_shutdown(poller)
    }
}

/// A whole answer for a request of which nothing is known, in both languages.
fn answer(web: &Arc<Web>, status: u16, peer: Option<std::net::IpAddr>) -> Vec<u8> {
    let app = &web.app;
    let visitor = Visitor { address: peer, ..Visitor::nobody(Lang::default()) };
    let evidence = match status {
        // Mostly cookies: nothing else in a browser's headers grows.
        431 => vec![Evidence::CookieHeaderTooLarge { kib: 120, names: "?".to_owned() }],
        400 => vec![Evidence::PartialRequest],
        _ => Vec::new(),
    };
    let mut draft = Draft::new(Act::Edge, status, &visitor, evidence);
    draft.audience = Audience::Anyone;
    let (refusal, row) = attempt::prepare(app, &visitor, draft, app.now());
    attempt::keep_within_budget(app, &visitor, row);
    let mut request = http::Request::new(());
    let mut sections = String::new();
    for lang in Lang::ALL {
        *request.uri_mut() = http::Uri::from_static("/");
        let (parts, ()) = request.clone().into_parts();
        let mut context = Context::open(Arc::clone(web), &parts);
        context.visitor.lang = lang;
        let view = View::new(&context);
        let verdict = VerdictView::new(&view, &refusal);
        sections.push_str(&verdict.plain(&view));
    }
    let url = &app.settings.public_url;
    let body = format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"{}\"></head><body><main>{sections}</main></body></html>",
        refusal.reference,
        web.assets.path("app.css")
    );
    let mut headers = web.sealed.clone();
    headers.append(header::SET_COOKIE, Cookie::Session.expire(url));
    let reason =
        http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let mut bytes = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n",
        body.len()
    )
    .into_bytes();
    for (name, value) in &headers {
        bytes.extend(name.as_str().as_bytes());
        bytes.extend(b": ");
        bytes.extend(value.as_bytes());
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"\r\n");
    bytes.extend(body.as_bytes());
    bytes
}

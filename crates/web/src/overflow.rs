//! Requests that carry more than a request may: answered with a page, not with a bare status.

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
use kagiya_domain::{Audience, Evidence};
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
    Web, context::Context, cookies::Cookie, fault::refused_page, page::View, signs::TOO_LARGE, verdict::VerdictView,
};

/// The longest first line and the largest head that the HTTP library reads.
const MOST_LINE: usize = 60 * 1_024;
const MOST_HEAD: usize = 120 * 1_024;
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
    let draft = Draft::new("edge", 431, &context.visitor, Vec::new());
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    let mut response = refused_page(&context, &refusal, "/sign-in");
    context.prune(response.headers_mut());
    crate::sign_in::expire_session(&context, &mut response);
    response
}

/// A connection whose first request head is watched. Past these limits the HTTP library hangs
/// up without a word, and a browser with too many cookies sends them with every first request.
pub(crate) struct Edge {
    stream: TcpStream,
    web: Arc<Web>,
    state: State,
}

enum State {
    /// The first head is not over: its bytes so far, whether its first line is, and how many
    /// line ends in a row were seen.
    Head { seen: usize, line_over: bool, ends: u8 },
    /// Nothing is watched any more.
    Open,
    /// Our answer, and how much of it is written.
    Answering(Vec<u8>, usize),
    /// What the client still sends is read away, or it would not see the answer.
    Draining(Pin<Box<Sleep>>, usize),
}

impl Edge {
    pub(crate) fn new(stream: TcpStream, web: Arc<Web>) -> Self {
        Self { stream, web, state: State::Head { seen: 0, line_over: false, ends: 0 } }
    }

    /// Looks at bytes of the first head; says the status when it is too much.
    fn watch(&mut self, bytes: &[u8]) -> Option<u16> {
        let State::Head { seen, line_over, ends } = &mut self.state else {
            return None;
        };
        for byte in bytes {
            match byte {
                b'\n' => {
                    *ends += 1;
                    *line_over = true;
                }
                b'\r' => {}
                _ => *ends = 0,
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

impl AsyncRead for Edge {
    fn poll_read(mut self: Pin<&mut Self>, poller: &mut Poller<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if matches!(this.state, State::Open) {
            return Pin::new(&mut this.stream).poll_read(poller, into);
        }
        if matches!(this.state, State::Head { .. }) {
            let before = into.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(poller, into))?;
            let fresh = into.filled().get(before..).unwrap_or_default();
            let Some(status) = this.watch(fresh) else {
                return Poll::Ready(Ok(()));
            };
            into.set_filled(before);
            let peer = this.stream.peer_addr().ok().map(|peer| peer.ip());
            this.state = State::Answering(answer(&this.web, status, peer), 0);
        }
        this.poll_answer(poller)
    }
}

impl AsyncWrite for Edge {
    fn poll_write(mut self: Pin<&mut Self>, poller: &mut Poller<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(poller, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(poller, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(poller)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<io::Result<()>> {
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
        _ => Vec::new(),
    };
    let mut draft = Draft::new("edge", status, &visitor, evidence);
    draft.audience = Audience::Anyone;
    let (refusal, row) = attempt::prepare(app, &visitor, draft, app.now());
    attempt::keep_later(app, row);
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
    let mut headers = HeaderMap::new();
    crate::page::seal(&mut headers);
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

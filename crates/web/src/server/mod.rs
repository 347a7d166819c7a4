//! Connections: accepted, served, drained.

pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod lines;
pub(crate) mod overflow;

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context as Poller, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, Version, header::HOST};
use hyper::{
    body::{Body as _, Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulConnection},
};
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt;

use crate::{
    Web, auth_check,
    page::seal_missing,
    request::context::{Context, Peer},
    router,
    server::{
        lines::{Limits, Line, Lines, Seat, UnderWay},
        overflow::Edge,
    },
    sign_in,
};

/// How long open requests may take to finish when the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How often connections are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long an HTTP/2 client may take to answer a ping, and how often it is asked.
const PING: Duration = Duration::from_secs(20);
/// Streams of one HTTP/2 connection at once. A page with all its parts has six; every further one is memory.
const STREAMS: u32 = 32;
/// Fields of a head: browsers send thirty, and over HTTP/2 one more for each cookie.
const MOST_FIELDS: usize = 400;
/// What is handed to HTTP/2 at once.
const PART: usize = 4 * 1_024;

/// A server that runs until it is told to stop.
pub struct Running {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
    /// The address it listens on.
    pub address: SocketAddr,
}

impl Running {
    /// Stops accepting, lets open requests finish, returns.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// Serves on `listener`.
///
/// # Errors
/// When the listener has no address.
pub fn serve(web: Arc<Web>, listener: TcpListener, limits: Limits) -> std::io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let listener = Arc::new(listener);
    let task = tokio::spawn(async move {
        // One that breaks is begun anew: a server that runs and takes nobody in is worse than one that stopped.
        while let Err(error) =
            tokio::spawn(accept(Arc::clone(&web), Arc::clone(&listener), limits, stopped.clone())).await
        {
            metrics::counter!("kagiya_job_faults_total", "job" => "connections").increment(1);
            tracing::error!(%error, "taking connections broke; it is begun anew");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    Ok(Running { stop, task, address })
}

#[expect(clippy::too_many_lines, reason = "the life of one connection")]
async fn accept(web: Arc<Web>, listener: Arc<TcpListener>, limits: Limits, mut stopped: watch::Receiver<bool>) {
    let router = router(Arc::clone(&web));
    let lines = Lines::new(limits, &web.trusted_proxies);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Heads have their deadline with everything else of a connection (`lines`): no timer is set anew for each.
        .header_read_timeout(None)
        // Cookie jars of 64 KiB are read and answered, not met with a bare 431.
        .max_buf_size(128 * 1_024)
        // No request is begun while the answer to the one before lies unread.
        .pipeline_flush(false)
        // Head and body in one piece: one small copy costs less than `writev`.
        .writev(false)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(64 * 1_024)
        .initial_connection_window_size(256 * 1_024)
        .max_send_buf_size(64 * 1_024)
        .max_header_list_size(128 * 1_024);
    let builder = Arc::new(builder);
    // Closed when no connection is left.
    let (left, alive) = watch::channel(());
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = look.tick() => {
                lines.sweep(web.app.clock.monotonic_ms());
                #[allow(clippy::cast_precision_loss, reason = "a gauge is a floating-point number")]
                metrics::gauge!("kagiya_connections").set(lines.count() as f64);
                continue;
            }
            _ = stopped.changed() => break,
        };
        let (stream, peer) = match accepted {
            Ok(pair) => pair,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = lines.admit(peer.ip(), web.app.clock.monotonic_ms()) else {
            metrics::counter!("kagiya_connections_refused_total").increment(1);
            continue;
        };
        let _ = stream.set_nodelay(true);
        // One count for each request to change, and not one that all connections share.
        let seat = Arc::clone(&place.seat);
        let caller = Arc::new(Caller { web: Arc::clone(&web), router: router.clone(), seat: Arc::clone(&seat), peer });
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            // Let go of at once, before this waits for its turn: a field that is repeated by its number costs a byte to
            // send (RFC 7541, 7.3), and a hundred to keep.
            let overfull = request.headers().len() > MOST_FIELDS;
            if overfull {
                *request.headers_mut() = http::HeaderMap::new();
            }
            let caller = Arc::clone(&caller);
            async move { Ok::<_, Infallible>(caller.serve(request, overfull).await) }
        });
        let edge = Edge::new(stream, Arc::clone(&web), place);
        let (builder, alive) = (Arc::clone(&builder), alive.clone());
        tokio::spawn(async move {
            let _alive = alive;
            drive(pin!(builder.serve_connection(TokioIo::new(edge), service)), &seat).await;
        });
    }
    drop((listener, alive));
    lines.stop();
    tokio::select! {
        () = left.closed() => {}
        () = tokio::time::sleep(DRAIN) => tracing::warn!("some requests did not finish in time"),
    }
}

/// Drives a connection until it ends, by itself, because its place was taken away, or because the server stops and all
/// that it had in hand is done.
async fn drive<C: GracefulConnection>(mut connection: Pin<&mut C>, seat: &Seat) {
    let mut told = false;
    poll_fn(|poller| {
        seat.line.drive(poller.waker());
        if seat.line.is_gone() {
            return Poll::Ready(());
        }
        if !told && seat.lines.is_stopping() {
            told = true;
            connection.as_mut().graceful_shutdown();
        }
        // A client that breaks off is no fault of ours.
        connection.as_mut().poll(poller).map(drop)
    })
    .await;
}

/// Who is at the other end of a connection, and what serves them.
struct Caller {
    web: Arc<Web>,
    router: Router,
    seat: Arc<Seat>,
    peer: SocketAddr,
}

impl Caller {
    async fn serve(&self, request: hyper::Request<Incoming>, overfull: bool) -> Response {
        let (web, line) = (&self.web, &self.seat.line);
        let Some(under_way) = self.seat.begin(web.app.clock.monotonic_ms()) else {
            let parts = request.map(|_| ()).into_parts().0;
            // Nobody hears it, or it is one of many: no page is made for that.
            let nobody = line.is_gone() || line.is_busy();
            let nobody = nobody.then(|| StatusCode::SERVICE_UNAVAILABLE.into_response());
            return nobody.unwrap_or_else(|| overflow::busy(web, &parts));
        };
        line.taken().await;
        let in_parts = request.version() == Version::HTTP_2;
        if overfull {
            let response = overflow::overfull(web, &request.map(|_| ()).into_parts().0);
            return until_taken(web, response, under_way, in_parts);
        }
        // What answers takes room from here on only: many streams may begin in one moment.
        let request = request.map(|body| owed(web, line, body));
        let response = dispatch(web, &self.router, request, self.peer).await;
        until_taken(web, response, under_way, in_parts)
    }
}

/// A body, with its connection owing it until its last byte came.
fn owed(web: &Arc<Web>, line: &Arc<Line>, inner: Incoming) -> Body {
    if inner.is_end_stream() {
        return Body::empty();
    }
    line.owes(Some(web.app.clock.monotonic_ms()));
    Body::new(Owed { inner, line: Arc::clone(line) })
}

/// A body that says when it has come.
struct Owed {
    inner: Incoming,
    line: Arc<Line>,
}

impl hyper::body::Body for Owed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(poller);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.inner.is_end_stream() {
            self.line.owes(None);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.line.owes(None);
    }
}

/// The answer, with its request under way until the last byte was handed over.
fn until_taken(web: &Arc<Web>, response: Response, under_way: UnderWay, in_parts: bool) -> Response {
    if response.body().is_end_stream() {
        // From its beginning on it has kept its place for nothing: close enough, for what has no body is answered at once.
        return response;
    }
    under_way.answered(web.app.clock.monotonic_ms());
    let (parts, inner) = response.into_parts();
    Response::from_parts(
        parts,
        Body::new(Taken { inner, rest: None, in_parts, web: Arc::clone(web), under_way: Some(under_way) }),
    )
}

/// A body that says when it was handed over. Over HTTP/2 in small parts: the library keeps a whole part as soon as the
/// client takes a byte of it.
struct Taken {
    inner: Body,
    rest: Option<Bytes>,
    in_parts: bool,
    web: Arc<Web>,
    under_way: Option<UnderWay>,
}

impl hyper::body::Body for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        poller: &mut Poller<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut data = match self.rest.take() {
            Some(rest) => rest,
            None => match ready!(Pin::new(&mut self.inner).poll_frame(poller)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                end => return Poll::Ready(end),
            },
        };
        if self.in_parts && data.len() > PART {
            self.rest = Some(data.split_off(PART));
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.as_ref().map_or(0, |rest| rest.len() as u64));
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(under_way) = self.under_way.take() {
            under_way.end(self.web.app.clock.monotonic_ms());
        }
    }
}

async fn dispatch(web: &Arc<Web>, router: &Router, request: Request, peer: SocketAddr) -> Response {
    let hosts = request.headers().get_all(HOST).iter().count();
    // RFC 9112, 3.2; of two none is the right one, whatever the version.
    let malformed = hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11);
    if !malformed && request.uri().path() == auth_check::PATH && request.method() == Method::GET {
        // The sub-request of a proxy is by far the commonest: it does not pass the router.
        return auth_check::answer(web, request.headers()).await;
    }
    let mut response = if malformed {
        overflow::malformed(web, &request.map(|_| ()).into_parts().0)
    } else {
        // Large, and by itself: a check is not to carry it along.
        Box::pin(serve_page(web, router, request, peer)).await
    };
    seal_missing(web, response.headers_mut());
    response
}

async fn serve_page(web: &Arc<Web>, router: &Router, mut request: Request, peer: SocketAddr) -> Response {
    let begun = web.app.clock.monotonic_us();
    let times = &web.times[usize::from(request.method() != Method::GET)];
    let practice = web.is_without_cookies();
    if practice {
        request.headers_mut().remove(http::header::COOKIE);
    }
    request.extensions_mut().insert(Peer(peer));
    // The repair and what its page is made of work with any cookies.
    let path = request.uri().path();
    let exempt = path == "/repair" || path.starts_with("/assets/") || path.starts_with("/api/");
    let mut response = if !exempt && overflow::is_too_large(request.headers()) {
        Box::pin(overflow::page(Arc::clone(web), &request.into_parts().0)).await
    } else if path == "/sign-in" && request.method() == Method::GET {
        // The page that everybody who cannot get in asks for, again and again.
        let context = Context::open(Arc::clone(web), &request.into_parts().0);
        sign_in::page(State(Arc::clone(web)), context).await
    } else {
        match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    };
    #[allow(clippy::cast_precision_loss, reason = "microseconds of one request")]
    let seconds = (web.app.clock.monotonic_us() - begun) as f64 / 1e6;
    times.record(seconds);
    if practice {
        response.headers_mut().remove(http::header::SET_COOKIE);
    }
    response
}

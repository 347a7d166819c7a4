//! Connections: accepted, served, drained.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt;

use crate::{
    Web, auth_check,
    context::{Context, Peer},
    overflow::{self, Edge},
    page::seal,
    router, sign_in,
};

/// How long open requests may take to finish when the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take to send its headers.
const HEADER_TIME: Duration = Duration::from_secs(20);

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
pub fn serve(web: Arc<Web>, listener: TcpListener) -> std::io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(web, listener, stopped));
    Ok(Running { stop, task, address })
}

async fn accept(web: Arc<Web>, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let router = router(Arc::clone(&web));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        // Cookie jars of 64 KiB are read and answered, not met with a bare 431.
        .max_buf_size(128 * 1_024)
        .pipeline_flush(true)
        .keep_alive(true);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(128 * 1_024);
    let builder = Arc::new(builder);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
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
        let _ = stream.set_nodelay(true);
        let (web, router) = (Arc::clone(&web), router.clone());
        let inside = Arc::clone(&web);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (web, router) = (Arc::clone(&inside), router.clone());
            async move { Ok::<_, Infallible>(dispatch(&web, router, request, peer).await) }
        });
        let edge = Edge::new(stream, web);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(edge), service).into_owned();
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off is no fault of ours.
            let _ = watched.await;
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(DRAIN) => tracing::warn!("some requests did not finish in time"),
    }
}

async fn dispatch(web: &Arc<Web>, router: Router, request: hyper::Request<Incoming>, peer: SocketAddr) -> Response {
    // The sub-request of a proxy is by far the commonest: it does not pass the router.
    if request.uri().path() == auth_check::PATH && request.method() == http::Method::GET {
        return auth_check::answer(web, request.headers()).await;
    }
    let begun = web.app.clock.monotonic_us();
    let times = &web.times[usize::from(request.method() != http::Method::GET)];
    let mut request: Request = request.map(Body::new);
    let practice = web.is_without_cookies();
    if practice {
        request.headers_mut().remove(http::header::COOKIE);
    }
    request.extensions_mut().insert(Peer(peer));
    // The repair and what its page is made of work with any cookies.
    let path = request.uri().path();
    let exempt = path == "/repair" || path.starts_with("/assets/") || path.starts_with("/api/");
    let mut response = if !exempt && overflow::is_too_large(request.headers()) {
        overflow::page(Arc::clone(web), &request.into_parts().0).await
    } else if path == "/sign-in" && request.method() == http::Method::GET {
        // The page that everybody who cannot get in asks for, again and again.
        let context = Context::open(Arc::clone(web), &request.into_parts().0);
        sign_in::page(State(Arc::clone(web)), context).await
    } else {
        match router.oneshot(request).await {
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
    if web.app.settings.public_url.secure {
        let year = http::HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(http::header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !response.headers().contains_key(http::header::CACHE_CONTROL) {
        seal(response.headers_mut());
    }
    response
}

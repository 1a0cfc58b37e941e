//! Listening: who may be let in at all, and connections that are slow on purpose.

use crate::http::connections::{Connection, Connections, Ending, Watched};
use crate::{options::ServerOptions, router::router};
use axum::{Router, body::Body, extract::Request};
use claimledger_app::app::App;
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// The buffer of a connection: a head must fit.
const HEAD_BYTES: usize = 16 * 1024;
/// Header lines of a request.
const HEADERS: usize = 64;
/// How long requests under way may take once the server stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long an idle connection may take to send what is left of its last answer.
const FLUSH: Duration = Duration::from_secs(1);
/// How long to wait where the system cannot accept.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// Why an address may not be listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Clients cannot be distinguished.
    #[error(
        "{0} is not loopback, and there are no credentials: make one with `claimledger token` first"
    )]
    NoCredentials(SocketAddr),
    /// Tokens would travel in the clear.
    #[error(
        "{0} is not loopback, and this server speaks no TLS: put it behind a proxy that does, and \
         say so with --behind-proxy"
    )]
    NoTls(SocketAddr),
}

/// Whether an address may be listened on: loopback always; any other only with credentials, and
/// behind something that speaks TLS.
///
/// # Errors
/// What is missing.
pub fn may_listen(
    address: SocketAddr,
    has_credentials: bool,
    behind_proxy: bool,
) -> Result<(), ListenError> {
    match (address.ip().to_canonical().is_loopback(), has_credentials, behind_proxy) {
        (true, _, _) | (false, true, true) => Ok(()),
        (false, false, _) => Err(ListenError::NoCredentials(address)),
        (false, true, false) => Err(ListenError::NoTls(address)),
    }
}

/// Serves until `shutdown`, then lets requests under way end, for at most ten seconds.
///
/// # Errors
/// If the listener fails for good.
pub async fn serve(
    app: App,
    options: ServerOptions,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let connections = Connections::new(options.max_connections);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS);
    let router = router(app, options, shutdown.clone());
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                // Out of file descriptors, most likely: an idle connection has one to spare.
                tracing::warn!(%error, "cannot accept");
                connections.take_one_back(Instant::now());
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let (connection, ends) = tokio::select! {
            () = shutdown.cancelled() => break,
            admitted = connections.admit() => admitted,
        };
        tasks.spawn(converse(
            http.clone(),
            stream,
            router.clone(),
            connection,
            ends,
            shutdown.clone(),
        ));
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
        tracing::warn!("stopped with requests under way");
    }
    Ok(())
}

/// Answers the requests of one connection, until it ends or the server stops it.
async fn converse(
    http: http1::Builder,
    stream: TcpStream,
    router: Router,
    connection: Arc<Connection>,
    ends: oneshot::Receiver<Ending>,
    shutdown: CancellationToken,
) {
    // Without it a small answer may wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let answering = Arc::clone(&connection);
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, connection) = (router.clone(), Arc::clone(&answering));
        async move {
            if !connection.begin(!request.body().is_end_stream()) {
                // The connection is being closed: it was idle when its place was given away.
                return std::future::pending().await;
            }
            let request =
                request.map(|body| Body::new(Watched::request(body, Arc::clone(&connection))));
            let response = router.oneshot(request).await?;
            connection.answer();
            Ok::<_, Infallible>(response.map(|body| Watched::answer(body, connection)))
        }
    });
    // A client that goes away is no news, so results are not looked at.
    let mut conversation = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let patience = tokio::select! {
        _ = conversation.as_mut() => return,
        Ok(ending) = ends => match ending {
            Ending::Now => return,
            Ending::Flushed => FLUSH,
        },
        () = shutdown.cancelled() => if connection.is_idle() { FLUSH } else { FAREWELL },
    };
    conversation.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(patience, conversation).await;
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_than_loopback_needs_credentials_and_tls_in_front() {
        let check = |address: &str, credentials, proxy, ok| {
            assert_eq!(
                may_listen(address.parse().unwrap(), credentials, proxy).is_ok(),
                ok,
                "{address} {credentials} {proxy}"
            );
        };
        for loopback in ["127.0.0.1:7070", "[::1]:7070", "127.8.8.8:1", "[::ffff:127.0.0.1]:1"] {
            check(loopback, false, false, true);
        }
        for wide in ["0.0.0.0:7070", "[::]:7070", "192.0.2.1:7070"] {
            check(wide, false, false, false);
            check(wide, false, true, false);
            check(wide, true, false, false);
            check(wide, true, true, true);
        }
    }
}

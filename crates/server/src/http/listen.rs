//! Listening: who may be let in at all, and connections that are slow on purpose.

use crate::{http::router, options::ServerOptions};
use axum::{body::Body, extract::Request};
use claimledger_app::app::App;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The buffer of a connection: a head must fit.
const HEAD_BYTES: usize = 16 * 1024;
/// Header lines of a request.
const HEADERS: usize = 64;
/// How long requests under way may take once the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// Why an address may not be listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Nobody could be told apart.
    #[error("{0} is not loopback, and there are no credentials: make one with `claimledger token` first")]
    NoCredentials(SocketAddr),
    /// Tokens would travel in the clear.
    #[error("{0} is not loopback, and this server speaks no TLS: put it behind a proxy that does, and say so with --behind-proxy")]
    NoTls(SocketAddr),
}

/// Whether an address may be listened on: loopback always; any other only with credentials, and behind something that speaks TLS.
///
/// # Errors
/// What is missing.
pub fn may_listen(address: SocketAddr, has_credentials: bool, behind_proxy: bool) -> Result<(), ListenError> {
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
pub async fn serve(app: App, options: ServerOptions, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(options.max_connections.max(1)));
    let head_timeout = options.head_timeout;
    let router = router(app, options, shutdown.clone());
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout).max_buf_size(HEAD_BYTES).max_headers(HEADERS);
    loop {
        // A place first: what is not accepted waits in the system's queue, and costs nothing here.
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                // Out of file descriptors, most likely: give requests under way a moment to end.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        // Without it a small answer may wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let service = router.clone().map_request(|request: Request<Incoming>| request.map(Body::new));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)));
        tokio::spawn(async move {
            // A client that goes away is no news.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopped with requests under way");
    }
    Ok(())
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_than_loopback_needs_credentials_and_tls_in_front() {
        let check = |address: &str, credentials, proxy, ok| {
            assert_eq!(may_listen(address.parse().unwrap(), credentials, proxy).is_ok(), ok, "{address} {credentials} {proxy}");
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

//! The connection loop, over real sockets.

use super::support::World;
use crate::{http::errors::Panicked, options::ServerOptions, serve};
use axum::{Router, body::Body, http::Request, routing::get};
use http_body_util::BodyExt;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

const SOON: Duration = Duration::from_secs(5);

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

async fn start(options: ServerOptions) -> Running {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let task = tokio::spawn(serve(world.app, options, listener, stop.clone()));
    Running { address, stop, task }
}

/// Sends bytes and reads until the server closes.
async fn raw(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset closes as well as an end does.
    let _ = timeout(SOON, stream.read_to_end(&mut answer)).await.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_and_others_are_served_meanwhile() {
    let running = start(ServerOptions {
        head_timeout: Duration::from_millis(400),
        ..ServerOptions::default()
    })
    .await;
    let slow: Vec<_> = (0..50)
        .map(|_| tokio::spawn(raw(running.address, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")))
        .collect();
    let served =
        raw(running.address, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(served.starts_with("HTTP/1.1 200") && served.contains("\"live\""), "{served}");
    for slow in slow {
        assert!(!slow.await.unwrap().contains("\"live\""));
    }
}

#[tokio::test]
async fn heads_that_are_too_long_or_contradict_themselves_are_refused() {
    let running = start(ServerOptions::default()).await;
    let long =
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(40_000));
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: a\r\n".repeat(200));
    let two_lengths =
        "POST /v1/facts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}";
    for sent in [long.as_str(), many.as_str(), two_lengths] {
        let answer = raw(running.address, sent).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{}: {answer}", &sent[..60]);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}

#[tokio::test]
async fn a_stopped_server_lets_requests_end_and_takes_no_new_ones() {
    let running = start(ServerOptions::default()).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    running.stop.cancel();
    timeout(SOON, running.task).await.expect("it stops").unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_panic_is_answered_with_its_number_and_nothing_else_of_it() {
    async fn broken() -> &'static str {
        panic!("alice@acme.example")
    }
    let count = Arc::new(AtomicU64::new(0));
    let router = Router::new()
        .route("/", get(broken))
        .layer(CatchPanicLayer::custom(Panicked(count.clone())));
    for n in 1..=2 {
        let answer =
            router.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 500);
        let body =
            String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec())
                .unwrap();
        assert!(body.contains(&format!("\"id\":{n}")) && !body.contains("alice"), "{body}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

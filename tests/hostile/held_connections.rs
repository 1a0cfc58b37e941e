//! Clients that hold their connections.

use super::World;
use crate::support::Server;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Processes that hold connections; several, because of the limit of open files per process.
struct Holders(Vec<Child>);

impl Holders {
    /// Each connection sends `first` and then stays idle.
    fn new(server: &Server, connections: usize, first: &str) -> Self {
        let port = server.url.rsplit(':').next().expect("a port").to_owned();
        // The server may close one before its bytes are sent: the next one is held then.
        let script = "trap '' PIPE; for i in $(seq \"$1\"); do \
                      exec {fd}<>\"/dev/tcp/127.0.0.1/$0\" || exit 1; \
                      printf \"$2\" >&\"$fd\"; done; echo held; read -r wait";
        let each = 100;
        let children: Vec<Child> = (0..connections.div_ceil(each))
            .map(|_| {
                Command::new("bash")
                    .args(["-c", script, &port, &each.to_string(), first])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("bash")
            })
            .collect();
        let mut holders = Self(children);
        for child in &mut holders.0 {
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().expect("piped"))
                .read_line(&mut line)
                .expect("a line");
            assert_eq!(line, "held\n");
        }
        holders
    }
}

impl Drop for Holders {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The median of five requests: a busy machine may keep one of them.
fn time_to_answer(world: &World, held: &str) -> Duration {
    let mut times: Vec<_> = (0..5)
        .map(|_| {
            let started = Instant::now();
            let answer =
                world.raw(b"GET /healthz HTTP/1.1\r\nHost: ledger\r\nConnection: close\r\n\r\n");
            assert!(answer.starts_with("HTTP/1.1 200"), "{held:?}: {answer}");
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[2]
}

/// Regression: 1,024 connections that sent nothing, or half a request, blocked all other clients
/// for ten seconds and longer.
#[test]
fn held_connections_do_not_block_others() {
    let world = World::new(&[]);
    for first in [
        "",
        "GET /healthz HTTP/1.1\\r\\nHost: ledger\\r\\nX-Slow: ",
        "GET /healthz HTTP/1.1\\r\\nHost: ledger\\r\\n\\r\\n",
        "POST /csp-report HTTP/1.1\\r\\nHost: ledger\\r\\nContent-Length: 10000\\r\\n\\r\\n{",
    ] {
        let alone = time_to_answer(&world, "");
        let holders = Holders::new(&world.server, 1_100, first);
        // A client in the middle of a body has a grace period to continue.
        if first.starts_with("POST") {
            thread::sleep(Duration::from_millis(2_500));
        }
        let held = time_to_answer(&world, first);
        let most = Duration::from_secs(1).max(alone * 10);
        assert!(held < most, "{first:?}: {held:?}, and {alone:?} without them");
        world.still_answers();
        drop(holders);
    }
}

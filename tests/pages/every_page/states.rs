//! States that the server itself must be in: read models that lag, and a damaged log.

use super::{
    list::Page,
    look::{LOOKS, look_at},
    sign_in,
};
use crate::{
    proofs::sql_as_owner,
    recovery::{SmallDisk, fact, move_file, ready, send},
    support::{Scratch, Server, browser::*},
};

#[test]
fn read_models_that_lag_and_damage_are_said_on_the_page() {
    let mut wrong = lagging();
    wrong.extend(damaged());
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

fn page(name: &'static str, path: &'static str, status: u16, says: &'static str) -> Page {
    Page { name, reader: "acme", path, then: None, status, says }
}

fn look(server: &Server, token: &str, pages: &[Page]) -> Vec<String> {
    let browser = Browser::start(1440, 900);
    sign_in(&browser, server, token);
    let looks = || LOOKS.iter();
    pages
        .iter()
        .flat_map(|page| looks().flat_map(|look| look_at(&browser, &server.url, page, look)))
        .collect()
}

/// The disk of the read models is full, and the log goes on.
fn lagging() -> Vec<String> {
    let scratch = Scratch::new();
    let disk = SmallDisk::mount(&scratch.data().with_file_name("views-disk"), 6);
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.token("acme", "ingest,read");
    move_file(&scratch.data(), &disk, "views");
    let server = scratch.serve();
    send(&server, &token, &fact(0, "u-alice")).expect("room");
    disk.fill();
    let mut facts = (1..).map(|n| send(&server, &token, &fact(n, "u-alice")));
    while ready(&server).0 == 200 {
        assert!(facts.by_ref().take(50).all(|sent| sent.is_ok()), "the log has room");
    }
    // One more, which the read models do not have.
    assert!(facts.next().is_some_and(|sent| sent.is_ok()));
    let pages = [
        page("state-lagging-sessions", "/sessions", 200, "read to #"),
        page("state-lagging-unknown", "/session?id=unread", 503, "Lagging"),
    ];
    look(&server, &token, &pages)
}

/// The body of a record is not what its leaf commits to.
fn damaged() -> Vec<String> {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read,investigate");
    let statement = format!("UPDATE log_entry SET facts = x'00' WHERE key = {}", (1u64 << 40) + 24);
    sql_as_owner(&scratch.data().join("log"), &[statement]);
    let server = scratch.serve();
    look(&server, &token, &[page("state-damaged", "/session?id=S2&open=24", 500, "Damaged")])
}

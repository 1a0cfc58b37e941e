//! Every page and each of its states, on a desk and on a telephone, light and dark: nothing scrolls
//! sideways, moves or is refused by the browser, axe-core finds no violation, and the page is small
//! enough. `make shots` keeps a picture of each.
//!
//! To add a page or a state: a line of [`list`], or of [`states`] where the server itself must be
//! in it.

mod keyboard;
mod list;
mod look;
mod states;

use crate::support::{Scratch, Server, browser::*, fixture};
use look::{LOOKS, Look, look_at};
use serde_json::{Value, json};

/// A ledger with a tenant for each kind of reader, and the server of it.
struct World {
    /// Kept until the server has ended.
    _scratch: Scratch,
    server: Server,
    /// Readers and their tokens.
    tokens: Vec<(&'static str, String)>,
}

impl World {
    fn new() -> Self {
        let scratch = Scratch::rehearsal(&["acme", "erased", "empty"]);
        scratch.ok(&["init", "--tenant", "okta"]);
        let ingest = |tenant: &str, dialect: &[&str], name: &str| {
            let file = fixture::dir().join(name);
            let mut args = vec!["--tenant", tenant, "ingest"];
            args.extend(dialect);
            args.push(file.to_str().expect("a UTF-8 path"));
            scratch.ok(&args);
        };
        ingest("acme", &[], "acme.jsonl");
        ingest("erased", &[], "acme.jsonl");
        for (dialect, name) in
            [("okta-config", "okta/config.jsonl"), ("okta-system-log", "okta/system_log.jsonl")]
        {
            ingest("okta", &["--as", dialect, "--source", "okta"], name);
        }
        let all = "ingest,read,investigate,export,govern,operate";
        let token = |reader| match reader {
            "read" => scratch.token("acme", "read"),
            tenant => scratch.token(tenant, all),
        };
        let readers = list::READERS.iter().filter(|reader| **reader != "nobody");
        let tokens: Vec<_> = readers.map(|reader| (*reader, token(reader))).collect();
        let server = scratch.serve();
        let (_, read) = tokens.iter().find(|(reader, _)| *reader == "erased").expect("a reader");
        let query = "{ session(id: \"S2\") { session { subject } } }";
        let answer = server.graphql(read, query, Value::Null);
        let person = answer["session"]["session"]["subject"].as_str().expect("a pseudonym");
        drop(server);
        crate::destroyed_keys::destroy(&scratch.data(), "erased", person);
        let server = scratch.serve();
        Self { _scratch: scratch, server, tokens }
    }

    /// Signs a browser in: `read` is a reader of acme, `nobody` is not signed in, every other word
    /// is a tenant, where the reader has all roles.
    fn sign_in(&self, browser: &Browser, reader: &str) {
        match self.tokens.iter().find(|(of, _)| *of == reader) {
            Some((_, token)) => sign_in(browser, &self.server, token),
            None => sign_out(browser, &self.server),
        }
    }
}

fn sign_out(browser: &Browser, server: &Server) {
    browser.open(&format!("{}/sign-in", server.url));
    browser.cdp("Network.clearBrowserCookies", &json!({}));
}

fn sign_in(browser: &Browser, server: &Server, token: &str) {
    sign_out(browser, server);
    let form = "const f = document.querySelector('form[action=\"/sign-in\"]'); \
                f.elements.token.value = TOKEN; f.submit()";
    browser.follow_script(&form.replace("TOKEN", &format!("{token:?}")));
    browser.wait_until("return location.pathname === '/sessions'");
}

#[test]
fn every_page_on_a_desk_is_accessible_small_and_still() {
    look_at_all(&LOOKS[..2]);
}

#[test]
fn every_page_on_a_telephone_is_accessible_small_and_still() {
    look_at_all(&LOOKS[2..]);
}

fn look_at_all(looks: &[Look]) {
    let world = World::new();
    let browser = Browser::start(1440, 900);
    let mut wrong = Vec::new();
    for reader in list::READERS {
        world.sign_in(&browser, reader);
        for page in list::PAGES.iter().filter(|page| page.reader == *reader) {
            for look in looks {
                wrong.extend(look_at(&browser, &world.server.url, page, look));
            }
        }
    }
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
    quiet_but_for_statuses(&browser, &world.server);
}

/// Every page of the router is looked at.
#[test]
fn no_page_is_forgotten() {
    let routes = include_str!("../../../crates/server/src/pages/mod.rs");
    let routes = routes.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let is_page =
        |route: &&str| !["/assets/{name}", "/favicon.ico", "/sign-out", "/theme"].contains(route);
    let missing: Vec<&str> = routes
        .filter(is_page)
        .filter(|route| !list::PAGES.iter().any(|page| page.path.split('?').next() == Some(*route)))
        .collect();
    assert!(missing.is_empty(), "pages without a look: {missing:?}");
}

/// As [`quiet`], but for lines about statuses, which some states have.
fn quiet_but_for_statuses(browser: &Browser, server: &Server) {
    let console: Vec<String> = browser
        .console()
        .into_iter()
        .filter(|line| !line.contains("Failed to load resource"))
        .collect();
    assert!(console.is_empty(), "script errors or refusals: {console:?}");
    quiet(browser, server);
}

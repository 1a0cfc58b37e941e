//! An Okta org on loopback: its System Log and its configuration, with everything that goes wrong
//! with them.
#![allow(dead_code, reason = "each test binary uses its own part")]

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) const TOKEN: &str = "00canary-token-of-the-double";

/// A running double; it stops when it is dropped.
pub(crate) struct Double {
    pub(crate) url: String,
    org: Arc<Mutex<Org>>,
    server: tokio::task::JoinHandle<()>,
}

/// What the org holds, and how it behaves.
pub(crate) struct Org {
    /// In the order in which the org stored them, each with when.
    pub(crate) events: Vec<(String, Value)>,
    /// Most events a page, whatever is asked for.
    pub(crate) most: usize,
    /// Cursors of an earlier generation are expired.
    pub(crate) generation: u64,
    /// What is wrong with the next requests for the log, one each.
    pub(crate) faults: VecDeque<Fault>,
    /// The configuration, by path and query without `limit` and `after`.
    pub(crate) configuration: BTreeMap<String, Given>,
    /// The clock of the org, as the header `Date` says it; none: of the log that of this machine,
    /// of the configuration none.
    pub(crate) date: Option<&'static str>,
    /// Every request, in order.
    pub(crate) seen: Vec<Seen>,
    url: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) at: std::time::Instant,
}

/// What is wrong with one answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// A status with an error of Okta.
    Status(u16, &'static str),
    /// 429, to be reset in this number of seconds.
    Throttled(i64),
    /// A good answer that uses the rate limit up.
    LastOne(i64),
    /// No answer.
    Hangs,
    /// JSON that ends early.
    CutOff,
    /// The page begins this number of events too early.
    Repeats(usize),
    /// The answer is elsewhere.
    Redirect(&'static str),
    /// The next page is elsewhere.
    NextAt(&'static str),
    /// There is no next page.
    NoNext,
    /// An answer of this many bytes.
    Large(usize),
    /// A page for people.
    Html,
    /// Texts of the answer are replaced by these bytes.
    Replaced(&'static [(&'static str, &'static [u8])]),
}

/// The answer of a configuration endpoint.
#[derive(Clone)]
pub(crate) enum Given {
    Pages(Vec<Vec<Value>>),
    Object(Value),
    Status(u16, &'static str),
    /// No answer.
    Hangs,
    /// Pages of which the last leads to the first.
    Circle(Vec<Vec<Value>>),
    /// The first page, and then JSON that ends early.
    CutOffAfter(Vec<Value>),
}

impl Double {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let org = Arc::new(Mutex::new(Org {
            events: Vec::new(),
            most: 1_000,
            generation: 1,
            faults: VecDeque::new(),
            configuration: configuration(),
            date: None,
            seen: Vec::new(),
            url: url.clone(),
        }));
        let router = Router::new().fallback(answer).with_state(org.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the double serves");
        });
        Self { url, org, server }
    }

    pub(crate) fn org(&self) -> MutexGuard<'_, Org> {
        self.org.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The queries of the requests for the log so far.
    pub(crate) fn asked_of_log(&self) -> Vec<String> {
        let org = self.org();
        let of_log = org.seen.iter().filter(|seen| seen.path == "/api/v1/logs");
        of_log.map(|seen| seen.query.clone()).collect()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Org {
    /// Adds an event that the org stores when it is published.
    pub(crate) fn publish(&mut self, event: Value) {
        let at = event["published"].as_str().expect("a time").to_owned();
        self.events.push((at, event));
    }

    /// No cursor that was handed out so far is known any more.
    pub(crate) fn expire_cursors(&mut self) {
        self.generation += 1;
    }
}

/// An event of the System Log.
pub(crate) fn event(uuid: &str, kind: &str, published: &str) -> Value {
    json!({"uuid": uuid, "published": published, "eventType": kind, "version": "0",
        "severity": "INFO", "displayMessage": "x",
        "actor": {"id": "00u1", "type": "User", "alternateId": "alice@acme.example",
            "displayName": "Alice Example"},
        "client": {"ipAddress": "203.0.113.7"},
        "authenticationContext": {"externalSessionId": "102double", "authenticationStep": 0},
        "outcome": {"result": "SUCCESS"}, "transaction": {"id": "t1", "type": "WEB"},
        "debugContext": {"debugData": {}}, "target": []})
}

fn configuration() -> BTreeMap<String, Given> {
    let list = |objects: Vec<Value>| Given::Pages(vec![objects]);
    let policies = |kind: &str| format!("/api/v1/policies?type={kind}");
    let object = |id: &str, kind: &str| {
        json!({"id": id, "type": kind, "name": id, "status": "ACTIVE", "system": false,
            "created": "2026-01-01T00:00:00.000Z", "lastUpdated": "2026-02-01T00:00:00.000Z"})
    };
    let well_known = json!({"id": "00o1", "pipeline": "idx",
        "_links": {"organization": {"href": "https://acme.okta.example"}}});
    [
        ("/.well-known/okta-organization".to_owned(), Given::Object(well_known)),
        ("/api/v1/idps".to_owned(), list(vec![object("0oaIdp", "SAML2")])),
        ("/api/v1/idps/credentials/keys".to_owned(), list(vec![])),
        (policies("ACCESS_POLICY"), list(vec![object("rstApp", "ACCESS_POLICY")])),
        (policies("OKTA_SIGN_ON"), list(vec![object("00pGlobal", "OKTA_SIGN_ON")])),
        (policies("IDENTITY_CLAIM_SOURCING"), Given::Status(400, "E0000001")),
        (policies("IDP_DISCOVERY"), list(vec![])),
        ("/api/v1/policies/rstApp/rules".to_owned(), list(vec![])),
        ("/api/v1/policies/00pGlobal/rules".to_owned(), list(vec![])),
        ("/api/v1/authenticators".to_owned(), list(vec![object("autPhone", "phone")])),
        ("/api/v1/authenticators/autPhone/methods".to_owned(), list(vec![])),
        ("/api/v1/features".to_owned(), list(vec![])),
        ("/api/v1/apps".to_owned(), list(vec![])),
    ]
    .into()
}

async fn answer(State(org): State<Arc<Mutex<Org>>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let authorization = request.headers().get(header::AUTHORIZATION).cloned();
    let (response, hangs) = {
        let mut org = org.lock().unwrap_or_else(PoisonError::into_inner);
        let at = std::time::Instant::now();
        org.seen.push(Seen { path: path.clone(), query: query.clone(), at });
        let expected = format!("SSWS {TOKEN}");
        let given = authorization.as_ref().map_or("", |given| given.to_str().expect("ASCII"));
        if given != expected {
            // An org may repeat what it was sent.
            (error(401, "E0000011", &format!("Invalid token {given}")), false)
        } else if path == "/api/v1/logs" {
            org.log(&query)
        } else {
            let hangs = matches!(org.configuration.get(&path), Some(Given::Hangs));
            let mut response = org.configured(&path, &query);
            let date = org.date.unwrap_or("not said").parse().expect("a value");
            response.headers_mut().insert(header::DATE, date);
            (response, hangs)
        }
    };
    if hangs {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
    response
}

fn summarised(status: u16, code: &str) -> Response {
    error(status, code, &format!("summary of {code}"))
}

fn error(status: u16, code: &str, summary: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let body = json!({"errorCode": code, "errorSummary": summary,
        "errorLink": code, "errorId": "oae1", "errorCauses": []});
    (status, body.to_string()).into_response()
}

fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

impl Org {
    /// An answer of the log, and whether it never comes.
    fn log(&mut self, query: &str) -> (Response, bool) {
        let fault = self.faults.pop_front();
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        let reset = |secs: i64| (now as i64 + secs).to_string();
        match &fault {
            Some(Fault::Status(status, code)) => return (summarised(*status, code), false),
            Some(Fault::Throttled(secs)) => {
                let mut response = summarised(429, "E0000047");
                let headers = response.headers_mut();
                headers.insert("x-rate-limit-remaining", "0".parse().expect("a value"));
                headers.insert("x-rate-limit-reset", reset(*secs).parse().expect("a value"));
                return (response, false);
            }
            Some(Fault::Redirect(to)) => {
                return ((StatusCode::FOUND, [(header::LOCATION, *to)]).into_response(), false);
            }
            Some(Fault::Large(bytes)) => {
                return (Body::from(vec![b' '; *bytes]).into_response(), false);
            }
            Some(Fault::Html) => return ("<html>sign in</html>".into_response(), false),
            _ => {}
        }
        let begin = match (parameter(query, "after"), parameter(query, "since")) {
            (Some(after), None) => {
                let (generation, index) = after.split_once('_').expect("a cursor of the double");
                if generation != self.generation.to_string() {
                    return (summarised(400, "E0000001"), false);
                }
                index.parse().expect("a number")
            }
            (None, Some(since)) => {
                let stored_before = |(at, _): &&(String, Value)| instant(at) < instant(since);
                self.events.iter().take_while(stored_before).count()
            }
            (None, None) => 0,
            (Some(_), Some(_)) => return (summarised(400, "E0000001"), false),
        };
        let repeats = match fault {
            Some(Fault::Repeats(n)) => n,
            _ => 0,
        };
        let limit = parameter(query, "limit").and_then(|n| n.parse().ok()).unwrap_or(100);
        let end = self.events.len().min(begin + limit.min(self.most));
        let page: Vec<&Value> = self.events[begin.saturating_sub(repeats).min(end)..end]
            .iter()
            .map(|(_, event)| event)
            .collect();
        let mut headers = HeaderMap::new();
        let this = format!("<{}/api/v1/logs?{query}>; rel=\"self\"", self.url);
        headers.append(header::LINK, this.parse().expect("a value"));
        let next = format!(
            "{}/api/v1/logs?after={}_{end}&limit={limit}&sortOrder=ASCENDING",
            self.url, self.generation
        );
        let next = match &fault {
            Some(Fault::NoNext) => None,
            Some(Fault::NextAt(elsewhere)) => Some((*elsewhere).to_owned()),
            _ => Some(next),
        };
        if let Some(next) = next {
            headers.append(header::LINK, format!("<{next}>; rel=\"next\"").parse().expect("text"));
        }
        if let Some(Fault::LastOne(secs)) = &fault {
            headers.insert("x-rate-limit-remaining", "0".parse().expect("a value"));
            headers.insert("x-rate-limit-reset", reset(*secs).parse().expect("a value"));
        }
        if let Some(date) = self.date {
            headers.insert(header::DATE, date.parse().expect("a value"));
        }
        let mut body = serde_json::to_vec(&page).expect("JSON");
        if let Some(Fault::Replaced(replaced)) = &fault {
            for (text, by) in *replaced {
                let found = body.windows(text.len()).position(|window| window == text.as_bytes());
                let Some(at) = found else { continue };
                body.splice(at..at + text.len(), by.iter().copied());
            }
        }
        if matches!(fault, Some(Fault::CutOff)) {
            body.truncate(body.len() * 2 / 3);
        }
        ((headers, body).into_response(), matches!(fault, Some(Fault::Hangs)))
    }

    fn configured(&self, path: &str, query: &str) -> Response {
        let kept = query
            .split('&')
            .filter(|pair| {
                !pair.is_empty() && !pair.starts_with("limit=") && !pair.starts_with("after=")
            })
            .collect::<Vec<_>>()
            .join("&");
        let address = if kept.is_empty() { path.to_owned() } else { format!("{path}?{kept}") };
        let page: usize = parameter(query, "after").and_then(|n| n.parse().ok()).unwrap_or(0);
        let linked = |objects: &[Value], next: Option<usize>| {
            let mut headers = HeaderMap::new();
            if let Some(next) = next {
                let join = if kept.is_empty() { "" } else { "&" };
                let next = format!("<{}{path}?{kept}{join}after={next}>; rel=\"next\"", self.url);
                headers.append(header::LINK, next.parse().expect("a value"));
            }
            (headers, serde_json::to_string(objects).expect("JSON")).into_response()
        };
        match self.configuration.get(&address) {
            None | Some(Given::Hangs) => summarised(404, "E0000007"),
            Some(Given::Status(status, code)) => summarised(*status, code),
            Some(Given::Object(object)) => object.to_string().into_response(),
            Some(Given::CutOffAfter(objects)) if page == 0 => linked(objects, Some(1)),
            Some(Given::CutOffAfter(_)) => "[{\"id\": \"0oa".into_response(),
            Some(Given::Pages(pages)) => linked(
                pages.get(page).map(Vec::as_slice).unwrap_or_default(),
                Some(page + 1).filter(|next| *next < pages.len()),
            ),
            Some(Given::Circle(pages)) => linked(&pages[page], Some((page + 1) % pages.len())),
        }
    }
}

fn instant(text: &str) -> i64 {
    claimledger_facts::time::Time::parse(text).expect("a time").micros()
}

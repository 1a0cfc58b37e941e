//! The pages and their states, as a served ledger has them.

use claimledger_domain::RULES;

/// One state of one page.
pub(super) struct Page {
    /// The name of its pictures.
    pub(super) name: &'static str,
    /// Who reads it.
    pub(super) reader: &'static str,
    /// Its address; `{pin}` is the cut of the fixture.
    pub(super) path: &'static str,
    /// What is done on it first: a script that sends a form.
    pub(super) then: Option<&'static str>,
    /// The HTTP status that it has.
    pub(super) status: u16,
    /// What it says.
    pub(super) says: &'static str,
}

/// In this order: a browser signs in once for each.
pub(super) const READERS: &[&str] = &["acme", "okta", "empty", "erased", "read", "nobody"];

const fn page(name: &'static str, path: &'static str, says: &'static str) -> Page {
    Page { name, reader: "acme", path, then: None, status: 200, says }
}

const fn of(reader: &'static str, page: Page) -> Page {
    Page { reader, ..page }
}

const fn with(status: u16, page: Page) -> Page {
    Page { status, ..page }
}

const fn sent(page: Page, then: &'static str) -> Page {
    Page { then: Some(then), ..page }
}

pub(super) const PAGES: &[Page] = &[
    page("overview", "/?{pin}", "Sessions alive"),
    page("sessions", "/sessions?{pin}", "S8"),
    page("sessions-filtered", "/sessions?activeAt=2026-03-10T14:05:00Z&idp=idp-x&{pin}", "S5"),
    page("session-S2", "/session?id=S2&{pin}", "S2"),
    page("session-S2-names", "/session?id=S2&{pin}&names=1", "S2"),
    page("session-S2-record", "/session?id=S2&{pin}&open=24", "#24"),
    page("session-S5-believed", "/session?id=S5&{pin}&vs=31", "S5"),
    page("session-S7", "/session?id=S7&{pin}", "outlived"),
    page("session-S7-recorded", "/session?id=S7&{pin}&order=recorded", "S7"),
    page("decision-allowed", "/decision?pos=43&{pin}", "allow"),
    page("decision-refused", "/decision?pos=56&{pin}", "deny"),
    page("decision-falsified", "/decision?pos=30&{pin}", "falsified"),
    page("factor", "/why?session=S2&factor=hwk&{pin}", "hwk"),
    page("record", "/record?pos=24&{pin}", "#24"),
    page("chain", "/chain?id=S3&{pin}", "S3"),
    page("trust", "/trust?{pin}", "idp-x"),
    page("policy", "/policy?{pin}", "payroll"),
    page("blast-key", "/blast?kind=key&idp=idp-x&key=X1&{pin}", "X1"),
    page("blast-idp", "/blast?kind=idp&idp=idp-x&{pin}", "idp-x"),
    page("blast-actor", "/blast?kind=actor&actor=admin-2&{pin}", "admin-2"),
    page("rehearse", "/rehearse?change=deactivate&idp=idp-x&{pin}", "idp-x"),
    page("retract", "/retract?idp=idp-x&key=X1", "Retract trust in key X1 of idp-x"),
    page("retract-whole", "/retract?idp=idp-x&whole=true&from=2026-03-10T13:40:00Z", "whole IdP"),
    page("retract-choice", "/retract", "Of which key?"),
    page("retract-recorded", "/retract?recorded=67", "Trust in key X1 of idp-x is retracted"),
    with(404, page("retract-unknown", "/retract?idp=idp-x&key=X9", "X9")),
    with(404, page("retract-not-recorded", "/retract?recorded=3", "No retraction of trust")),
    with(
        422,
        sent(
            page("retract-refused", "/retract?idp=idp-x&key=X1", "what was typed differs"),
            "const f = document.querySelector('form[action=\"/retract\"][method=post]'); \
             f.elements.again.value = 'x1'; f.submit()",
        ),
    ),
    page("sources", "/sources?{pin}", "idp-x"),
    page("find", "/find", "Find"),
    sent(
        page("find-found", "/find", "as-S2"),
        "const f = document.querySelector('main form'); f.elements.text.value = 'as-S2'; \
         f.submit()",
    ),
    sent(
        page("find-nothing", "/find", "Nothing"),
        "const f = document.querySelector('main form'); f.elements.text.value = 'no-such-thing'; \
         f.submit()",
    ),
    page("query", "/query", "GraphQL over your tenant"),
    page("evidence", "/evidence", "Evidence"),
    page("access", "/access", "page"),
    page("first-seen", "/first-seen?kind=key&{pin}", "First seen"),
    page("timeline", "/timeline?session=S2&{pin}", "Timeline"),
    page("style", "/style", "marks"),
    page("semantics", "/semantics", "What an answer means"),
    page("state-incomplete", "/sessions?at=2026-03-10T14:20:00Z&knownAtPosition=63", "idp-x"),
    page(
        "state-provisional",
        "/session?id=S2&at=2026-03-10T23:00:00Z&knownAt=2027-03-10T00:00:00Z",
        "rovisional",
    ),
    with(404, page("state-not-found", "/session?id=nobody&{pin}", "Not found")),
    with(422, page("state-refused", "/sessions?first=100000&{pin}", "100000")),
    with(
        422,
        page(
            "state-refused-time",
            "/sessions?activeAt=yesterday&{pin}",
            "yesterday is not an RFC 3339",
        ),
    ),
    page(
        "state-old-rules",
        "/session?id=S2&at=2026-03-10T23:00:00Z&knownAtPosition=82&rules=r0",
        "r0",
    ),
    with(404, page("state-no-such-page", "/no-such-page", "No such page")),
    of("okta", page("okta-overview", "/", "Sessions alive")),
    of("okta", page("okta-sessions", "/sessions", "idx")),
    of("okta", page("okta-session", "/session?id=idxC", "idxC")),
    of("okta", page("okta-session-odd", "/session?id=idxG", "idxG")),
    of("okta", page("okta-trust", "/trust", "Trust")),
    of("okta", page("okta-policy", "/policy", "Policies")),
    of("okta", page("okta-sources", "/sources", "okta")),
    of("empty", page("empty-overview", "/", "0")),
    of("empty", page("empty-sessions", "/sessions", "None")),
    of("empty", page("empty-trust", "/trust", "None")),
    of("empty", page("empty-sources", "/sources", "source")),
    of("erased", page("state-erased", "/session?id=S2&{pin}&names=1", "destroyed")),
    of("erased", page("state-erased-record", "/record?pos=24&{pin}", "destroyed")),
    of("read", page("reader-session", "/session?id=S2&{pin}&open=24", "investigate")),
    of("read", page("state-forbidden-evidence", "/evidence", "export")),
    of("read", with(403, page("state-forbidden-retract", "/retract?idp=idp-x&key=X1", "govern"))),
    of(
        "read",
        sent(
            page("state-forbidden-find", "/find", "investigate"),
            "const f = document.querySelector('main form'); f.elements.text.value = \
             'alice@partner.example'; f.submit()",
        ),
    ),
    of("nobody", page("sign-in", "/sign-in", "Sign in")),
];

impl Page {
    pub(super) fn address(&self) -> String {
        let pin = format!("at=2026-03-10T23:00:00Z&knownAtPosition=82&rules={RULES}");
        self.path.replace("{pin}", &pin)
    }
}

//! A pack as a page: readable in a browser without script or network, with the pack itself in it.
//!
//! The page is made from the pack alone, in one way only. So a verifier makes it again and compares
//! it byte by byte: what a reader sees is what was signed.

use super::{EvidenceError, EvidencePack, OriginalPart, PackRecord, PersonalPart};
use claimledger_facts::record::Header;
use data_encoding::BASE64;
use serde_json::Value;
use std::fmt::Write;

/// What stands around the pack in a page.
const OPEN: &str = "<script type=\"application/json\" id=\"claimledger-evidence\">\n";
const CLOSE: &str = "\n</script>\n";

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem}\
h1,h2{line-height:1.2}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;\
border-bottom:1px solid #8886}\
td{overflow-wrap:anywhere}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,monospace;\
margin:.25rem 0}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}\
dt{color:GrayText}dd{margin:0;overflow-wrap:anywhere}";

/// The page of a pack.
///
/// # Errors
/// If the pack cannot be read: its answer is no JSON, or a header does not read.
pub fn to_html(pack: &EvidencePack) -> Result<String, EvidenceError> {
    let format = |what: String| EvidenceError::Format { what };
    let answer: Value =
        serde_json::from_str(&pack.answer).map_err(|error| format(error.to_string()))?;
    let json = serde_json::to_string(pack).map_err(|error| format(error.to_string()))?;
    let mut page = Page(String::with_capacity(2 * json.len()));
    page.head(answer["session"]["session"]["id"].as_str().unwrap_or("unknown session"));
    page.about(&answer["session"]["answered"]);
    page.why(&answer["why"]);
    page.factors(&answer["session"]["session"]["factors"]);
    page.decisions(&answer["session"]["session"]["decisions"]);
    page.raw("<h2>Records</h2>\n");
    for record in &pack.records {
        page.record(record).map_err(|what| EvidenceError::Record {
            position: claimledger_facts::ids::LogPosition(record.position),
            what,
        })?;
    }
    page.signatures(pack);
    // Within a script element `<` alone could end it.
    page.raw(OPEN);
    page.raw(&json.replace('<', "\\u003c"));
    page.raw(CLOSE);
    page.raw("</body>\n</html>\n");
    Ok(page.0)
}

/// The JSON of a page; none: it is no such page.
#[must_use]
pub fn embedded_pack(page: &[u8]) -> Option<&[u8]> {
    let page = std::str::from_utf8(page).ok()?;
    let (_, rest) = page.split_once(OPEN)?;
    Some(rest.split_once(CLOSE)?.0.as_bytes())
}

/// The page that is being written.
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// Text from the pack, which may hold anything. What does not show, or turns the direction of
    /// what does, is written as its code point.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\n' => self.0.push(c),
                _ if is_hidden(c) => {
                    let _ = write!(self.0, "{}", c.escape_unicode());
                }
                _ => self.0.push(c),
            }
        }
    }

    fn element(&mut self, name: &str, text: &str) {
        let _ = write!(self.0, "<{name}>");
        self.text(text);
        let _ = write!(self.0, "</{name}>");
    }

    fn term(&mut self, name: &str, text: &str) {
        self.element("dt", name);
        self.element("dd", text);
        self.raw("\n");
    }

    fn row(&mut self, cell: &str, cells: &[String]) {
        self.raw("<tr>");
        for text in cells {
            self.element(cell, text);
        }
        self.raw("</tr>\n");
    }

    fn head(&mut self, session: &str) {
        self.raw(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>Evidence: session ",
        );
        self.text(session);
        self.raw("</title>\n<style>");
        self.raw(STYLE);
        self.raw("</style>\n</head>\n<body>\n<h1>Session ");
        self.text(session);
        self.raw("</h1>\n");
    }

    fn about(&mut self, answered: &Value) {
        self.raw("<p>True at ");
        self.text(&shown(&answered["at"]));
        self.raw(", known at #");
        self.text(&shown(&answered["position"]));
        self.raw(", rules ");
        self.text(&shown(&answered["rules"]));
        self.raw(". ");
        self.text(&shown(&answered["completenessSummary"]));
        self.raw(
            "</p>\n<p>This page carries its own evidence. A browser shows it and checks nothing: \
             <code>claimledger-verify pack FILE --key KEY</code> checks signatures, records and \
             this text, without network. Take the key from the owner of the log, not from \
             here.</p>\n",
        );
    }

    /// The lines of both notes, as they were signed.
    fn signatures(&mut self, pack: &EvidencePack) {
        self.raw("<h2>Signatures</h2>\n<dl>\n");
        for (name, note) in [("Receipt", &pack.receipt), ("Checkpoint", &pack.checkpoint)] {
            self.element("dt", name);
            self.raw("<dd><pre>");
            self.text(note.trim_end());
            self.raw("</pre></dd>\n");
        }
        self.term("Key", &pack.verifier_key);
        self.raw("</dl>\n");
    }

    fn why(&mut self, why: &Value) {
        self.raw("<h2>Why</h2>\n<pre>");
        self.text(why["text"].as_str().unwrap_or_default().trim_end());
        self.raw("</pre>\n");
    }

    fn factors(&mut self, factors: &Value) {
        self.raw("<h2>Factors</h2>\n<table>\n");
        let heads = ["factor", "origin", "identity provider", "from", "until", "ended by", "sure"];
        self.row("th", &heads.map(str::to_owned));
        for factor in factors.as_array().into_iter().flatten() {
            let method = shown(&factor["method"]);
            let name = match factor["amr"].as_str().filter(|amr| *amr != method) {
                Some(amr) => format!("{method} ({amr})"),
                None => method,
            };
            self.row(
                "td",
                &[
                    name,
                    shown(&factor["origin"]),
                    named(&factor["idp"], &factor["idpName"]),
                    shown(&factor["from"]),
                    shown(&factor["until"]),
                    shown(&factor["endReason"]),
                    shown(&factor["certainty"]),
                ],
            );
        }
        self.raw("</table>\n");
    }

    fn decisions(&mut self, decisions: &Value) {
        self.raw("<h2>Decisions</h2>\n<table>\n");
        let heads =
            ["at", "record", "application", "recorded", "by the rules", "by the rules at K"];
        self.row("th", &heads.map(str::to_owned));
        for decision in decisions.as_array().into_iter().flatten() {
            let implied = |implied: &Value, unmet: &Value| match unmet.as_str() {
                Some(unmet) => format!("{}: {unmet}", shown(implied)),
                None => shown(implied),
            };
            self.row(
                "td",
                &[
                    shown(&decision["at"]),
                    format!("#{}", shown(&decision["record"]["position"])),
                    named(&decision["app"], &decision["appName"]),
                    shown(&decision["outcome"]),
                    implied(&decision["implied"], &decision["firstUnmet"]),
                    implied(&decision["atK"]["implied"], &decision["atK"]["firstUnmet"]),
                ],
            );
        }
        self.raw("</table>\n");
    }

    fn record(&mut self, record: &PackRecord) -> Result<(), String> {
        let bytes = BASE64.decode(record.header.as_bytes()).map_err(|error| error.to_string())?;
        let header = Header::decode(&bytes).map_err(|error| error.to_string())?;
        let _ = write!(self.0, "<h3 id=\"r{0}\">#{0}</h3>\n<dl>\n", record.position);
        self.term("source", header.source.as_str());
        self.term("source's id", header.source_id.as_str());
        let occurred = match header.occurred.to {
            Some(to) => format!("between {} and {to}", header.occurred.from),
            None => header.occurred.from.to_string(),
        };
        self.term("occurred", &occurred);
        self.term("recorded", &header.recorded_at.to_string());
        self.term("id", &header.id.to_string());
        self.raw("</dl>\n<pre>");
        self.text(&indented(&record.facts.text));
        self.raw("</pre>\n");
        for part in &record.personal {
            match part {
                PersonalPart::Opened(text) => self.opened("personal data", &indented(&text.text)),
                PersonalPart::Closed(why) => self.closed("personal data", why.words()),
            }
        }
        match &record.original {
            OriginalPart::Opened(bytes) => {
                let bytes = bytes.bytes().ok_or("the original is not base64")?;
                self.opened("as received", &String::from_utf8_lossy(&bytes));
            }
            OriginalPart::Closed(why) => self.closed("as received", why.words()),
        }
        Ok(())
    }

    fn opened(&mut self, what: &str, text: &str) {
        let _ = write!(self.0, "<p>{what}:</p>\n<pre>");
        self.text(text);
        self.raw("</pre>\n");
    }

    fn closed(&mut self, what: &str, why: &str) {
        let _ = writeln!(self.0, "<p>{what}: {why}</p>");
    }
}

/// Whether a character does not show, or changes how others do.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

/// A value of an answer in a cell.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn named(id: &Value, name: &Value) -> String {
    match name.as_str() {
        Some(name) => format!("{name} ({})", shown(id)),
        None => shown(id),
    }
}

/// JSON with line breaks; as it is, if it is none.
fn indented(json: &str) -> String {
    serde_json::from_str::<Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}

//! What an address or a command asks to be exported.

use crate::{
    cut_names::{AFTER, AT, KNOWN_AT, KNOWN_AT_POSITION, RULES},
    filters,
    known_at::KnownAt,
    parameters::{Bad, Parameters},
};
use claimledger_app::{
    Answered,
    app::App,
    export::{ExportList, ExportQuery},
    model::question::{AskError, Asking, Caller},
};
use claimledger_domain::{
    first_seen::{FirstSeenKind, Window},
    model::Cut,
    timeline::ClockOrder,
};
use claimledger_export::{
    Format,
    manifest::{Manifest, Writing},
    sample::Sample,
    zone::Zone,
};
use claimledger_facts::ids::LogPosition;
use claimledger_proof::evidence::SignedManifest;

/// Parameters beside the conditions of the list.
const COMMON: &[&str] = &[
    "as",
    "events",
    "timeZone",
    "labels",
    "sample",
    "seed",
    "limit",
    "limitMarked",
    AT,
    KNOWN_AT,
    KNOWN_AT_POSITION,
    RULES,
    AFTER,
    "part",
];

/// Has the ledger's owner sign what a manifest says. The caller of this function has made the
/// manifest from rows that it read from the ledger.
///
/// # Errors
/// If a role is missing, or it cannot be signed.
pub async fn sign(app: &App, caller: &Caller, manifest: &mut Manifest) -> Result<(), AskError> {
    let SignedManifest { query, answer } = SignedManifest::of(&to_object(manifest));
    let cut = Cut { at: manifest.cut.at, known_at: LogPosition(manifest.cut.known_at) };
    let answered = Answered { cut, query: &query, answer: &answer };
    let signed = app.manifest_receipt(caller, answered).await?;
    (manifest.receipt, manifest.verifier_key) = (Some(signed.receipt), Some(signed.verifier_key));
    Ok(())
}

/// Takes the signature of a manifest that a server made, if both say the same of the same rows.
#[must_use]
pub fn take_signature(manifest: &mut Manifest, signed: &Manifest) -> bool {
    let is_same =
        SignedManifest::of(&to_object(manifest)) == SignedManifest::of(&to_object(signed));
    if is_same {
        manifest.receipt.clone_from(&signed.receipt);
        manifest.verifier_key.clone_from(&signed.verifier_key);
    }
    is_same
}

fn to_object(manifest: &Manifest) -> serde_json::Map<String, serde_json::Value> {
    match serde_json::to_value(manifest) {
        Ok(serde_json::Value::Object(object)) => object,
        // A manifest is an object by construction.
        _ => serde_json::Map::new(),
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The file.
    File(Format),
    /// The manifest of the file.
    Manifest(Format),
    /// Pages of rows with cursors, for a client that writes the file itself.
    Pages,
}

/// An export, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// The rows.
    pub query: ExportQuery,
    /// T and K.
    pub asking: Asking,
    /// Rows after this cursor only.
    pub after: Option<String>,
    /// What is sent.
    pub sent: Sent,
    /// The zone of times.
    pub zone: Zone,
    /// Maximum rows; none: no limit.
    pub limit: Option<u64>,
    /// Whether a list that the limit ends is sent, and says so; else it is an error.
    pub limit_marked: bool,
}

impl ExportRequest {
    /// Reads what is asked: the word of a list, and parameters as addresses spell them.
    ///
    /// # Errors
    /// If a parameter is unknown, given twice, or cannot be read: a sentence that says why.
    pub fn read(list: &str, parameters: Vec<(String, String)>) -> Result<Self, String> {
        Self::of(list, parameters).map_err(|Bad(message)| message)
    }

    fn of(list: &str, parameters: Vec<(String, String)>) -> Result<Self, Bad> {
        let parameters = &Parameters::of(parameters)?;
        let (list, known) = match list {
            "sessions" => (ExportList::Sessions(filters::sessions(parameters)?), filters::SESSIONS),
            "decisions" => {
                (ExportList::Decisions(filters::decisions(parameters)?), filters::DECISIONS)
            }
            "timeline" => (timeline(parameters)?, &["session", "order"][..]),
            "trust" => (ExportList::Trust(parameters.get("idp").map(Into::into)), &["idp"][..]),
            "policies" => {
                let policy = parameters.get("policy").map(Into::into);
                (ExportList::Policies(policy), &["policy"][..])
            }
            "outlived" => (ExportList::Outlived, &[][..]),
            "reused" => (ExportList::Reused, &[][..]),
            "completeness" => (ExportList::Completeness, &[][..]),
            "held-under" => (held_under(parameters)?, &["policy", "version"][..]),
            "dependants" => (dependants(parameters)?, &["actor", "record"][..]),
            "first-seen" => (first_seen(parameters)?, &["kind", "from", "to"][..]),
            other => {
                let known = ExportList::WORDS.join(", ");
                return Err(Bad::of(format!("{other} is no list that can be exported: {known}.")));
            }
        };
        parameters.only(&[known, COMMON].concat())?;
        parameters.own_rules()?;
        let zone = match parameters.get("timeZone") {
            None => Zone::default(),
            Some(text) => Zone::parse(text).ok_or_else(|| {
                Bad::of(format!("timeZone: {text} is not UTC or an offset, such as +01:00."))
            })?,
        };
        let sent = sent(parameters)?;
        let format = match sent {
            Sent::File(format) | Sent::Manifest(format) => Some(format),
            Sent::Pages => None,
        };
        if zone != Zone::default() && format.is_some_and(|format| !format.has_zone()) {
            return Err(Bad::of("timeZone: times of this format are in UTC."));
        }
        let events = parameters.flag("events")?.unwrap_or(format == Some(Format::Ocsf));
        if format.is_some_and(|format| (format == Format::Ocsf) != events) {
            return Err(Bad::of("events: they are what ocsf holds, and no other format."));
        }
        Ok(Self {
            query: ExportQuery {
                events,
                list,
                labels: parameters.flag("labels")?.unwrap_or_default(),
                sample: sample(parameters)?,
            },
            asking: asking(parameters)?,
            after: parameters.get(AFTER).map(str::to_owned),
            sent,
            zone,
            limit: parameters.number("limit")?,
            limit_marked: parameters.flag("limitMarked")?.unwrap_or_default(),
        })
    }
}

fn timeline(parameters: &Parameters) -> Result<ExportList, Bad> {
    let session = parameters.get("session").ok_or_else(|| Bad::of("session: any id of it."))?;
    let order = match parameters.get("order") {
        None | Some("occurred") => ClockOrder::Occurred,
        Some("recorded") => ClockOrder::Recorded,
        Some(other) => {
            return Err(Bad::of(format!("order: {other} is not occurred or recorded.")));
        }
    };
    Ok(ExportList::Timeline(session.into(), order))
}

fn held_under(parameters: &Parameters) -> Result<ExportList, Bad> {
    let policy = parameters.get("policy").ok_or_else(|| Bad::of("policy: the policy's id."))?;
    let version =
        parameters.get("version").ok_or_else(|| Bad::of("version: the label of the version."))?;
    Ok(ExportList::HeldUnder(policy.into(), version.into()))
}

fn dependants(parameters: &Parameters) -> Result<ExportList, Bad> {
    let (actor, record) = (parameters.get("actor"), parameters.get("record"));
    if actor.is_none() && record.is_none() {
        return Err(Bad::of("actor, record: one of them, or both."));
    }
    Ok(ExportList::Dependants(actor.map(Into::into), record.map(str::to_owned)))
}

fn first_seen(parameters: &Parameters) -> Result<ExportList, Bad> {
    let word = parameters.get("kind").unwrap_or_default();
    let kind = FirstSeenKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    let kind = kind.ok_or_else(|| {
        let words: Vec<&str> = FirstSeenKind::ALL.iter().map(|kind| kind.as_str()).collect();
        Bad::of(format!("kind: {word} is not one of {}.", words.join(", ")))
    })?;
    let window = Window { from: parameters.time("from")?, to: parameters.time("to")? };
    Ok(ExportList::FirstSeen(kind, window))
}

fn sent(parameters: &Parameters) -> Result<Sent, Bad> {
    let word = parameters.get("as").unwrap_or_default();
    let format = Format::parse(word);
    match (format, parameters.get("part")) {
        (Some(format), None) => Ok(Sent::File(format)),
        (Some(format), Some("manifest")) => Ok(Sent::Manifest(format)),
        (None, None) if word == "pages" => Ok(Sent::Pages),
        (Some(_), Some(part)) => Err(Bad::of(format!("part: {part} is not manifest."))),
        (None, _) => {
            let words: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
            Err(Bad::of(format!("as: {word} is not one of {}.", words.join(", "))))
        }
    }
}

fn sample(parameters: &Parameters) -> Result<Option<Sample>, Bad> {
    match (parameters.number("sample")?, parameters.get("seed")) {
        (None, None) => Ok(None),
        (Some(rows), Some(seed)) => Ok(Some(Sample { rows, seed: seed.to_owned() })),
        (Some(_), None) => Err(Bad::of("sample: a sample needs a seed.")),
        (None, Some(_)) => Err(Bad::of("seed: a seed needs the size of a sample.")),
    }
}

fn asking(parameters: &Parameters) -> Result<Asking, Bad> {
    let mut asking = Asking { at: parameters.time(AT)?, ..Asking::default() };
    let known = parameters.get(KNOWN_AT_POSITION).or_else(|| parameters.get(KNOWN_AT));
    if let Some(text) = known {
        let known = KnownAt::parse(text).ok_or_else(|| {
            Bad::of(format!("knownAt: {text} is not a position such as 82, or an RFC 3339 time."))
        })?;
        known.put(&mut asking);
    }
    Ok(asking)
}

/// The name of a file of a list at K.
#[must_use]
pub fn file_name(list: &str, known_at: u64, format: Format) -> String {
    format!("{list}-{known_at}.{}", format.extension())
}

/// How the file of a request is written down.
#[must_use]
pub fn writing(request: &ExportRequest, known_at: u64, format: Format) -> Writing {
    let name = file_name(request.query.list.as_str(), known_at, format);
    Writing { name, format, zone: request.zone }
}

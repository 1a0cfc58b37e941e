//! `POST /v1/facts`: one fact, an array, or JSON lines; all or nothing.

use super::{Shared, auth, body, errors::Refused};
use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use claimledger_app::intake::{Batch, IngestError, Ingested, Looks, LooksMode, Places};
use claimledger_facts::{
    draft::Draft,
    ids::SessionId,
    refusal::{Refusal, RefusalCode},
    time::Time,
    vocabulary::{Channel, Role},
};
use claimledger_ledger::{
    append::AppendOutcome,
    log::{MAX_APPEND_BYTES, MAX_APPEND_ENTRIES},
};
use claimledger_sources::{Dialect, Piece, SourceSettings, is_gzip, splitter::Splitter, translate};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Parameters {
    /// The dialect; absent: by the content type, else native.
    #[serde(rename = "as")]
    dialect: Option<String>,
    /// The IdP whose log this is; absent: the service provider's.
    idp: Option<String>,
    /// What Okta's API does not say of IdPs, with commas between: `ID`, `ID=classic`.
    okta_idp: Option<String>,
    /// With `expectedRevision`: which session id.
    session: Option<String>,
    /// Append only if exactly this number of records names the session id.
    expected_revision: Option<u64>,
    /// Now, as a request to a rehearsal asserts it.
    now: Option<String>,
}

pub(crate) async fn post(
    State(server): State<Shared>,
    parameters: Result<Query<Parameters>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    // Facts never come by cookie: no form of a browser can write.
    let caller = auth::by_token(&server, &headers).await?;
    if !caller.has(Role::Ingest) {
        return Err(IngestError::Forbidden { needs: Role::Ingest }.into());
    }
    server.facts.take(&caller).map_err(Refused::too_many)?;
    let Query(parameters) = parameters.map_err(|rejection| malformed(rejection.body_text()))?;
    let settings = settings(&parameters, &headers)?;
    let expected_revision = expected_revision(&parameters)?;
    let rehearsal_now = now(&parameters)?;
    let packed = packed(&headers)?;
    let bytes = body::read(body, MAX_APPEND_BYTES).await?;
    if settings.keeps_looks() && expected_revision.is_some() {
        return Err(malformed("expectedRevision is of a session, and a configuration has none"));
    }
    let read = tokio::task::spawn_blocking(move || {
        // A file that is sent as it is says by its first bytes that it is gzip.
        let packed = packed || is_gzip(&bytes);
        let bytes = if packed { body::gunzip(&bytes, MAX_APPEND_BYTES)? } else { bytes };
        if settings.keeps_looks() {
            looks(settings, &bytes, rehearsal_now)
        } else {
            drafts(&settings, &bytes)
        }
    })
    .await
    .map_err(|_| {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the body could not be read")
    })??;
    let channel = Channel::Http;
    let done = match read {
        Read::Looks(looks, places) => {
            let looked = server.app.ingest_looks(&caller, looks).await;
            looked.map_err(|error| places.of(error))?.done
        }
        Read::Drafts(drafts, places) => {
            let batch = Batch { drafts, channel, source: None, expected_revision, rehearsal_now };
            server.app.ingest(&caller, batch).await.map_err(|error| places.of(error))?
        }
    };
    let results: Vec<Value> = done.iter().map(result).collect();
    Ok(Json(json!({"results": results})).into_response())
}

/// What a body holds, and where.
enum Read {
    Drafts(Vec<(u64, Draft)>, Places),
    Looks(Looks, Places),
}

pub(super) fn malformed(message: impl Into<String>) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "malformed", message)
}

fn settings(parameters: &Parameters, headers: &HeaderMap) -> Result<SourceSettings, Refused> {
    let mut settings = SourceSettings::of(dialect(parameters, headers)?);
    if let Some(idp) = &parameters.idp {
        settings = settings.with_idp(idp)?;
    }
    for idp in parameters.okta_idp.iter().flat_map(|list| list.split(',')) {
        settings = settings.with_okta_idp(idp)?;
    }
    Ok(settings)
}

fn dialect(parameters: &Parameters, headers: &HeaderMap) -> Result<Dialect, Refused> {
    if let Some(word) = &parameters.dialect {
        let words =
            || Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect::<Vec<_>>().join(", ");
        return Dialect::parse(word).ok_or_else(|| {
            malformed("unknown dialect").with("field", "as").with("expected", words())
        });
    }
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Ok(match essence.as_str() {
        "application/cloudevents+json" | "application/cloudevents-batch+json" => {
            Dialect::CloudEvents
        }
        _ => Dialect::Native,
    })
}

fn expected_revision(parameters: &Parameters) -> Result<Option<(SessionId, u64)>, Refused> {
    match (&parameters.session, parameters.expected_revision) {
        (Some(session), Some(revision)) => Ok(Some((SessionId::new(session.as_str()), revision))),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => {
            Err(malformed("session and expectedRevision go together"))
        }
    }
}

fn now(parameters: &Parameters) -> Result<Option<Time>, Refused> {
    let Some(now) = &parameters.now else { return Ok(None) };
    Time::parse(now)
        .map(Some)
        .map_err(|error| malformed(format!("now is {error}")).with("field", "now"))
}

/// Whether the body is gzip. One level of encoding, and no other kind.
pub(super) fn packed(headers: &HeaderMap) -> Result<bool, Refused> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(false) };
    if encoding.as_bytes().eq_ignore_ascii_case(b"gzip") {
        return Ok(true);
    }
    if encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
        return Ok(false);
    }
    Err(Refused::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "malformed",
        "content-encoding can be gzip",
    )
    .with("expected", "gzip"))
}

/// The values of a body.
fn pieces(settings: &SourceSettings, bytes: &[u8]) -> Splitter {
    let mut splitter = Splitter::new(settings.limits());
    splitter.push(bytes);
    splitter.finish();
    splitter
}

fn looks(
    settings: SourceSettings,
    bytes: &[u8],
    rehearsal_now: Option<Time>,
) -> Result<Read, Refused> {
    let mut values = pieces(&settings, bytes).collect::<Result<Vec<Piece>, _>>()?;
    let mut places = Places::default();
    values.iter_mut().for_each(|value| value.line = places.add(value.line, value.item));
    if values.is_empty() {
        return Err(empty("one object of a configuration, an array of objects, or JSON lines"));
    }
    let (channel, mode) = (Channel::Http, LooksMode::Atomic);
    let looks = Looks { settings, values, channel, source: None, rehearsal_now, mode };
    Ok(Read::Looks(looks, places))
}

fn empty(expected: &str) -> Refused {
    Refusal::whole(RefusalCode::Malformed, expected, "the body holds no fact").into()
}

fn drafts(settings: &SourceSettings, bytes: &[u8]) -> Result<Read, Refused> {
    let (mut drafts, mut places) = (Vec::new(), Places::default());
    for piece in pieces(settings, bytes) {
        let piece = piece?;
        let read = translate(settings, None, &piece.bytes).map_err(|refusal| {
            if refusal.line.is_some() {
                refusal
            } else {
                refusal.on_line(piece.line).of_item(piece.item)
            }
        })?;
        let numbered = |draft| (places.add(piece.line, piece.item), draft);
        drafts.extend(read.drafts.into_iter().map(numbered));
        if drafts.len() > MAX_APPEND_ENTRIES {
            let message = format!("a request carries at most {MAX_APPEND_ENTRIES} records");
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
                .with("limit", MAX_APPEND_ENTRIES)
                .with("line", piece.line));
        }
    }
    if drafts.is_empty() {
        return Err(empty("one fact, an array of facts, or JSON lines"));
    }
    Ok(Read::Drafts(drafts, places))
}

fn result(ingested: &Ingested) -> Value {
    let outcome = match ingested.outcome {
        AppendOutcome::Stored => "stored",
        AppendOutcome::Repeated => "repeated",
        AppendOutcome::Variant => "variant",
    };
    let mut result = json!({
        "id": ingested.id.as_str(),
        "position": ingested.position.0,
        "recordedAt": ingested.recorded_at.to_string(),
        "outcome": outcome,
    });
    if !ingested.understood {
        result["understood"] = json!(false);
    }
    if ingested.time_assumed_utc {
        result["timeAssumedUtc"] = json!(true);
    }
    if !ingested.unknown_fields.is_empty() {
        result["unknownFields"] = json!(ingested.unknown_fields);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_strictly() {
        let read = |query: &str| {
            Query::<Parameters>::try_from_uri(&format!("/v1/facts?{query}").parse().unwrap())
        };
        assert!(read("expected_revision=3").is_err());
        let Query(parameters) = read("as=okta-system-log&session=S1&expectedRevision=7").unwrap();
        assert_eq!(expected_revision(&parameters).ok(), Some(Some((SessionId::new("S1"), 7))));
        assert_eq!(dialect(&parameters, &HeaderMap::new()).ok(), Some(Dialect::OktaSystemLog));
        let Query(half) = read("session=S1").unwrap();
        assert!(expected_revision(&half).is_err());
    }

    #[test]
    fn the_content_type_may_name_the_dialect() {
        let of = |content_type: &str| {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())]);
            dialect(&Parameters::default(), &headers).ok()
        };
        assert_eq!(of("application/cloudevents+json; charset=utf-8"), Some(Dialect::CloudEvents));
        assert_eq!(of("application/json"), Some(Dialect::Native));
        assert_eq!(of("application/x-ndjson"), Some(Dialect::Native));
    }
}

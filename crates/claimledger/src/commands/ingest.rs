//! `ingest`: a file or standard input, in batches that are each atomic, in bounded memory.

mod looks;

use crate::{
    cli::{Format, IngestArgs},
    exit_status::{Refused, usage},
    ledger_client::LedgerClient,
    settings::{Settings, time},
    table::table,
    terminal::{escape, print_json, print_text, progress, try_print_line},
};
use anyhow::{Context, Result};
use claimledger_app::intake::{
    BATCH_BYTES, Batch, IngestError, Ingested, Places, RECORD_OVERHEAD_BYTES,
};
use claimledger_facts::{
    draft::Draft,
    ids::{SessionId, SourceId},
    refusal::{Refusal, RefusalCode, place},
    time::Time,
    vocabulary::Channel,
};
use claimledger_ledger::append::{AppendOutcome, SequencerError};
use claimledger_sources::{Dialect, Piece, SourceSettings, Splitter, translate};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Read, path::Path};

/// Maximum lines of a batch.
const BATCH_LINES: usize = 500;

/// Reads everything, or stops at the first refusal (with `--keep-going`: lists it and goes on).
pub(crate) async fn ingest(settings: &Settings, args: &IngestArgs) -> Result<()> {
    let dialect = Dialect::parse(&args.dialect)
        .ok_or_else(|| usage(format!("--as {}: no such dialect", args.dialect)))?;
    let mut settings_of_source = SourceSettings::of(dialect);
    if let Some(idp) = &args.idp {
        settings_of_source = settings_of_source
            .with_idp(idp)
            .map_err(|refusal| usage(format!("--idp {idp}: {}", refusal.message)))?;
    }
    for idp in &args.okta_idp {
        settings_of_source = settings_of_source.with_okta_idp(idp).map_err(|refusal| {
            let expected = refusal.expected.unwrap_or_default();
            usage(format!("--okta-idp {idp}: {}; expected: {expected}", refusal.message))
        })?;
    }
    if settings_of_source.keeps_looks() && args.expect.is_some() {
        return Err(usage("--expect names a session, and a configuration has none"));
    }
    let plan = Plan {
        settings: settings_of_source,
        source: args.source.as_deref().map(SourceId::new),
        keep_going: args.keep_going,
        ack: args.ack,
        expect: args.expect.as_deref().map(expectation).transpose()?,
        now: args.now.as_deref().map(|text| time("--now", text)).transpose()?,
    };
    let mut input = Input::open(&args.file)?;
    let ledger = LedgerClient::open(settings).await?;
    let mut run = Run {
        ledger: &ledger,
        plan: &plan,
        tally: Tally::default(),
        batch: Vec::new(),
        values: Vec::new(),
        bytes: 0,
        places: Places::default(),
    };
    let outcome = run.all(&mut input).await;
    let tally = run.tally;
    input.bar.finish_and_clear();
    ledger.close().await;
    report(settings, args, &tally, outcome)
}

/// What the flags ask for.
struct Plan {
    settings: SourceSettings,
    source: Option<SourceId>,
    keep_going: bool,
    ack: bool,
    expect: Option<(SessionId, u64)>,
    now: Option<Time>,
}

fn expectation(text: &str) -> Result<(SessionId, u64)> {
    let parsed = text
        .rsplit_once('=')
        .and_then(|(session, revision)| Some((SessionId::new(session), revision.parse().ok()?)));
    parsed.ok_or_else(|| usage(format!("--expect {text}: expected SESSION=REVISION, such as S1=7")))
}

/// The bytes, with a progress bar where their number is known.
struct Input {
    reader: Box<dyn Read>,
    bar: indicatif::ProgressBar,
}

impl Input {
    fn open(path: &Path) -> Result<Self> {
        let bar = progress("bytes");
        if path == Path::new("-") {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
            return Ok(Self {
                reader: unpacked(std::io::stdin().lock()).context("reading the input")?,
                bar,
            });
        }
        let file = std::fs::File::open(path)
            .map_err(|error| usage(format!("{}: {error}", path.display())))?;
        bar.set_length(file.metadata().map(|meta| meta.len()).unwrap_or_default());
        let reader = unpacked(bar.wrap_read(file)).with_context(|| path.display().to_string())?;
        Ok(Self { reader, bar })
    }

    /// More bytes; empty at the end.
    fn chunk(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.reader.read(buffer) {
            Ok(n) => Ok(n),
            Err(error) if error.get_ref().is_some_and(|cause| cause.is::<NotGzip>()) => {
                Err(anyhow::Error::new(Refused(error.to_string())))
            }
            Err(error) => Err(error).context("reading the input"),
        }
    }
}

/// The input, unpacked as it is read where its first bytes say that it is gzip: what it unpacks to
/// is never held as a whole.
fn unpacked(mut input: impl Read + 'static) -> std::io::Result<Box<dyn Read>> {
    let mut first = Vec::new();
    input.by_ref().take(2).read_to_end(&mut first)?;
    let is_gzip = claimledger_sources::is_gzip(&first);
    let whole = std::io::Cursor::new(first).chain(input);
    Ok(if is_gzip {
        Box::new(Unpacked(flate2::read::MultiGzDecoder::new(whole)))
    } else {
        Box::new(whole)
    })
}

/// A decoder whose complaints say what is wrong with the input.
struct Unpacked<R>(flate2::read::MultiGzDecoder<R>);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        use std::io::ErrorKind;
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                std::io::Error::new(error.kind(), NotGzip)
            }
            _ => error,
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this looks like gzip, and cannot be unpacked: it is cut or damaged")]
struct NotGzip;

/// What came in so far.
#[derive(Default)]
struct Tally {
    stored: u64,
    repeated: u64,
    variants: u64,
    /// Objects of looks that are as they were known to be; none: the input has no looks.
    unchanged: Option<u64>,
    time_assumed_utc: u64,
    refused: Vec<Value>,
    unknown_fields: BTreeMap<String, u64>,
    types: BTreeMap<String, TypeTally>,
}

#[derive(Default)]
struct TypeTally {
    events: u64,
    stored: u64,
    repeated: u64,
    variants: u64,
    understood: u64,
    facts: u64,
}

impl Tally {
    fn count(&mut self, done: &Ingested) {
        let row = self.types.entry(done.kind.clone()).or_default();
        let (all, of_type) = match done.outcome {
            AppendOutcome::Stored => (&mut self.stored, &mut row.stored),
            AppendOutcome::Repeated => (&mut self.repeated, &mut row.repeated),
            AppendOutcome::Variant => (&mut self.variants, &mut row.variants),
        };
        *all += 1;
        *of_type += 1;
        row.events += 1;
        row.understood += u64::from(done.understood);
        row.facts += done.facts as u64;
        self.time_assumed_utc += u64::from(done.time_assumed_utc);
        for field in &done.unknown_fields {
            *self.unknown_fields.entry(field.clone()).or_default() += 1;
        }
    }
}

struct Run<'a> {
    ledger: &'a LedgerClient,
    plan: &'a Plan,
    tally: Tally,
    /// Read, and not written yet.
    batch: Vec<(u64, Draft)>,
    /// The same of a source whose values are compared with each other.
    values: Vec<Piece>,
    /// The size of either.
    bytes: usize,
    /// Where they are in the input, by number.
    places: Places,
}

impl Run<'_> {
    async fn all(&mut self, input: &mut Input) -> Result<()> {
        let mut splitter = Splitter::new(self.plan.settings.limits());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = input.chunk(&mut buffer)?;
            if n == 0 {
                splitter.finish();
            } else {
                splitter.push(&buffer[..n]);
            }
            for piece in &mut splitter {
                match piece {
                    Ok(piece) if self.plan.settings.keeps_looks() => self.look(piece).await?,
                    Ok(piece) => match translate(&self.plan.settings, None, &piece.bytes) {
                        Ok(read) => self.drafts(read.drafts, &piece).await?,
                        Err(refusal) => {
                            self.refuse(&refusal.on_line(piece.line).of_item(piece.item))?
                        }
                    },
                    Err(refusal) => self.refuse(&refusal)?,
                }
            }
            if n == 0 {
                return self.flush().await;
            }
        }
    }

    async fn drafts(&mut self, drafts: Vec<Draft>, of: &Piece) -> Result<()> {
        for draft in drafts {
            let size = draft.original.len() + RECORD_OVERHEAD_BYTES;
            if self.batch.len() >= self.batch_lines() || self.bytes + size > BATCH_BYTES {
                self.flush().await?;
            }
            self.bytes += size;
            self.batch.push((self.places.add(of.line, of.item), draft));
        }
        Ok(())
    }

    /// Writes what was read.
    async fn flush(&mut self) -> Result<()> {
        self.bytes = 0;
        let (batch, values) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.values));
        let places = std::mem::take(&mut self.places);
        self.write(batch, &places).await?;
        self.write_looks(values, &places).await
    }

    fn batch_lines(&self) -> usize {
        if self.plan.ack { 1 } else { BATCH_LINES }
    }

    /// Writes a batch. With `--keep-going` a refused draft is listed, and the rest is tried without
    /// it.
    async fn write(&mut self, mut batch: Vec<(u64, Draft)>, places: &Places) -> Result<()> {
        while !batch.is_empty() {
            let owner = self.ledger.embedded("ingest")?;
            let attempt = Batch {
                drafts: if self.plan.keep_going {
                    batch.clone()
                } else {
                    std::mem::take(&mut batch)
                },
                channel: Channel::File,
                source: self.plan.source.clone(),
                expected_revision: self.plan.expect.clone(),
                rehearsal_now: self.plan.now,
            };
            match owner.app.ingest(&owner.caller, attempt).await {
                Ok(done) => return self.done(&done),
                Err(error) => {
                    let number = error.refused_line();
                    let error = places.of(error);
                    let Some(refusal) = refusal(&error) else { return Err(error.into()) };
                    self.tally.refused.push(refusal);
                    if self.plan.keep_going && number.is_some() {
                        batch.retain(|(other, _)| Some(*other) != number);
                        continue;
                    }
                    return Err(anyhow::Error::new(Refused(error.to_string())));
                }
            }
        }
        Ok(())
    }

    /// Counts what is recorded, and acknowledges it.
    fn done(&mut self, done: &[Ingested]) -> Result<()> {
        for one in done {
            self.tally.count(one);
            if self.plan.ack {
                let reader = try_print_line(&format!("ACK {}", one.position.0));
                anyhow::ensure!(reader, "nothing reads the acknowledgements");
            }
        }
        Ok(())
    }

    fn refuse(&mut self, refusal: &Refusal) -> Result<()> {
        self.tally.refused.push(json!(refusal));
        if self.plan.keep_going {
            Ok(())
        } else {
            Err(anyhow::Error::new(Refused(refusal.to_string())))
        }
    }
}

/// A refusal of the input as the contract writes it; none for what is not the input's fault.
fn refusal(error: &IngestError) -> Option<Value> {
    match error {
        IngestError::Refused(refusal) => Some(json!(refusal)),
        IngestError::Forbidden { .. } => None,
        IngestError::Sequencer { line, item, error: of } => match of {
            SequencerError::Conflict { position, digest, stored_digest, .. } => Some(json!({
                "code": "conflict", "line": line, "item": item, "position": position.0,
                    "digest": digest.to_string(),
                "storedDigest": stored_digest.to_string(), "message": error.to_string()})),
            SequencerError::StaleRevision { current, .. } => Some(
                json!({"code": "stale_revision", "current": current, "message": error.to_string()}),
            ),
            SequencerError::RecordedAt { reason, .. } => {
                Some(json!({"code": RefusalCode::RecordedAt, "line": line, "item": item,
                    "field": "recorded_at", "expected": reason, "message": error.to_string()}))
            }
            SequencerError::Log(_) => None,
        },
    }
}

fn report(
    settings: &Settings,
    args: &IngestArgs,
    tally: &Tally,
    outcome: Result<()>,
) -> Result<()> {
    let stopped = outcome.as_ref().err().filter(|error| error.is::<Refused>()).is_some();
    let file = match args.file.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => args.file.display().to_string(),
    };
    let types: Vec<Value> = tally
        .types
        .iter()
        .map(|(name, row)| {
            json!({"type": name, "events": row.events, "stored": row.stored,
                "repeated": row.repeated, "variants": row.variants, "understood": row.understood,
                "facts": row.facts})
        })
        .collect();
    if args.ack {
        return outcome;
    }
    match settings.format {
        Format::Json => {
            let mut document = json!({
                "stored": tally.stored, "repeated": tally.repeated, "variants": tally.variants,
                    "timeAssumedUtc": tally.time_assumed_utc,
                "file": file, "refused": tally.refused, "unknownFields": tally.unknown_fields,
            });
            if let Some(unchanged) = tally.unchanged {
                document["unchanged"] = json!(unchanged);
            }
            if args.report {
                document["types"] = json!(types);
            }
            if stopped {
                document["error"] = tally.refused.last().cloned().unwrap_or_default();
            }
            print_json(&document);
        }
        Format::Text => text(args, tally, &file),
    }
    if stopped {
        let kept = tally.stored + tally.repeated + tally.variants;
        let kept = match kept {
            0 => "Nothing was written.".to_owned(),
            1 => "1 record before it is in.".to_owned(),
            kept => format!("{kept} records before it are in."),
        };
        let refused = |error| anyhow::Error::new(Refused(format!("{file}: {error}. {kept}")));
        return outcome.map_err(refused);
    }
    outcome?;
    // With `--keep-going` the rest is in, and still not all of the input is.
    match tally.refused.len() {
        0 => Ok(()),
        1 => Err(anyhow::Error::new(Refused("One value was refused; the rest is in.".to_owned()))),
        n => Err(anyhow::Error::new(Refused(format!("{n} values were refused; the rest is in.")))),
    }
}

/// Place and field, what is wrong, and what was expected. Messages of the sequencer name their
/// place themselves.
fn refused_value(refusal: &Value) -> String {
    let message = refusal["message"].as_str().unwrap_or_default();
    let (line, item) = (refusal["line"].as_u64(), refusal["item"].as_u64());
    if message.starts_with(&place(line, item, None)) {
        return message.to_owned();
    }
    // Some messages say it themselves; an unknown word's lists the words that are known.
    let expected = refusal["expected"]
        .as_str()
        .filter(|expected| !message.contains(expected))
        .filter(|_| refusal["code"] != json!(RefusalCode::UnknownWord))
        .map(|expected| format!("; expected {expected}"))
        .unwrap_or_default();
    format!("{}{message}{expected}", place(line, item, refusal["field"].as_str()))
}

fn text(args: &IngestArgs, tally: &Tally, file: &str) {
    if args.report && !tally.types.is_empty() {
        let rows = tally.types.iter().map(|(name, row)| {
            let shown = if row.understood == row.events {
                String::new()
            } else {
                format!("{} not understood", row.events - row.understood)
            };
            vec![
                escape(name),
                row.events.to_string(),
                row.stored.to_string(),
                row.repeated.to_string(),
                row.variants.to_string(),
                row.facts.to_string(),
                shown,
            ]
        });
        let head = ["type", "events", "stored", "repeated", "variants", "facts", ""];
        print_text(&format!("{}\n", table(&head, rows.collect())));
    }
    let variants = if tally.variants == 1 { "variant" } else { "variants" };
    let unchanged = tally.unchanged.map_or(String::new(), |n| format!(", {n} unchanged"));
    print_text(&format!(
        "{} stored, {} repeated, {} {variants}{unchanged}.",
        tally.stored, tally.repeated, tally.variants
    ));
    match tally.time_assumed_utc {
        0 => {}
        1 => print_text("1 time had no zone and was read as UTC; its record is flagged."),
        n => print_text(&format!(
            "{n} times had no zone and were read as UTC; their records are flagged."
        )),
    }
    for (field, count) in &tally.unknown_fields {
        let lines = if *count == 1 { "line" } else { "lines" };
        print_text(&format!(
            "Unknown field {} in {count} {lines}: kept in the original, not understood.",
            escape(field)
        ));
    }
    if args.keep_going && !tally.refused.is_empty() {
        print_text(&format!("{} refused of {}:", tally.refused.len(), escape(file)));
        for refusal in &tally.refused {
            print_text(&format!("  {}", escape(&refused_value(refusal))));
        }
    }
}

//! `bench translate`: line C1.

use super::report::{Measure, print};
use crate::{
    bench::{corpus, quantile},
    cli::BenchTranslateArgs,
    exit_status::usage,
    settings::Settings,
};
use anyhow::{Context, Result};
use claimledger_facts::{
    draft::Draft,
    ids::{Pseudonym, SourceId, TenantId},
    random::SystemRandom,
    seal::{PersonKey, SealInput, TenantKeys, new_pseudonym, seal},
    vocabulary::Channel,
};
use claimledger_sources::{Dialect, Piece, SourceSettings, Splitter, translate as read};
use rustix::time::{ClockId, clock_gettime};
use std::{collections::HashMap, hint::black_box, path::Path};

const ABOUT: &str = "System Log events read and sealed by one thread, in memory: translation, \
                     commitments, sealing under the person's key and of the original. The keys \
                     of known people are cached. Seconds of the thread's CPU time. Medians of the \
                     runs.";
const TARGET: f64 = 60_000.0;

/// Translation and sealing of System Log events, a second and thread.
pub(crate) fn translate(settings: &Settings, args: &BenchTranslateArgs) -> Result<()> {
    let lines = match &args.file {
        Some(file) => lines_of(file)?,
        None => (0..args.events).map(corpus::line).collect(),
    };
    let bytes: usize = lines.iter().map(Vec::len).sum();
    let (mut parsed, mut translated, mut both) = (Vec::new(), Vec::new(), Vec::new());
    let mut sealer = Sealer::new();
    for _ in 0..args.runs.max(1) {
        parsed.push(rate(&lines, |line| {
            black_box(serde_json::from_slice::<serde_json::Value>(line)?);
            Ok(1)
        })?);
        translated.push(rate(&lines, |line| Ok(black_box(drafts(line)?).len()))?);
        both.push(rate(&lines, |line| {
            let drafts = drafts(line)?;
            for draft in &drafts {
                sealer.seal(draft)?;
            }
            Ok(drafts.len())
        })?);
    }
    let [parsed, translated, both] =
        [&parsed, &translated, &both].map(|rates| quantile(rates, 0.5));
    let measures = vec![
        Measure::new("C1", "events translated and sealed", both, "a second").at_least(TARGET),
        Measure::new("C1", "events translated", translated, "a second"),
        Measure::new("C1", "lines parsed by serde_json alone", parsed, "a second"),
        Measure::new("C1", "translated and sealed, to parsed", both / parsed, "ratio"),
    ];
    let size = format!("{} events of {} bytes", lines.len(), bytes / lines.len().max(1));
    print(settings.format, ABOUT, &[(size, measures)]);
    Ok(())
}

/// The values of a file of events.
fn lines_of(file: &Path) -> Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(file).with_context(|| format!("{}", file.display()))?;
    let mut splitter = Splitter::new(Dialect::OktaSystemLog.limits());
    splitter.push(&bytes);
    splitter.finish();
    let pieces: Vec<Piece> =
        (&mut splitter).collect::<Result<_, _>>().with_context(|| format!("{}", file.display()))?;
    let lines: Vec<Vec<u8>> = pieces.into_iter().map(|piece| piece.bytes).collect();
    if lines.is_empty() {
        return Err(usage(format!("{}: no events", file.display())));
    }
    Ok(lines)
}

fn drafts(line: &[u8]) -> Result<Vec<Draft>> {
    Ok(read(&SourceSettings::of(Dialect::OktaSystemLog), None, line)?.drafts)
}

/// Events a second of the thread's CPU time, which other processes disturb less than the clock.
fn rate(lines: &[Vec<u8>], mut each: impl FnMut(&[u8]) -> Result<usize>) -> Result<f64> {
    let (start, mut events) = (cpu_seconds(), 0);
    for line in lines {
        events += each(line)?;
    }
    Ok(events as f64 / (cpu_seconds() - start))
}

fn cpu_seconds() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// Seals as an append does, with the keys of people in memory.
struct Sealer {
    tenant: TenantId,
    source: SourceId,
    keys: TenantKeys,
    people: HashMap<String, (Pseudonym, PersonKey)>,
}

impl Sealer {
    fn new() -> Self {
        Self {
            tenant: TenantId::from("bench"),
            source: SourceId::from("okta"),
            keys: TenantKeys::generate(&SystemRandom),
            people: HashMap::new(),
        }
    }

    fn seal(&mut self, draft: &Draft) -> Result<()> {
        let mut persons = Vec::with_capacity(draft.persons.len());
        for person in &draft.persons {
            let known = self.people.entry(person.id.clone()).or_insert_with(|| {
                (new_pseudonym(&SystemRandom), PersonKey::generate(&SystemRandom))
            });
            persons.push(known.clone());
        }
        let input = SealInput {
            tenant: &self.tenant,
            source: &self.source,
            channel: Channel::File,
            draft,
            persons: &persons,
            keys: &self.keys,
            random: &SystemRandom,
        };
        black_box(seal(input)?);
        Ok(())
    }
}

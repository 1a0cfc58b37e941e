//! `export`: a list as a file with its manifest.

mod rows;
mod sign;
mod signature;
pub(crate) mod verify;

use crate::{
    cli::{
        DecisionFilterArgs, ExportArgs, ExportCommand, FirstSeenArgs, Format as Printed,
        SessionFilterArgs,
    },
    exit_status::{Lagging, No, Refused, usage},
    ledger_client::LedgerClient,
    settings::Settings,
    terminal::{escape, print_json, print_text, spinner},
};
use anyhow::Result;
use claimledger_domain::first_seen::FirstSeenKind;
use claimledger_export::{
    Format,
    digest::sha256,
    manifest::{Manifest, Read, Writing},
    page::ExportPage,
    part::PartFile,
    zone::Zone,
};
use rows::{Pages, Parameters};
use sign::Signing;

/// Writes a list to a file.
pub(crate) async fn export(settings: &Settings, what: &ExportCommand) -> Result<()> {
    let (list, filter, args) = match what {
        ExportCommand::Sessions { filter, export } => ("sessions", sessions(filter), export),
        ExportCommand::Decisions { filter, export } => ("decisions", decisions(filter), export),
        ExportCommand::Timeline { session, recorded, export } => {
            let order = if *recorded { "recorded" } else { "occurred" };
            let of = [("session", Some(session.clone())), ("order", Some(order.to_owned()))];
            ("timeline", given(of), export)
        }
        ExportCommand::Trust { idp, export } => ("trust", given([("idp", idp.clone())]), export),
        ExportCommand::Policies { policy, export } => {
            ("policies", given([("policy", policy.clone())]), export)
        }
        ExportCommand::Outlived { export } => ("outlived", Vec::new(), export),
        ExportCommand::Reused { export } => ("reused", Vec::new(), export),
        ExportCommand::Completeness { export } => ("completeness", Vec::new(), export),
        ExportCommand::HeldUnder { policy, version, export } => {
            let of = [("policy", Some(policy.clone())), ("version", Some(version.clone()))];
            ("held-under", given(of), export)
        }
        ExportCommand::Dependants { of, export } => {
            let of = [("actor", of.actor.clone()), ("record", of.record.clone())];
            ("dependants", given(of), export)
        }
        ExportCommand::FirstSeen { what, export } => ("first-seen", first_seen(what), export),
        ExportCommand::Verify(args) => return verify::verify(settings.format, args),
    };
    let begun = Begun::of(settings, args)?;
    let ledger = LedgerClient::open(settings).await?;
    ledger.settle().await;
    let written = write(&ledger, settings, (list, filter), args, begun).await;
    ledger.close().await;
    let manifest = written?;
    print(settings.format, args, &manifest);
    Ok(())
}

fn sessions(args: &SessionFilterArgs) -> Parameters {
    given([
        ("activeAt", args.active_at.clone()),
        ("subject", args.subject.clone()),
        ("idp", args.idp.clone()),
        ("key", args.key.clone()),
        ("supposesKey", args.supposes_key.then(|| "true".to_owned())),
        ("amr", args.amr.clone()),
        ("app", args.app.clone()),
        ("reliedFrom", args.relied_from.clone()),
        ("reliedTo", args.relied_to.clone()),
        ("ended", args.ended.map(|flag| flag.to_string())),
        ("differs", args.differs.map(|flag| flag.to_string())),
        ("retracted", args.retracted.map(|flag| flag.to_string())),
        ("outlived", args.outlived.map(|flag| flag.to_string())),
        ("falsifiedLater", args.falsified_later.map(|flag| flag.to_string())),
    ])
}

fn decisions(args: &DecisionFilterArgs) -> Parameters {
    given([
        ("session", args.session.clone()),
        ("app", args.app.clone()),
        ("idp", args.idp.clone()),
        ("key", args.key.clone()),
        ("outcome", args.outcome.clone()),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
        ("differs", args.differs.map(|flag| flag.to_string())),
        ("falsifiedLater", args.falsified_later.map(|flag| flag.to_string())),
    ])
}

fn first_seen(args: &FirstSeenArgs) -> Parameters {
    given([
        ("kind", Some(FirstSeenKind::from(args.kind).as_str().to_owned())),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
    ])
}

fn given<const N: usize>(parameters: [(&str, Option<String>); N]) -> Parameters {
    parameters.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A file before its first row is read.
enum Begun {
    New(Writing),
    Resumed(Box<PartFile>),
}

impl Begun {
    /// Checks what is there, before the ledger is opened.
    fn of(settings: &Settings, args: &ExportArgs) -> Result<Self> {
        let writing = writing(args)?;
        if !args.resume {
            PartFile::is_free(&args.output)?;
            return Ok(Self::New(writing));
        }
        let part = PartFile::resume(&args.output)?;
        let cut = &part.read().cut;
        let asked = &settings.asking;
        let other_cut = asked.at.is_some_and(|at| at != cut.at)
            || asked.known_at_position.is_some_and(|known| known.0 != cut.known_at);
        if other_cut || *part.writing() != writing {
            return Err(Refused(format!(
                "{}.part was begun as {} in {} at T {}, K #{}: resume it as such",
                args.output.display(),
                part.writing().format.as_str(),
                part.writing().zone,
                cut.at,
                cut.known_at
            ))
            .into());
        }
        Ok(Self::Resumed(Box::new(part)))
    }
}

fn writing(args: &ExportArgs) -> Result<Writing> {
    let name = args.output.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| usage("--output: the name of a file, in UTF-8"))?.to_owned();
    let zone = Zone::parse(&args.time_zone).ok_or_else(|| {
        let zone = escape(&args.time_zone);
        usage(format!("--time-zone {zone}: UTC, or an offset such as +01:00"))
    })?;
    let format = Format::parse(&args.written_as).ok_or_else(|| usage("--as: unknown format"))?;
    if zone != Zone::default() && !format.has_zone() {
        return Err(usage(format!("--time-zone: times of {} are in UTC", format.as_str())));
    }
    Ok(Writing { name, format, zone })
}

async fn write(
    ledger: &LedgerClient,
    settings: &Settings,
    (list, filter): (&str, Parameters),
    args: &ExportArgs,
    begun: Begun,
) -> Result<Manifest> {
    let mut parameters = filter;
    parameters.extend(given([
        ("as", Some("pages".to_owned())),
        ("events", (args.written_as == Format::Ocsf.as_str()).then(|| "true".to_owned())),
        ("labels", args.labels.then(|| "true".to_owned())),
        ("sample", args.sample.map(|rows| rows.to_string())),
        ("seed", args.seed.clone()),
    ]));
    let resumed = match &begun {
        Begun::New(_) => None,
        Begun::Resumed(part) => Some(&**part),
    };
    let asked = parameters.clone();
    let is_resumed = resumed.is_some();
    parameters.extend(pins(settings, resumed));
    let mut pages = Pages::open(ledger, list, parameters).await?;
    let Some(mut page) = pages.next().await? else {
        anyhow::bail!("the list has no first page");
    };
    let mut part = match begun {
        Begun::Resumed(mut part) => {
            same_list(part.read(), &page.read)?;
            part.set_read(page.read.clone());
            *part
        }
        Begun::New(writing) => {
            may_be_empty(&page)?;
            PartFile::begin(&args.output, page.read.clone(), writing)?
        }
    };
    let cut = part.read().cut.clone();
    let writing = part.writing().clone();
    let signing = Signing { list, asked, cut, writing, args, is_resumed };
    if let Some(limit) = args.limit.filter(|limit| *limit < part.rows()) {
        return Err(Refused(format!(
            "{} rows are there already, more than {limit}: raise --limit",
            part.rows()
        ))
        .into());
    }
    let progress = spinner();
    loop {
        let (rows, is_more) = within_limit(&page, part.rows(), args.limit);
        // A list without cursors can only be read from its begin.
        let cursor = rows.checked_sub(1).and_then(|last| page.cursors.get(last));
        part.add(&page.rows[..rows], cursor.map(String::as_str))?;
        progress.set_message(format!("{} rows", part.rows()));
        progress.tick();
        if is_more {
            if args.limit_marked {
                return signing.finish(ledger, part.end(args.limit)?).await;
            }
            return Err(Refused(format!(
                "there are more than {} rows; nothing was written to {}. Go on with --resume and a \
                 higher --limit, or with --limit-marked",
                part.rows(),
                args.output.display()
            ))
            .into());
        }
        match pages.next().await? {
            Some(next) => page = next,
            None => return signing.finish(ledger, part.end(None)?).await,
        }
    }
}

/// T, K and where to go on.
fn pins(settings: &Settings, resumed: Option<&PartFile>) -> Parameters {
    if let Some(part) = resumed {
        let cut = &part.read().cut;
        return given([
            ("at", Some(cut.at.to_string())),
            ("knownAtPosition", Some(cut.known_at.to_string())),
            ("after", part.cursor().map(str::to_owned)),
        ]);
    }
    let asking = &settings.asking;
    given([
        ("at", asking.at.map(|at| at.to_string())),
        ("knownAt", asking.known_at.map(|time| time.to_string())),
        ("knownAtPosition", asking.known_at_position.map(|position| position.0.to_string())),
    ])
}

/// Refuses to add rows of another list to a file.
fn same_list(begun: &Read, now: &Read) -> Result<()> {
    let (a, b) = (&begun.cut, &now.cut);
    let is_same = begun.query == now.query
        && begun.origin == now.origin
        && begun.columns == now.columns
        && (a.at, a.known_at, &a.rules) == (b.at, b.known_at, &b.rules);
    if is_same {
        return Ok(());
    }
    Err(Refused(
        "what was begun is another list, of another ledger, or by other rules: resume it as it was \
         begun, or remove the part"
            .to_owned(),
    )
    .into())
}

/// The status of an empty list that says nothing: see [`crate::output::check_absence`].
fn may_be_empty(page: &ExportPage) -> Result<()> {
    let absence = &page.read.absence;
    if !page.rows.is_empty() || page.has_next {
        return Ok(());
    }
    let words = absence.words.clone();
    match absence.code.as_str() {
        "not_known" => Err(No(words).into()),
        "lagging" => Err(Lagging(words).into()),
        "not_for_role" => Err(Refused(words).into()),
        _ => Ok(()),
    }
}

/// How many rows of a page the limit lets pass, and whether there are more.
fn within_limit(page: &ExportPage, written: u64, limit: Option<u64>) -> (usize, bool) {
    let rows = page.rows.len();
    let Some(limit) = limit else { return (rows, false) };
    let left = usize::try_from(limit.saturating_sub(written)).unwrap_or(usize::MAX);
    (rows.min(left), rows > left || (rows == left && page.has_next))
}

/// What a manifest is of, in one line.
fn summary(manifest: &Manifest) -> String {
    let rows = if manifest.rows == 1 { "row" } else { "rows" };
    let stopped = match manifest.stopped_at_limit {
        None => "",
        Some(_) => ", stopped at the limit: there are more",
    };
    let cut = &manifest.cut;
    let provisional = if cut.provisional { " · provisional" } else { "" };
    format!(
        "{} {rows} of {}{stopped} · T {} · K #{} · rules {}{provisional} · {}",
        manifest.rows,
        escape(&manifest.query.list),
        cut.at,
        cut.known_at,
        escape(&cut.rules),
        escape(&manifest.completeness.words)
    )
}

fn print(format: Printed, args: &ExportArgs, manifest: &Manifest) {
    let digest = sha256(&manifest.to_bytes());
    let file = args.output.display().to_string();
    match format {
        Printed::Json => {
            let mut document = serde_json::to_value(manifest).unwrap_or_default();
            if let Some(document) = document.as_object_mut() {
                document.remove("chunks");
                document.insert("manifestSha256".to_owned(), digest.into());
            }
            print_json(&document);
        }
        Printed::Text => print_text(&format!(
            "{}: {}\n{}\nSHA-256 of the manifest: {digest}",
            escape(&file),
            summary(manifest),
            escape(&Manifest::name_for(&file))
        )),
    }
}

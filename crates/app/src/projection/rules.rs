//! The rules in force: those named by the first record, until a `rules.activated` names others. A
//! program with other rules appends that record once, when it opens the ledger, so that the log
//! shows from which position on answers may differ from earlier ones.

use crate::{
    model::LEDGER_SOURCE,
    model::{record_summary::RecordSummary, terms::term},
    read::reader::decode,
    tenant::Tenant,
};
use claimledger_domain::RULES;
use claimledger_facts::{fact::FactData, ids::LogPosition, types::ledger::RulesActivated};
use claimledger_ledger::{
    append::{AppendRequest, SequencerError},
    log::{Log, LogError},
    views::{TermKind, Views},
};

/// The kind of these records.
const KIND: &str = "rules.activated";
/// Maximum records that are scanned at the end of the log if the read models are behind. With more,
/// the projector tries again later.
const MAX_SCANNED: u64 = 50_000;
/// Maximum records per read.
const PAGE: usize = 500;

/// Appends a `rules.activated` record if the log does not name the rules of this build. False: the
/// read models are too far behind to decide; try again.
///
/// The id of the record contains the position that it follows, so a repeated attempt cannot append
/// it twice.
pub(crate) async fn activate(
    tenant: &Tenant,
    log: &dyn Log,
    views: &dyn Views,
) -> Result<bool, LogError> {
    let Some((after, rules)) = in_force(tenant, log, views).await? else { return Ok(false) };
    if rules == RULES {
        return Ok(true);
    }
    let fact = FactData::RulesActivated(RulesActivated { rules: RULES.to_owned() });
    let id = format!("rules/{RULES}/after/{}", after.0);
    let sealed = tenant.identity.own.seal(&id, fact, tenant.identity.own.now());
    let sealed = sealed.map_err(|refusal| {
        LogError::unavailable(format!("cannot seal the record of the rules: {refusal}"))
    })?;
    let request = AppendRequest { records: vec![sealed], expected_revision: None };
    let receipts = tenant.sequencer.append(request).await.map_err(|error| match error {
        SequencerError::Log(error) => error,
        other => LogError::unavailable(format!("cannot append the record of the rules: {other}")),
    })?;
    receipts.iter().for_each(|receipt| tenant.recorded(receipt.recorded_at));
    tracing::info!(tenant = %tenant.id, from = rules, to = RULES, "other rules are in force");
    Ok(true)
}

/// The rules in force, and the position of the record that names them.
async fn in_force(
    tenant: &Tenant,
    log: &dyn Log,
    views: &dyn Views,
) -> Result<Option<(LogPosition, String)>, LogError> {
    let covered = views.covered(&tenant.id).await?.0;
    let head = log.head(&tenant.id).await?.0;
    if head - covered.min(head) > MAX_SCANNED {
        return Ok(None);
    }
    let mut found = (LogPosition(0), tenant.identity.opened_rules.clone());
    if let Some(last) = covered.checked_sub(1) {
        let reader = tenant.reader(log, views);
        let positions = reader.positions(&term(TermKind::Kind, KIND), LogPosition(last)).await?;
        // A source may use the same name for its own events: the last record of the ledger counts.
        for record in reader.records(&positions).await? {
            found = activated(&record).map_or(found, |rules| (record.reference.position, rules));
        }
    }
    let mut next = LogPosition(covered);
    while next.0 < head {
        let headers = log.headers(&tenant.id, next, PAGE).await?;
        if headers.is_empty() {
            break;
        }
        let mut own = Vec::new();
        for header in &headers {
            let header = header
                .decode()
                .map_err(|error| LogError::Corrupt { position: next, what: error.what })?;
            if header.source.as_str() == LEDGER_SOURCE {
                own.push(next);
            }
            next = LogPosition(next.0 + 1);
        }
        for (position, entry) in own.iter().zip(log.read_at(&tenant.id, &own).await?) {
            let record = decode(&tenant.id, *position, &entry)?;
            found = activated(&record).map_or(found, |rules| (*position, rules));
        }
    }
    Ok(Some(found))
}

fn activated(record: &RecordSummary) -> Option<String> {
    record.statement.facts.iter().find_map(|fact| match &fact.data {
        FactData::RulesActivated(activated)
            if record.reference.source.as_str() == LEDGER_SOURCE =>
        {
            Some(activated.rules.clone())
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{App, Options},
        model::question::RecordBy,
        testing::*,
    };

    /// All records about rules, with positions.
    async fn recorded_rules(app: &App) -> Vec<(u64, String)> {
        let head = app.settled_status(&owner("acme")).await.unwrap().head;
        let mut recorded_rules = Vec::new();
        for position in (0..head).map(LogPosition) {
            let record = app
                .record(&owner("acme"), RecordBy::Position(position), false)
                .await
                .unwrap()
                .unwrap();
            recorded_rules.extend(record.statement.facts.iter().filter_map(
                |fact| match &fact.data {
                    FactData::RulesActivated(activated) => {
                        Some((position.0, activated.rules.clone()))
                    }
                    _ => None,
                },
            ));
        }
        recorded_rules
    }

    /// Records the rules of another version of the program.
    async fn activate_other(app: &App, id: &str) {
        let tenant = app.0.tenant(&tenant("acme")).await.unwrap();
        let fact = FactData::RulesActivated(RulesActivated { rules: "r0".to_owned() });
        let sealed = tenant.identity.own.seal(id, fact, tenant.identity.own.now()).unwrap();
        tenant
            .sequencer
            .append(AppendRequest { records: vec![sealed], expected_revision: None })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn other_rules_are_recorded_once() {
        let (world, app) = acme().await;
        assert_eq!(recorded_rules(&app).await, [], "the first record names them already");
        activate_other(&app, "other-1").await;
        app.close().await;
        // Opened with read models at the head, behind, and empty.
        let mut expected = vec![(83, "r0".to_owned())];
        for (n, rows) in ["whole", "behind", "none"].into_iter().enumerate() {
            let app = world.open().await;
            expected.push((84 + 2 * n as u64, RULES.to_owned()));
            assert_eq!(recorded_rules(&app).await, expected, "{rows}");
            app.close().await;
            let app = world.open().await;
            assert_eq!(recorded_rules(&app).await, expected, "{rows}: once");
            app.close().await;
            let app =
                world.open_with(Options { follow: rows == "whole", ..Options::default() }).await;
            activate_other(&app, &format!("other-{n}-again")).await;
            expected.push((85 + 2 * n as u64, "r0".to_owned()));
            app.close().await;
            if n == 1 {
                world.views.reset(&tenant("acme")).await.unwrap();
            }
        }
    }
}

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
/// it twice, nor can two nodes that start at once.
///
/// Where several nodes write the log, each version is recorded once: during an upgrade nodes of two
/// versions start again and again, and each would otherwise contradict the other. A return to
/// earlier rules is not recorded there; each answer names its rules.
pub(crate) async fn activate(
    tenant: &Tenant,
    log: &dyn Log,
    views: &dyn Views,
) -> Result<bool, LogError> {
    let Some(named) = named_rules(tenant, log, views).await? else { return Ok(false) };
    let Some((after, rules)) = named.last() else { return Ok(false) };
    let is_known = |(_, rules): &(LogPosition, String)| rules == RULES;
    if rules == RULES || (tenant.identity.nodes.are_many() && named.iter().any(is_known)) {
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

/// The rules that the log names, each with the position of its record, in order: the last are in
/// force. None: the read models are too far behind.
async fn named_rules(
    tenant: &Tenant,
    log: &dyn Log,
    views: &dyn Views,
) -> Result<Option<Vec<(LogPosition, String)>>, LogError> {
    let covered = views.covered(&tenant.id).await?.0;
    let head = log.head(&tenant.id).await?.0;
    if head - covered.min(head) > MAX_SCANNED {
        return Ok(None);
    }
    let mut found = vec![(LogPosition(0), tenant.identity.opened_rules.clone())];
    if let Some(last) = covered.checked_sub(1) {
        let reader = tenant.reader(log, views);
        let positions = reader.positions(&term(TermKind::Kind, KIND), LogPosition(last)).await?;
        // A source may use the same name for its own events: the last record of the ledger counts.
        for record in reader.records(&positions).await? {
            found.extend(activated(&record).map(|rules| (record.reference.position, rules)));
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
            found.extend(activated(&record).map(|rules| (*position, rules)));
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
        app::{App, Nodes, Options},
        model::question::RecordBy,
        tenant::own_records::OwnRecords,
        testing::*,
    };
    use claimledger_facts::{
        ids::LogSize,
        random::SystemRandom,
        record::FORMAT,
        seal::{MasterKey, TenantKeys},
        time::Time,
        types::ledger::LedgerOpened,
    };
    use claimledger_ledger::keys::{KeyStore, TenantKeysRow};
    use std::sync::Arc;

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

    /// A log that was opened by a program of other rules.
    async fn opened_by_other_rules() -> World {
        let (world, acme) = (World::new(), tenant("acme"));
        let keys = TenantKeys::generate(&SystemRandom);
        let wrapped = keys.wrap(&MasterKey::from_bytes([7; 32]), &acme, &SystemRandom);
        let row = TenantKeysRow { tenant: acme.clone(), wrapped };
        world.keys.add_tenant(&row).await.unwrap();
        let own = OwnRecords {
            tenant: acme.clone(),
            keys,
            random: Arc::new(SystemRandom),
            clock: world.clock.clone(),
            last_recorded: None,
        };
        let opened = FactData::LedgerOpened(LedgerOpened {
            tenant: acme.clone(),
            format: FORMAT,
            rehearsal: true,
            rules: "r0".to_owned(),
            roles: Vec::new(),
        });
        let sealed = own.seal("opened", opened, Time::EPOCH).unwrap();
        let entry = sealed.finish(LogPosition(0), Time::EPOCH, true, false);
        world.log.append(&acme, LogSize(0), &[entry]).await.unwrap();
        world
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_several_nodes_each_version_is_recorded_once() {
        let many = || Options { nodes: Nodes::Many, ..Options::default() };
        for round in 0..20 {
            let world = opened_by_other_rules().await;
            // Two nodes of this version start at once.
            let [one, two] = [world.node(), world.node()]
                .map(|node| tokio::spawn(async move { node.open_with(many()).await }));
            let (one, two) = (one.await.unwrap(), two.await.unwrap());
            let mut expected = vec![(1, RULES.to_owned())];
            for app in [&one, &two] {
                assert_eq!(recorded_rules(app).await, expected, "{round}");
            }
            // A node of the other version starts again, and then one of this version.
            activate_other(&one, "again").await;
            let third = world.node().open_with(many()).await;
            expected.push((2, "r0".to_owned()));
            assert_eq!(recorded_rules(&third).await, expected, "{round}");
            let head = third.settled_status(&owner("acme")).await.unwrap().head;
            assert_eq!(head, 3, "{round}: no conflict is recorded");
        }
    }
}

//! Conformance of log engines.

use super::{Check, Records, run_all};
use crate::log::{AppendFailure, Log, LogError, MAX_APPEND_BYTES, MAX_APPEND_ENTRIES};
use claimledger_facts::{
    ids::{LogPosition, LogSize, TenantId},
    record::{BodyKind, Entry, Removal, SealedBody, StoredHeader},
    time::Time,
    vocabulary::RemovalReason,
};
use std::{future::Future, sync::Arc};

/// Runs the suite. `make` gives an empty log each time it is called.
///
/// # Panics
/// If the engine violates the contract of the trait.
pub async fn log<L: Log + 'static, F: Future<Output = L>>(make: impl Fn() -> F) {
    run_all(log_checks(&make)).await;
}

/// The checks of the suite, to run one by one.
pub fn log_checks<'a, L, F>(make: &'a impl Fn() -> F) -> Vec<Check<'a>>
where
    L: Log + 'static,
    F: Future<Output = L> + 'a,
{
    vec![
        Check::new("appends are read back", async { appends_and_reads_back(&make().await).await }),
        Check::new("bodies are removed", async { removes_bodies(&make().await).await }),
        Check::new("an unexpected size is refused", async {
            refuses_an_unexpected_size(&make().await).await
        }),
        Check::new("an append is written whole or not at all", async {
            writes_all_or_none(&make().await).await
        }),
        Check::new("large appends are refused", async {
            refuses_large_appends(&make().await).await
        }),
        Check::new("tenants are isolated", async { isolates_tenants(&make().await).await }),
        Check::new("appends wake up readers", async { notifies_of_appends(&make().await).await }),
        Check::new("one of two writers wins", async {
            one_of_two_writers_wins(Arc::new(make().await)).await
        }),
    ]
}

fn entries(records: &Records, from: u64, count: u64) -> Vec<Entry> {
    (from..from + count)
        .map(|n| records.entry(&format!("e{n}"), Some("S"), &format!("content {n}"), n))
        .collect()
}

async fn appends_and_reads_back(log: &impl Log) {
    let records = Records::new(&TenantId::from("acme"));
    let tenant = records.tenant();
    assert_eq!(
        log.head(tenant).await.unwrap(),
        LogSize(0),
        "a tenant that was never opened has no records"
    );
    assert_eq!(log.read(tenant, LogPosition(0), 10).await.unwrap(), [], "nor anything to read");
    assert_eq!(
        log.append(tenant, LogSize(0), &[]).await.unwrap(),
        LogSize(0),
        "nothing appended changes nothing"
    );
    assert_eq!(log.tenants().await.unwrap(), [], "and opens nothing");

    let all = entries(&records, 0, 137);
    let mut size = 0;
    // Every size up to a dozen, then a large one, to test the boundaries of chunked writes.
    for count in (1..12).chain([71]) {
        let next = LogSize(size as u64 + count as u64);
        assert_eq!(
            log.append(tenant, LogSize(size as u64), &all[size..size + count]).await.unwrap(),
            next
        );
        assert_eq!(log.head(tenant).await.unwrap(), next);
        size += count;
    }
    assert_eq!(size, all.len());

    let mut read = Vec::new();
    loop {
        let page = log.read(tenant, LogPosition(read.len() as u64), 10).await.unwrap();
        assert!(page.len() <= 10, "more than asked");
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert!(read == all, "what is read is what was appended, in order, to the byte");
    for entry in &read {
        entry.decode().unwrap();
    }
    assert_eq!(
        log.read(tenant, LogPosition(130), 1000).await.unwrap(),
        all[130..],
        "a page may reach past the end"
    );
    let headers: Vec<StoredHeader> = all.iter().map(|entry| entry.header.clone()).collect();
    let mut read = Vec::new();
    loop {
        let page = log.headers(tenant, LogPosition(read.len() as u64), 50).await.unwrap();
        assert!(page.len() <= 50, "more than asked");
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert!(read == headers, "headers are those of the records, with ids and leaves");
    assert_eq!(log.headers(tenant, LogPosition(u64::MAX), 1).await.unwrap(), []);
    assert_eq!(log.headers(tenant, LogPosition(3), 0).await.unwrap(), []);
    assert_eq!(log.read(tenant, LogPosition(137), 1).await.unwrap(), [], "past the end is nothing");
    assert_eq!(log.read(tenant, LogPosition(u64::MAX), 1).await.unwrap(), [], "however far");
    assert_eq!(log.read(tenant, LogPosition(3), 0).await.unwrap(), []);

    let asked = [LogPosition(90), LogPosition(3), LogPosition(90), LogPosition(0)];
    let expected: Vec<_> = asked.iter().map(|position| all[position.0 as usize].clone()).collect();
    assert_eq!(
        log.read_at(tenant, &asked).await.unwrap(),
        expected,
        "in the order asked, repeats included"
    );
    let expected: Vec<_> = expected.into_iter().map(|entry| entry.header).collect();
    assert_eq!(log.headers_at(tenant, &asked).await.unwrap(), expected, "headers too");
    let missing = [
        log.read_at(tenant, &[LogPosition(137)]).await.map(drop),
        log.headers_at(tenant, &[LogPosition(0), LogPosition(137)]).await.map(drop),
    ];
    for missing in missing {
        assert!(
            matches!(missing, Err(LogError::Corrupt { position: LogPosition(137), .. })),
            "{missing:?}"
        );
    }
}

async fn removes_bodies(log: &impl Log) {
    let records = Records::new(&TenantId::from("acme"));
    let other = Records::new(&TenantId::from("globex"));
    let tenant = records.tenant();
    let mut all = entries(&records, 0, 9);
    let removal = |reason, at| Removal { reason, at: Time::EPOCH.plus_secs(at) };
    let first = removal(RemovalReason::Retention, 5);
    // As in a copy of a ledger: bodies that were removed before stay removed.
    all[8].remove(&[BodyKind::Original], &removal(RemovalReason::parse("court_order"), 1));
    log.append(tenant, LogSize(0), &all).await.unwrap();
    log.append(other.tenant(), LogSize(0), &entries(&other, 0, 9)).await.unwrap();
    let at = |positions: &[u64]| positions.iter().copied().map(LogPosition).collect::<Vec<_>>();
    for (positions, bodies, removal) in [
        (at(&[3, 5, 3]), &[BodyKind::Original][..], first.clone()),
        (at(&[5]), &[BodyKind::Personal], removal(RemovalReason::Erasure, 6)),
        (at(&[5, 8, 0]), &BodyKind::ALL, removal(RemovalReason::parse("by_hand"), 7)),
        (at(&[]), &BodyKind::ALL, first.clone()),
        (at(&[4]), &[], first.clone()),
    ] {
        log.remove_bodies(tenant, &positions, bodies, &removal).await.unwrap();
        for position in positions {
            all[position.0 as usize].remove(bodies, &removal);
        }
    }
    let read = log.read(tenant, LogPosition(0), 100).await.unwrap();
    assert!(read == all, "these bodies are gone, each with its first reason, and nothing else");
    let gone = read.iter().map(|entry| BodyKind::ALL.map(|body| entry.sealed(body).removal()));
    assert_eq!(gone.flatten().flatten().count(), 7);
    assert_eq!(log.read_at(tenant, &at(&[5, 0])).await.unwrap(), [all[5].clone(), all[0].clone()]);
    for entry in &read {
        entry.decode().unwrap();
    }

    let refused = log.remove_bodies(tenant, &at(&[1, 9]), &BodyKind::ALL, &first).await;
    assert!(
        matches!(refused, Err(LogError::Corrupt { position: LogPosition(9), .. })),
        "{refused:?}"
    );
    let many = vec![LogPosition(1); MAX_APPEND_ENTRIES + 1];
    let refused = log.remove_bodies(tenant, &many, &BodyKind::ALL, &first).await;
    assert!(matches!(refused, Err(LogError::TooLarge)), "{refused:?}");
    let stranger = TenantId::from("nobody");
    log.remove_bodies(&stranger, &at(&[0]), &BodyKind::ALL, &first).await.unwrap_err();
    assert!(log.read(tenant, LogPosition(0), 100).await.unwrap() == all, "nothing of these");
    for entry in log.read(other.tenant(), LogPosition(0), 100).await.unwrap() {
        assert!(BodyKind::ALL.iter().all(|body| entry.sealed(*body).removal().is_none()));
    }
    assert_eq!(
        log.append(tenant, LogSize(9), &entries(&records, 9, 1)).await.unwrap(),
        LogSize(10),
        "and the log goes on"
    );
}

async fn refuses_an_unexpected_size(log: &impl Log) {
    let records = Records::new(&TenantId::from("acme"));
    let tenant = records.tenant();
    log.append(tenant, LogSize(0), &entries(&records, 0, 5)).await.unwrap();
    for expected in [0, 4, 6, 100] {
        let refused = log.append(tenant, LogSize(expected), &entries(&records, expected, 2)).await;
        assert!(
            matches!(refused, Err(AppendFailure::Conflict { size: LogSize(5) })),
            "expected {expected}: {refused:?}"
        );
        let refused = log.append(tenant, LogSize(expected), &[]).await;
        assert!(
            matches!(refused, Err(AppendFailure::Conflict { size: LogSize(5) })),
            "expected {expected}, nothing to write: {refused:?}"
        );
    }
    let other = TenantId::from("nobody");
    let refused = log.append(&other, LogSize(1), &entries(&records, 1, 1)).await;
    assert!(matches!(refused, Err(AppendFailure::Conflict { size: LogSize(0) })), "{refused:?}");
    assert_eq!(
        log.read(tenant, LogPosition(0), 100).await.unwrap().len(),
        5,
        "nothing of it was written"
    );
    assert_eq!(
        log.append(tenant, LogSize(5), &entries(&records, 5, 1)).await.unwrap(),
        LogSize(6),
        "and the next append goes in"
    );
}

async fn writes_all_or_none(log: &impl Log) {
    let records = Records::new(&TenantId::from("acme"));
    let tenant = records.tenant();
    // An append that is dropped at any moment is written whole or not at all, and the log still
    // accepts appends.
    let mut size = 0;
    for steps in 0..40 {
        let batch = entries(&records, size, 7);
        {
            let append = log.append(tenant, LogSize(size), &batch);
            tokio::pin!(append);
            for _ in 0..steps {
                if futures_poll(&mut append).await {
                    break;
                }
            }
        }
        let head = log.head(tenant).await.unwrap().0;
        assert!(head == size || head == size + 7, "{head} of {size} and 7 more");
        // The dropped append may still be in progress: the append with the right size wins.
        match log.append(tenant, LogSize(head), &entries(&records, head, 1)).await {
            Ok(after) => size = after.0,
            Err(AppendFailure::Conflict { size: other }) => size = other.0,
            Err(other) => panic!("{other:?}"),
        }
    }
    let read = log.read(tenant, LogPosition(0), 1000).await.unwrap();
    for (position, entry) in read.iter().enumerate() {
        assert_eq!(
            entry.decode().unwrap().header.position,
            LogPosition(position as u64),
            "positions are dense"
        );
    }
}

/// Polls once and lets other tasks run; true if it is done.
async fn futures_poll<F: Future>(future: &mut std::pin::Pin<&mut F>) -> bool {
    let done =
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready()))
            .await;
    tokio::task::yield_now().await;
    done
}

async fn refuses_large_appends(log: &impl Log) {
    let records = Records::new(&TenantId::from("acme"));
    let tenant = records.tenant();
    let many = entries(&records, 0, MAX_APPEND_ENTRIES as u64 + 1);
    assert!(matches!(
        log.append(tenant, LogSize(0), &many).await,
        Err(AppendFailure::Log(LogError::TooLarge))
    ));
    let mut large = entries(&records, 0, 2);
    large[1].original = SealedBody::Present(vec![7; MAX_APPEND_BYTES]);
    assert!(matches!(
        log.append(tenant, LogSize(0), &large).await,
        Err(AppendFailure::Log(LogError::TooLarge))
    ));
    assert_eq!(log.head(tenant).await.unwrap(), LogSize(0));
    let most = log.append(tenant, LogSize(0), &many[..MAX_APPEND_ENTRIES]).await.unwrap();
    assert_eq!(most, LogSize(MAX_APPEND_ENTRIES as u64), "the limit itself goes in");
    let mut large = vec![records.entry("large", None, "", 500)];
    large[0].original = SealedBody::Present(Vec::new());
    let room = MAX_APPEND_BYTES - large[0].size();
    large[0].original = SealedBody::Present(vec![7; room]);
    log.append(tenant, most, &large).await.unwrap();
    assert_eq!(log.read(tenant, LogPosition(500), 1).await.unwrap(), large, "and comes out");
}

async fn isolates_tenants(log: &impl Log) {
    // Names that differ only in case, white space and the like, which engines might conflate.
    let names = ["acme", "Acme", "acme ", "ac", "acme\u{0}x", "zebra", "ä", "a\u{308}"];
    for (count, name) in names.iter().enumerate() {
        let records = Records::new(&TenantId::from(*name));
        log.append(records.tenant(), LogSize(0), &entries(&records, 0, count as u64 + 1))
            .await
            .unwrap();
    }
    for (count, name) in names.iter().enumerate() {
        let tenant = TenantId::from(*name);
        assert_eq!(log.head(&tenant).await.unwrap(), LogSize(count as u64 + 1), "{name:?}");
        let read = log.read(&tenant, LogPosition(0), 100).await.unwrap();
        assert_eq!(read.len(), count + 1, "{name:?}");
        assert!(
            read.iter().all(|entry| entry.decode().unwrap().header.tenant == tenant),
            "{name:?}"
        );
    }
    let mut sorted = names.map(TenantId::from).to_vec();
    sorted.sort();
    assert_eq!(log.tenants().await.unwrap(), sorted, "bytewise");
}

async fn notifies_of_appends(log: &impl Log) {
    let records = Records::new(&TenantId::from("acme"));
    let mut changes = log.changes();
    changes.mark_unchanged();
    log.append(records.tenant(), LogSize(0), &entries(&records, 0, 1)).await.unwrap();
    assert!(changes.has_changed().unwrap(), "an append wakes up who waits");
}

async fn one_of_two_writers_wins<L: Log + 'static>(log: Arc<L>) {
    let tenant = TenantId::from("acme");
    let records = Arc::new(Records::new(&tenant));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (log, tenant, records) = (Arc::clone(&log), tenant.clone(), Arc::clone(&records));
            tokio::spawn(async move {
                let (mut won, mut size) = (0, 0);
                while won < 25 {
                    let entry = records.entry(&format!("w{writer} {won}"), None, "", size);
                    match log.append(&tenant, LogSize(size), &[entry]).await {
                        Ok(after) => (won, size) = (won + 1, after.0),
                        Err(AppendFailure::Conflict { size: other }) => {
                            assert_ne!(other.0, size, "a conflict names another size");
                            size = other.0;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let read = log.read(&tenant, LogPosition(0), 1000).await.unwrap();
    let mut ids: Vec<_> = read.iter().map(|entry| entry.header.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(
        (read.len(), ids.len()),
        (100, 100),
        "each append that was acknowledged is there once"
    );
}

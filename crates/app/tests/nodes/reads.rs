//! What one node acknowledged, another one answers.

use super::two_nodes;
use crate::common::{ingest_line, owner, time};
use claimledger_app::model::question::{AskError, Asking};
use claimledger_facts::ids::{IdpId, LogPosition};
use serde_json::json;

/// Trust in idp-x, switched on or off.
fn trust(n: u64, is_trusted: bool) -> serde_json::Value {
    let at = time("2026-03-10T20:00:00Z").plus_secs(n);
    json!({"id": format!("switch-{n}"), "type": "idp.configured", "occurred_at": at,
        "source": "acme-sp", "data": {"idp": "idp-x", "version": format!("v{n}"),
        "kind": "third_party", "status": "active", "trust_claims": is_trusted,
        "map_amr_claims": false, "protocol": "oidc", "app": "oidc", "usage": "sso",
        "actor": "admin-1"}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_on_one_node_is_known_on_the_other_every_time() {
    let ((_, one), (_, two)) = two_nodes().await;
    let idp = IdpId::new("idp-x");
    for n in 0..100 {
        let (writer, reader) = if n % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let receipt = ingest_line(writer, "acme", &trust(n, n % 3 == 0)).await.unwrap();
        let asking = Asking { after: Some(receipt.position), ..Asking::default() };
        let answer = reader.trust(&owner("acme"), Some(&idp), &asking).await.unwrap();
        assert!(answer.answered.position >= receipt.position, "#{n}");
        assert_eq!(answer.status.head, receipt.position.0 + 1, "#{n}: the shared head");
        let last = answer.value.versions.last().unwrap();
        assert_eq!((last.record.position, last.data.trust_claims), (receipt.position, n % 3 == 0));
        // The same cut is answered by both nodes alike.
        let cut = Asking {
            at: Some(answer.answered.at),
            known_at_position: Some(receipt.position),
            ..asking
        };
        let [here, there] = [&one, &two].map(async |app| {
            let answer = app.trust(&owner("acme"), Some(&idp), &cut).await.unwrap();
            format!("{:?}", answer.value)
        });
        assert_eq!(here.await, there.await, "#{n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_states_the_head_of_all_nodes_and_a_position_past_it_is_refused() {
    let ((_, one), (_, two)) = two_nodes().await;
    for n in 0..50 {
        let receipt = ingest_line(&one, "acme", &trust(n, true)).await.unwrap();
        assert_eq!(two.status(&owner("acme")).await.unwrap().head, receipt.position.0 + 1);
        let past = LogPosition(receipt.position.0 + 1);
        let asking = Asking { after: Some(past), ..Asking::default() };
        let refused = two.trust(&owner("acme"), None, &asking).await;
        assert!(matches!(refused, Err(AskError::PastHead { .. })), "{refused:?}");
    }
}

//! Credentials and tenants of other nodes.

use super::{many, two_nodes, until};
use crate::common::{World, owner, tenant};
use claimledger_app::{app::App, model::question::Caller};
use claimledger_facts::vocabulary::Role;
use std::time::Duration;

/// How long a revocation by another node may take.
const MOST: Duration = Duration::from_secs(5);

async fn granted(app: &App) -> (String, String) {
    app.grant(&owner("acme"), &[Role::Read], None).await.unwrap()
}

async fn signed_in(app: &App, token: &str) -> (Caller, String, String) {
    let caller = app.authenticate(token).await.unwrap().unwrap();
    (caller.clone(), app.page_session(&caller), app.sign_in_code(&caller))
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_one_node_revoked_ends_on_the_other_within_five_seconds() {
    let ((_, one), (_, two)) = two_nodes().await;
    let ((revoked, token), (_, other_token)) = (granted(&one).await, granted(&one).await);
    let (caller, page, code) = signed_in(&two, &token).await;
    let (_, other_page, other_code) = signed_in(&two, &other_token).await;
    let subscription = two.keep_in_use(&caller);
    let mut revocations = two.revocations();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(!revocations.has_changed().unwrap(), "nothing was revoked");
    assert!(two.caller_of_page_session(&page).is_some());

    assert!(one.revoke(&owner("acme"), &revoked).await.unwrap());
    tokio::time::timeout(MOST, revocations.changed()).await.unwrap().unwrap();
    assert_eq!(two.authenticate(&token).await.unwrap(), None);
    assert_eq!((two.caller_of_page_session(&page), two.redeem(&code)), (None, None));
    assert!(two.authenticate(&other_token).await.unwrap().is_some());
    assert!(two.caller_of_page_session(&other_page).is_some() && two.redeem(&other_code).is_some());

    drop(subscription);
    tokio::time::sleep(Duration::from_secs(3)).await;
    revocations.mark_unchanged();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(!revocations.has_changed().unwrap(), "nothing rests on it any more");
}

#[tokio::test(start_paused = true)]
async fn a_page_session_alone_ends_too() {
    let ((_, one), (_, two)) = two_nodes().await;
    let (revoked, token) = granted(&one).await;
    let (_, page, _) = signed_in(&two, &token).await;
    assert!(one.revoke(&owner("acme"), &revoked).await.unwrap());
    until("ended", MOST, async || two.caller_of_page_session(&page).is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_one_node_created_is_open_on_the_others_within_seconds() {
    let one = World::new();
    let two = one.node();
    let (app, other) = (one.open_with(many()).await, two.open_with(many()).await);
    let token = app.init_tenant(&tenant("acme"), true, None).await.unwrap();
    // Nobody asks the other node.
    let tree = async || two.proofs.tiles.tree(&tenant("acme")).await.unwrap();
    until("its tree", MOST, async || tree().await.is_some_and(|tree| tree.size.0 == 1)).await;
    let duties = async || two.state.keys(&tenant("acme"), "duty/").await.unwrap();
    let all = duties().await;
    assert_eq!(all, ["duty/sign/access", "duty/sign/records"]);
    app.close().await;
    assert_eq!(duties().await, [""; 0]);
    until("its duties", MOST, async || duties().await == all).await;
    assert_eq!(other.authenticate(&token).await.unwrap().unwrap().tenant, tenant("acme"));
}

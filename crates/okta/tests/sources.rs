//! What is set up: stored, listed, removed, checked.

use crate::support::{
    World,
    double::{Fault, Given},
    id,
};
use claimledger_facts::ids::SourceId;
use claimledger_okta::{Access, SourceError, probe};

#[tokio::test]
async fn a_source_is_stored_without_its_token_and_removed_with_its_cursor() {
    let world = World::new().await;
    let sources = world.sources();
    sources.add(&id(), &world.source).await.unwrap();
    let again = sources.add(&id(), &world.source).await.unwrap_err();
    assert!(matches!(again, SourceError::Exists { .. }), "{again}");
    world.round().await.unwrap();
    let all = sources.all().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].0, &all[0].1), (&id(), &world.source));
    assert!(all[0].2.next.is_some());
    let text = serde_json::to_string(&world.source).unwrap();
    assert!(text.contains("/token\"") && !text.contains("canary"), "{text}");

    sources.remove(&id()).await.unwrap();
    assert!(sources.all().await.unwrap().is_empty());
    assert_eq!(world.progress().await, Default::default());
    let unknown = sources.remove(&id()).await.unwrap_err();
    assert!(unknown.to_string().contains("no source okta is set up"), "{unknown}");
    sources.add(&id(), &world.source).await.unwrap();
}

#[tokio::test]
async fn ids_and_settings_out_of_range_are_refused_with_what_they_may_be() {
    let world = World::new().await;
    let sources = world.sources();
    for bad in ["", "a b", "a/b", "claimledger", "ü"] {
        let refused = sources.add(&SourceId::new(bad), &world.source).await.unwrap_err();
        assert!(refused.to_string().contains("letters, digits"), "{bad}: {refused}");
    }
    let mut source = world.source.clone();
    source.since = "181d".parse().unwrap();
    let refused = sources.add(&id(), &source).await.unwrap_err();
    assert_eq!(refused.to_string(), "--since 181d: Okta goes back at most 180d");
    source = world.source.clone();
    source.page = 1_001;
    assert!(sources.add(&id(), &source).await.is_err());
    source = world.source.clone();
    source.okta_idps = vec!["0oaX".to_owned(), "0oaX=classic".to_owned()];
    source.check().unwrap();
    source.okta_idps.push("0oaX=unheard-of".to_owned());
    let refused = sources.add(&id(), &source).await.unwrap_err();
    assert!(refused.to_string().starts_with("--okta-idp 0oaX=unheard-of: "), "{refused}");
    assert!(sources.all().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_token_may_read_is_found_by_asking_once() {
    let world = World::new().await;
    let forbidden = Given::Status(403, "E0000006");
    world.double.org().configuration.insert("/api/v1/apps".to_owned(), forbidden);
    let probed = probe(&world.client()).await.unwrap().0;
    assert_eq!(world.double.org().seen.len(), probed.len());
    let of = |address: &str| {
        probed.iter().find(|probed| probed.address == address).expect("it is asked")
    };
    assert_eq!(of("/api/v1/logs").access, Access::Readable);
    assert_eq!(of("/api/v1/apps").access, Access::Forbidden);
    assert_eq!(of("/api/v1/apps").permission, "okta.apps.read");
    let kind = of("/api/v1/policies?type=IDENTITY_CLAIM_SOURCING");
    assert_eq!(kind.access, Access::Absent);

    world.set_token("00wrong");
    let refused = probe(&world.client()).await.unwrap_err();
    assert!(refused.to_string().starts_with("Okta does not accept the token"), "{refused}");
}

/// A page for people is no answer of the API, and asking for it again would give the same.
#[tokio::test]
async fn a_page_of_html_ends_the_question_at_once() {
    let world = World::new().await;
    world.double.org().faults.push_back(Fault::Html);
    let error = probe(&world.client()).await.unwrap_err().to_string();
    assert!(error.contains("text/html") || error.contains("<html>sign in"), "{error}");
    assert_eq!(world.double.org().seen.len(), 1, "it is asked once");

    // A failure of Okta says nothing of the token.
    let world = World::new().await;
    world.double.org().faults.extend([
        Fault::Status(503, "E0000009"),
        Fault::Status(503, "E0000009"),
        Fault::Status(503, "E0000009"),
    ]);
    let error = probe(&world.client()).await.unwrap_err().to_string();
    assert!(error.starts_with("Okta failed (503)"), "{error}");
    let failed = Given::Status(500, "E0000009");
    world.double.org().configuration.insert("/api/v1/idps".to_owned(), failed);
    let probed = probe(&world.client()).await.unwrap().0;
    let idps = probed.iter().find(|probed| probed.address == "/api/v1/idps");
    assert_eq!(idps.unwrap().access, Access::Failed, "the others are asked all the same");
}

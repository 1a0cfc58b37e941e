//! Roles and tenant isolation.

use crate::common::*;
use claimledger_app::{
    intake::IngestError,
    model::question::{
        AskError, Asking, Caller, DecisionFilter, RecordBy, SessionFilter, WhyFilter,
    },
    rebuild::RebuildError,
};
use claimledger_facts::{
    fact::FactData,
    ids::{LogPosition, RecordId, SessionId, SourceEventId, SourceId},
    refusal::RefusalCode,
    vocabulary::Role,
};

fn with(roles: &[Role]) -> Caller {
    Caller { roles: roles.to_vec(), credential: "c".into(), ..owner("acme") }
}

#[tokio::test]
async fn init_writes_one_record_and_gives_all_roles() {
    let world = World::new();
    let app = world.open().await;
    let token = app.init_tenant(&tenant("acme"), false, None).await.unwrap();
    let caller = app.authenticate(&token).await.unwrap().unwrap();
    assert_eq!((caller.tenant, caller.roles), (tenant("acme"), Role::ALL.to_vec()));
    let status = app.settled_status(&owner("acme")).await.unwrap();
    assert_eq!((status.head, status.assessed_to), (1, 1));
    let record = app
        .record(&owner("acme"), RecordBy::Position(LogPosition(0)), false)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(&record.statement.facts[0].data,
            FactData::LedgerOpened(opened) if !opened.rehearsal && opened.roles == Role::ALL));
    assert_eq!(record.reference.recorded_at, time("2026-03-11T08:00:00Z"));
    assert!(app.init_tenant(&tenant("acme"), false, None).await.is_err(), "it exists");
    for name in ["", "Acme", "a/b", "..", "-a", &"a".repeat(65)] {
        assert!(app.init_tenant(&tenant(name), false, None).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_rehearsal_begins_at_the_epoch_or_as_asked() {
    let world = World::new();
    let app = world.open().await;
    app.init_tenant(&tenant("a"), true, None).await.unwrap();
    app.init_tenant(&tenant("b"), true, Some(at("10:00:00"))).await.unwrap();
    for (name, expected) in [("a", "1970-01-01T00:00:00Z"), ("b", "2026-03-10T10:00:00Z")] {
        let record = app
            .record(&owner(name), RecordBy::Position(LogPosition(0)), false)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(record.reference.recorded_at, time(expected));
        assert!(app.is_rehearsal(&owner(name)).await.unwrap());
    }
}

#[tokio::test]
async fn a_granted_token_works_until_revoked_and_both_are_recorded() {
    let (_world, app) = acme().await;
    let (credential, token) = app
        .grant(&owner("acme"), &[Role::Read, Role::Ingest], Some(&SourceId::new("okta")))
        .await
        .unwrap();
    let caller = app.authenticate(&token).await.unwrap().unwrap();
    assert_eq!(
        (caller.credential.as_str(), caller.source.clone()),
        (credential.as_str(), source("okta"))
    );
    assert_eq!(caller.roles, [Role::Ingest, Role::Read]);
    assert!(app.grant(&caller, &[Role::Govern], None).await.is_err(), "it lacks the role govern");

    let page = app.page_session(&caller);
    let code = app.sign_in_code(&caller);
    assert_eq!(app.caller_of_page_session(&page), Some(caller.clone()));
    assert!(app.revoke(&owner("acme"), &credential).await.unwrap());
    assert_eq!(app.authenticate(&token).await.unwrap(), None);
    assert_eq!((app.caller_of_page_session(&page), app.redeem(&code)), (None, None));
    assert!(!app.revoke(&owner("acme"), "nobody").await.unwrap());

    let kind = |position| {
        let app = app.clone();
        async move {
            app.record(&owner("acme"), RecordBy::Position(LogPosition(position)), false)
                .await
                .unwrap()
                .unwrap()
                .reference
                .kind
        }
    };
    assert_eq!((&*kind(83).await, &*kind(84).await), ("role.granted", "role.revoked"));
    assert_eq!(app.status(&owner("acme")).await.unwrap().head, 85);
}

#[tokio::test]
async fn two_who_revoke_at_once_leave_one_record() {
    let (_world, app) = acme().await;
    for _ in 0..20 {
        let (credential, _) = app.grant(&owner("acme"), &[Role::Read], None).await.unwrap();
        let head = app.settled_status(&owner("acme")).await.unwrap().head;
        let other = with(&[Role::Govern]);
        let (one, two) = (owner("acme"), other);
        let (one, two) = tokio::join!(app.revoke(&one, &credential), app.revoke(&two, &credential));
        assert!(one.unwrap() && two.unwrap());
        // One record: the second is no other content under the same id, which reads as tampering.
        let after = app.settled_status(&owner("acme")).await.unwrap().head;
        assert_eq!(after, head + 1);
        let record = app
            .record(&owner("acme"), RecordBy::Position(LogPosition(head)), false)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(&*record.reference.kind, "role.revoked");
    }
}

#[tokio::test]
async fn a_malformed_token_has_no_caller() {
    let (_world, app) = acme().await;
    for token in ["", "clt_", "Bearer x", &format!("clt_{}_00000000", "A".repeat(43))] {
        assert_eq!(app.authenticate(token).await.unwrap(), None, "{token}");
    }
}

#[tokio::test]
async fn a_token_of_one_tenant_is_not_revoked_by_another() {
    let (_world, app) = acme().await;
    app.init_tenant(&tenant("globex"), true, None).await.unwrap();
    let (credential, token) = app.grant(&owner("acme"), &[Role::Read], None).await.unwrap();
    assert!(!app.revoke(&owner("globex"), &credential).await.unwrap());
    assert!(app.authenticate(&token).await.unwrap().is_some());
}

#[tokio::test]
async fn each_role_allows_exactly_its_operations() {
    let (_world, app) = acme().await;
    let now = Asking::default();
    let s1 = SessionId::new("S1");
    for role in Role::ALL {
        let caller = with(&[*role]);
        let reads = matches!(role, Role::Read | Role::Investigate);
        let investigates = *role == Role::Investigate;
        let asked = |error| match error {
            RebuildError::Forbidden { needs } => AskError::Forbidden { needs },
            other => panic!("{other}"),
        };
        let forbidden = |error: AskError| matches!(error, AskError::Forbidden { .. });
        let checks = [
            (reads, app.session(&caller, &s1, &now).await.map(|_| ())),
            (reads, app.session(&caller, &SessionId::new("nothing"), &now).await.map(|_| ())),
            (
                reads,
                app.sessions(&caller, &SessionFilter::default(), &now, 1, None).await.map(|_| ()),
            ),
            (
                reads,
                app.decisions(&caller, &DecisionFilter::default(), &now, 1, None).await.map(|_| ()),
            ),
            (reads, app.why(&caller, &s1, &WhyFilter::default(), &now).await.map(|_| ())),
            (
                reads,
                app.record(&caller, RecordBy::Position(LogPosition(0)), false).await.map(|_| ()),
            ),
            (reads, app.dump_views(&caller).await.map(|_| ())),
            (
                investigates,
                app.record(&caller, RecordBy::Position(LogPosition(0)), true).await.map(|_| ()),
            ),
            (
                investigates,
                app.record(&caller, RecordBy::Position(LogPosition(999)), true).await.map(|_| ()),
            ),
            (investigates, app.labels(&caller, &[]).await.map(|_| ())),
            (true, app.status(&caller).await.map(|_| ())),
            (
                *role == Role::Operate,
                app.rebuild(&caller, false, |_, _| {}).await.map(|_| ()).map_err(asked),
            ),
            (
                reads || *role == Role::Operate,
                app.last_rebuild(&caller).await.map(|_| ()).map_err(asked),
            ),
        ];
        for (n, (allowed, done)) in checks.into_iter().enumerate() {
            match done {
                Ok(()) => assert!(allowed, "{role} may not do {n}"),
                Err(error) => assert!(!allowed && forbidden(error), "{role} may do {n}"),
            }
        }
        let taken = app.ingest(&caller, batch(Vec::new())).await;
        assert_eq!(taken.is_ok(), *role == Role::Ingest, "{role}");
    }
}

#[tokio::test]
async fn a_credential_appends_as_its_own_source() {
    let (_world, app) = acme().await;
    let line = |source: Option<&str>| {
        let mut line = serde_json::json!({"id": "x", "type": "hold.placed",
            "occurred_at": "2026-03-10T23:10:00Z", "data": {"hold": "H"}});
        if let Some(source) = source {
            line["source"] = source.into();
        }
        batch(drafts(&[line.to_string()]))
    };
    let own = Caller { source: source("sp"), ..with(&[Role::Ingest]) };
    let refused = |done: Result<_, IngestError>| match done {
        Err(IngestError::Refused(refusal)) => (refusal.code, refusal.line),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(app.ingest(&own, line(Some("other"))).await),
        (RefusalCode::Source, Some(1))
    );
    assert_eq!(
        refused(
            app.ingest(
                &own,
                claimledger_app::intake::Batch { source: source("other"), ..line(None) }
            )
            .await
        )
        .0,
        RefusalCode::Source
    );
    assert_eq!(
        refused(app.ingest(&owner("acme"), line(Some("claimledger"))).await).0,
        RefusalCode::Source
    );
    let done = app.ingest(&own, line(None)).await.unwrap();
    let record = app
        .record(&owner("acme"), RecordBy::Position(done[0].position), false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.reference.source, SourceId::new("sp"));
    assert!(app.ingest(&own, line(Some("sp"))).await.is_ok());
    assert!(
        app.ingest(&owner("acme"), line(Some("other"))).await.is_ok(),
        "the operator appends for several sources"
    );
}

#[tokio::test]
async fn no_tenant_sees_another() {
    let (_world, app) = acme().await;
    app.init_tenant(&tenant("globex"), true, None).await.unwrap();
    ingest(&app, "globex", drafts(&demo("globex"))).await.unwrap();
    let now = Asking::default();

    // The same answer, byte for byte, as for a session that does not exist.
    let theirs = app.session(&owner("globex"), &SessionId::new("S1"), &now).await.unwrap();
    let mut unknown =
        app.session(&owner("globex"), &SessionId::new("no such session"), &now).await.unwrap();
    // Only the requested id differs.
    unknown.absence.words = unknown.absence.words.replace("no such session", "S1");
    assert_eq!(theirs, unknown);
    assert!(theirs.value.is_none());
    let filter = WhyFilter::default();
    let mut unknown =
        app.why(&owner("acme"), &SessionId::new("no such session"), &filter, &now).await.unwrap();
    unknown.absence.words = unknown.absence.words.replace("no such session", "GX1");
    assert_eq!(
        app.why(&owner("acme"), &SessionId::new("GX1"), &filter, &now).await.unwrap(),
        unknown
    );
    let acme = app
        .sessions(&owner("acme"), &SessionFilter::default(), &now, 500, None)
        .await
        .unwrap()
        .value;
    let globex = app
        .sessions(&owner("globex"), &SessionFilter::default(), &now, 500, None)
        .await
        .unwrap()
        .value;
    assert_eq!((acme.items.len(), globex.items.len()), (8, 1));

    // Alice exists in both tenants, as two people.
    let alice = |page: &claimledger_app::model::answer::Page<
        claimledger_app::model::answer::SessionHit,
    >,
                 session: &str| {
        page.items
            .iter()
            .find(|hit| hit.session.state.id.as_str() == session)
            .unwrap()
            .session
            .state
            .origin
            .subject
            .clone()
            .unwrap()
    };
    let (ours, theirs) = (alice(&acme, "S1"), alice(&globex, "GX1"));
    assert_ne!(ours, theirs);
    assert!(app.labels(&owner("globex"), std::slice::from_ref(&ours)).await.unwrap().is_empty());
    assert_eq!(
        app.labels(&owner("acme"), std::slice::from_ref(&ours)).await.unwrap()[&ours]
            .login
            .as_deref(),
        Some("alice@acme.example")
    );

    let id = RecordId::derive(
        &tenant("acme"),
        &SourceId::new("acme-sp"),
        &SourceEventId::new(acme.items[0].session.state.records[0].source_id.as_str()),
    );
    assert!(app.record(&owner("acme"), RecordBy::Id(id), false).await.unwrap().is_some());
    assert!(app.record(&owner("globex"), RecordBy::Id(id), false).await.unwrap().is_none());
}

#[tokio::test]
async fn sealed_data_is_opened_for_investigators_on_request() {
    let (_world, app) = acme().await;
    let session = app
        .session(&owner("acme"), &SessionId::new("S3"), &Asking::default())
        .await
        .unwrap()
        .value
        .unwrap();
    let by = RecordBy::Position(session.state.records[0].position);
    let closed = app.record(&with(&[Role::Read]), by.clone(), false).await.unwrap().unwrap();
    assert_eq!((closed.original, closed.personal), (None, None));
    let open = app.record(&with(&[Role::Investigate]), by, true).await.unwrap().unwrap();
    let original = String::from_utf8(open.original.unwrap()).unwrap();
    assert!(demo("acme").contains(&original), "{original}");
    let subject = session.state.origin.subject.unwrap();
    assert_eq!(open.personal.unwrap()[subject.as_str()]["login"], "carol@acme.example");
    assert_eq!(
        app.record(&owner("acme"), RecordBy::Position(LogPosition(83)), true).await.unwrap(),
        None
    );
}

//! Which facts the history takes.

use crate::given::*;
use claimledger_domain::history::{History, is_config, is_held};
use claimledger_facts::{
    fact::{FACT_TYPES, FactData},
    ids::LogPosition,
    schema::schema_files,
    time::Occurred,
};
use serde_json::{Value, json};

#[test]
fn configuration_is_what_any_session_may_need() {
    for said in [org(), third_party(), key_added("08:00:00", "K"), policy(json!({})), local("otp")]
    {
        assert!(is_config(&said.data), "{}", said.data.type_name());
    }
    for said in [claims("08:00:00", &[]), verified("08:00:00", "otp"), decided("08:00:00", "deny")]
    {
        assert!(!is_config(&said.data), "{}", said.data.type_name());
    }
}

/// The nature of a fact type says what the history holds; the history says it again, type by type.
/// Beside that it holds what tells when configuration was saved.
#[test]
fn the_history_holds_every_type_of_a_tenant_wide_nature_and_saves() {
    let files = schema_files();
    for of in FACT_TYPES {
        let path = format!("facts/{}.v{}.json", of.name, of.version);
        let schema = &files.iter().find(|file| file.path == path).expect("a schema").text;
        let schema: Value = serde_json::from_str(schema).unwrap();
        let said = fact("09:00:00", of.name, schema["examples"][0].clone());
        let data = said.data.clone();
        let history: History = given([said]).0.into_iter().collect();
        let holds = format!("{history:?}") != format!("{:?}", History::default());
        assert_eq!(holds, is_held(&data), "{}", of.name);
        let of_nature = of.nature.is_tenant_wide() || of.name == "configuration.changed";
        assert_eq!(holds, of_nature, "{}", of.name);
    }
}

#[test]
fn inserting_twice_changes_nothing() {
    let g = given([org(), third_party(), key_added("08:00:00", "K")]);
    let mut history = History::default();
    for known in g.0.iter().chain(&g.0) {
        history.insert(known.clone());
    }
    let cut = history.at(LogPosition(9));
    assert_eq!(cut.trust().key_changes(&"x".into()).count(), 1);
    assert_eq!(cut.trust().idp_versions(&"x".into()).count(), 1);
}

#[test]
fn a_cut_knows_what_was_recorded_by_then() {
    let g = given([third_party(), idp_at("09:00:00", "third_party", "active", false)]);
    let history: History = g.0.into_iter().collect();
    let trusted = |position, at: &str| {
        let options =
            history.at(LogPosition(position)).trust().idp(&"x".into(), Occurred::at(time(at)));
        options.certain().unwrap().map(|i| i.data.trust_claims)
    };
    assert_eq!(trusted(0, "12:00:00"), None);
    assert_eq!(trusted(1, "12:00:00"), Some(true));
    assert_eq!(trusted(2, "12:00:00"), Some(false));
    assert_eq!(trusted(2, "08:59:59"), Some(true));
    assert_eq!(trusted(2, "07:59:59"), None);
}

#[test]
fn a_fact_that_is_no_configuration_is_not_taken() {
    let g = given([claims("12:00:00", &["pwd"])]);
    assert!(matches!(g.0[0].fact.data, FactData::ClaimsReceived(_)));
    let history: History = g.0.into_iter().collect();
    assert_eq!(history.at(LogPosition(9)).trust().idp_versions(&"x".into()).count(), 0);
}

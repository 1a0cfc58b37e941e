//! Which org the values of a look are of.

use claimledger_sources::{Dialect, SourceSettings};
use serde_json::{Value, json};

fn org(id: &str) -> Value {
    json!({"looked_at": "2026-03-10T10:00:00Z", "path": "/.well-known/okta-organization",
        "body": {"id": id, "pipeline": "idx", "_links": {}}})
}

#[test]
fn the_orgs_that_values_name_are_told_once_each() {
    let settings = SourceSettings::of(Dialect::OktaConfig);
    let mut reader = settings.translator().reader(&settings, None);
    let mut told = Vec::new();
    let features = json!({"looked_at": "2026-03-10T10:00:00Z", "path": "/api/v1/features",
        "body": [{"id": "ftr1", "name": "Okta-to-Okta claims sharing", "type": "self-service",
            "status": "ENABLED", "stage": {"value": "EA"}}]});
    for value in [features, org("00oA"), org("00oA"), org("00oB")] {
        reader.read(value.to_string().as_bytes()).unwrap();
        told.push(reader.orgs().len());
    }
    assert_eq!((told, reader.orgs()), (vec![0, 1, 1, 2], &["00oA".into(), "00oB".into()][..]));
}

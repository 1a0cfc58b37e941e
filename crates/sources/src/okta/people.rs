//! Who an event is about. The actor is not always the subject: a sign-in through an identity provider is acted by Okta itself, and sessions are cleared
//! by an administrator.
//!
//! Names, logins, addresses and user agents come from outside, some of them from whoever tries to sign in: they are sealed, under the key of the
//! person they tell about, or under the tenant's where there is none.

use super::event::{Event, Target};
use crate::{json::Json, text};
use claimledger_facts::draft::DraftPerson;
use serde_json::{Map, Value};

/// The people of an event.
pub(super) struct People {
    /// Each once, the actor first.
    pub(super) persons: Vec<DraftPerson>,
    /// Which of them the facts are about.
    pub(super) subject: Option<usize>,
    /// What belongs to none of them.
    pub(super) unowned: Map<String, Value>,
}

const USER: &str = "User";

/// Finds the people of an event.
pub(super) fn of(event: &Event<'_>, kind: &str) -> People {
    let mut persons = Vec::new();
    let actor = event.actor(USER).and_then(|actor| add(&mut persons, actor));
    let mut targets: Vec<usize> = event.targets(USER).filter_map(|user| add(&mut persons, user)).collect();
    targets.sort_unstable();
    targets.dedup();
    let target = match targets[..] {
        [one] => Some(one),
        _ => None,
    };
    let subject = match kind {
        // The actor is Okta, or an administrator.
        "user.authentication.auth_via_IDP" | "user.session.clear" => target,
        _ => actor.or(target),
    };

    let mut unowned = Map::new();
    let client = client(event);
    if !client.is_empty() {
        // The client is the actor's; where Okta acts for somebody who signs in, it is theirs.
        let acted_for = if kind == "user.authentication.auth_via_IDP" { subject } else { None };
        let home = actor.or(acted_for).and_then(|person| persons.get_mut(person)).map_or(&mut unowned, |person| &mut person.personal);
        home.insert("client".into(), Value::Object(client));
    }
    People { persons, subject, unowned }
}

/// Adds a user, once. An attempt under a name that Okta does not know has no user.
fn add(persons: &mut Vec<DraftPerson>, user: Target<'_>) -> Option<usize> {
    let id = user.id()?;
    let at = persons.iter().position(|person| person.id == id).unwrap_or_else(|| {
        let personal = Map::from_iter([("id".to_owned(), Value::from(id))]);
        persons.push(DraftPerson { id: id.to_owned(), aliases: Vec::new(), personal });
        persons.len() - 1
    });
    for (key, field) in [("login", "alternateId"), ("name", "displayName")] {
        if let Some(label) = user.text(field) {
            let person = &mut persons[at];
            person.personal.entry(key).or_insert_with(|| Value::from(label));
            if label.len() <= text::MAX_ID_BYTES && !person.aliases.iter().any(|alias| alias == label) {
                person.aliases.push(label.to_owned());
            }
        }
    }
    Some(at)
}

/// From where it was done.
fn client(event: &Event<'_>) -> Map<String, Value> {
    const FIELDS: &[(&str, &[&str])] = &[
        ("ip", &["client", "ipAddress"]),
        ("user_agent", &["client", "userAgent", "rawUserAgent"]),
        ("os", &["client", "userAgent", "os"]),
        ("browser", &["client", "userAgent", "browser"]),
        ("device", &["client", "device"]),
        ("device_id", &["device", "id"]),
        ("device_name", &["device", "name"]),
        ("city", &["client", "geographicalContext", "city"]),
        ("state", &["client", "geographicalContext", "state"]),
        ("country", &["client", "geographicalContext", "country"]),
        ("as_number", &["securityContext", "asNumber"]),
        ("as_org", &["securityContext", "asOrg"]),
    ];
    let known = |path: &[&str]| match event.value(path)? {
        Json::Number(number) => Some(Value::Number(number.clone())),
        _ => event.text(path).map(Value::from),
    };
    FIELDS.iter().filter_map(|(name, path)| Some(((*name).to_owned(), known(path)?))).collect()
}

//! Who an event is about. The actor is not always the subject: a sign-in through an identity
//! provider is acted by Okta itself, and sessions are cleared by an administrator.
//!
//! Names, logins, addresses and user agents are personal, and an attacker who tries to sign in can
//! choose some of them. They are sealed under the key of the person they describe, or under the
//! tenant's where there is none.

use super::{
    event::{Event, Target, something},
    kinds::{self, Reading, is_impersonation},
    labels::Label,
};
use crate::{json::Json, text};
use claimledger_facts::{
    canonical::Members,
    draft::DraftPerson,
    indicator::{Indicator, IndicatorKind},
    personal::Personal,
};

/// The people of an event.
pub(super) struct People<'e> {
    /// Each once, the actor first.
    persons: Vec<Labelled<'e>>,
    /// Which of them the facts are about.
    pub(super) subject: Option<usize>,
    /// Another person did it to them, in a session of their own.
    pub(super) by_another: bool,
    /// The person at the client, as an index.
    home: Option<usize>,
}

/// The people of an event with what is sealed under their keys.
pub(super) struct Sealed {
    /// Each once, the actor first.
    pub(super) persons: Vec<DraftPerson>,
    /// What belongs to none of them.
    pub(super) unowned: Personal,
    /// Indicators of the client, where it belongs to none of them.
    pub(super) indicators: Vec<Indicator>,
}

/// A person, with the first labels that the event has of them.
struct Labelled<'e> {
    person: DraftPerson,
    login: Option<&'e str>,
    name: Option<&'e str>,
}

const USER: &str = "User";

/// Finds the people of an event.
pub(super) fn of<'e>(event: &Event<'e>, kind: &str) -> People<'e> {
    let mut persons = Vec::new();
    let actor = event.actor(USER).and_then(|actor| add(&mut persons, actor));
    let mut targets: Vec<usize> =
        event.targets(USER).filter_map(|user| add(&mut persons, user)).collect();
    targets.sort_unstable();
    targets.dedup();
    let target = match targets[..] {
        [one] => Some(one),
        _ => None,
    };
    let reading = kinds::reading(kind);
    let subject = match (kind, reading) {
        // The actor is Okta, or an administrator.
        (
            "user.authentication.auth_via_IDP"
            | "user.authentication.auth_via_social"
            | "user.session.clear",
            _,
        ) => target,
        // An act of the actor, whatever it was done to.
        (_, Some(Reading::Configuration(..))) => actor,
        // The actor is the supporter; a session that is named is marked, and is nobody else's.
        (_, Some(Reading::Flagged(flag))) if is_impersonation(flag) => {
            target.filter(|_| event.session(kind).is_none())
        }
        (_, Some(_)) if !targets.is_empty() => target,
        _ => actor.or(target),
    };
    let by_another = match reading {
        None | Some(Reading::Configuration(..)) => false,
        Some(Reading::Flagged(flag)) if is_impersonation(flag) => false,
        Some(_) => actor.is_some() && actor != subject,
    };

    // The client is the actor's; where Okta acts for a person who signs in, it is theirs.
    let acted_for = if kind == "user.authentication.auth_via_IDP" { subject } else { None };
    let home = actor.or(acted_for);
    People { persons, subject, by_another, home }
}

impl People<'_> {
    /// The id of the person that the facts are about.
    pub(super) fn subject_id(&self) -> Option<&str> {
        self.subject.and_then(|at| self.persons.get(at)).map(|one| one.person.id.as_str())
    }

    /// Adds what is sealed: `reason` belongs to the subject, `labels` to no person.
    pub(super) fn sealed(
        self,
        event: &Event<'_>,
        reason: Option<&str>,
        labels: &[Label<'_>],
    ) -> Sealed {
        let Self { persons, subject, by_another: _, home } = self;
        let client = Client::of(event);
        let mut indicators = client.indicators();
        let mut personal = |(n, labelled): (usize, Labelled<'_>)| {
            let Labelled { mut person, login, name } = labelled;
            if home == Some(n) {
                person.indicators = std::mem::take(&mut indicators);
            }
            person.personal = Personal::write(256, |members| {
                if home == Some(n) {
                    client.write(members);
                }
                members.text("id", &person.id);
                if let Some(login) = login {
                    members.text("login", login);
                }
                if let Some(name) = name {
                    members.text("name", name);
                }
                if subject == Some(n) {
                    write_reason(members, reason);
                }
            });
            person
        };
        let persons = persons.into_iter().enumerate().map(&mut personal).collect();
        let unowned = Personal::write(0, |members| {
            if home.is_none() {
                client.write(members);
            }
            if !labels.is_empty() {
                members.objects("labels", labels, |label, members| {
                    members.text("id", &label.id);
                    members.text("kind", label.kind);
                    members.text("name", label.name);
                });
            }
            if subject.is_none() {
                write_reason(members, reason);
            }
        });
        Sealed { persons, unowned, indicators }
    }
}

fn write_reason(members: &mut Members<'_>, reason: Option<&str>) {
    if let Some(reason) = reason {
        members.object("text", |text| text.text("reason", reason));
    }
}

/// Adds a user, once. An attempt under a name that Okta does not know has no user.
fn add<'e>(persons: &mut Vec<Labelled<'e>>, user: Target<'e>) -> Option<usize> {
    let id = user.id()?;
    let at = persons.iter().position(|labelled| labelled.person.id == id).unwrap_or_else(|| {
        persons.push(Labelled {
            person: DraftPerson { id: id.to_owned(), ..DraftPerson::default() },
            login: None,
            name: None,
        });
        persons.len() - 1
    });
    let Labelled { person, login, name } = &mut persons[at];
    for (first, field) in [(login, "alternateId"), (name, "displayName")] {
        if let Some(label) = user.text(field) {
            first.get_or_insert(label);
            if label.len() <= text::MAX_ID_BYTES
                && !person.aliases.iter().any(|alias| alias == label)
            {
                person.aliases.push(label.to_owned());
            }
        }
    }
    Some(at)
}

/// From where it was done: what of it is known, by name.
struct Client<'e>([(&'static str, Option<&'e Json<'e>>); 12]);

impl<'e> Client<'e> {
    fn of(event: &Event<'e>) -> Self {
        let (client, device, security) =
            (event.value(&["client"]), event.value(&["device"]), event.value(&["securityContext"]));
        let (agent, place) = (
            client.and_then(|client| client.get("userAgent")),
            client.and_then(|client| client.get("geographicalContext")),
        );
        let known = |object: Option<&'e Json<'e>>, field| {
            object?
                .get(field)
                .filter(|value| matches!(value, Json::Number(_)) || something(value).is_some())
        };
        Self([
            ("as_number", known(security, "asNumber")),
            ("as_org", known(security, "asOrg")),
            ("browser", known(agent, "browser")),
            ("city", known(place, "city")),
            ("country", known(place, "country")),
            ("device", known(client, "device")),
            ("device_id", known(device, "id")),
            ("device_name", known(device, "name")),
            ("ip", known(client, "ipAddress")),
            ("os", known(agent, "os")),
            ("state", known(place, "state")),
            ("user_agent", known(agent, "rawUserAgent")),
        ])
    }

    /// What a record is found by.
    fn indicators(&self) -> Vec<Indicator> {
        let of = |kind: &IndicatorKind| {
            let (_, value) = self.0.iter().find(|(name, _)| *name == kind.member())?;
            match value {
                Some(Json::Number(number)) => Indicator::new(*kind, &number.to_string()),
                Some(Json::Text(text)) => Indicator::new(*kind, text),
                _ => None,
            }
        };
        IndicatorKind::ALL.iter().filter_map(of).collect()
    }

    /// Writes it, unless nothing is known.
    fn write(&self, members: &mut Members<'_>) {
        if self.0.iter().all(|(_, value)| value.is_none()) {
            return;
        }
        members.object("client", |client| {
            for (name, value) in &self.0 {
                match value {
                    Some(Json::Number(number)) => client.number(name, number),
                    Some(Json::Text(text)) => client.text(name, text),
                    _ => {}
                }
            }
        });
    }
}

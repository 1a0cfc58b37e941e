//! Events of Okta's System Log as its documentation lays them out, and what is stored of them.

mod debug_data;
mod event;
mod shapes;
mod stored;
mod targets;

use crate::vary::{Vary, in_order};
use event::{client, event};
use serde_json::Value;
use shapes::{COMMON, RARE, SCHEMA, SERVICE};
use stored::{personal, statement};

struct Ids {
    user: String,
    login: String,
    name: String,
    app: String,
    session: String,
    root: Option<String>,
    transaction: String,
    request: Option<String>,
}

/// Original, statement and personal block of one event.
pub(crate) fn bodies(random: &mut Vary) -> Vec<Vec<u8>> {
    let shape = if random.once_in(4) { random.pick(RARE) } else { random.pick(COMMON) };
    let session = {
        let prefix = random.pick(&["idx", "idx", "102"]);
        random.opaque(prefix, 18)
    };
    let ids = Ids {
        user: random.opaque("00u", 17),
        login: random.login(),
        name: format!("{} {}", random.name(), random.name()),
        app: random.opaque("0oa", 17),
        root: (!random.once_in(3))
            .then(|| if random.once_in(5) { random.opaque("trs", 22) } else { session.clone() }),
        session,
        transaction: random.opaque("", 27),
        request: random.once_in(3).then(|| random.opaque("", 27)),
    };
    let client = client(random);
    let mut event = event(shape, &ids, &client, random);
    if random.once_in(3) {
        // Many exporters leave out what is null or empty.
        strip(&mut event);
    }
    let order = random.pick(&[SERVICE, SERVICE, SCHEMA, &[]]);
    vec![in_order(&event, order), statement(shape, &ids, random), personal(&ids, &client)]
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(strip);
            members.retain(|_, value| !value.is_null());
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

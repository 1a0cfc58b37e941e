//! What the log says of the log streams and event hooks that send it.
//!
//! Only the outcome counts: what was not switched off goes on. A change of one is a change of
//! configuration too ([`super::kinds`]); which of them sends to the ledger, the log does not say.

use super::{
    changes,
    event::{Event, Target},
    facts::{SUCCESS, Said},
};
use claimledger_facts::{
    fact::FactData,
    types::source::SourceDeliveryChanged,
    vocabulary::{DeliveryChange, ObjectKind},
};

/// What an event type says; none: it is not among these.
fn reading(kind: &str) -> Option<(ObjectKind, DeliveryChange)> {
    Some(match kind {
        "event_hook.activated" => (ObjectKind::EventHook, DeliveryChange::Started),
        "event_hook.deactivated" | "event_hook.deleted" => {
            (ObjectKind::EventHook, DeliveryChange::Stopped)
        }
        // Logged only where it did not succeed, whatever its outcome is.
        "event_hook.delivery" => (ObjectKind::EventHook, DeliveryChange::Failed),
        "system.log_stream.lifecycle.activate" => (ObjectKind::LogStream, DeliveryChange::Started),
        "system.log_stream.lifecycle.deactivate" | "system.log_stream.lifecycle.delete" => {
            (ObjectKind::LogStream, DeliveryChange::Stopped)
        }
        _ => return None,
    })
}

/// What an event says of what sends events; none: nothing.
pub(super) fn of<'e>(event: &Event<'e>, kind: &str) -> Option<Said<'e>> {
    let (kind, change) = reading(kind)?;
    let object = match change {
        DeliveryChange::Failed => event.target("EventHook").and_then(Target::id),
        DeliveryChange::Started | DeliveryChange::Stopped if event.result()? == SUCCESS => {
            Some(changes::object_of(event)?)
        }
        DeliveryChange::Started | DeliveryChange::Stopped => return None,
    };
    let object = object.map(str::to_owned);
    let data = FactData::SourceDeliveryChanged(SourceDeliveryChanged { kind, object, change });
    Some(Said { session: None, data })
}

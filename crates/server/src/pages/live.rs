//! The note on newer records, beside the answer, which it never moves: it has a place of its own.
//! It is filled by script alone; without, it is not there.

use super::{address::Address, frame::Strip};
use crate::{cut_names::AT, known_at::KnownAt};
use claimledger_app::model::answer::{Answered, Status};
use maud::{Markup, html};

/// The empty note of a page whose K was the head when it was made. A page that is pinned to the
/// past has none: what is newer is nothing new to it.
pub(super) fn note(strip: &Strip<'_>, answered: &Answered, status: &Status) -> Markup {
    let is_of_the_past = matches!(strip.known, Some(KnownAt::Time(_)))
        || answered.position.0.saturating_add(1) < status.head;
    if is_of_the_past {
        return html! {};
    }
    // A T that is not before the last record goes on with the log; another one stays.
    let stays = (answered.at < answered.recorded_at).then(|| answered.at.to_string());
    let field = |name: &str| {
        let fields = strip.keep.fields();
        fields.iter().find(|(named, _)| *named == name).map(|(_, value)| value.as_str())
    };
    let (id, pos) = match strip.keep.path() {
        "/session" => (field("id"), None),
        "/why" => (field("session"), None),
        "/decision" => (None, field("pos")),
        _ => (None, None),
    };
    let source = Address::new("/live")
        .with_some("id", id)
        .with_some("pos", pos)
        .with_some(AT, stays.as_deref())
        .with("known", answered.position.0.to_string());
    let show = strip.keep.clone().with_some(AT, stays.as_deref());
    html! { div class="live" role="status" data-live=(source.href()) data-show=(show.href()) {} }
}

//! What a session's page shows beside the session itself: its lanes of trust, policies, keys and
//! falsifiers, the sign-ins that were refused, its records, and the reasons. A record that changes
//! one of them changes the page (`change_points`). Not part of it: what was heard of the sources,
//! which the strip says of the whole answer, and what is known and lies after T.

use crate::{
    text::plain,
    timeline::{
        lanes::{LaneKind, Order, figure},
        spoken::spoken,
    },
};
use claimledger_domain::{
    belief::Drawn,
    explain::{line, margin},
    model::{Cut, Explained, Reason},
};

/// What is shown of a session at a cut, in the whole of its timeline.
pub(crate) fn drawn(explained: &Explained, cut: Cut) -> Vec<Drawn> {
    let (state, at) = (&explained.state, cut.at);
    // Reasons name the K for which they hold: that alone is no difference.
    let known_at = format!("known at {}", cut.known_at);
    // The window is that of T on both sides of a comparison, so that only records change it.
    let figure = figure(explained, (at, at), &[], Order::Occurred, None);
    let around = figure.lanes.iter().filter(|lane| match lane.kind {
        LaneKind::Trust
        | LaneKind::Policy
        | LaneKind::Key
        | LaneKind::IdpSession
        | LaneKind::Falsifiers => true,
        // What is said of the session itself is compared by what it means.
        LaneKind::Session
        | LaneKind::Factor
        | LaneKind::Ignored
        | LaneKind::Decisions
        | LaneKind::Access => false,
    });
    let lanes = around.flat_map(|lane| {
        lane.items.iter().map(|item| Drawn { thing: lane.name.clone(), shows: spoken(item) })
    });
    let refused = state.activity.refused.iter().map(|refused| Drawn {
        thing: "refused sign-ins".to_owned(),
        shows: format!("{} {} {}", refused.record.position, refused.at, refused.words),
    });
    let records = state.records.iter().map(|record| Drawn {
        thing: "its records".to_owned(),
        shows: record.position.to_string(),
    });
    let reasons = &explained.reasons;
    let of = |thing: String, reason: &Reason| Drawn {
        thing,
        shows: said(reason).replace(&known_at, "known at K"),
    };
    let session = of("why it is active, or not".to_owned(), &reasons.session);
    let factors = explained
        .factors()
        .map(|(factor, reason)| of(format!("why {} counted", plain(&factor.name)), reason));
    let ignored = explained
        .ignored()
        .map(|(claim, reason)| of(format!("why {} did not count", plain(&claim.name)), reason));
    let decisions = explained.decisions().map(|(decision, reason)| {
        of(format!("why of the decision on {}", plain(decision.recorded.app.as_str())), reason)
    });
    let reasons = [session].into_iter().chain(factors).chain(ignored).chain(decisions);
    lanes.chain(refused).chain(records).chain(reasons).collect()
}

/// A tree, line by line: as text it is aligned, so that a longer K would move what is beside it.
fn said(reason: &Reason) -> String {
    let own = format!("{}\n{}\n", line(reason), margin(reason));
    reason.because.iter().fold(own, |tree, child| tree + "(" + &said(child) + ")")
}

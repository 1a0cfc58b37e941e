//! A lost authenticator ends the running factors that it gave, in every session of its owner
//! (`semantics.md` 3, 11).
//!
//! Source: our own reading of loss. By the authenticator's id where both sides name one, else by
//! method. What was received at or after the loss stands, as a replacement looks the same, and is
//! marked. A loss with effect after T changes nothing at T.

use super::{claims::Tri, value};
use crate::history::{HistoryCut, Stated};
use claimledger_facts::{
    ids::{AuthenticatorId, Pseudonym},
    time::{Occurred, Time},
    types::authenticator::AuthenticatorLost,
    vocabulary::{Amr, Method},
};

pub(crate) const ID: &str = "authenticator_lost";

/// Losses of the authenticator that gave a factor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses<'a> {
    /// Those that end it, or may.
    pub(crate) ends: Vec<Ending<'a>>,
    /// Those that came before it: it stands, and is marked.
    pub(crate) before: Vec<&'a Stated<AuthenticatorLost>>,
}

/// A loss that ends a factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) loss: &'a Stated<AuthenticatorLost>,
    pub(crate) when: Occurred,
    /// Whether the factor was running already when the loss came.
    pub(crate) running: Tri,
    pub(crate) by_id: bool,
}

/// Whether a loss speaks of the authenticator that gave a factor: by id where both name one, else
/// by method.
#[must_use]
pub fn loss_speaks_of(
    loss: &AuthenticatorLost,
    authenticator: Option<&AuthenticatorId>,
    amr: Option<&Amr>,
    method: Option<Method>,
) -> bool {
    if let (Some(lost), Some(used)) = (&loss.authenticator, authenticator) {
        return lost == used;
    }
    let method = method.or_else(|| amr.and_then(|amr| value::method_of(amr.as_str())));
    loss.methods.iter().any(|lost| {
        let same_amr = amr.is_some_and(|amr| amr.as_str() == lost.0);
        let same_method = method.is_some_and(|method| {
            method.as_str() == lost.0 || value::method_of(&lost.0) == Some(method)
        });
        same_amr || same_method
    })
}

/// From when a loss has effect: its `from`, or when it was said to have occurred.
pub(crate) fn when(loss: &Stated<AuthenticatorLost>) -> Occurred {
    loss.data.from.map_or(loss.occurred, Occurred::at)
}

/// What losses are looked for in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running<'a, 'b> {
    /// The falsifiers that are known.
    pub(crate) known: HistoryCut<'a>,
    /// The links between people that are known at K.
    pub(crate) linked: HistoryCut<'a>,
    pub(crate) subject: Option<&'b Pseudonym>,
    /// T.
    pub(crate) at: Time,
    /// From when on nothing of the session runs any more.
    pub(crate) close: Option<Time>,
}

/// What the losses that are known do to a factor.
pub(crate) fn losses<'a>(of: Running<'a, '_>, value: &value::Value, began: Occurred) -> Losses<'a> {
    let mut losses = Losses::default();
    for loss in of.subject.into_iter().flat_map(|subject| of.known.people().losses(subject)) {
        let when = when(loss);
        let no_effect = when.from > of.at || of.close.is_some_and(|close| when.from >= close);
        if no_effect
            || !loss_speaks_of(
                &loss.data,
                value.authenticator.as_ref(),
                value.amr.as_ref(),
                value.method,
            )
        {
            continue;
        }
        let running = if began.latest() < when.from {
            Tri::Yes
        } else if began.from < when.latest() {
            Tri::Maybe
        } else {
            Tri::No
        };
        match running {
            Tri::No => losses.before.push(loss),
            Tri::Maybe | Tri::Yes => {
                let by_id = loss.data.authenticator.is_some() && value.authenticator.is_some();
                losses.ends.push(Ending { loss, when, running, by_id });
            }
        }
    }
    losses.ends.sort_by_key(|e| (e.when.from, e.when.latest()));
    losses
}

impl Losses<'_> {
    /// From when on the factor may no longer count, and from when on it certainly does not; each
    /// where that is before the session's own.
    pub(crate) fn closes(
        &self,
        (first, last): (Option<Time>, Option<Time>),
        began: Time,
    ) -> (Option<Time>, Option<Time>) {
        let earlier = |a: Option<Time>, b: Time| Some(a.map_or(b, |a| a.min(b)));
        self.ends.iter().fold((first, last), |(first, last), end| {
            let last =
                if end.running == Tri::Yes { earlier(last, end.when.latest()) } else { last };
            (earlier(first, end.when.from.max(began)), last)
        })
    }
}

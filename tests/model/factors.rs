//! Factors of a session: by record and by rules (8), until when, of which grade (16), and what a
//! loss ends (11).

use crate::model::claims::{Asserted, Claim, claim, properties};
use crate::model::facts::{Fact, Sure, Time, View, words};
use crate::model::sessions::{Session, life};
use crate::model::tables;

#[derive(Clone, Debug)]
pub(crate) struct Factor {
    pub(crate) value: Asserted,
    /// The claim; none: the service provider verified it itself.
    pub(crate) claim: Option<Claim>,
    pub(crate) subject: Option<String>,
    pub(crate) fact: Fact,
    pub(crate) by_record: bool,
    pub(crate) by_rules: bool,
    pub(crate) accepted: bool,
    pub(crate) sure: Sure,
    /// When a loss ends it, whatever the session does.
    pub(crate) lost: Option<Time>,
    pub(crate) until: Option<Time>,
    pub(crate) reason: Option<String>,
    pub(crate) bounds: Option<(Time, Option<Time>)>,
    /// None: the papers do not say.
    pub(crate) grade: Option<&'static str>,
}

impl Factor {
    pub(crate) fn idp(&self) -> Option<&str> {
        self.claim.as_ref().map(|claim| claim.idp.as_str())
    }

    pub(crate) fn third_party(&self) -> bool {
        self.claim.as_ref().is_some_and(Claim::third_party)
    }

    /// It has begun by an instant, and no loss has ended it.
    pub(crate) fn runs(&self, at: Time) -> bool {
        self.fact.from <= at && self.lost.is_none_or(|lost| at < lost)
    }
}

/// 11: the last statement known about two identities holds; what is the same is one person.
/// Decision page 25: a decision
/// is judged on the links that were recorded by it.
pub(crate) fn same_person(view: &View, one: &str, other: &str, falsifiers_to: i64) -> bool {
    let mut pairs: Vec<(String, String, bool)> = Vec::new();
    for link in view.of("subject.linked").filter(|fact| fact.pos <= falsifiers_to) {
        let (a, b) = (
            link.subject.clone().unwrap_or_default(),
            link.text("other").unwrap_or_default().to_owned(),
        );
        pairs.retain(|(c, d, _)| (c, d) != (&a, &b) && (d, c) != (&a, &b));
        pairs.push((a, b, link.flag("same")));
    }
    let mut reached = vec![one.to_owned()];
    let mut next = 0;
    while next < reached.len() {
        let at = reached[next].clone();
        for (a, b, _) in pairs.iter().filter(|(_, _, same)| *same) {
            for to in [(a, b), (b, a)]
                .iter()
                .filter(|(from, _)| **from == at)
                .map(|(_, to)| (*to).clone())
            {
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        next += 1;
    }
    reached.iter().any(|id| id == other)
}

/// 11: by id where both sides name one, else by method.
pub(crate) fn loses(loss: &Fact, value: &Asserted) -> bool {
    match (loss.text("authenticator"), &value.authenticator) {
        (Some(lost), Some(has)) => lost == has,
        _ => {
            let lost = words(&loss.data["methods"]);
            lost.iter()
                .any(|word| value.method.as_ref() == Some(word) || value.amr.as_ref() == Some(word))
        }
    }
}

/// 3 and 11: the first loss known at K that ends it, by T; one at its very beginning does not.
fn lost(
    view: &View,
    subject: Option<&str>,
    value: &Asserted,
    from: Time,
    falsifiers_to: i64,
) -> Option<Time> {
    let subject = subject?;
    view.of("authenticator.lost")
        .filter(|loss| loss.pos <= falsifiers_to && loses(loss, value))
        .filter(|loss| {
            loss.subject.as_deref().is_some_and(|of| same_person(view, of, subject, falsifiers_to))
        })
        .map(Fact::effect)
        .filter(|at| *at > from && *at <= view.t)
        .min()
}

/// 8: what the service provider says it did with a value.
fn said(session: &Session, kind: &str, claim: &Claim, value: &Asserted, t: Time) -> bool {
    session.of(kind).filter(|fact| fact.from <= t && fact.from >= claim.fact.from).any(|fact| {
        let assertion =
            fact.text("assertion").is_none_or(|of| claim.fact.text("assertion") == Some(of));
        // 15: `methods[]` alone has the words that it accepts by; else the `amr` value.
        let word = match (fact.text("method"), fact.text("amr")) {
            (None, None) => true,
            (method, amr) => match value.method.as_deref() {
                Some(of) => method == Some(of),
                None => amr == value.amr.as_deref(),
            },
        };
        assertion && word
    })
}

/// 16: joined: an allow followed, and no local factor before it in the session.
fn joined(session: &Session, from: &Fact, t: Time) -> bool {
    let allow = |fact: &&Fact| {
        fact.text("outcome") == Some("allow") && fact.from <= t && fact.order() > from.order()
    };
    let alone =
        |allow: &Fact| !session.of("factor.verified").any(|fact| fact.order() < allow.order());
    session.of("policy.decided").filter(allow).any(alone)
}

/// Claims of a session by T.
pub(crate) fn claims(view: &View, session: &Session, falsifiers_to: i64) -> Vec<Claim> {
    session
        .of("claims.received")
        .filter(|fact| fact.from <= view.t)
        .map(|fact| claim(view, fact, falsifiers_to))
        .collect()
}

/// All that was asserted or verified by T, whether or not it counts.
pub(crate) fn all(view: &View, session: &Session, falsifiers_to: i64) -> Vec<Factor> {
    let mut all = Vec::new();
    for claim in claims(view, session, falsifiers_to) {
        for value in &claim.values {
            let accepted = said(session, "claim.accepted", &claim, value, view.t);
            let refused = said(session, "claim.ignored", &claim, value, view.t);
            let by_record = accepted || (!refused && value.ignored.is_empty());
            let by_rules = claim.void.is_empty() && value.ignored.is_empty();
            // 42: a key's retraction leaves what a key-less claim implies as it is; it is possible
            // in lists by key alone. 13 speaks of claims that are neither void nor ignored: of what
            // is void nothing is missing.
            let possible = claim.perhaps_void || (claim.version.is_none() && claim.void.is_empty());
            let sure = if possible { Sure::Possible } else { claim.fact.by(view.t) };
            let grade = match (joined(session, &claim.fact, view.t), claim.version.is_some()) {
                _ if accepted => Some("STATED"),
                _ if !by_record => None,
                (true, true) => Some("JOINED"),
                (false, true) if by_rules => Some("REPLAYED"),
                (false, false) => Some("ASSUMED"),
                _ => None,
            };
            let fact = claim.fact.clone();
            all.push(factor(
                view,
                session,
                value.clone(),
                fact,
                Some(claim.clone()),
                falsifiers_to,
            ));
            let last = all.last_mut().expect("pushed");
            (last.by_record, last.by_rules, last.accepted, last.sure, last.grade) =
                (by_record, by_rules, accepted, sure, grade);
        }
    }
    for fact in session.of("factor.verified").filter(|fact| fact.from <= view.t) {
        let method = fact.text("method").unwrap_or_default().to_owned();
        let of_type = tables::method_type(&method);
        let (authenticator, own) = (
            fact.text("authenticator").map(str::to_owned),
            properties(&method, &fact.data["properties"]),
        );
        let value = Asserted {
            method: Some(method),
            amr: None,
            authenticator,
            of_type,
            own,
            pools: false,
            ignored: Vec::new(),
        };
        all.push(factor(view, session, value, fact.clone(), None, falsifiers_to));
    }
    all
}

fn factor(
    view: &View,
    session: &Session,
    value: Asserted,
    fact: Fact,
    claim: Option<Claim>,
    falsifiers_to: i64,
) -> Factor {
    let subject = fact.subject.clone();
    let lost = lost(view, subject.as_deref(), &value, fact.from, falsifiers_to);
    let life = life(view, session, view.t);
    let (mut until, mut reason, mut bounds) = (life.ended, life.reason.clone(), life.bounds);
    let (by_record, by_rules, accepted, sure) = (true, true, true, fact.by(view.t));
    // A loss at the session's end or later ends nothing (decision page 14); what ended past a limit
    // has no exact end (23).
    let over = life.ended.or(bounds.filter(|_| life.state == "ENDED").and_then(|(_, to)| to));
    if let Some(lost) = lost.filter(|lost| over.is_none_or(|over| *lost < over)) {
        (until, reason, bounds) = (Some(lost), Some("authenticator_lost".to_owned()), None);
    }
    Factor {
        value,
        claim,
        subject,
        fact,
        by_record,
        by_rules,
        accepted,
        sure,
        lost,
        until,
        reason,
        bounds,
        grade: Some("STATED"),
    }
}

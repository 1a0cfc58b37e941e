//! Why one factor counted, or did not.

use super::word;
use crate::{
    assess::{
        Trace, authenticator_lost, claims::Tri, factors::AssessedFactor, falsifiers::Hit, until,
        until_session_end,
    },
    codes,
    model::{Grade, Mark, Reason, RecordRef},
    words,
};

/// The tree of a factor that counted by one reading at least.
pub(crate) fn honored(trace: &Trace<'_>, factor: &AssessedFactor<'_>) -> Reason {
    let today = factor.occurred().from;
    let whose = match factor.claim {
        Some(claim) => format!("{} of {}", factor.value.name, idp_of(trace, claim)),
        None => {
            format!("{}, verified by {} itself,", factor.value.name, factor.seen.record().source)
        }
    };
    let from = words::moment(factor.occurred(), today);
    let life = &trace.life;
    let ends = until::of(life, factor);
    let until = match (ends.until, ends.reason, ends.bounds) {
        (Some(end), Some(codes::AUTHENTICATOR_LOST), _) => {
            format!("until {}, when the authenticator was lost", words::clock(end, today))
        }
        (None, Some(codes::AUTHENTICATOR_LOST), Some(bounds)) => {
            let to =
                bounds.to.map(|to| format!(" and {}", words::clock(to, today))).unwrap_or_default();
            format!(
                "until the authenticator was lost, between {}{to}",
                words::clock(bounds.from, today)
            )
        }
        (Some(end), Some(reason), _) => {
            format!("until {}, {}", words::clock(end, today), words::when_ended(reason))
        }
        (_, Some(codes::EXPIRED_BY_LIMIT), Some(bounds)) => {
            let to =
                bounds.to.map(|to| format!(" and {}", words::clock(to, today))).unwrap_or_default();
            format!(
                "until the session ended by its limit, between {}{to}",
                words::clock(bounds.from, today)
            )
        }
        _ => format!("on; {}", words::no_end(trace.cut, today)),
    };
    let reading = match (factor.by_record, factor.by_rules) {
        (true, Tri::Yes) => "counted",
        (true, Tri::Maybe) => "counted by record, and possibly by the rules,",
        (true, Tri::No) => "counted by record, and not by the rules,",
        (false, Tri::Yes) => "counted by the rules, and not by record,",
        (false, _) => "counted possibly by the rules, and not by record,",
    };
    let what = words::described(factor.value.factor_type, &factor.value.has);
    let pool = if factor.value.pooled_with.is_empty() {
        String::new()
    } else {
        format!(
            "; {} of one assertion pool their characteristics",
            words::list(&factor.value.pooled_with)
        )
    };
    let mut meaning = Reason::new(format!("{}{pool}.", words::sentence(&what)))
        .asked("What is it?")
        .by_rule(factor.value.rule);
    if !pool.is_empty() {
        meaning = meaning.reading(14);
    }
    let mut why = vec![meaning];
    if factor.by_rules == Tri::No {
        let reasons: Vec<&'static str> =
            factor.void.iter().chain(&factor.ignored).copied().collect();
        why.push(
            Reason::new(format!("The rules do not count it: {}.", words::fates(&reasons)))
                .marked(Mark::NotMet)
                .coded(reasons.first().copied())
                .reading(7),
        );
    } else if !factor.missing.is_empty() {
        why.push(word::missing("", &factor.missing));
    }
    match factor.claim {
        Some(claim) => why.push(word::in_full(trace, claim, today)),
        None => why.extend(word::local(&[factor], today)),
    }
    why.extend(word::lost_before(factor, today));
    let span = Reason::new(words::sentence(&format!("from {from} {until}.")))
        .asked("Until when?")
        .on(ends.record);
    why.push(match factor.losses.ends.as_slice() {
        [] => span.by_rule(until_session_end::ID),
        losses => {
            let told =
                losses.iter().map(|end| super::falsified::what(&Hit::Loss(*end), trace, today));
            span.by_rule(authenticator_lost::ID).reading(11).because(told)
        }
    });
    let (grade, stated) = grade(trace, factor, std::slice::from_ref(&factor.value.name));
    let certainty = if factor.missing.is_empty() { "Certain" } else { "Possible" };
    why.push(
        Reason::new(format!("{certainty}. {grade}.")).asked("How sure?").on(stated).reading(16),
    );
    Reason::new(format!("{whose} {reading} in {} from {from} {until}.", trace.id))
        .on([factor.seen.record()])
        .delayed()
        .because(why)
}

fn idp_of(trace: &Trace<'_>, claim: usize) -> String {
    words::idp(trace.history, &trace.claims[claim].data.idp)
}

/// The tree of a value that did not count.
pub(crate) fn ignored(trace: &Trace<'_>, factor: &AssessedFactor<'_>) -> Reason {
    let today = factor.occurred().from;
    let reasons: Vec<&'static str> = factor.ignored.iter().chain(&factor.void).copied().collect();
    let idp = factor.claim.map(|c| idp_of(trace, c)).unwrap_or_default();
    Reason::new(format!(
        "{} of {idp} did not count in {}: {}.",
        factor.value.name,
        trace.id,
        words::fates(&reasons)
    ))
    .coded(reasons.first().copied())
    .on([factor.seen.record()])
    .delayed()
    .reading(7)
    .because(factor.claim.map(|claim| word::in_full(trace, claim, today)))
}

/// The grade of factors that share it, as a sentence without its full stop, and the record that
/// states it (`semantics.md` 16).
pub(crate) fn grade<'a>(
    trace: &Trace<'a>,
    factor: &AssessedFactor<'a>,
    names: &[String],
) -> (String, Option<&'a RecordRef>) {
    let names = words::list(names);
    let source = &factor.seen.record().source;
    match factor.grade {
        Grade::Stated if factor.claim.is_none() => {
            (format!("Stated: {source}'s own record says it verified {names}"), None)
        }
        Grade::Stated => {
            let said = factor.said.map(|s| s.seen.record());
            let source = said.map_or(source, |r| &r.source);
            (format!("Stated: {source}'s own record says it accepted {names}"), said)
        }
        Grade::Joined => {
            let after = factor
                .allow
                .map(|a| words::after(factor.occurred().from, a.occurred().from))
                .unwrap_or_default();
            // Of others of the claim it may have said so.
            let of_others = trace.factors.iter().any(|other| {
                other.claim == factor.claim && other.said.is_some_and(|said| said.accepted)
            });
            let what = if of_others { names.as_str() } else { "the claim" };
            (
                format!(
                    "Joined: {source} didn't say it accepted {what}; an allow followed after \
                     {after} and no local factor came before it"
                ),
                None,
            )
        }
        Grade::Replayed if let Some(said) = factor.said.map(|s| s.seen.record()) => (
            format!(
                "Replayed: the rules honor it; {}'s own record says it ignored {names}",
                said.source
            ),
            Some(said),
        ),
        Grade::Replayed => {
            ("Replayed: the rules honor it; nothing recorded says it was".to_owned(), None)
        }
        Grade::Assumed if factor.missing.contains(&codes::MISSING_IDP) => {
            let idp = factor.claim.map(|c| idp_of(trace, c)).unwrap_or_default();
            (
                format!(
                    "Assumed: nothing is known of {idp}; a statement of its configuration would \
                     settle it"
                ),
                None,
            )
        }
        Grade::Assumed => {
            ("Assumed: the claim came, and nothing recorded says that it counted".to_owned(), None)
        }
    }
}

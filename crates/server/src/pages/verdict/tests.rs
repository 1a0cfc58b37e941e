//! Made-up states that the fixture's day lacks; that day is in `http/tests/verdicts.rs`.

use super::*;
use crate::timeline::samples;
use claimledger_domain::{
    codes,
    completeness::{AbsenceCode, summary},
    model::{
        Bounds, Certainty, Explained, IgnoredClaim, Implied, Phase, RefusedSignIn, SessionState,
    },
};
use claimledger_facts::{ids::LogPosition, time::Time, vocabulary::SignInResult};

fn t(text: &str) -> Time {
    samples::t(text)
}

fn answered() -> Answered {
    Answered {
        at: t("2026-03-10T23:00:00Z"),
        position: LogPosition(82),
        recorded_at: t("2026-03-10T23:00:00Z"),
        rules: "r1",
        provisional: false,
        rehearsal: false,
        completeness: summary(&[], t("2026-03-10T23:00:00Z")),
    }
}

/// The text of markup, a paragraph a line.
fn text(markup: &Markup) -> Vec<String> {
    let mut out = String::new();
    let mut inside = false;
    for c in markup.0.replace("</p>", "\n").replace("</summary>", "\n").chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn shown(change: impl FnOnce(&mut Explained)) -> Vec<String> {
    let mut explained = samples::session();
    change(&mut explained);
    let answered = answered();
    let absence = Absence { code: AbsenceCode::NoneSeen, words: "None seen.".to_owned() };
    let held = Held { answered: &answered, absence: &absence };
    text(&of_session(&explained.state, held).show(held, None))
}

#[test]
fn a_session_that_never_began_says_what_was_refused() {
    let lines = shown(|of| {
        let state = &mut of.state;
        state.decisions.clear();
        state.factors.clear();
        state.life.started_at = None;
        state.life.phase = claimledger_domain::model::Phase::NotStarted;
        let words = "sign-in failed: <b>bad</b> password".to_owned();
        state.activity.refused = vec![RefusedSignIn {
            result: SignInResult::Failure,
            reason: None,
            method: None,
            idp: None,
            app: None,
            words,
            at: t("2026-03-10T11:30:00Z"),
            record: samples::record(24, "sign_in", "2026-03-10T11:30:00Z"),
        }];
    });
    assert_eq!(lines[0], "▽ REFUSED");
    assert_eq!(
        lines[1],
        "p-4KD2 was refused at 2026-03-10 11:30:00Z: sign-in failed: &lt;b&gt;bad&lt;/b&gt; \
         password."
    );
}

#[test]
fn without_a_decision_it_says_so_and_on_whose_word() {
    let lines = shown(|of| of.state.decisions.clear());
    assert_eq!(lines[0], "– NO DECISION");
    assert!(
        lines[1].starts_with(
            "p-4KD2 signed in on the word of idp-x (pwd and hwk); no decision was seen."
        ),
        "{lines:?}"
    );
}

#[test]
fn the_gravest_oddity_comes_first_and_the_others_are_counted() {
    let lines = shown(|of| {
        let state = &mut of.state;
        state.life.certainty = Certainty::Possible;
        state.life.missing = vec![codes::MISSING_IDLE_LIMIT];
        state.factors[0].certainty = Certainty::Possible;
        state.factors[0].missing = vec![codes::MISSING_KEY];
        state.ignored = vec![IgnoredClaim {
            name: "mfa".to_owned(),
            amr: None,
            method: None,
            idp: "idp-z".into(),
            assertion: None,
            received_at: t("2026-03-10T11:30:00Z"),
            reasons: vec![codes::TRUST_OFF],
            certainty: Certainty::Certain,
            record: samples::record(25, "claims.received", "2026-03-10T11:30:00Z"),
        }];
        state.decisions[0].differs = Some(claimledger_domain::model::Difference {
            recorded: Outcome::Allow,
            implied: claimledger_domain::model::Implied::Deny,
            code: codes::KEY_RETIRED,
            words: "retired key accepted".to_owned(),
        });
    });
    assert_eq!(lines[0], "▲▽ LET IN AND REFUSED");
    assert_eq!(
        lines[2],
        "≠ Odd: allow for payroll at 11:30:04Z differs from what the rules say: retired key \
         accepted."
    );
    // That it is possible only, a factor, a claim, and that no source is known.
    assert_eq!(lines[3], "and 4 more");
    let all = lines.join(" ");
    for part in [
        "ended at T is possible only: missing its idle limit",
        "pwd may have counted, possible only: missing which key signed the assertion",
        "1 claimed value did not count: mfa of idp-z (trust in the IdP's claims off)",
        "No source says how complete it is.",
        "How sure: possible only, missing its idle limit. Joined:",
    ] {
        assert!(all.contains(part), "{part}: {lines:#?}");
    }
}

#[test]
fn a_refusal_without_a_first_unmet_requirement_names_none() {
    let lines = shown(|of| {
        of.state.decisions.remove(0);
    });
    assert_eq!(lines[0], "▽ REFUSED");
    assert!(
        lines[1].starts_with(
            "p-4KD2 was refused payroll at 2026-03-10 12:30:00Z, by rule payroll-2 of payroll v2. \
             The session ended 19:30:00Z: expired."
        ),
        "{lines:?}"
    );
}

#[test]
fn a_session_that_begins_after_t_has_not_begun() {
    let lines = shown(|of| {
        let state = &mut of.state;
        state.decisions.clear();
        state.factors.clear();
        state.life.phase = Phase::NotStarted;
    });
    assert_eq!(lines[0], "– NOT BEGUN AT T");
    assert_eq!(
        lines[1],
        "The session of p-4KD2 has not begun at T. It starts 2026-03-10 11:30:00Z, after T."
    );
}

/// A session that is active, as far as its last sign of life says.
fn possibly_active(state: &mut SessionState) {
    state.life.phase = Phase::Active;
    state.life.certainty = Certainty::Possible;
    state.life.end.at = None;
    state.life.end.reason = None;
    state.life.end.bounds = Some(Bounds { from: t("2026-03-10T12:30:00Z"), to: None });
    for factor in &mut state.factors {
        (factor.until, factor.end_reason, factor.until_bounds) =
            (None, None, state.life.end.bounds);
    }
}

#[test]
fn what_is_only_possible_of_the_session_is_so_on_the_page_of_its_decision() {
    let mut explained = samples::session();
    possibly_active(&mut explained.state);
    let decision = &mut explained.state.decisions[0];
    decision.at_k.implied = Implied::Undetermined;
    decision.at_k.missing = vec![codes::MISSING_POLICY];
    let answered = answered();
    let absence = Absence { code: AbsenceCode::NoneSeen, words: "None seen.".to_owned() };
    let held = Held { answered: &answered, absence: &absence };
    let decision = &explained.state.decisions[0];
    let lines = text(&of_decision(decision, &explained.state, held).show(held, None));
    assert!(lines[1].ends_with("The session is possibly active at T."), "{lines:?}");
    let sure = lines.last().expect("how sure");
    assert!(
        sure.ends_with(
            "How sure: certain, as recorded; what the rules say is undetermined, missing the \
             policy in force."
        ),
        "{lines:?}"
    );
}

fn factor_said(change: impl FnOnce(&mut SessionState)) -> String {
    let mut explained = samples::session();
    change(&mut explained.state);
    let answered = answered();
    let absence = Absence { code: AbsenceCode::NoneSeen, words: "None seen.".to_owned() };
    let held = Held { answered: &answered, absence: &absence };
    let factors = [&explained.state.factors[0]];
    text(&of_factor(&explained.state, &factors, &[], held).show(held, None)).remove(1)
}

#[test]
fn a_factor_without_a_stated_end_has_not_ended() {
    let said = factor_said(possibly_active);
    assert!(
        said.contains(
            "from 2026-03-10 11:30:00Z on; no end is stated, and it may have ended after \
             12:30:00Z, on"
        ),
        "{said}"
    );
    let certainly = factor_said(|state| {
        possibly_active(state);
        state.life.certainty = Certainty::Certain;
    });
    assert!(certainly.contains("11:30:00Z on; no end is stated, on the word"), "{certainly}");
    // It counted from after the last sign of life of its session.
    let late = factor_said(|state| {
        possibly_active(state);
        state.life.certainty = Certainty::Certain;
        state.factors[0].from = t("2026-03-10T12:45:00Z");
        state.factors[0].until_bounds = Some(Bounds { from: t("2026-03-10T12:45:00Z"), to: None });
    });
    assert!(late.contains("12:45:00Z on; no end is stated, on the word"), "{late}");
    // A loss may have ended it.
    let perhaps_lost = factor_said(|state| {
        possibly_active(state);
        state.life.certainty = Certainty::Certain;
        state.factors[0].until_bounds = Some(Bounds { from: t("2026-03-10T13:00:00Z"), to: None });
        state.factors[0].may_be_lost = true;
    });
    assert!(perhaps_lost.contains("it may have ended after 13:00:00Z"), "{perhaps_lost}");
    let ended = factor_said(|state| {
        possibly_active(state);
        state.life.phase = Phase::Ended;
    });
    assert!(
        ended.contains(", and ended between 12:30:00Z and a time that is not known"),
        "{ended}"
    );
}

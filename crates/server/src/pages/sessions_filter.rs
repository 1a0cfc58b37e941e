//! The filter of the list of sessions: its form, what is wrong with a field, and the person that a
//! login is.

use super::{
    address::Address,
    error_page::PageError,
    find_list::needs_role,
    frame, names,
    parameters::Parameters,
    sessions::{FIELDS, written},
    text::{count, has_unseen, inert, plain},
};
use crate::{
    cut_names::{AT, KNOWN_AT, KNOWN_AT_POSITION, RULES},
    filters,
    http::{Server, access::Disclosing},
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    answer::{Choices, FilterChoices},
    question::{Asking, Caller},
    reached::FoundKind,
};
use claimledger_facts::vocabulary::Role;
use maud::{Markup, html};

const PATH: &str = "/sessions";
const SUBJECT: &str = "subject";
/// The fields that hold a time.
const TIMES: [&str; 3] = ["activeAt", "reliedFrom", "reliedTo"];
/// The parameters that the form keeps, beside its fields.
pub(super) const KEPT: [&str; 6] = ["first", names::NAMES, AT, KNOWN_AT, KNOWN_AT_POSITION, RULES];

/// A field and what is wrong with it.
pub(super) type Problem = (&'static str, String);

/// What is wrong with the filter of an address, each field by itself.
pub(super) fn problems(parameters: &Parameters) -> Vec<Problem> {
    let problem = |name: &'static str| {
        let alone = [(name.to_owned(), parameters.get(name)?.to_owned())];
        let alone = Parameters::of(alone.to_vec()).ok()?;
        let why = filters::sessions(&alone).err()?.0;
        // The page names the field by its label.
        let why = why.strip_prefix(name).and_then(|why| why.strip_prefix(": ")).unwrap_or(&why);
        Some((name, why.to_owned()))
    };
    FIELDS.iter().filter_map(|(name, _)| problem(name)).collect()
}

/// Answers the form: the address of the list, or the form again with what was typed.
pub(super) async fn sent(
    server: &Server,
    caller: &Caller,
    sent: &Parameters,
) -> Result<Response, PageError> {
    let mut problems = problems(sent);
    problems.retain(|(name, _)| *name != SUBJECT);
    let mut filter = written(sent);
    let mut is_found = false;
    if let Some((_, subject)) = filter.iter_mut().find(|(name, _)| *name == SUBJECT) {
        match person(server, caller, sent, subject).await? {
            Ok(person) => {
                *subject = person;
                is_found = true;
            }
            Err(why) => problems.push((SUBJECT, why)),
        }
    }
    if !problems.is_empty() {
        return Ok(refused(server, caller, sent, &problems).await);
    }
    let address =
        filter.iter().fold(Address::new(PATH), |to, (name, value)| to.with(name, value.as_str()));
    let address = KEPT.iter().fold(address, |to, name| to.with_some(name, sent.get(name)));
    let there = Redirect::to(&address.href());
    // That a login is this pseudonym is an answer, and the next request does not know of it.
    Ok(if is_found {
        (axum::Extension(Disclosing), there).into_response()
    } else {
        there.into_response()
    })
}

/// The pseudonym of the person who is called so; or why there is none.
pub(super) async fn person(
    server: &Server,
    caller: &Caller,
    sent: &Parameters,
    called: &str,
) -> Result<Result<String, String>, PageError> {
    let asking = sent.cut()?.asking(None);
    // It was typed.
    let called = called.trim();
    let items = match server.app.find(caller, called, &asking).await.map_err(PageError::from) {
        Ok(found) => found.value.items,
        Err(trouble) => match trouble.refusal() {
            // A text that looks like half an address is no login either.
            Some(_) => Vec::new(),
            None => return Err(trouble),
        },
    };
    let mut people: Vec<String> = items
        .into_iter()
        .filter(|found| found.kind == FoundKind::Person)
        .map(|found| found.name)
        .collect();
    people.dedup();
    Ok(match &people[..] {
        [only] => Ok(only.clone()),
        [] if caller.has(Role::Investigate) => {
            Err("No person with this login, name, id or pseudonym is known.".to_owned())
        }
        [] => Err(format!("No person with this pseudonym is known. {}", needs_role(caller))),
        several => Err(format!("Several people are called so: {}.", several.join(", "))),
    })
}

/// The form again, with what was typed and what is wrong with it.
pub(super) async fn refused(
    server: &Server,
    caller: &Caller,
    typed: &Parameters,
    problems: &[Problem],
) -> Response {
    let asking = typed.cut().map(|cut| cut.asking(None)).unwrap_or_default();
    // What cannot be offered is typed.
    let choices = match caller.has(Role::Read) || caller.has(Role::Investigate) {
        true => choices(server, caller, &asking).await.unwrap_or_default(),
        false => FilterChoices::default(),
    };
    let keep = KEPT.iter().fold(Address::new(PATH), |to, name| to.with_some(name, typed.get(name)));
    let main = html! {
        h1 { "Sessions" }
        div role="alert" {
            @for (name, why) in problems { p class="problem" { a href={ "#f-" (name) } {
                (label(name)) } ": " (inert(why)) } }
        }
        (form(&written(typed), problems, keep.fields(), &choices))
    };
    frame::page(StatusCode::UNPROCESSABLE_ENTITY, "Refused", Some(caller), html! {}, main)
}

/// The form, with the values that it holds and the parameters that it keeps.
pub(super) fn form(
    values: &[(&'static str, String)],
    problems: &[Problem],
    keep: &[(&'static str, String)],
    choices: &FilterChoices,
) -> Markup {
    let fields = values.len();
    html! {
        // Open on a desk by the stylesheet (`::details-content`); on a telephone it would fill the
        // first screen.
        details class="filters" open[!problems.is_empty()] {
            summary { "Filter: "
                @if fields == 0 { "none" } @else { (count(fields, "field")) " set" } }
            form class="filter" method="post" action=(PATH) {
                @for (name, value) in keep { input type="hidden" name=(name) value=(value); }
                @for (name, label) in FIELDS {
                    @let value = values.iter().find(|(n, _)| *n == name).map(|(_, value)| value);
                    @let is_wrong = problems.iter().any(|(n, _)| *n == name);
                    label {
                        (label) " "
                        (field(name, value.map_or("", String::as_str), is_wrong, choices))
                    }
                }
                button type="submit" { "Filter" }
                a href=(PATH) { "Clear" }
            }
            p id="f-times" class="muted" { "Times: RFC 3339 with an offset, such as \
                2026-03-10T14:05:00Z. Person: a pseudonym; a login or name is looked up, and is in \
                no address." }
        }
        (on_paper(values))
    }
}

/// The filter in words: paper has no form.
fn on_paper(values: &[(&'static str, String)]) -> Markup {
    html! {
        p class="on-paper" {
            @if values.is_empty() { "No filter: every session." } @else {
                "Filter: "
                @for (n, (name, value)) in values.iter().enumerate() {
                    @if n > 0 { "; " } (label(name)) " " (inert(value))
                }
                "."
            }
        }
    }
}

fn field(name: &'static str, value: &str, is_wrong: bool, choices: &FilterChoices) -> Markup {
    let id = format!("f-{name}");
    let invalid = is_wrong.then_some("true");
    if let Some((yes, no)) = two_valued(name) {
        let value = match value {
            "yes" | "1" => "true",
            "no" | "0" => "false",
            other => other,
        };
        return html! {
            select id=(id) name=(name) aria-invalid=[invalid] {
                @for (word, shown) in [("any", "any"), ("true", yes), ("false", no)] {
                    option value=(word) selected[word == value] { (shown) }
                }
            }
        };
    }
    let offered = offered(name, choices);
    if let Some(offered) = offered.filter(|of| !of.has_more && !of.values.is_empty()) {
        return html! {
            select id=(id) name=(name) aria-invalid=[invalid] {
                option value="" { "any" }
                @if !value.is_empty() && !has_unseen(value) && offered.values.iter().all(|known|
                    known != value) { option value=(value) selected { (plain(value)) } }
                @for known in &offered.values {
                    option value=(known) selected[known == value] { (plain(known)) }
                }
            }
        };
    }
    let list = offered.filter(|of| of.has_more).map(|_| format!("{id}-list"));
    let is_time = TIMES.contains(&name);
    let hint = (is_time || name == SUBJECT).then_some("f-times");
    // A text that cannot be seen as it is would be sent again by mistake.
    let value = Some(value).filter(|value| !has_unseen(value));
    html! {
        input id=(id) name=(name) value=[value] size=(if is_time { 22 } else { 12 })
            autocomplete="off" spellcheck="false" aria-invalid=[invalid] aria-describedby=[hint]
            list=[list.as_deref()];
        @if let (Some(list), Some(offered)) = (&list, offered) {
            datalist id=(list) { @for known in &offered.values { option value=(known) {} } } }
    }
}

/// What is known that a field could be.
fn offered<'c>(name: &str, choices: &'c FilterChoices) -> Option<&'c Choices> {
    match name {
        "idp" => Some(&choices.idps),
        "key" => Some(&choices.keys),
        "amr" => Some(&choices.amr),
        "app" => Some(&choices.apps),
        _ => None,
    }
}

/// What the list can be filtered by at its T and K.
pub(super) async fn choices(
    server: &Server,
    caller: &Caller,
    asking: &Asking,
) -> Result<FilterChoices, PageError> {
    Ok(server.app.filter_choices(caller, asking).await?.value)
}

fn label(of: &str) -> &'static str {
    FIELDS.iter().find(|(name, _)| *name == of).map_or("", |(_, label)| label)
}

/// What yes and no are called in a field that knows nothing else.
fn two_valued(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "supposesKey" => ("as if the key were retracted", "as stated"),
        "ended" => ("ended", "not ended"),
        "differs" => ("differs", "no decision differs"),
        "retracted" => ("relies on something retracted", "does not"),
        "outlived" => ("outlived", "did not"),
        "falsifiedLater" => ("falsified", "not falsified"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(query: &str) -> Vec<&'static str> {
        let read = Parameters::read(&format!("/sessions?{query}").parse().unwrap()).unwrap();
        problems(&read).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn each_wrong_field_is_named() {
        let wrong = "activeAt=2026-03-10T14:05:00&subject=alice&ended=perhaps&key=X1";
        assert_eq!(problems_of(wrong), ["activeAt", "subject", "ended"]);
        assert!(problems_of("subject=p-4KD2&ended=any&reliedFrom=").is_empty());
    }

    #[test]
    fn what_is_yes_or_no_is_chosen_and_not_typed() {
        let form = form(&[("outlived", "1".to_owned())], &[], &[], &FilterChoices::default());
        let form = form.into_string();
        for name in ["supposesKey", "ended", "differs", "retracted", "outlived", "falsifiedLater"] {
            assert!(form.contains(&format!("<select id=\"f-{name}\"")), "{name}: {form}");
        }
        assert!(form.contains("<option value=\"true\" selected>outlived"), "{form}");
        assert!(form.contains("method=\"post\""), "{form}");
        // Undetermined never differs, and is not as the rules say.
        assert!(form.contains("no decision differs"), "{form}");
    }

    #[test]
    fn the_fold_says_how_many_fields_are_set_and_is_open_where_one_is_wrong() {
        let form = |values: &[(&'static str, String)], problems: &[Problem]| {
            form(values, problems, &[], &FilterChoices::default()).into_string()
        };
        assert!(form(&[], &[]).contains("<details class=\"filters\"><summary>Filter: none<"));
        let set = [("key", "X1".to_owned()), ("ended", "true".to_owned())];
        assert!(form(&set, &[]).contains("<summary>Filter: 2 fields set<"));
        let wrong = [("activeAt", "no time".to_owned())];
        assert!(form(&set, &wrong).contains("<details class=\"filters\" open>"));
    }

    #[test]
    fn what_exists_is_chosen_and_of_more_than_that_some_is_offered() {
        let of = |values: &[&str], has_more| Choices {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            has_more,
        };
        let choices = FilterChoices {
            idps: of(&["idp-x", "<b>"], false),
            keys: of(&["X1"], true),
            ..FilterChoices::default()
        };
        let written = [("idp", "idp-q".to_owned()), ("key", "X9".to_owned())];
        let form = form(&written, &[], &[], &choices).into_string();
        for part in [
            "<select id=\"f-idp\" name=\"idp\">",
            "<option value=\"idp-q\" selected>idp-q</option><option value=\"idp-x\">",
            "<option value=\"&lt;b&gt;\">&lt;b&gt;",
            "<input id=\"f-key\" name=\"key\" value=\"X9\"",
            "list=\"f-key-list\"",
            "<datalist id=\"f-key-list\"><option value=\"X1\">",
            "<input id=\"f-app\"",
        ] {
            assert!(form.contains(part), "{part}: {form}");
        }
    }
}

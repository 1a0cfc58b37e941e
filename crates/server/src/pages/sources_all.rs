//! Of one source all records that stand out in one way, a page at a time: `/sources` shows a few.

use super::{
    address::Address,
    elements,
    error_page::PageError,
    parameters::Parameters,
    sources_list::{self, Links},
    text::{count, inert},
};
use claimledger_app::model::source_report::{Unusual, UnusualRecords};
use claimledger_facts::ids::{LogPosition, SourceId};
use maud::{Markup, html};

/// What is listed, and where the page begins.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    pub(super) what: Unusual,
    pub(super) from: LogPosition,
}

/// Each list: its word in addresses and ids, and its heading.
pub(super) const LISTS: [(Unusual, &str, &str); 4] = [
    (Unusual::Late, "late", "Late facts"),
    (Unusual::Ahead, "ahead", "Recorded before they occurred"),
    (Unusual::Variant, "variants", "Kept as variants"),
    (Unusual::NotUnderstood, "not-understood", "Not understood"),
];

impl Listed {
    /// What an address asks for; none: no list.
    pub(super) fn read(parameters: &Parameters) -> Result<Option<Self>, PageError> {
        let Some(word) = parameters.get("list") else { return Ok(None) };
        let known = LISTS.iter().find(|(_, name, _)| *name == word);
        let Some((what, ..)) = known else {
            let words = LISTS.map(|(_, word, _)| word).join(", ");
            return Err(PageError::refused(format!(
                "list: unknown list {word}: use one of {words}."
            )));
        };
        let from = LogPosition(parameters.number("fromPosition")?.unwrap_or(0));
        Ok(Some(Self { what: *what, from }))
    }

    /// Adds it to the address of a source.
    pub(super) fn keep(self, address: Address) -> Address {
        let address = address.with("list", self.names().0);
        match self.from {
            LogPosition(0) => address,
            from => address.with("fromPosition", from.0.to_string()),
        }
    }

    fn names(self) -> (&'static str, &'static str) {
        let found = LISTS.iter().find(|(what, ..)| *what == self.what);
        found.map_or(("", ""), |(_, word, title)| (word, title))
    }
}

/// The page. `source`: where the source has its own.
pub(super) fn main(
    links: &Links<'_>,
    (source, listed): (&SourceId, Listed),
    found: &UnusualRecords,
) -> Markup {
    let of_source = Address::new("/sources").with("source", source.as_str());
    let pinned = |address: Address| links.cut.pin(address, links.answered).href();
    html! {
        h1 { "Source " (inert(source.as_str())) " · " (listed.names().1) }
        p class="as-other" { a href=(pinned(of_source.clone())) { "The whole source" } }
        p { (count(found.records.len(), "record")) " in log order, as known at "
            (links.answered.position) ", whatever T"
            @if listed.from.0 > 0 { ", starting at " (listed.from) } "."
            @if found.next.is_some() { " There are more." } }
        @if found.records.is_empty() { (elements::empty(&html! { "None." })) } @else {
            (sources_list::record_table(links, "All of them", &found.records)) }
        @if let Some(next) = found.next {
            p { a rel="next" href=(pinned(Listed { from: next, ..listed }.keep(of_source))) {
                "Next records, from " (next) } }
        }
    }
}

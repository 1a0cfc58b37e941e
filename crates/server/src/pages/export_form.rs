//! The form that saves a list as a file.

use super::address::Address;
use claimledger_export::Format;
use maud::{Markup, html};

/// A list as a file, at the T and K of the address, or its manifest. `what` stands in "Export
/// these"; `events` says whether the list has any that OCSF knows.
pub(super) fn export_form(what: &str, list: &Address, events: bool) -> Markup {
    html! {
        form class="export" method="get" action=(list.path()) {
            @for (name, value) in list.fields() {
                input type="hidden" name=(name) value=(value); }
            label { "Export " (what) " as " select name="as" {
                @for format in Format::ALL.iter().filter(|format| events ||
                    **format != Format::Ocsf) {
                    option value=(format.as_str()) { (format.as_str()) } }
            } }
            button type="submit" { "Export" }
            button type="submit" name="part" value="manifest" { "Manifest" }
        }
    }
}

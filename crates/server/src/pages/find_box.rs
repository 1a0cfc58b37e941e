//! The box that finds a text, for the frame of every page.

use maud::{Markup, html};

/// Where it is sent.
pub(super) const PATH: &str = "/find";
/// Maximum characters of the text: longer than any id or address that a source sends.
pub(super) const MAX_TEXT: usize = 500;

/// The box. It has no shortcut of its own: a single letter would act while a person dictates (WCAG
/// 2.1.4).
pub(super) fn find_box() -> Markup {
    html! {
        form class="find-box" role="search" method="post" action=(PATH) {
            input name="text" aria-label="Find a login, name, address or id"
                placeholder="Login or id" maxlength=(MAX_TEXT) autocomplete="off"
                autocapitalize="off" spellcheck="false";
            button type="submit" { "Find" }
        }
    }
}

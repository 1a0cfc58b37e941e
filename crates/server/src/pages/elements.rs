//! The elements that pages are made of, each made here and nowhere else: `/style` shows them by the
//! same functions, so that it cannot differ from the pages (`docs/design.md`).

use maud::{Markup, html};

/// What a colour says. Each has a second cue in the stylesheet: a weight, an outline, a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColourRole {
    /// What is as expected.
    Neutral,
    /// What a reader would not expect: differs, falsified, void, lost.
    Attention,
    /// What was refused or damaged, and what cannot be undone.
    Danger,
    /// On the word of an IdP.
    Claimed,
    /// Checked by the service provider itself.
    Local,
    /// Not certain.
    Possible,
}

impl ColourRole {
    /// Every role, for the page that shows them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Neutral, Self::Attention, Self::Danger, Self::Claimed, Self::Local, Self::Possible];

    /// Its name in the stylesheet.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Attention => "attention",
            Self::Danger => "danger",
            Self::Claimed => "claimed",
            Self::Local => "local",
            Self::Possible => "possible",
        }
    }
}

/// A word with a role.
pub(crate) fn pill(role: ColourRole, words: &Markup) -> Markup {
    html! { span class="pill" data-role=(role.as_str()) { (words) } }
}

/// What stands in place of something that is not there, or is not shown.
pub(crate) fn empty(words: &Markup) -> Markup {
    html! { p class="empty" { (words) } }
}

/// Something beside the answer that a reader should know.
pub(crate) fn notice(words: &Markup) -> Markup {
    html! { p class="notice" { (words) } }
}

/// Why something was refused.
pub(crate) fn problem(words: &Markup) -> Markup {
    html! { p class="problem" role="alert" { (words) } }
}

/// What belongs together and stands alone: what a page says in place of an answer, a small form.
pub(crate) fn panel(body: &Markup) -> Markup {
    html! { div class="panel" { (body) } }
}

/// A table that scrolls by itself where the window is too narrow. `named_by`: the id of its
/// heading.
pub(crate) fn table(named_by: &str, class: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="group" aria-labelledby=(named_by) {
            table class=(class) {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

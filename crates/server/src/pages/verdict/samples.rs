//! A verdict of each kind, made up, for `/style`.

use super::{Kind, Oddity, Verdict};
use maud::html;

/// One of each kind: the first without anything odd, one with something open, the others with
/// something grave.
pub(in crate::pages) fn samples() -> impl Iterator<Item = Verdict> {
    Kind::ALL.into_iter().enumerate().map(|(n, kind)| {
        let grave = Oddity {
            grave: true,
            words: html! { "allow for payroll " strong class="attention" { "differs" } " from \
            what the rules say: retired key accepted." },
        };
        let open = Oddity { grave: false, words: html! { "the claim names no key." } };
        let odd = match n {
            0 => Vec::new(),
            1 => vec![open],
            _ => vec![grave, open],
        };
        Verdict {
            kind,
            sentence: html! { "p-616P was let into payroll at 13:20:04Z, on the word of idp-x \
            (pwd and hwk), by rule payroll-2 of payroll v2." },
            odd,
            sure: html! { "certain. Joined: an allow followed." },
        }
    })
}

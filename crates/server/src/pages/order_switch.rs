//! How to look at a session: by which clock, and as a query.

use super::{address::Address, as_query};
use crate::{cut_names, timeline::lanes::Order};
use maud::{Markup, html};

/// The switches. `occurred` and `recorded` are this view by either clock.
pub(crate) fn order_switch(order: Order, (occurred, recorded): (&Address, &Address)) -> Markup {
    html! {
        nav class="switches" aria-label="How to look at it" {
            p {
                "Order "
                @match order {
                    Order::Occurred => { strong { "occurred" } " · " a href=(recorded.href()) {
                        "recorded" } },
                    Order::Recorded => { a href=(occurred.href()) { "occurred" } " · " strong {
                        "recorded" } },
                }
                " · " a href=(around(occurred).href()) { "Everything around it, in one list" }
                " · " a href=(as_query::link("session", occurred)) { "As GraphQL" }
            }
        }
    }
}

/// The timeline of the same session, at the same T and K.
fn around(session: &Address) -> Address {
    session.fields().iter().fold(Address::new("/timeline"), |to, (name, value)| match *name {
        "id" => to.with("session", value.as_str()),
        name if cut_names::ALL.contains(&name) => to.with(name, value.as_str()),
        _ => to,
    })
}

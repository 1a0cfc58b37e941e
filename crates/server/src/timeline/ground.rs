//! What the figures of the sources and of an IdP have in common: the ground that their lanes stand
//! on, and the line of the cut.

use super::{
    geometry::{AXIS, GUTTER, WIDTH, Window, px},
    svg::{axis, patterns},
};
use claimledger_facts::time::Time;
use maud::{Markup, html};

/// Below the lanes: for the flag of the cut.
pub(super) const FOOT: f64 = 16.0;

/// Patterns, a tint down to `bottom`, and the axis.
pub(super) fn ground(window: &Window, bottom: f64, prefix: &str) -> Markup {
    html! {
        (patterns(prefix))
        g class="bands" aria-hidden="true" {
            rect class="tint-a" x=(px(GUTTER)) y=(px(AXIS)) width=(px(WIDTH - GUTTER))
                height=(px(bottom - AXIS)) {}
        }
        (axis(window))
    }
}

/// The line of T or of K, with its flag below the lanes, where it lies in the window.
pub(super) fn cut(window: &Window, time: Time, bottom: f64, (class, flag): (&str, &str)) -> Markup {
    html! {
        @if window.holds(time) {
            @let x = px(window.x(time));
            g class="cut" aria-hidden="true" {
                line class=(class) x1=(x) y1=(px(AXIS - 4.0)) x2=(x) y2=(px(bottom)) {}
                text class="flag" x=(x) y=(px(bottom + 12.0)) text-anchor="middle" { (flag) }
            }
        }
    }
}

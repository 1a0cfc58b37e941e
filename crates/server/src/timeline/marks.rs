//! The shapes: bars with their ends, marks, frames. Each is a path; nothing here knows a colour.

use super::geometry::{BAR, MARK, px};
use super::lanes::Mark;

/// How a bar stops at one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Upright.
    Flat,
    /// An exclusive end.
    Round,
    /// It goes on outside of what is shown.
    Torn,
}

/// How deep a torn edge is notched.
const TOOTH: f64 = 4.0;

/// A bar from `left` to `right`. A round end touches `right` at exactly its pixel.
pub(crate) fn bar(left: f64, right: f64, top: f64, round: bool) -> String {
    let end = if round { Edge::Round } else { Edge::Flat };
    strip((left, right), (top, BAR), (Edge::Flat, end))
}

/// The same, as high as said, with an edge at either side. What is too narrow for teeth has none.
pub(crate) fn strip(
    (left, right): (f64, f64),
    (top, height): (f64, f64),
    (begin, end): (Edge, Edge),
) -> String {
    let (l, r, t, b) = (left, right.max(left), top, top + height);
    let wide = r - l >= 3.0 * TOOTH;
    let mut path = format!("M{} {}", px(l), px(t));
    match end {
        Edge::Round => {
            let radius = (height / 2.0).min(r - l);
            let straight = px(r - radius);
            let (rx, ry) = (px(radius), px(height / 2.0));
            path.push_str(&format!("H{straight}A{rx} {ry} 0 0 1 {straight} {}", px(b)));
        }
        Edge::Torn if wide => {
            path.push_str(&format!("H{}", px(r)));
            path.push_str(&teeth((r, r - TOOTH), t, b));
        }
        Edge::Flat | Edge::Torn => path.push_str(&format!("H{}V{}", px(r), px(b))),
    }
    path.push_str(&format!("H{}", px(l)));
    if begin == Edge::Torn && wide {
        path.push_str(&teeth((l, l + TOOTH), b, t));
    }
    path.push('Z');
    path
}

/// Two notches on the way from one height to another.
fn teeth((outer, inner): (f64, f64), from: f64, to: f64) -> String {
    let at = |part: f64| px(from + (to - from) * part);
    let (outer, inner) = (px(outer), px(inner));
    format!("L{inner} {}L{outer} {}L{inner} {}L{outer} {}", at(0.25), at(0.5), at(0.75), at(1.0))
}

/// The upright cap of an inclusive start.
pub(crate) fn start_cap(x: f64, top: f64) -> String {
    format!("M{} {}H{}V{}H{}", px(x + 4.0), px(top - 2.0), px(x), px(top + BAR + 2.0), px(x + 4.0))
}

/// The dotted cap of a latest end.
pub(crate) fn latest_cap(x: f64, top: f64) -> String {
    format!("M{} {}V{}", px(x), px(top - 2.0), px(top + BAR + 2.0))
}

/// The chevron of what runs on.
pub(crate) fn chevron(x: f64, top: f64) -> String {
    format!(
        "M{} {}L{} {}L{} {}",
        px(x - 5.0),
        px(top),
        px(x),
        px(top + BAR / 2.0),
        px(x - 5.0),
        px(top + BAR)
    )
}

/// The cross of an end by loss.
pub(crate) fn cross(x: f64, middle: f64) -> String {
    let (l, r, t, b) = (px(x - 5.0), px(x + 5.0), px(middle - 5.0), px(middle + 5.0));
    format!("M{l} {t}L{r} {b}M{r} {t}L{l} {b}")
}

/// The arrow head at the time something was recorded, if that was late.
pub(crate) fn arrow_back(x: f64, middle: f64) -> String {
    format!(
        "M{} {}L{} {}L{} {}Z",
        px(x),
        px(middle),
        px(x + 5.0),
        px(middle - 4.0),
        px(x + 5.0),
        px(middle + 4.0)
    )
}

/// The notch at the start of a local factor's bar.
pub(crate) fn notch(x: f64, top: f64) -> String {
    format!("M{} {}H{}V{}H{}Z", px(x), px(top), px(x + 3.0), px(top + BAR), px(x))
}

/// A mark around its middle. The second path is filled, the first is drawn.
pub(crate) fn mark(mark: Mark, x: f64, y: f64) -> (String, Option<String>) {
    let h = MARK / 2.0;
    let (l, r, t, b, cx, cy) = (px(x - h), px(x + h), px(y - h), px(y + h), px(x), px(y));
    match mark {
        Mark::Allow => {
            let triangle = format!("M{l} {b}L{cx} {t}L{r} {b}Z");
            (triangle.clone(), Some(triangle))
        }
        Mark::Challenge => (
            format!("M{l} {cy}L{cx} {t}L{r} {cy}L{cx} {b}Z"),
            Some(format!("M{l} {cy}L{cx} {t}V{b}Z")),
        ),
        Mark::Deny => (format!("M{l} {t}H{r}L{cx} {b}Z"), None),
        Mark::Access => (format!("M{cx} {t}V{b}"), None),
        Mark::Hollow => (
            format!(
                "M{} {}H{}V{}H{}Z",
                px(x - 5.0),
                px(y - 5.0),
                px(x + 5.0),
                px(y + 5.0),
                px(x - 5.0)
            ),
            None,
        ),
    }
}

/// The frame around a mark that differs, or was falsified later.
pub(crate) fn frame(x: f64, y: f64) -> String {
    let h = MARK / 2.0 + 3.0;
    format!("M{} {}H{}V{}H{}Z", px(x - h), px(y - h), px(x + h), px(y + h), px(x - h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_end_touches_its_pixel() {
        // The arc ends radius left of the end, and bulges by its radius.
        assert_eq!(bar(200.0, 300.0, 8.0, true), "M200 8H294A6 6 0 0 1 294 20H200Z");
        assert_eq!(bar(200.0, 202.0, 8.0, true), "M200 8H200A2 6 0 0 1 200 20H200Z");
        assert_eq!(bar(200.0, 300.0, 8.0, false), "M200 8H300V20H200Z");
        assert_eq!(bar(200.0, 100.0, 8.0, false), "M200 8H200V20H200Z");
    }

    #[test]
    fn what_goes_on_is_torn_and_keeps_its_outermost_pixel() {
        let torn = |begin, end| strip((200.0, 300.0), (8.0, 12.0), (begin, end));
        assert_eq!(torn(Edge::Flat, Edge::Torn), "M200 8H300L296 11L300 14L296 17L300 20H200Z");
        assert_eq!(
            torn(Edge::Torn, Edge::Round),
            "M200 8H294A6 6 0 0 1 294 20H200L204 17L200 14L204 11L200 8Z"
        );
        let narrow = strip((200.0, 205.0), (8.0, 12.0), (Edge::Torn, Edge::Torn));
        assert_eq!(narrow, "M200 8H205V20H200Z");
    }

    #[test]
    fn outcomes_differ_in_shape() {
        let all = [Mark::Allow, Mark::Challenge, Mark::Deny, Mark::Access, Mark::Hollow]
            .map(|m| mark(m, 10.0, 10.0));
        for (i, a) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|b| a.0 != b.0));
        }
        assert!(mark(Mark::Deny, 10.0, 10.0).1.is_none());
    }
}

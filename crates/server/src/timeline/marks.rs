//! The shapes: bars with their ends, marks, frames. Each is a path; nothing here knows a colour.

use super::geometry::{BAR, MARK, px};
use super::lanes::Mark;

/// A bar from `left` to `right`. A round end touches `right` at exactly its pixel.
pub(crate) fn bar(left: f64, right: f64, top: f64, round: bool) -> String {
    let (l, r, t, b) = (left, right.max(left), top, top + BAR);
    if !round {
        return format!("M{} {}H{}V{}H{}Z", px(l), px(t), px(r), px(b), px(l));
    }
    let radius = (BAR / 2.0).min(r - l);
    let straight = r - radius;
    format!(
        "M{} {}H{}A{} {} 0 0 1 {} {}H{}Z",
        px(l),
        px(t),
        px(straight),
        px(radius),
        px(BAR / 2.0),
        px(straight),
        px(b),
        px(l)
    )
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
    fn outcomes_differ_in_shape() {
        let all = [Mark::Allow, Mark::Challenge, Mark::Deny, Mark::Access, Mark::Hollow]
            .map(|m| mark(m, 10.0, 10.0));
        for (i, a) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|b| a.0 != b.0));
        }
        assert!(mark(Mark::Deny, 10.0, 10.0).1.is_none());
    }
}

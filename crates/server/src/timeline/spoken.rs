//! What a screen reader, a tooltip and the card say of an item: each by itself, so with its date.
//! Lines: the sentence, then by both clocks what it rests on, then what ended it.

use super::{
    bar,
    lanes::{End, Figure, Fill, Item, ItemShape},
};
use crate::times::{Times, delay, is_late};
use claimledger_domain::model::{Certainty, Grade, RecordRef};
use claimledger_facts::time::Time;

/// The end that is drawn, if it is known.
pub(super) const fn until(item: &Item) -> Option<Time> {
    match item.end {
        End::At(end) | End::Lost(end) | End::Bounded(_, end) => Some(end),
        End::Moment | End::Running | End::Unknown(_) => None,
    }
}

/// Its classes in the drawing: never made from text of outside.
pub(super) fn classes(figure: &Figure, item: &Item) -> String {
    let shape = match item.shape {
        ItemShape::Band => "band",
        ItemShape::Bar => "bar",
        ItemShape::Mark(_) => "mark",
        ItemShape::Column(_) => "column",
    };
    let fill = match item.fill {
        Fill::Solid => "solid",
        Fill::Possible => "possible",
        Fill::Void => "void",
        Fill::Hollow => "hollow",
    };
    let certainty = item.certainty.as_str();
    let mut out = format!("{shape} {} {fill} {certainty}", item.hue.class());
    let (before, after) = bar::cut(figure, item);
    let words = [
        item.grade.map(Grade::as_str),
        before.then_some("cut-before"),
        after.then_some("cut-after"),
    ];
    for word in words.into_iter().flatten() {
        out.push(' ');
        out.push_str(word);
    }
    out
}

/// All that is said of it.
pub(crate) fn spoken(item: &Item) -> String {
    let mut times = Times::default();
    let mut out = match item.begun_by {
        None => format!("{} {}", item.what, times.show(item.from)),
        Some(_) => format!("{}, begun {}", item.what, times.occurred(item.began())),
    };
    match item.end {
        End::Moment => {}
        End::At(end) | End::Lost(end) => out.push_str(&format!(" until {}", times.show(end))),
        End::Running => out.push_str(", running"),
        End::Bounded(earliest, latest) => out.push_str(&format!(
            " until between {} and {}",
            times.show(earliest),
            times.show(latest)
        )),
        End::Unknown(earliest) => {
            out.push_str(&format!(" until {} or later", times.show(earliest)))
        }
    }
    if !item.reason.is_empty() {
        out.push_str(&format!(": {}", item.reason));
    }
    if item.end != End::Moment || item.certainty == Certainty::Possible {
        out.push_str(&format!("; {}", item.certainty.as_str()));
    }
    if let Some(grade) = item.grade {
        out.push_str(&format!("; {}", grade.as_str()));
    }
    if matches!(item.shape, ItemShape::Column(_)) {
        out.push_str("\nopens this part of the timeline");
        return out;
    }
    if let Some(record) = &item.record {
        let late = item.late.filter(|_| !item.end_is_late());
        out.push_str(&format!("\n{}", clocks(record, Some(item.from), late)));
    }
    if let Some(record) = &item.ended_by {
        let late = item.late.filter(|_| item.end_is_late());
        out.push_str(&format!("\nits end: {}", clocks(record, until(item), late)));
    }
    out
}

/// When it occurred, when it was recorded, and how much later that is. `said`: the time that the
/// sentence has already. What speaks of another time
/// than that at which it occurred is late by that time.
fn clocks(record: &RecordRef, said: Option<Time>, late: Option<(Time, Time)>) -> String {
    let mut times = Times::default();
    let (occurred, at) = (record.occurred, record.recorded_at);
    let mut out = if occurred.to.is_none() && said == Some(occurred.from) {
        // By the date of the sentence.
        times.show(occurred.from);
        format!("{} occurred then", record.position)
    } else {
        format!("{} occurred {}", record.position, times.occurred(occurred))
    };
    out.push_str(&format!(", recorded {} ({})", times.show(at), delay(occurred.from, at)));
    match late {
        Some((speaks_of, recorded)) if recorded == at && speaks_of != occurred.from => {
            out.push_str(&format!(
                "; late, {} after what it speaks of, {}",
                delay(speaks_of, recorded),
                times.show(speaks_of)
            ));
        }
        _ if is_late(occurred.latest(), at) => out.push_str("; late"),
        _ => {}
    }
    out
}

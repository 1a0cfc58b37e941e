//! Tables without lines around them, no wider than the terminal: cells are wrapped, and where even
//! that is too wide each row becomes a block of lines.

use crate::terminal::{bold, columns, columns_of, wrapped};

/// Columns between two columns of a table.
const GAP: usize = 2;

/// A table for standard output.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    layout(header, &rows, columns())
}

fn layout(header: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let widest = |measure: &dyn Fn(&str) -> usize| -> Vec<usize> {
        (0..header.len())
            .map(|n| {
                let cells = rows.iter().filter_map(|row| row.get(n)).map(String::as_str);
                cells.chain([header[n]]).map(measure).max().unwrap_or_default()
            })
            .collect()
    };
    let whole = widest(&columns_of);
    let gaps = GAP * header.len().saturating_sub(1);
    let widths = match width.map(|width| width.saturating_sub(gaps)) {
        Some(room) if whole.iter().sum::<usize>() > room => {
            let least =
                widest(&|cell| cell.split_whitespace().map(columns_of).max().unwrap_or_default());
            let Some(spare) = room.checked_sub(least.iter().sum()) else {
                return blocks(header, rows, room + gaps);
            };
            shared_out(spare, &least, &whole)
        }
        _ => whole,
    };
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let heads = lines_of(&header, &widths).into_iter().map(|line| bold(&line));
    heads.chain(rows.iter().flat_map(|row| lines_of(row, &widths))).collect::<Vec<_>>().join("\n")
}

/// Gives each column room beyond its longest word, in proportion to what its widest cell lacks.
fn shared_out(spare: usize, least: &[usize], whole: &[usize]) -> Vec<usize> {
    let lacking: Vec<usize> = whole.iter().zip(least).map(|(whole, least)| whole - least).collect();
    let all = lacking.iter().sum::<usize>().max(1);
    least.iter().zip(lacking).map(|(least, lacks)| least + lacks * spare / all).collect()
}

/// The lines of a row, as many as its highest cell has.
fn lines_of(row: &[String], widths: &[usize]) -> Vec<String> {
    let cells: Vec<Vec<String>> =
        row.iter()
            .zip(widths)
            .map(|(cell, width)| {
                if columns_of(cell) <= *width { vec![cell.clone()] } else { wrapped(cell, *width) }
            })
            .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    (0..height)
        .map(|n| {
            let mut line = String::new();
            for (cell, width) in cells.iter().zip(widths) {
                let text = cell.get(n).map_or("", String::as_str);
                line.push_str(text);
                line.push_str(&" ".repeat(width - columns_of(text).min(*width) + GAP));
            }
            line.trim_end().to_owned()
        })
        .collect()
}

/// One block for each row: a line, or several, for each of its cells that holds something.
fn blocks(header: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let names = header.iter().map(|name| columns_of(name)).max().unwrap_or_default() + GAP;
    let cell = |(name, cell): (&&str, &String)| {
        let lines = wrapped(cell, width.saturating_sub(names).max(1));
        let rest = format!("\n{}", " ".repeat(names));
        format!("{}{}{}", bold(name), " ".repeat(names - columns_of(name)), lines.join(&rest))
    };
    let block = |row: &Vec<String>| {
        let cells = header.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        cells.map(cell).collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: Option<usize>) -> String {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["s-1", "2026-02-03T09:15:00Z", "ended by the user, certain"]),
            row(["s-22", "2026-02-03T10:02:00Z", "active"]),
        ];
        let text = layout(&["session", "started", "state"], &rows, width);
        text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
    }

    #[test]
    fn a_table_is_as_wide_as_it_needs_to_be_and_no_wider_than_the_terminal() {
        let whole = "\
session  started               state
s-1      2026-02-03T09:15:00Z  ended by the user, certain
s-22     2026-02-03T10:02:00Z  active";
        assert_eq!(plain(None), whole);
        assert_eq!(plain(Some(57)), whole);
        let wrapped = "\
session  started               state
s-1      2026-02-03T09:15:00Z  ended by the
                               user, certain
s-22     2026-02-03T10:02:00Z  active";
        assert_eq!(plain(Some(45)), wrapped);
        let blocks = "\
session  s-1
started  2026-02-03T09:15:00Z
state    ended by the user,
         certain

session  s-22
started  2026-02-03T10:02:00Z
state    active";
        assert_eq!(plain(Some(30)), blocks);
    }
}

//! Writing to standard output and standard error: text is escaped, wrapped to the terminal's width,
//! and coloured where the terminal shows colours. A closed stream never ends the program.

use claimledger_server::unseen::{Piece, pieces, spelled};
use console::Term;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::Write as _,
    time::{Duration, Instant},
};

/// Marks of styles in text of ours. Text from outside cannot contain them: [`escape`] replaces
/// control characters.
const BOLD: char = '\u{1}';
const DIM: char = '\u{2}';
const RED: char = '\u{3}';
const PLAIN: char = '\u{4}';

/// Text in bold, where there are colours.
pub(crate) fn bold(text: &str) -> String {
    format!("{BOLD}{text}{PLAIN}")
}

/// Text that stands back, where there are colours.
pub(crate) fn dim(text: &str) -> String {
    format!("{DIM}{text}{PLAIN}")
}

/// Prints text for people.
pub(crate) fn print_text(text: &str) {
    print_line(&painted(&fitted(text, width(&Term::stdout())), console::colors_enabled()));
}

/// Prints a JSON document, for programs.
pub(crate) fn print_json(document: &serde_json::Value) {
    print_line(&format!("{document:#}"));
}

/// Prints a line as it is.
pub(crate) fn print_line(text: &str) {
    try_print_line(text);
}

/// The same; false: the reader, such as `head`, has gone and wants no more. That is no failure.
pub(crate) fn try_print_line(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) else { return true };
    if error.kind() != std::io::ErrorKind::BrokenPipe {
        print_error(&format!("standard output: {error}"));
    }
    false
}

/// Prints on standard error. `eprintln!` would panic where it is closed.
pub(crate) fn print_note(text: &str) {
    let text = painted(&fitted(text, width(&Term::stderr())), console::colors_enabled_stderr());
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints what went wrong on standard error.
pub(crate) fn print_error(text: &str) {
    print_note(&format!("{RED}claimledger:{PLAIN} {}", escape(text)));
}

/// A progress bar on standard error; silent where that is no terminal.
pub(crate) fn progress(unit: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let template =
        format!("{{bar:40}} {{human_pos}} of {{human_len}} {unit}, {{per_sec}}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

/// A line on standard error that says how far something is whose end is not known; silent where
/// that is no terminal.
pub(crate) fn spinner() -> ProgressBar {
    ProgressBar::new_spinner()
}

/// How far something is that may take long, on standard error: a bar in a terminal, else a line now
/// and then. Nothing where it takes no time.
pub(crate) struct LongWork {
    unit: &'static str,
    began: Instant,
    lines: u32,
    bar: Option<ProgressBar>,
}

/// What takes less is not shown.
const SHORT: Duration = Duration::from_secs(1);
/// How long until the first line, of which each further one comes later.
const FIRST_LINE: Duration = Duration::from_secs(2);

impl LongWork {
    /// It begins.
    pub(crate) fn new(unit: &'static str) -> Self {
        Self { unit, began: Instant::now(), lines: 0, bar: None }
    }

    /// How much of it is done.
    pub(crate) fn moved(&mut self, done: u64, of: u64) {
        let time = self.began.elapsed();
        if !Term::stderr().is_term() {
            if done < of && time >= FIRST_LINE.saturating_mul(2_u32.saturating_pow(self.lines)) {
                self.lines += 1;
                print_note(&format!("{done} of {of} {}", self.unit));
            }
        } else if done < of && time >= SHORT {
            let bar = self.bar.get_or_insert_with(|| progress(self.unit));
            bar.set_length(of);
            bar.set_position(done);
        }
    }
}

impl Drop for LongWork {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Columns of standard output; none: it is no terminal, and lines may have any length.
pub(crate) fn columns() -> Option<usize> {
    width(&Term::stdout())
}

fn width(term: &Term) -> Option<usize> {
    if !term.is_term() {
        return None;
    }
    term.size_checked().map(|(_, columns)| usize::from(columns)).filter(|columns| *columns > 0)
}

/// Columns that a text takes.
pub(crate) fn columns_of(text: &str) -> usize {
    let shown: String = text.chars().filter(|c| !is_mark(*c)).collect();
    console::measure_text_width(&shown)
}

/// Text that a terminal will only show: what cannot be seen, or covers what is around it, is
/// spelled as on pages.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Seen(seen) => out.push_str(seen),
            Piece::Unseen(c) => out.push_str(&spelled(c)),
        }
    }
    out
}

fn is_mark(c: char) -> bool {
    matches!(c, BOLD | DIM | RED | PLAIN)
}

fn painted(text: &str, has_colors: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            BOLD if has_colors => out.push_str("\u{1b}[1m"),
            DIM if has_colors => out.push_str("\u{1b}[2m"),
            RED if has_colors => out.push_str("\u{1b}[1;31m"),
            PLAIN if has_colors => out.push_str("\u{1b}[0m"),
            c if is_mark(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Lines no wider than a terminal, broken at spaces. A word that is wider itself, such as a cursor,
/// stays whole: it is there to be copied.
fn fitted(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    text.lines()
        .map(|line| if columns_of(line) <= width { line.to_owned() } else { folded(line, width) })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A long line, with what follows indented below it: inside a tree its lines go on.
fn folded(line: &str, width: usize) -> String {
    let text = line.trim_start_matches(is_of_tree);
    let first = &line[..line.len() - text.len()];
    let rest: String = first
        .chars()
        .map(|c| if matches!(c, '│' | '├') { '│' } else { ' ' })
        .chain("  ".chars())
        .collect();
    let mut lines = wrapped(text, width.saturating_sub(columns_of(&rest)).max(1)).into_iter();
    let head = format!("{first}{}", lines.next().unwrap_or_default());
    lines.fold(head, |all, next| format!("{all}\n{rest}{next}"))
}

fn is_of_tree(c: char) -> bool {
    matches!(c, ' ' | '│' | '├' | '└' | '─')
}

/// A text broken at spaces into lines of at most `width` columns.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            line.push_str(word);
        } else if columns_of(line) + 1 + columns_of(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_escape_sequence() {
        assert_eq!(escape("a\u{1b}[31mb\u{202e}c"), "a\\u{001B}[31mb\\u{202E}c");
        assert_eq!(escape("Zoë 山\u{1}"), "Zoë 山\\u{0001}");
        let many = format!("a{}b", "\u{94D}".repeat(5));
        assert_eq!(escape(&many), format!("a{}\\u{{094D}}b", "\u{94D}".repeat(4)));
    }

    #[test]
    fn a_long_line_of_a_tree_goes_on_inside_the_tree() {
        let tree = "S1 was let in.\n\
                    │ ├ Key X2 was valid, added at 13:00.      #34 [sem 12]\n\
                    │ └ one two three four five six";
        let expected = [
            "S1 was let in.",
            "│ ├ Key X2 was valid,",
            "│ │   added at 13:00.",
            "│ │   #34 [sem 12]",
            "│ └ one two three four",
            "│     five six",
        ];
        assert_eq!(fitted(tree, Some(24)).lines().collect::<Vec<_>>(), expected);
        assert_eq!(fitted(tree, None), tree);
    }

    #[test]
    fn styles_take_no_room_and_leave_no_trace_without_colors() {
        let text = format!("{} {}", bold("one"), dim("two"));
        assert_eq!(columns_of(&text), 7);
        assert_eq!(fitted(&text, Some(7)), text);
        assert_eq!(painted(&text, false), "one two");
        assert_eq!(painted(&text, true), "\u{1b}[1mone\u{1b}[0m \u{1b}[2mtwo\u{1b}[0m");
    }
}

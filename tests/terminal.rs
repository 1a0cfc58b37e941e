//! The command line in a terminal and out of it: width, colours, closed streams, help, completions
//! and the manual page.

use crate::support::{Scratch, claimledger, text, tool};
use std::process::{Command, Output, Stdio};

/// Runs a command in a terminal of this width, and returns what it shows.
const IN_TERMINAL: &str = r#"
import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
shown = b""
while True:
    try:
        chunk = os.read(fd, 65536)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/facts.jsonl");

fn example() -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    scratch.ok(&["ingest", EXAMPLE]);
    scratch
}

fn in_terminal(scratch: &Scratch, columns: u16, no_color: bool, args: &[&str]) -> String {
    let mut command = Command::new(tool("python3"));
    command
        .args(["-c", IN_TERMINAL, &columns.to_string(), env!("CARGO_BIN_EXE_claimledger")])
        .arg("--data")
        .arg(scratch.data())
        .args(args)
        .env("TERM", "xterm")
        .env_remove("NO_COLOR");
    if no_color {
        command.env("NO_COLOR", "1");
    }
    let out = command.output().expect("python runs");
    assert!(out.status.success(), "{args:?}: {}{}", text(&out.stdout), text(&out.stderr));
    text(&out.stdout).replace('\r', "")
}

/// Without the colour codes.
fn plain(shown: &str) -> String {
    let mut parts = shown.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').expect("a code of a colour").1)
}

const ANSWERS: &[&[&str]] = &[
    &["why", "s-1", "--app", "payroll"],
    &["why", "s-2", "--app", "payroll"],
    &["session", "s-1"],
    &["sessions"],
    &["decisions"],
    &["timeline", "s-1"],
    &["trust"],
    &["find", "s-1"],
    &["chain", "s-1"],
];

#[test]
fn lines_are_no_wider_than_the_terminal_and_coloured_where_it_shows_colours() {
    let scratch = example();
    for args in ANSWERS {
        for columns in [60, 130] {
            let shown = in_terminal(&scratch, columns, false, args);
            assert!(
                shown.contains("\u{1b}[1m") && shown.contains("\u{1b}[0m"),
                "{args:?}\n{shown}"
            );
            for line in plain(&shown).lines() {
                assert!(line.chars().count() <= usize::from(columns), "{columns} {args:?}\n{line}");
            }
        }
        let colourless = in_terminal(&scratch, 80, true, args);
        assert!(!colourless.contains('\u{1b}'), "{args:?}\n{colourless}");
        // Every word is there at any width.
        let piped = scratch.ok(args);
        let narrow = plain(&in_terminal(&scratch, 60, false, args));
        for word in piped.split_whitespace() {
            // T differs from run to run.
            let is_time = word.starts_with("20") && word.contains('T');
            // A column that holds nothing has no line in a block.
            let is_empty = word == "flags";
            assert!(
                is_time || is_empty || narrow.contains(word),
                "{args:?}: {word} is not in\n{narrow}"
            );
        }
    }
}

#[test]
fn what_is_piped_is_neither_wrapped_nor_coloured() {
    let scratch = example();
    let out = scratch.command(&["sessions"]).env_remove("NO_COLOR").output().expect("it runs");
    let printed = text(&out.stdout);
    assert!(!printed.contains('\u{1b}'), "{printed}");
    assert!(printed.lines().any(|line| line.chars().count() > 130), "{printed}");
    let footer: Vec<_> = printed.lines().skip_while(|line| !line.is_empty()).skip(1).collect();
    assert_eq!(footer.len(), 1, "{printed}");
    assert!(
        footer[0].starts_with("T 20")
            && footer[0].contains(" · K #14 · rules r")
            && footer[0].ends_with("incomplete, acme heard to 2026-02-03 20:00:00Z only"),
        "{}",
        footer[0]
    );
}

/// Runs with a standard error that nothing reads.
fn deaf(scratch: &Scratch, log: &str, args: &[&str]) -> Output {
    let mut child = scratch
        .command(args)
        .env("CLAIMLEDGER_LOG", log)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stderr.take());
    child.wait_with_output().expect("the binary ends")
}

#[test]
fn a_closed_standard_error_ends_nothing() {
    let scratch = example();
    let token = deaf(&scratch, "warn", &["token", "--role", "read"]);
    assert_eq!(token.status.code(), Some(0));
    assert!(!token.stdout.is_empty());
    assert_eq!(deaf(&scratch, "warn", &["why", "s-1"]).status.code(), Some(0));
    assert_eq!(deaf(&scratch, "warn", &["why", "s-9"]).status.code(), Some(1));
    assert_eq!(deaf(&scratch, "warn", &["ingest", "no-such-file"]).status.code(), Some(2));
    // A log line that cannot be written is lost, and nothing else.
    assert_eq!(deaf(&scratch, "trace", &["sessions"]).status.code(), Some(0));
}

#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    let scratch = example();
    let out = scratch
        .command(&["sessions"])
        .env_remove("NO_COLOR")
        .env("CLAIMLEDGER_LOG", "trace")
        .output()
        .expect("the binary runs");
    let log = text(&out.stderr);
    assert!(log.contains("DEBUG"), "there is a log: {log}");
    assert!(!log.contains('\u{1b}'), "{}", log.lines().next().unwrap_or_default());
}

fn help(args: &[&str]) -> String {
    let out = claimledger().args(args).output().expect("the binary runs");
    assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    text(&out.stdout)
}

fn commands() -> Vec<String> {
    let list = help(&["-h"]);
    let list = list.split("Commands:").nth(1).expect("commands").split("\n\n").next();
    let names = list.expect("a list").lines().filter_map(|line| {
        let name = line.strip_prefix("  ")?;
        name.split(' ').next().filter(|name| !name.is_empty()).map(str::to_owned)
    });
    names.filter(|name| name != "help").collect()
}

#[test]
fn a_commands_own_options_come_first_in_its_help() {
    let commands = commands();
    assert!(commands.len() > 25, "{commands:?}");
    for command in commands {
        let short = help(&[&command, "-h"]);
        assert!(!short.contains("--token-file") && !short.contains("--known-at <"), "{short}");
        let long = help(&[&command, "--help"]);
        let (own, global) = long.split_once("Global options:").expect("a part for them");
        for option in ["--data", "--url", "--at", "--known-at", "--format"] {
            assert!(global.contains(option) && !own.contains(&format!("{option} <")), "{long}");
        }
    }
}

#[test]
fn a_yes_or_no_filter_needs_no_value() {
    let scratch = example();
    let count = |args: &[&str]| {
        scratch.json(&[&["sessions"], args].concat())["edges"].as_array().expect("edges").len()
    };
    for flag in ["--outlived", "--retracted", "--differs", "--falsified-later"] {
        assert_eq!((count(&[flag]), count(&[&format!("{flag}=false")])), (0, 2), "{flag}");
        assert_eq!(count(&[&format!("{flag}=false"), "--app", "payroll"]), 2, "{flag}");
    }
    let before = ["--at", "2026-02-03T12:00:00Z"];
    assert_eq!(count(&[&["--ended"], &before[..]].concat()), 0);
    assert_eq!(count(&[&["--ended=false"], &before[..]].concat()), 2);
    let wrong = scratch.run(&["sessions", "--outlived=maybe"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong.stderr));
}

#[test]
fn completions_and_the_manual_page_name_every_command() {
    let commands = commands();
    let bash = help(&["completions", "bash"]);
    let (zsh, fish) = (help(&["completions", "zsh"]), help(&["completions", "fish"]));
    let page = help(&["man"]);
    assert!(page.contains(".TH claimledger 1"), "{page}");
    for command in &commands {
        for script in [&bash, &zsh, &fish] {
            assert!(script.contains(command.as_str()), "{command}");
        }
        assert!(page.contains(&command.replace('-', "\\-")), "{command} is not in\n{page}");
        let own = help(&["man", command]);
        assert!(own.contains(&format!(".TH claimledger-{command} 1")), "{own}");
    }
    let scratch = Scratch::new();
    let file = scratch.file("completions", &bash);
    let asked = format!(
        ". {file}; COMP_WORDS=(claimledger held); COMP_CWORD=1; _claimledger claimledger held \
         claimledger; echo ${{COMPREPLY[@]}}"
    );
    let out = Command::new(tool("bash")).args(["-c", &asked]).output().expect("bash runs");
    assert_eq!(text(&out.stdout).trim(), "held-under", "{}", text(&out.stderr));
    let unknown = claimledger().args(["man", "nothing"]).output().expect("the binary runs");
    assert_eq!(unknown.status.code(), Some(2));
}

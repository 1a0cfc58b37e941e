//! Types that many files import stay small.

use super::files;
use std::collections::BTreeMap;

/// A type is imported everywhere if this many files name it.
const EVERYWHERE: usize = 20;
const MAX_FIELDS: usize = 10;
const MAX_METHODS: usize = 20;

#[derive(Default)]
struct Size {
    /// Where it is declared; empty: a name that only other crates declare.
    place: String,
    fields: usize,
    methods: usize,
}

fn sources() -> BTreeMap<String, String> {
    files()
        .into_iter()
        .filter(|path| {
            let text = path.to_string_lossy();
            text.contains("/crates/") && text.contains("/src/") && text.ends_with(".rs")
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
            (path.display().to_string(), code)
        })
        .collect()
}

/// The crate of a source file.
fn crate_of(path: &str) -> &str {
    path.split("/crates/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

/// The name after a keyword at the start of a line, and whether the item is public.
fn declared<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let rest = line.strip_prefix("pub")?;
    let rest = rest.strip_prefix("(crate)").or(rest.strip_prefix("(super)")).unwrap_or(rest);
    let rest = rest.trim_start().strip_prefix(keyword)?.strip_prefix(' ')?;
    Some(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
}

/// Public structs by name and crate, with their fields and public methods.
fn sizes(sources: &BTreeMap<String, String>) -> BTreeMap<(String, String), Size> {
    let mut sizes: BTreeMap<(String, String), Size> = BTreeMap::new();
    for (path, code) in sources {
        let mut within: Option<(String, bool)> = None;
        for line in code.lines() {
            if let Some(name) = declared(line, "struct").filter(|_| line.ends_with('{')) {
                within = Some((name.to_owned(), true));
                let size = sizes.entry((crate_of(path).to_owned(), name.to_owned())).or_default();
                size.place.clone_from(path);
            } else if line.starts_with("impl") && line.ends_with('{') && !line.contains(" for ") {
                let named = line.split("> ").last().unwrap_or(line).trim_start_matches("impl ");
                let name = named.split(['<', ' ']).next().unwrap_or_default();
                within = Some((name.to_owned(), false));
            } else if line == "}" {
                within = None;
            }
            let Some((name, is_struct)) = &within else { continue };
            let Some(item) = line.strip_prefix("    ").filter(|item| !item.starts_with(' ')) else {
                continue;
            };
            let size = sizes.entry((crate_of(path).to_owned(), name.clone())).or_default();
            if *is_struct {
                size.fields += usize::from(item.contains(": ") && !item.starts_with(['/', '#']));
            } else {
                size.methods += usize::from(item.starts_with("pub") && item.contains("fn "));
            }
        }
    }
    sizes.retain(|_, size| !size.place.is_empty());
    sizes
}

#[test]
fn types_that_everything_imports_are_small() {
    let sources = sources();
    let mut large = Vec::new();
    for ((krate, name), size) in sizes(&sources) {
        // A file of another crate means this type only if it imports it by name.
        let imported = |path: &str, code: &str| {
            let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            let mut named = words.filter(|word| *word == name);
            named.next().is_some()
                && (crate_of(path) == krate
                    || code.contains(&format!("claimledger_{krate}")) && {
                        let own = format!("struct {name} ");
                        !code.contains(&own)
                    })
        };
        let files = sources.iter().filter(|(path, code)| imported(path, code)).count();
        if files >= EVERYWHERE && (size.fields > MAX_FIELDS || size.methods > MAX_METHODS) {
            let Size { place, fields, methods } = size;
            large.push(format!(
                "{place}: {name} in {files} files: {fields} fields, {methods} methods"
            ));
        }
    }
    assert!(large.is_empty(), "{}", large.join("\n"));
}

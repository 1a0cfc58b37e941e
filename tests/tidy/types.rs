//! Types that many files import stay small.

use super::files;
use std::collections::{BTreeMap, BTreeSet};

/// A type is imported everywhere if this many files import it.
const EVERYWHERE: usize = 20;
const MAX_FIELDS: usize = 10;
const MAX_METHODS: usize = 20;

/// Types whose fields are a public contract: objects of the GraphQL schema, and facts.
const CONTRACTS: &[&str] = &["/server/src/graphql/", "/facts/src/types/"];

#[derive(Default)]
struct Size {
    /// Where it is declared.
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
    let inside = path.rsplit("/crates/").next();
    inside.and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The types that a file imports, each with the crate that it is imported from.
fn imports<'a>(krate: &'a str, code: &'a str) -> BTreeSet<(&'a str, &'a str)> {
    let mut found = BTreeSet::new();
    let statements = code.split("\nuse ").skip(1).chain(code.split("\n    use ").skip(1));
    for statement in statements.filter_map(|rest| rest.split(';').next()) {
        let from = match words(statement).next() {
            Some("crate" | "super" | "self") => krate,
            Some(other) => other.strip_prefix("claimledger_").unwrap_or_default(),
            None => continue,
        };
        let types = words(statement).filter(|word| word.starts_with(|c: char| c.is_uppercase()));
        found.extend(types.map(|name| (from, name)));
    }
    found
}

/// The name of a public item of this kind that is declared by a line.
fn declared<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let rest = line.strip_prefix("pub")?;
    let rest = rest.strip_prefix("(crate)").or(rest.strip_prefix("(super)")).unwrap_or(rest);
    words(rest.trim_start().strip_prefix(keyword)?).next()
}

/// Public structs by crate and name, with their fields and public methods.
fn sizes(sources: &BTreeMap<String, String>) -> BTreeMap<(&str, &str), Size> {
    let mut sizes: BTreeMap<(&str, &str), Size> = BTreeMap::new();
    for (path, code) in sources {
        let mut within: Option<(&str, bool)> = None;
        for line in code.lines() {
            if let Some(name) = declared(line, "struct ").filter(|_| line.ends_with('{')) {
                within = Some((name, true));
                sizes.entry((crate_of(path), name)).or_default().place.clone_from(path);
            } else if line.starts_with("impl") && line.ends_with('{') && !line.contains(" for ") {
                let named = line.split("> ").last().unwrap_or(line).trim_start_matches("impl ");
                within = words(named).next().map(|name| (name, false));
            } else if line == "}" {
                within = None;
            }
            let Some((name, is_struct)) = within else { continue };
            let Some(item) = line.strip_prefix("    ").filter(|item| !item.starts_with(' ')) else {
                continue;
            };
            let size = sizes.entry((crate_of(path), name)).or_default();
            if is_struct {
                size.fields += usize::from(item.contains(": ") && !item.starts_with(['/', '#']));
            } else {
                size.methods += usize::from(item.starts_with("pub") && item.contains("fn "));
            }
        }
    }
    sizes.retain(|_, size| {
        !size.place.is_empty() && !CONTRACTS.iter().any(|place| size.place.contains(place))
    });
    sizes
}

#[test]
fn types_that_everything_imports_are_small() {
    let sources = sources();
    let mut importers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (path, code) in &sources {
        for import in imports(crate_of(path), code) {
            *importers.entry(import).or_default() += 1;
        }
    }
    assert!(importers.get(&("domain", "SessionState")).is_some_and(|files| *files >= EVERYWHERE));
    let mut large = Vec::new();
    for (name, Size { place, fields, methods }) in sizes(&sources) {
        let files = importers.get(&name).copied().unwrap_or_default();
        if files >= EVERYWHERE && (fields > MAX_FIELDS || methods > MAX_METHODS) {
            let (_, name) = name;
            large.push(format!(
                "{place}: {name} in {files} files: {fields} fields, {methods} methods"
            ));
        }
    }
    assert!(large.is_empty(), "{}", large.join("\n"));
}

//! Okta System Log events that other projects published, as JSON lines. What a log transport sends
//! stays as it is (also a collector's wrappers); what only test files have around an event is taken
//! off.

use serde_json::{Value, value::RawValue};
use std::{fs, path::Path};

/// The events under the samples' folder, one a line: 147 of them, from eight projects.
pub(crate) fn lines(samples: &Path) -> Vec<String> {
    let mut lines = elements(samples, "cribl-okta-rest/I4942I.json");
    let tests = read(samples, "panther-analysis/rule_test_logs.jsonl");
    lines.extend(tests.lines().map(|test| member(test, "log")));
    for name in ["admin_privs_assigned", "brute_force_logins", "legit_login", "new-user"] {
        let text = read(samples, &format!("panther-analysis/okta-add-administrator/{name}.yml"));
        let file = yaml::parse(&text)
            .unwrap_or_else(|line| panic!("{name}.yml, line {line}: beyond this reader"));
        lines.extend(file["Logs"].as_array().into_iter().flatten().map(Value::to_string));
    }
    for folder in ["tomisp", "stix-shifter", "sekoia-automation-library"] {
        lines.extend(
            read(samples, &format!("{folder}/events.jsonl"))
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(str::to_owned),
        );
    }
    lines.extend(elements(samples, "okta-openapi-examples/ListLogs.json"));
    lines.push(one_line(&read(
        samples,
        "okta-openapi-examples/ListLogsWithAdditionalSecurityContext.json",
    )));
    lines.extend(elements(samples, "grove/001.json"));
    lines
}

fn read(samples: &Path, file: &str) -> String {
    let path = samples.join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The elements of an array, each on one line and otherwise as it is.
fn elements(samples: &Path, file: &str) -> Vec<String> {
    let text = read(samples, file);
    let elements: Vec<&RawValue> = serde_json::from_str(&text).expect("an array");
    elements.into_iter().map(|element| one_line(element.get())).collect()
}

fn member(object: &str, name: &str) -> String {
    let mut object: std::collections::BTreeMap<&str, &RawValue> =
        serde_json::from_str(object).expect("an object");
    object.remove(name).expect("the member").get().to_owned()
}

/// JSON has no line breaks inside of its tokens, so those between them can go.
fn one_line(json: &str) -> String {
    json.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The part of YAML that the samples use: block mappings and sequences, scalars plain (also over
/// several lines), quoted or `{}`.
mod yaml {
    use serde_json::{Map, Value};

    struct Reader<'t> {
        /// Number, indentation and text of each line that is not blank.
        lines: Vec<(usize, usize, &'t str)>,
        at: usize,
    }

    /// Reads one document. The error is the number of the line that is beyond this reader.
    pub(super) fn parse(text: &str) -> Result<Value, usize> {
        let lines = text
            .lines()
            .enumerate()
            .map(|(n, line)| (n + 1, line.len() - line.trim_start().len(), line.trim()));
        let mut reader = Reader {
            lines: lines.filter(|(_, _, text)| !text.is_empty() && *text != "---").collect(),
            at: 0,
        };
        let value = reader.block(0)?;
        reader.lines.get(reader.at).map_or(Ok(value), |(line, ..)| Err(*line))
    }

    impl<'t> Reader<'t> {
        fn block(&mut self, indent: usize) -> Result<Value, usize> {
            match self.lines.get(self.at) {
                Some((_, _, text)) if text.starts_with("- ") => self.sequence(indent),
                _ => self.mapping(indent),
            }
        }

        fn sequence(&mut self, indent: usize) -> Result<Value, usize> {
            let mut items = Vec::new();
            while let Some(&(number, at, text)) = self.lines.get(self.at) {
                let Some(rest) = text.strip_prefix("- ").filter(|_| at == indent) else { break };
                // What follows the dash is the first line of the item.
                let inner = indent + 2;
                self.lines[self.at] = (number, inner, rest);
                items.push(self.block(inner)?);
            }
            Ok(Value::Array(items))
        }

        fn mapping(&mut self, indent: usize) -> Result<Value, usize> {
            let mut members = Map::new();
            while let Some(&(number, at, text)) = self.lines.get(self.at) {
                if at < indent {
                    break;
                }
                let (key, rest) = text
                    .split_once(':')
                    .filter(|_| at == indent && !text.starts_with("- "))
                    .ok_or(number)?;
                self.at += 1;
                let value = self.value(indent, rest.trim(), number)?;
                if members.insert(key.to_owned(), value).is_some() {
                    return Err(number);
                }
            }
            Ok(Value::Object(members))
        }

        fn value(&mut self, indent: usize, rest: &'t str, number: usize) -> Result<Value, usize> {
            let next = self.lines.get(self.at).copied();
            let deeper = next
                .filter(|(_, at, text)| *at > indent || (*at == indent && text.starts_with("- ")));
            match (rest, deeper) {
                ("", Some((_, at, text)))
                    if text.starts_with("- ") || text.contains(": ") || text.ends_with(':') =>
                {
                    self.block(at)
                }
                ("", None) => Ok(Value::Null),
                // A plain scalar goes on over deeper lines; each break is one space.
                (_, Some(_)) if !rest.starts_with(['"', '{', '[']) => {
                    let mut words: Vec<&str> =
                        Some(rest).filter(|rest| !rest.is_empty()).into_iter().collect();
                    while let Some(&(_, at, text)) = self.lines.get(self.at)
                        && at > indent
                    {
                        words.push(text);
                        self.at += 1;
                    }
                    Ok(scalar(&words.join(" ")))
                }
                (rest, None) if rest.starts_with(['"', '{', '[']) => {
                    serde_json::from_str(rest).map_err(|_| number)
                }
                (rest, None) => Ok(scalar(rest)),
                (_, Some(_)) => Err(number),
            }
        }
    }

    fn scalar(text: &str) -> Value {
        match text {
            "null" | "~" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number if number.parse::<f64>().is_ok() => {
                serde_json::from_str(number).unwrap_or_else(|_| Value::from(number))
            }
            text => Value::from(text),
        }
    }
}

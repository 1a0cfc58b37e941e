//! Makes GraphQL documents from the committed schema: most nearly right, all of them odd in some
//! way. From one seed always the same.

use serde_json::{Value, json};
use std::collections::BTreeMap;

const SCHEMA: &str = include_str!("../../schema/graphql/schema.graphql");

/// Numbers that look random (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).expect("31 bits") % n.max(1)
    }

    /// One time of `n`.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }
}

/// A field or an argument: its name, its arguments, and its type as written.
struct Field {
    name: String,
    arguments: Vec<(String, String)>,
    ty: String,
}

/// The schema, as far as documents need it.
pub(crate) struct Schema {
    /// Objects and inputs.
    types: BTreeMap<String, Vec<Field>>,
    enums: BTreeMap<String, Vec<String>>,
}

/// A document, and the variables that go with it.
pub(crate) struct Document {
    pub(crate) query: String,
    pub(crate) variables: Value,
}

const TIMES: [&str; 12] = [
    "2026-03-10T11:00:00Z",
    "2026-03-10T23:59:59.999999+14:00",
    "0000-01-01T00:00:00Z",
    "0000-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:60-23:59",
    "+262143-12-31T23:59:59Z",
    "-262143-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "1970-01-01T00:00:00",
    "now",
    "",
];
const NUMBERS: [&str; 10] = [
    "0",
    "1",
    "-1",
    "500",
    "501",
    "2147483647",
    "-2147483648",
    "18446744073709551615",
    "1e999",
    "0.5",
];
const IDS: [&str; 10] =
    ["S1", "S2", "alice", "okta", "30", "#30", "\\u0000", "é\u{202E}x", "null", ""];
const ODD: [&str; 24] = [
    "\u{feff}", "\0", "#", "# {{{{\n", "\"", "\"\"\"", "\\", "$", "@", "...", "!", ":", "=", "|",
    "&", "\r", "\r\n", "{", "}", "[", ")", "😀", "\u{2028}", "on",
];

impl Schema {
    pub(crate) fn committed() -> Self {
        let (mut types, mut enums): (BTreeMap<String, Vec<Field>>, BTreeMap<String, Vec<String>>) =
            Default::default();
        let mut open: Option<(String, bool)> = None;
        let mut described = false;
        for line in SCHEMA.lines().map(str::trim) {
            if line == "\"\"\"" {
                described = !described;
            } else if described || line.is_empty() || line.starts_with('"') {
                continue;
            } else if line == "}" {
                open = None;
            } else if let Some((kind, name)) =
                line.strip_suffix('{').and_then(|head| head.trim().split_once(' '))
            {
                open = Some((name.trim().to_owned(), kind == "enum"));
            } else if let Some((name, is_enum)) = &open {
                match is_enum {
                    true => enums.entry(name.clone()).or_default().push(line.to_owned()),
                    false => types.entry(name.clone()).or_default().extend(field(line)),
                }
            }
        }
        types.remove("schema");
        assert!(types["Query"].len() > 15 && enums.len() > 5, "the schema was not read");
        Self { types, enums }
    }

    /// The document of a seed.
    pub(crate) fn document(&self, seed: u64) -> Document {
        let random = &mut Random::new(seed);
        // Every other one is right but for its values, so that what runs is tried as well as what
        // refuses.
        let calm = seed.is_multiple_of(2);
        let mut made = Maker {
            schema: self,
            random,
            calm,
            definitions: Vec::new(),
            variables: serde_json::Map::new(),
            fragments: Vec::new(),
        };
        let root = if made.random.one_in(12) { "Subscription" } else { "Query" };
        let depth = 1 + made.random.below(if calm { 5 } else { 7 });
        let selection = made.selection(root, depth);
        let word = root.to_ascii_lowercase();
        let definitions = if made.definitions.is_empty() {
            String::new()
        } else {
            format!("({})", made.definitions.join(", "))
        };
        let head = match made.random.below(4) {
            0 if root == "Query" && definitions.is_empty() => String::new(),
            1 => format!("{word} Q{definitions}"),
            _ => format!("{word} {definitions}"),
        };
        let mut query = format!("{head}{selection} {}", made.fragments.join(" "));
        let variables = made.wrong_shapes();
        for _ in 0..if calm { 0 } else { random.below(3) } {
            query = damaged(query, random);
        }
        Document { query, variables }
    }
}

fn field(line: &str) -> Option<Field> {
    let line = line.split(" @").next()?;
    let (head, ty) =
        if line.contains('(') { line.split_once("):")? } else { line.split_once(':')? };
    let (name, arguments) = head.split_once('(').unwrap_or((head, ""));
    let arguments = arguments.split(", ").filter_map(|argument| argument.split_once(": "));
    let arguments = arguments
        .map(|(name, ty)| (name.to_owned(), ty.split(' ').next().unwrap_or_default().to_owned()));
    Some(Field {
        name: name.trim().to_owned(),
        arguments: arguments.collect(),
        ty: ty.trim().to_owned(),
    })
}

/// A type without its lists and exclamation marks.
fn named(ty: &str) -> &str {
    ty.trim_matches(['[', ']', '!'])
}

struct Maker<'m> {
    schema: &'m Schema,
    random: &'m mut Random,
    calm: bool,
    definitions: Vec<String>,
    variables: serde_json::Map<String, Value>,
    fragments: Vec<String>,
}

impl Maker<'_> {
    fn selection(&mut self, ty: &str, depth: usize) -> String {
        let schema = self.schema;
        let mut all = Vec::new();
        for _ in 0..1 + self.random.below(if self.calm { 2 } else { 3 }) {
            let odd = self.random.below(14);
            let piece = match odd {
                1..=3 if self.calm => "__typename".to_owned(),
                0 => "__typename".to_owned(),
                1 => format!("... on {ty} {}", self.selection(ty, depth.saturating_sub(1))),
                2 => self.fragment(ty, depth),
                3 => format!("nope{} ", self.random.below(9)),
                _ => match schema.types.get(ty) {
                    Some(fields) => {
                        let at = self.random.below(fields.len());
                        self.field(&fields[at], depth)
                    }
                    None => "x".to_owned(),
                },
            };
            all.push(piece);
        }
        format!("{{ {} }}", all.join(" "))
    }

    fn field(&mut self, field: &Field, depth: usize) -> String {
        let alias = if !self.calm && self.random.one_in(8) {
            format!("a{}: ", self.random.below(4))
        } else {
            String::new()
        };
        let mut arguments: Vec<String> = Vec::new();
        for (name, ty) in &field.arguments {
            if ty.ends_with('!') || self.random.one_in(2) {
                arguments.push(format!("{name}: {}", self.value(ty, 3)));
            }
        }
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({})", arguments.join(", "))
        };
        let directive = match if self.calm { 9 } else { self.random.below(20) } {
            0 => format!(" @skip(if: {})", self.value("Boolean!", 1)),
            1 => " @include(if: true) @include(if: true)".to_owned(),
            2 => " @nope(a: [{b: 1}])".to_owned(),
            _ => String::new(),
        };
        let is_object = self.schema.types.contains_key(named(&field.ty));
        let inner = match is_object {
            true if depth > 0 => self.selection(named(&field.ty), depth - 1),
            true => "{ __typename }".to_owned(),
            false if !self.calm && self.random.one_in(30) => "{ x }".to_owned(),
            false => String::new(),
        };
        format!("{alias}{}{arguments}{directive} {inner}", field.name)
    }

    fn fragment(&mut self, ty: &str, depth: usize) -> String {
        let number = self.fragments.len();
        // Now and then one that is named before it is there, that names itself, or that is not
        // there at all.
        let body = match self.random.below(6) {
            0 => format!("{{ ...F{} }}", self.random.below(3)),
            1 => return format!("...F{}", self.random.below(9)),
            _ => self.selection(ty, depth.saturating_sub(1)),
        };
        self.fragments.push(format!("fragment F{number} on {ty} {body}"));
        format!("...F{number}")
    }

    fn value(&mut self, ty: &str, depth: usize) -> String {
        let (random, name) = (&mut *self.random, named(ty));
        if self.calm {
            // Right by its type, or nearly.
            match name {
                "Int" => return (*random.pick::<&str>(&["0", "1", "5"])).to_owned(),
                "Position" => return "0".to_owned(),
                "DateTime" => return format!("\"{}\"", random.pick(&TIMES[..5])),
                "ID" | "String" => return format!("\"{}\"", random.pick(&IDS[..8])),
                _ => {}
            }
        } else if random.one_in(25) {
            let n = *random.pick(&[1, 3, 30, 70, 500, 3_000]);
            return format!("{}1{}", "[".repeat(n), "]".repeat(n));
        }
        if !self.calm && random.one_in(25) {
            return (*random.pick::<&str>(&[
                "null",
                "WORD",
                "[]",
                "{}",
                "{a: {a: 1}}",
                "\"\"\"\n  block \\\"\"\" [[[\n\"\"\"",
                "$undefined",
                "-0",
                "1.5e3",
            ]))
            .to_owned();
        }
        if !self.calm && random.one_in(8) {
            return self.variable(ty);
        }
        match name {
            "Boolean" => (*random.pick::<&str>(&["true", "false"])).to_owned(),
            "Int" | "Position" => (*random.pick(&NUMBERS)).to_owned(),
            "DateTime" => format!("\"{}\"", random.pick(&TIMES)),
            "ID" | "String" if random.one_in(40) => format!("\"{}\"", "x".repeat(20_000)),
            "ID" | "String" => format!("\"{}\"", random.pick(&IDS)),
            _ => {
                let schema = self.schema;
                if let Some(words) = schema.enums.get(name) {
                    return self.random.pick(words).clone();
                }
                let fields = schema.types.get(name).map(Vec::as_slice).unwrap_or_default();
                let chosen: Vec<&Field> = fields
                    .iter()
                    .filter(|f| depth > 0 && (f.ty.ends_with('!') || self.random.one_in(3)))
                    .collect();
                let members: Vec<String> = chosen
                    .iter()
                    .map(|f| format!("{}: {}", f.name, self.value(&f.ty, depth - 1)))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }

    fn variable(&mut self, ty: &str) -> String {
        let name = format!("v{}", self.variables.len());
        let default = match self.random.below(6) {
            0 => " = 1".to_owned(),
            1 => format!(" = {}{}", "[".repeat(40), "]".repeat(40)),
            _ => String::new(),
        };
        let written = if self.random.one_in(6) {
            format!("{}Int{}", "[".repeat(30), "]".repeat(30))
        } else {
            ty.to_owned()
        };
        self.definitions.push(format!("${name}: {written}{default}"));
        let value = match named(ty) {
            "DateTime" => json!(self.random.pick(&TIMES)),
            "Int" | "Position" => serde_json::from_str::<Value>(self.random.pick::<&str>(&NUMBERS))
                .unwrap_or(json!(1)),
            "Boolean" => json!(true),
            _ => json!(self.random.pick(&IDS)),
        };
        self.variables.insert(name.clone(), value);
        format!("${name}")
    }

    /// The variables: some missing, some nested, some of another shape.
    fn wrong_shapes(&mut self) -> Value {
        let mut variables = std::mem::take(&mut self.variables);
        for value in variables.values_mut() {
            match self.random.below(12) {
                0 => *value = Value::Null,
                1 => *value = (0..self.random.below(120)).fold(json!(1), |inner, _| json!([inner])),
                2 => {
                    *value =
                        (0..self.random.below(60)).fold(json!({}), |inner, _| json!({"a": inner}))
                }
                3 => *value = json!(-1.5e300),
                4 => *value = json!("x".repeat(10_000)),
                _ => {}
            }
        }
        match self.random.below(30) {
            0 => json!([variables]),
            1 => Value::Null,
            _ => Value::Object(variables),
        }
    }
}

/// A document with one thing done to it.
fn damaged(query: String, random: &mut Random) -> String {
    let boundaries: Vec<usize> =
        query.char_indices().map(|(at, _)| at).chain([query.len()]).collect();
    let at = *random.pick(&boundaries);
    let (before, after) = query.split_at(at);
    match random.below(14) {
        0 => before.to_owned(),
        1 => after.to_owned(),
        2 => format!("{before}{}{after}", random.pick(&ODD)),
        3 => format!("{before}{after}{before}"),
        4 => {
            let n = *random.pick(&[10, 60, 64, 65, 400, 5_000]);
            let (open, close) = *random.pick(&[
                ("{a", "}"),
                ("[", "]"),
                ("{", "}"),
                ("(a:", ")"),
                ("... on Query{", "}"),
                ("{a:", "}"),
                ("\"\"\"[", "]"),
            ]);
            format!("{before}{}{after}{}", open.repeat(n), close.repeat(n))
        }
        5 => format!("{before}{}{after}", "@include(if: true) ".repeat(random.below(80))),
        6 => query.replace(
            ' ',
            random.pick::<&str>(&["\r", "\r\n", "\n\n", ",", "\t", "#x\n", "\u{feff}"]),
        ),
        7 => query.replace(
            "id",
            random.pick::<&str>(&[
                "__schema { types { name } }",
                "i\u{0301}d",
                "__type(name: \"Query\") { name }",
            ]),
        ),
        8 => {
            let n = random.below(40);
            let chain: String = (0..n)
                .map(|i| format!(" fragment G{i} on Query {{ ...G{0} ...G{0} }}", i + 1))
                .collect();
            format!("{query} {{ ...G0 }}{chain}")
        }
        _ => query,
    }
}

//! One visual language: the stylesheet has its colours, text sizes and distances in one block of
//! tokens, and uses them everywhere else (`docs/design.md`). Colours can be read in both themes.

use super::root;
use std::{collections::BTreeMap, fs};

/// The part that holds the tokens.
const TOKENS: &str = "tokens.css";
/// Names of colours that a stylesheet could use beside the tokens. Those of the system too: the
/// tokens hold what forced colours are made of.
const NAMED: &[&str] = &[
    "white",
    "black",
    "red",
    "green",
    "blue",
    "gray",
    "grey",
    "silver",
    "yellow",
    "orange",
    "purple",
    "brown",
    "pink",
    "navy",
    "teal",
    "canvas",
    "canvastext",
    "linktext",
    "highlight",
    "buttonface",
    "buttontext",
    "graytext",
];
/// Functions that make a colour.
const MADE: &[&str] = &[
    "rgb(",
    "rgba(",
    "hsl(",
    "hsla(",
    "hwb(",
    "lab(",
    "lch(",
    "oklab(",
    "oklch(",
    "color(",
    "color-mix(",
    "light-dark(",
];

/// A declaration, with the selectors around it.
struct Declaration {
    part: String,
    selector: String,
    property: String,
    value: String,
}

/// Every declaration of the stylesheet outside of the tokens.
fn declarations() -> Vec<Declaration> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root().join("crates/server/src/assets/css")).expect("css/") {
        let path = entry.expect("a file").path();
        let part = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("UTF-8");
        let mut open: Vec<String> = Vec::new();
        let mut word = String::new();
        for c in without_comments(&text).chars() {
            match c {
                '{' => open.push(std::mem::take(&mut word).trim().to_owned()),
                ';' | '}' => {
                    let said = std::mem::take(&mut word);
                    if let Some((property, value)) = said.split_once(':') {
                        all.push(Declaration {
                            part: part.clone(),
                            selector: open.join(" "),
                            property: property.trim().to_lowercase(),
                            value: value.trim().to_lowercase(),
                        });
                    }
                    if c == '}' {
                        open.pop();
                    }
                }
                c => word.push(c),
            }
        }
        assert!(open.is_empty(), "{part}: a block is not closed");
    }
    assert!(all.len() > 300, "only {} declarations", all.len());
    all
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").expect("a comment ends").1;
    }
    out + rest
}

/// Words of a value, each whole with what is in its parentheses.
fn words(value: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut depth = 0;
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c.is_whitespace() && depth == 0 {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

/// Runs a rule over every declaration outside of the tokens, and lists what breaks it.
fn check(what: &str, breaks: impl Fn(&Declaration) -> bool) {
    let found: Vec<String> = declarations()
        .iter()
        .filter(|said| said.part != TOKENS && breaks(said))
        .map(|said| {
            format!("{}: {} {{ {}: {} }}", said.part, said.selector, said.property, said.value)
        })
        .collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn no_colour_is_written_outside_of_the_tokens() {
    check("a colour that is no token", |said| {
        let of_words = |value: &str| {
            value
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .any(|word| NAMED.contains(&word))
        };
        // A name of a part in a grid, a font or a text is none.
        let may_be_one = !matches!(said.property.as_str(), "content" | "grid-area" | "font");
        said.value.contains('#')
            || MADE.iter().any(|made| said.value.contains(made))
            || (may_be_one && of_words(&said.value))
    });
}

#[test]
fn text_has_three_sizes() {
    let is_size = |value: &str| {
        ["var(--text-s)", "var(--text-m)", "var(--text-l)", "inherit"].contains(&value)
    };
    check("a text size that is no token", |said| {
        // The figures are drawn in units of their own.
        if said.selector.contains("svg.tl") {
            return false;
        }
        match said.property.as_str() {
            "font-size" => !is_size(&said.value),
            "font" => {
                let words = words(&said.value);
                !words.iter().any(|word| is_size(word.split('/').next().unwrap_or_default()))
            }
            _ => false,
        }
    });
}

#[test]
fn distances_are_steps_of_one_scale() {
    let is_step = |word: &str| {
        let step = word
            .strip_prefix("calc(-1 * ")
            .map_or(word, |rest| rest.strip_suffix(')').unwrap_or(rest));
        matches!(step, "0" | "auto" | "inherit" | "var(--gutter)")
            || step
                .strip_prefix("var(--space-")
                .and_then(|rest| rest.strip_suffix(')'))
                .is_some_and(|n| {
                    n.len() == 1 && ('1'..='8').contains(&n.chars().next().unwrap_or(' '))
                })
    };
    check("a distance that is no step of the scale", |said| {
        let property = said.property.as_str();
        let is_distance = property == "gap"
            || property.ends_with("-gap")
            || property.starts_with("margin")
            || property.starts_with("padding");
        // Margins of paper are the printer's.
        is_distance
            && !said.selector.contains("@page")
            && !words(&said.value).iter().all(|word| is_step(word))
    });
}

/// The colours of the tokens, light and dark.
fn colours() -> BTreeMap<String, [[f64; 3]; 2]> {
    let colour = |text: &str| {
        let digits = text.trim().strip_prefix('#').expect("a colour in hexadecimal");
        let part = |n: usize| {
            let value = u8::from_str_radix(&digits[n * 2..n * 2 + 2], 16).expect("hexadecimal");
            f64::from(value) / 255.0
        };
        [part(0), part(1), part(2)]
    };
    declarations()
        .iter()
        .filter(|said| said.part == TOKENS && said.selector == ":root")
        .filter_map(|said| {
            let both = said.value.strip_prefix("light-dark(")?.strip_suffix(')')?;
            let (light, dark) = both.split_once(',')?;
            Some((said.property.clone(), [colour(light), colour(dark)]))
        })
        .collect()
}

/// WCAG 2.2, contrast ratio.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear =
            colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Text at 4.9:1 and shapes at 4:1 on the page and on both bands, in both themes. A line between
/// rows is neither: nothing is lost without it.
#[test]
fn colours_can_be_read_on_every_surface() {
    const TEXT: &[&str] = &[
        "--ink",
        "--muted",
        "--link",
        "--attention",
        "--danger",
        "--claimed",
        "--local",
        "--in",
        "--out",
    ];
    const SHAPES: &[&str] = &["--gap", "--possible", "--focus"];
    const SURFACES: &[&str] = &["--surface", "--band-a", "--band-b"];
    let colours = colours();
    let known: Vec<&str> =
        [TEXT, SHAPES, SURFACES, &["--line"]].into_iter().flatten().copied().collect();
    for name in colours.keys() {
        assert!(known.contains(&name.as_str()), "{name}: text, a shape or a surface?");
    }
    let mut low = Vec::new();
    for (names, least) in [(TEXT, 4.9), (SHAPES, 4.0)] {
        for name in names {
            for surface in SURFACES {
                for (theme, word) in [(0, "light"), (1, "dark")] {
                    let of = contrast(colours[*name][theme], colours[*surface][theme]);
                    if of < least {
                        low.push(format!("{name} on {surface}, {word}: {of:.2}, not {least}"));
                    }
                }
            }
        }
    }
    assert!(low.is_empty(), "{low:#?}");
}

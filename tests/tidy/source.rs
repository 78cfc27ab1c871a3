//! One file of the project, and the three readings of it that the rules use. It knows just enough of
//! Rust's lexical rules to tell code from comments and from text in quotes.

/// A file as it lies in the repository.
pub struct Source {
    /// From the root, with `/` on every machine.
    pub path: String,
    pub text: String,
    /// The text with comments, quoted text and test modules blanked; lines stay where they were.
    pub code: String,
    /// The same, with test modules left in.
    pub code_with_tests: String,
    /// Only the quoted text outside test modules; everything else is blank.
    pub quoted: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let (code_with_tests, quoted) =
            if path.ends_with(".rs") { split(text) } else { (text.to_owned(), text.to_owned()) };
        let (mut code, mut quoted) = (code_with_tests.clone(), quoted);
        let in_tests = path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/");
        if path.ends_with(".rs") && !in_tests {
            for (start, end) in test_modules(&code_with_tests) {
                blank(&mut code, start, end);
                blank(&mut quoted, start, end);
            }
        }
        Self { path: path.to_owned(), text: text.to_owned(), code, code_with_tests, quoted }
    }

    pub fn is_under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Code of the product, as opposed to tests and benchmarks.
    pub fn is_product(&self) -> bool {
        self.is_rust()
            && self.is_under("src")
            && !self.path.ends_with("/tests.rs")
            && !self.path.contains("/tests/")
    }
}

/// The line of a byte, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Where `word` stands in `code` by itself, not as a part of a longer name.
pub fn words(code: &str, word: &str) -> Vec<usize> {
    let name = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = code.as_bytes();
    let (first, last) = (word.as_bytes().first(), word.as_bytes().last());
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !(name(first) && *at > 0 && name(bytes.get(at - 1))))
        .filter(|at| !(name(last) && name(bytes.get(at + word.len()))))
        .collect()
}

/// The byte behind the bracket that closes the one at `open`, or the end of the text.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub first: usize,
    /// Up to its last brace.
    pub lines: usize,
    /// Its body is one `match` and nothing else.
    pub is_table: bool,
}

/// Every function with a body, in their order.
pub fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for start in words(code, "fn") {
        let rest = code[start + 2..].trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            continue;
        }
        let Some(open) = body(code, start) else { continue };
        let (first, last) = (line_of(code, start), line_of(code, closing(code, open) - 1));
        found.push(Function { name, first, lines: last - first + 1, is_table: is_one_match(code, open) });
    }
    found
}

/// Whether a body is one `match` and nothing else, which reads as a table however long it is.
fn is_one_match(code: &str, open: usize) -> bool {
    let end = closing(code, open) - 1;
    let inner = code[open + 1..end].trim_end();
    let Some(rest) = inner.trim_start().strip_prefix("match ") else { return false };
    let start = open + 1 + inner.len() - rest.len();
    body(code, start).is_some_and(|arms| closing(code, arms) == open + 1 + inner.len())
}

/// The brace that opens the body of the item at `start`; nothing if it ends in a semicolon.
fn body(code: &str, start: usize) -> Option<usize> {
    let mut at = start;
    while at < code.len() {
        match code.as_bytes()[at] {
            b'{' => return Some(at),
            b';' => return None,
            b'(' | b'[' => at = closing(code, at),
            _ => at += 1,
        }
    }
    None
}

/// The first names behind `crate::`, from single paths and from groups in braces, each with its place.
pub fn crate_paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in words(code, "crate::") {
        let start = at + "crate::".len();
        if code[start..].starts_with('{') {
            let end = closing(code, start);
            for part in top_level_parts(&code[start + 1..end - 1]) {
                found.push((start, first_name(part)));
            }
        } else {
            found.push((start, first_name(&code[start..])));
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn first_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn top_level_parts(group: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts
}

fn test_modules(code: &str) -> Vec<(usize, usize)> {
    let attribute = "#[cfg(test)]";
    code.match_indices(attribute)
        .filter_map(|(at, _)| body(code, at + attribute.len()).map(|open| (at, closing(code, open))))
        .collect()
}

fn blank(text: &mut String, start: usize, end: usize) {
    let blanked: String =
        text[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(start..end, &blanked);
}

/// What a byte belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    Quoted,
}

/// The code and the quoted text of a Rust source, each with everything else blanked.
fn split(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let mut parts = vec![Part::Code; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let (part, end) = next_part(bytes, at);
        parts[at..end].fill(part);
        at = end;
    }
    let only = |wanted: Part| {
        let kept = bytes.iter().zip(&parts).map(
            |(byte, part)| {
                if *part == wanted || *byte == b'\n' { *byte } else { b' ' }
            },
        );
        String::from_utf8_lossy(&kept.collect::<Vec<u8>>()).into_owned()
    };
    (only(Part::Code), only(Part::Quoted))
}

/// What begins at `at`, and the byte behind it.
fn next_part(bytes: &[u8], at: usize) -> (Part, usize) {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        return (Part::Comment, at + length);
    }
    if rest.starts_with(b"/*") {
        return (Part::Comment, block_comment(bytes, at));
    }
    let in_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if !in_name && let Some(end) = raw_string(bytes, at) {
        return (Part::Quoted, end);
    }
    if rest[0] == b'"' {
        return (Part::Quoted, string(bytes, at, b'"'));
    }
    if rest[0] == b'\'' {
        // A lifetime has no quote behind its first letter; a letter in quotes does.
        let first = std::str::from_utf8(&rest[1..rest.len().min(5)])
            .unwrap_or_else(|e| std::str::from_utf8(&rest[1..=e.valid_up_to()]).unwrap_or(""));
        let width = first.chars().next().map_or(1, char::len_utf8);
        if rest.get(1) == Some(&b'\\') || rest.get(1 + width) == Some(&b'\'') {
            return (Part::Quoted, string(bytes, at, b'\''));
        }
    }
    (Part::Code, at + 1)
}

fn string(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn raw_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + usize::from(bytes[start] == b'b' || bytes[start] == b'c');
    if bytes.get(at) != Some(&b'r') {
        return None;
    }
    at += 1;
    let hashes = bytes[at..].iter().take_while(|byte| **byte == b'#').count();
    at += hashes;
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let end = [&b"\""[..], &vec![b'#'; hashes]].concat();
    let length = bytes[at + 1..].windows(end.len()).position(|window| window == end);
    Some(length.map_or(bytes.len(), |length| at + 1 + length + end.len()))
}

fn block_comment(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if bytes[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[test]
fn code_comments_and_quoted_text_are_told_apart() {
    let text = "let a: &'static str = r#\"say \"unwrap()\"\"#; // todo!()\n/* a /* b */ c */ let b = '\"'; let c = \"\\\"x\";\nlet d = 'é';";
    let source = Source::new("src/a.rs", text);
    assert_eq!(source.code.len(), text.len());
    for gone in ["unwrap", "todo", "c */", "é", "x"] {
        assert!(!source.code.contains(gone), "{gone} stayed in {:?}", source.code);
    }
    for kept in ["&'static str", "let b", "let c", "let d"] {
        assert!(source.code.contains(kept), "{kept} went from {:?}", source.code);
    }
    assert!(source.quoted.contains("unwrap()") && !source.quoted.contains("let"));
}

#[test]
fn test_modules_are_left_out_and_lines_stay() {
    let source = Source::new(
        "src/a.rs",
        "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { x.unwrap() }\n}\nfn c() {}\n",
    );
    assert!(!source.code.contains("unwrap"));
    assert!(source.code_with_tests.contains("unwrap"));
    let found = functions(&source.code).into_iter().map(|it| (it.name, it.first, it.lines));
    assert_eq!(found.collect::<Vec<_>>(), [("a".to_owned(), 1, 1), ("c".to_owned(), 6, 1)]);
}

#[test]
fn paths_of_the_crate_are_found_in_groups_too() {
    let paths = crate_paths("use crate::{store::db::{Db, Tx}, money, web};\nfn a() { crate::work::x() }");
    let names: Vec<&str> = paths.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["store", "money", "web", "work"]);
}

//! Names that people give themselves and others: what none can be, since it would pass for something else, and which
//! words of one mix alphabets.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::{folded, is_mark};

/// Why a text is no name that others are shown. `Display` is the sentence for its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    Lines,
    Marks,
    /// `=?utf-8?…?=`: programs for mail show it as something else.
    Encoded,
    Link,
    /// The portal's own name, or a word for those who run it.
    Portal,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lines => "Write it on one line.",
            Self::Marks => "This has too many accents on one letter. Write the name with its letters only.",
            Self::Encoded => "Write the name in plain letters, without “=?”.",
            Self::Link => "Leave links and addresses out of the name.",
            Self::Portal => {
                "Holdfast’s own name and words like “support”, “operator” and “admin” are kept for those who run this site. Choose a name without them."
            }
        })
    }
}

/// More than the scripts of the world set on one letter.
const MOST_MARKS: usize = 4;

/// What the portal is called, as it is compared.
const OWN: &str = "holdfast";

/// Words for those who run a portal.
const OFFICES: [&str; 15] = [
    "support",
    "operator",
    "operators",
    "operateur",
    "admin",
    "admins",
    "administrator",
    "administrators",
    "administrateur",
    "moderator",
    "moderators",
    "helpdesk",
    "webmaster",
    "postmaster",
    "noreply",
];

/// Endings that programs make a link of.
const ENDINGS: [&str; 22] = [
    "com", "net", "org", "info", "biz", "app", "dev", "xyz", "online", "site", "shop", "store", "top",
    "club", "link", "click", "live", "page", "cloud", "africa", "bank", "money",
];

/// What is wrong with a name that others are shown, if anything. Whether one was typed at all, and whether it is too
/// long, is for the form to ask.
#[must_use]
pub fn fault(name: &str) -> Option<NameFault> {
    written(name).or_else(|| sounds_official(name).then_some(NameFault::Portal))
}

/// The same for those who run the portal, who may call themselves so.
#[must_use]
pub fn written(name: &str) -> Option<NameFault> {
    if name.chars().any(char::is_control) {
        return Some(NameFault::Lines);
    }
    if has_many_marks(name) {
        return Some(NameFault::Marks);
    }
    if name.contains("=?") || name.contains("?=") {
        return Some(NameFault::Encoded);
    }
    let lower = folded(name);
    let is_link = lower.contains("://") || lower.contains('@') || lower.split_whitespace().any(is_link);
    is_link.then_some(NameFault::Link)
}

fn has_many_marks(name: &str) -> bool {
    let mut in_a_row = 0;
    name.nfc().any(|sign| {
        in_a_row = if is_mark(sign) { in_a_row + 1 } else { 0 };
        in_a_row > MOST_MARKS
    })
}

/// A word of which programs make a link: `www.x.y`, `bit.ly/x`, `example.com`.
fn is_link(word: &str) -> bool {
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((before, ending)) = host.rsplit_once('.') else { return false };
    let has_path = host.len() < word.len();
    let known = ENDINGS.contains(&ending) || (ending.len() == 2 && before.chars().count() > 2);
    word.starts_with("www.") || (!before.is_empty() && !ending.is_empty() && (has_path || known))
}

/// Whether a name would pass for the portal's own. Letters of other alphabets that look like Latin ones, and digits that
/// look like letters, are read as those.
fn sounds_official(name: &str) -> bool {
    let plain: String =
        name.nfkd().filter(|sign| !is_mark(*sign)).flat_map(char::to_lowercase).map(looks_like).collect();
    let squeezed: String = plain.chars().filter(|sign| sign.is_alphanumeric()).collect();
    let words: Vec<&str> = plain.split(|sign: char| !sign.is_alphanumeric()).collect();
    // From the beginning of a word on: Reinhold Faster is a person.
    let is_ours = |at: usize| words[at].contains(OWN) || words[at..].concat().starts_with(OWN);
    let is_office = |word: &&str| OFFICES.contains(word);
    (0..words.len()).any(is_ours) || words.iter().any(is_office) || OFFICES.contains(&squeezed.as_str())
}

/// The Latin letter that a sign of another alphabet, or a digit, looks like.
fn looks_like(sign: char) -> char {
    match sign {
        'а' | 'α' | '4' | '@' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' | '3' => 'e',
        'һ' | 'н' => 'h',
        'і' | 'ι' | 'ı' | '1' | '|' | '!' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' | 'μ' => 'm',
        'п' | 'η' => 'n',
        'о' | 'ο' | 'ө' | '0' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' | '5' | '$' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'ƒ' => 'f',
        other => other,
    }
}

/// Alphabets that are told apart, of those whose letters look alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Latin,
    Greek,
    Cyrillic,
}

fn alphabet(sign: char) -> Option<Alphabet> {
    match sign {
        'µ' | 'ª' | 'º' => None,
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' if sign.is_alphabetic() => {
            Some(Alphabet::Latin)
        }
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' if sign.is_alphabetic() => Some(Alphabet::Greek),
        '\u{400}'..='\u{52f}'
        | '\u{1c80}'..='\u{1c8f}'
        | '\u{2de0}'..='\u{2dff}'
        | '\u{a640}'..='\u{a69f}' => Some(Alphabet::Cyrillic),
        _ => None,
    }
}

/// Whether a word of a name mixes Latin letters with Cyrillic or Greek ones that look like them.
#[must_use]
pub fn mixes_alphabets(name: &str) -> bool {
    let mixes = |word: &str| {
        let mut known = word.chars().filter_map(alphabet);
        let first = known.next();
        known.any(|alphabet| Some(alphabet) != first)
    };
    name.split(|sign: char| !sign.is_alphanumeric() && !is_mark(sign)).any(mixes)
}

/// What stands behind a name that mixes alphabets, wherever it is shown.
pub const MIXED: &str = " (letters of two alphabets)";

/// A name as others are shown it: with a word behind it where it mixes alphabets.
#[must_use]
pub fn shown(name: &str) -> String {
    if mixes_alphabets(name) { format!("{name}{MIXED}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_their_own_names() {
        for name in [
            "Amel Trabelsi",
            "J.R.R. Tolkien",
            "Nguyễn Thị Ánh",
            "أَمَل طرابلسي",
            "สมชาย ก้ำกึ่ง",
            "O’Hara & Sons, Ltd.",
            "Dr.Ali",
            "A/S Nordsjø",
            "Олег Иванов",
            "Opera Torino",
            "Adminah Wanjiru",
            "Reinhold Faster",
            "3M",
        ] {
            assert_eq!(fault(name), None, "{name}");
            assert!(!mixes_alphabets(name), "{name}");
        }
    }

    #[test]
    fn what_would_pass_for_something_else_is_no_name() {
        for (name, why) in [
            ("Amel\nBank details changed", NameFault::Lines),
            (format!("A{}", "\u{300}".repeat(150)).as_str(), NameFault::Marks),
            ("=?utf-8?q?Support?=", NameFault::Encoded),
            ("Pay at https://evil.example", NameFault::Link),
            ("www.evil", NameFault::Link),
            ("bit.ly/abc", NameFault::Link),
            ("Evil.com", NameFault::Link),
            ("amel@example.com", NameFault::Link),
            ("Holdfast", NameFault::Portal),
            ("HOLD FAST Payments", NameFault::Portal),
            ("H0ldfаst", NameFault::Portal),
            ("Hóldfast", NameFault::Portal),
            ("Customer Support", NameFault::Portal),
            ("Operator Olfa", NameFault::Portal),
            ("аdmin", NameFault::Portal),
            ("s u p p o r t", NameFault::Portal),
            ("Opérateur", NameFault::Portal),
        ] {
            assert_eq!(fault(name), Some(why), "{name:?}");
        }
        assert_eq!(written("Olfa Operator"), None, "those who run the portal may say so");
    }

    #[test]
    fn a_word_of_two_alphabets_is_shown_as_one() {
        for name in ["Аmel Trabelsi", "Karim Ben Sаlah", "Αmel"] {
            assert!(mixes_alphabets(name), "{name}");
            assert!(shown(name).ends_with(MIXED));
        }
        for name in ["Amel Иванова", "μ-Labs", "Éloïse"] {
            assert!(!mixes_alphabets(name), "{name}");
        }
    }
}

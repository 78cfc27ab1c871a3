//! How mails speak: what of other people's words may stand in a subject and a headline, which are read as ours, and
//! how several news of one kind are told at once.

use crate::engine::notices::{Earlier, News};
use crate::engine::words::Words;
use crate::money::Money;

/// How many characters of a name a subject holds.
const LONGEST_NAME: usize = 60;

/// A name that leaves room in a subject for what it is about.
pub(super) fn short(name: &str) -> String {
    let mut short: String = name.chars().take(LONGEST_NAME).collect();
    if name.chars().count() > LONGEST_NAME {
        short.push('…');
    }
    short
}

/// "What it is: title · ESC-…", without the title where it holds a link.
pub(super) fn subject(what: &str, title: &str, reference: &str) -> String {
    if has_link(title) { format!("{what} · {reference}") } else { format!("{what}: {title} · {reference}") }
}

/// Whether mail programs could make a link of a part of it: an address of the web or of mail.
pub(super) fn has_link(text: &str) -> bool {
    let is_dot = |sign| matches!(sign, '.' | '。' | '．' | '｡');
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|sign| sign.is_alphanumeric() || sign == '-');
    let is_host = |word: &str| {
        let parts: Vec<&str> = word.split(is_dot).collect();
        let last = parts.last().copied().unwrap_or_default();
        parts.len() > 1
            && parts.iter().all(|part| is_name(part))
            && last.chars().count() > 1
            && last.chars().all(char::is_alphabetic)
    };
    let ends = |sign: char| !(sign.is_alphanumeric() || sign == '-' || is_dot(sign));
    text.contains("://") || text.split(ends).any(|word| is_host(word.trim_matches(is_dot)))
}

/// Both together.
pub(super) fn plus(one: Money, other: Money) -> Money {
    Money { minor: one.minor.saturating_add(other.minor), ..one }
}

/// Tells several news of one kind: every sum, every message, or how many they are. The last one stands behind.
pub(super) fn tell_all(words: &mut Words, last: &News, earlier: &Earlier) {
    let count = earlier.count.saturating_add(1);
    let mut before = Vec::new();
    match (last.moved(), earlier.total) {
        (Some((what, sum)), Some(total)) => {
            let all = plus(total, sum);
            words.subject = format!("{what}, {count} times: {all} in all");
            let unnamed = usize::try_from(earlier.count).unwrap_or_default().saturating_sub(earlier.sums.len());
            let mut sums: Vec<String> = earlier.sums.iter().map(ToString::to_string).collect();
            if unnamed > 0 {
                sums.push(format!("{unnamed} more, which the history of the escrow names"));
            }
            sums.push(sum.to_string());
            before.push(format!("{what}, {count} times: {}. That is {all} in all.", sums.join("; ")));
            before.push("The last of them:".to_owned());
        }
        (_, _) if !earlier.texts.is_empty() => {
            words.subject = format!("{count} messages. The last one: {}", words.subject);
            before.extend(earlier.texts.iter().filter(|text| !text.is_empty()).cloned());
        }
        (_, _) => before.push(format!(
            "There were {count} such news within a short time. This is the last one; the history of the escrow has them all."
        )),
    }
    words.paragraphs.splice(0..0, before);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_become_a_link_is_known_from_what_could_not() {
        for link in [
            "Win at http://evil.example",
            "evil.example",
            "(www.evil.tn)",
            "mail a@evil.example",
            "evil。example",
        ] {
            assert!(has_link(link), "{link}");
        }
        for plain in [
            "A website",
            "Version 2.0",
            "Chairs, 4. delivery",
            "Mr. Ben Salah",
            "10.000 TND",
            "e.g. this",
            "…",
        ] {
            assert!(!has_link(plain), "{plain}");
        }
    }
}

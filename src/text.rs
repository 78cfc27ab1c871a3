//! Texts that people type: what may stand in one, when it says nothing, and when two are the same. One place
//! says it for forms, for the engine's checks and for the names of files.
//!
//! It knows no form, no table and no rule of an escrow.

pub mod names;

use unicode_normalization::UnicodeNormalization;

/// Signs that nobody sees and that turn the reading direction round: with them a text can look like another
/// one than is stored, hashed and signed. Those that join letters stay, since scripts need them.
#[must_use]
pub fn turns(sign: char) -> bool {
    matches!(sign, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text without control characters but line breaks and tabs: PostgreSQL stores no NUL.
#[must_use]
pub fn storable(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control() || matches!(sign, '\n' | '\t')).collect()
}

/// Signs that show nothing and that no script needs: soft hyphens, joiners of words, fillers, tags. Two texts that
/// differ in them look the same, and a text of nothing else looks empty.
#[must_use]
pub fn hides(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}')
        || matches!(sign, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}')
        || matches!(sign, '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}')
        || matches!(sign, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}')
}

/// Signs that show nothing by themselves and change the letter beside them: joiners and choices of a shape.
fn joins(sign: char) -> bool {
    matches!(sign, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
        || ('\u{e0100}'..='\u{e01ef}').contains(&sign)
}

/// White space, and the Braille pattern without a dot, which looks like it.
fn is_space(sign: char) -> bool {
    sign.is_whitespace() || sign == '\u{2800}'
}

/// Whether a sign must not stand in a text of several lines: controls, and what nobody can see.
fn is_unfit(sign: char) -> bool {
    (sign.is_control() && !matches!(sign, '\n' | '\t')) || turns(sign) || hides(sign)
}

/// Whether a text shows nothing to its reader: nothing at all, white space, invisible signs, accents without a letter.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    let shows = |sign| !(is_space(sign) || is_unfit(sign) || joins(sign) || is_mark(sign));
    !text.chars().any(shows)
}

/// Whether a sign is set on top of the letter before it.
fn is_mark(sign: char) -> bool {
    unicode_normalization::char::is_combining_mark(sign)
}

/// Whether a text holds signs that are not shown, or that turn its reading direction.
#[must_use]
pub fn is_hiding(text: &str) -> bool {
    text.chars().any(is_unfit)
}

/// A text without white space around it, and empty when it is blank.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    if is_blank(text) { "" } else { text.trim_matches(is_space) }
}

/// What is stored of a typed text: what can be seen of it. Line breaks become `\n`, signs that are not shown go, and
/// letters are composed (NFC), so that the same text is the same bytes whatever keyboard it came from.
#[must_use]
pub fn clean(typed: &str) -> String {
    let lines = unbroken(typed);
    if lines.is_ascii() {
        return lines.chars().filter(|sign| !is_unfit(*sign)).collect();
    }
    // A line break of its own kind stays one.
    let lines = lines.replace(['\u{2028}', '\u{2029}', '\u{85}'], "\n");
    lines.chars().filter(|sign| !is_unfit(*sign)).nfc().collect()
}

/// A secret as it was typed: without controls and signs that turn the reading direction, and otherwise byte for
/// byte, since what was hashed once can't be cleaned later.
#[must_use]
pub fn secret(typed: &str) -> String {
    let stays = |sign: &char| (!sign.is_control() || matches!(sign, '\n' | '\t')) && !turns(*sign);
    unbroken(typed).chars().filter(stays).collect()
}

fn unbroken(typed: &str) -> String {
    typed.replace("\r\n", "\n").replace('\r', "\n")
}

/// Composed letters (NFC): the form in which texts are compared.
#[must_use]
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Letters with their accents behind them (NFD), as some keyboards send them.
#[must_use]
pub fn decomposed(text: &str) -> String {
    text.nfd().collect()
}

/// A text to be found by, and to look for: lower case, composed, wide and narrow letters alike.
#[must_use]
pub fn folded(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().nfc().collect()
}

/// The same for those who type no accents: each letter without what is set on it.
#[must_use]
pub fn unaccented(text: &str) -> String {
    folded(trimmed(text)).nfd().filter(|sign| !is_mark(*sign)).collect()
}

/// Digits of other scripts as those from 0 to 9; everything else as it is.
#[must_use]
pub fn plain_digits(text: &str) -> String {
    /// Arabic, Persian and Urdu, N'Ko, Devanagari, Bengali, Gujarati, Tamil, Thai, full width.
    const ZEROS: [u32; 9] = [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xae6, 0xbe6, 0xe50, 0xff10];
    let plain = |sign: char| {
        let value =
            ZEROS.iter().filter_map(|zero| u32::from(sign).checked_sub(*zero)).find(|value| *value < 10);
        value.and_then(|value| char::from_digit(value, 10)).unwrap_or(sign)
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for blank in
            ["", " \n\t", "\u{a0}\u{3000}", "\u{200b}", "\u{2060}\u{ad}", "\u{3164}", "\u{2800}", "\u{feff}"]
        {
            assert!(is_blank(blank), "{blank:?}");
            assert_eq!((trimmed(blank), trimmed(&clean(blank))), ("", ""), "{blank:?}");
        }
        for blank in ["\u{200d}", "\u{fe0f}", "\u{301}\u{301}", "\u{202e}", "\u{e0041}\u{e0042}", "\0\u{7f}"]
        {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["a", ".", "0", "\u{200b}a", "👍", "ก", "عقد", "❤\u{fe0f}", "-"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_stored_is_what_is_seen() {
        assert_eq!(clean("a\0b\u{1b}\r\nc\rd\te"), "ab\nc\nd\te");
        assert_eq!(clean("pay\u{202e}pal \u{200b}x\u{ad}y\u{2066}"), "paypal xy");
        assert_eq!(clean("Ame\u{301}lie"), "Amélie");
        assert_eq!(clean("one\u{2028}two"), "one\ntwo");
        for kept in ["نمی\u{200c}دانم", "👩\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "葛\u{e0100}"]
        {
            assert_eq!(clean(kept), kept, "scripts and pictures need what joins them");
            assert!(!is_hiding(kept));
        }
        assert_eq!(trimmed(" ❤\u{fe0f} \u{2800}"), "❤\u{fe0f}");
        assert!(is_hiding("a\u{2060}b") && is_hiding("a\u{202e}b") && !is_hiding("a\n\tb"));
    }

    #[test]
    fn the_same_text_is_the_same_bytes() {
        assert_eq!(composed("E\u{301}"), "É");
        assert_eq!(folded("ＡMÉLIE"), folded("Ame\u{301}lie").replace('\u{301}', "").as_str());
        assert_eq!(folded("Straße"), "straße");
        assert_eq!(secret("p\u{301}\u{ad}\0"), "p\u{301}\u{ad}");
    }

    #[test]
    fn accents_make_no_difference_to_who_searches() {
        for (typed, found_by) in [
            (" Élise NŒL ", "elise nœl"),
            ("Größe", "große"),
            ("ＡＢＣ", "abc"),
            ("İzmir", "izmir"),
            ("مُحَمَّد", "محمد"),
        ] {
            assert_eq!(unaccented(typed), found_by);
        }
    }

    #[test]
    fn digits_of_other_scripts_are_digits() {
        assert_eq!(plain_digits("٨٥٠٠٫٥ ۱۲ १२ ９a"), "8500٫5 12 12 9a");
    }
}

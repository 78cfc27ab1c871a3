//! What a text is built of, and how it stands on its lines.
//!
//! There is one source for the text that is signed and for the copy that people read: blocks are written out as
//! lines once, when a version is made, and pages draw the blocks that they read back from those stored lines. So
//! neither can say what the other does not.
//!
//! What a line is can be told from its beginning alone: `3. ` begins a section, `3.1 ` a clause, `  - ` an item, and
//! four blanks what people wrote themselves. Nothing that people write can begin a line of its own: their texts are
//! set in line by line, and what stands within a line is made one line, whatever a reader takes for a line's end.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// What it is. Stands once, at the beginning.
    Title(String),
    Section {
        number: u16,
        title: String,
    },
    Clause {
        section: u16,
        number: u16,
        text: String,
    },
    /// One fact: what it is, in our words, and how it stands.
    Item {
        label: String,
        value: String,
    },
    /// What people wrote themselves, with their own lines.
    Quote(String),
}

const QUOTE: &str = "    ";
const ITEM: &str = "  - ";

/// Whether some reader takes a sign for the end of a line.
fn ends_a_line(sign: char) -> bool {
    matches!(sign, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Signs that nobody sees and that turn the reading direction round.
fn turns(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn plain(sign: char) -> char {
    if sign.is_control() || ends_a_line(sign) || turns(sign) { ' ' } else { sign }
}

/// A text within a line of ours.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(plain).collect::<String>().trim().to_owned()
}

/// A text with lines of its own.
#[must_use]
pub fn own_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let lines = text.trim().split(ends_a_line);
    lines
        .map(|line| line.chars().map(plain).collect::<String>().trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The lines of a text: UTF-8, `\n` at each line's end.
#[must_use]
pub fn write(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        match block {
            Block::Title(title) => out.push_str(&format!("{title}\n")),
            Block::Section { number, title } => out.push_str(&format!("\n{number}. {title}\n")),
            Block::Clause { section, number, text } => out.push_str(&format!("{section}.{number} {text}\n")),
            Block::Item { label, value } => out.push_str(&format!("{ITEM}{label}: {value}\n")),
            Block::Quote(text) => text.split('\n').for_each(|line| out.push_str(&format!("{QUOTE}{line}\n"))),
        }
    }
    out
}

/// The blocks of stored lines. Lines of another format come as titles and quotes: nothing is left out.
#[must_use]
pub fn read(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let block = match (line.strip_prefix(QUOTE), line.strip_prefix(ITEM)) {
            (Some(own), _) => match blocks.last_mut() {
                Some(Block::Quote(text)) => {
                    text.push('\n');
                    text.push_str(own);
                    continue;
                }
                _ => Block::Quote(own.to_owned()),
            },
            (None, Some(item)) => {
                let (label, value) = item.split_once(": ").unwrap_or((item, ""));
                Block::Item { label: label.to_owned(), value: value.to_owned() }
            }
            (None, None) => numbered(line).unwrap_or_else(|| Block::Title(line.to_owned())),
        };
        blocks.push(block);
    }
    blocks
}

fn numbered(line: &str) -> Option<Block> {
    let (number, text) = line.split_once(' ')?;
    let text = text.to_owned();
    let (section, clause) = number.split_once('.')?;
    let section = section.parse().ok()?;
    if clause.is_empty() {
        return Some(Block::Section { number: section, title: text });
    }
    Some(Block::Clause { section, number: clause.parse().ok()?, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Block> {
        vec![
            Block::Title("Escrow contract".to_owned()),
            Block::Item { label: "Title".to_owned(), value: "1. A house: with 2.1 doors".to_owned() },
            Block::Section { number: 1, title: "Who takes part".to_owned() },
            Block::Clause { section: 1, number: 1, text: "The buyer pays: all of it.".to_owned() },
            Block::Quote("one\n\n  - two: x\n3. three".to_owned()),
            Block::Clause { section: 1, number: 12, text: "The end.".to_owned() },
        ]
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(&write(&all())), all());
    }

    #[test]
    fn no_sign_that_people_write_begins_a_line() {
        let ends = "\u{0}\u{7}\t\n\r\u{b}\u{c}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}\u{7f}\u{85}\u{202e}\u{2028}\u{2029}\u{2066}";
        for sign in ends.chars() {
            let typed = format!("mine{sign}9. OURS{sign}{sign}9.1 The buyer pays twice.");
            assert!(
                one_line(&typed).chars().all(|sign| !sign.is_control() && plain(sign) == sign),
                "{sign:?}"
            );
            let blocks = [
                Block::Item { label: "Title".to_owned(), value: one_line(&typed) },
                Block::Quote(own_lines(&typed)),
            ];
            let text = write(&blocks);
            assert!(text.chars().all(|sign| sign == '\n' || plain(sign) == sign), "{text:?}");
            assert!(text.split('\n').all(|line| line.is_empty() || line.starts_with("  ")), "{text:?}");
            assert_eq!(read(&text), blocks, "{sign:?}");
        }
    }
}

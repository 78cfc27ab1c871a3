//! Texts that people type: what must not be in them, wherever they come in.

/// Signs that nobody sees and that turn the reading direction round: with them a text can look like another
/// one than is stored, hashed and signed. Those that join letters stay, since scripts need them.
#[must_use]
pub fn turns(sign: char) -> bool {
    matches!(sign, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

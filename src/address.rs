//! Email addresses in one form for one mailbox: what is stored, compared and sent to.
//!
//! The part before the `@` is in lower case and in ASCII, since few servers take another one; the domain is in lower
//! case and, where it has letters of other alphabets, as the name service knows it (IDNA, `xn--…`). So `x@MÜNCHEN.de`,
//! composed or not, and `x@xn--mnchen-3ya.de` are one account, and mail reaches it.

use idna::AsciiDenyList;

use crate::text;

/// Why a text is no address that a mail could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    NotOne,
    /// Letters beyond ASCII before the `@`.
    Local,
    /// A domain that there can't be.
    Domain,
}

impl AddressFault {
    /// The sentence for its field; `plain` where it is simply none.
    #[must_use]
    pub fn sentence(self, plain: &str) -> String {
        match self {
            Self::NotOne => plain.to_owned(),
            Self::Local => "We can’t send mail to this address: before the @ there can be Latin letters without accents, digits and signs only, like name@example.com.".to_owned(),
            Self::Domain => "There is no such domain. Check what stands behind the @, like name@example.com.".to_owned(),
        }
    }
}

/// The one form of an address that somebody typed.
///
/// # Errors
/// Why no mail could be sent to it.
pub fn canonical(typed: &str) -> Result<String, AddressFault> {
    let typed = text::trimmed(typed);
    let (local, domain) = typed.rsplit_once('@').ok_or(AddressFault::NotOne)?;
    if local.is_empty() || domain.is_empty() || local.contains('"') || domain.starts_with('[') {
        return Err(AddressFault::NotOne);
    }
    if !local.is_ascii() {
        return Err(AddressFault::Local);
    }
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.contains(char::is_whitespace) {
        return Err(AddressFault::NotOne);
    }
    let domain = idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::URL);
    let domain = domain.map_err(|_| AddressFault::Domain)?;
    let address = format!("{}@{domain}", local.to_lowercase());
    let fits = address.len() <= 254 && local.len() <= 64 && domain.contains('.');
    // The header's own parser refuses what would not pass there, like spaces and line breaks.
    let is_sendable = address.parse::<lettre::Address>().is_ok();
    if fits && is_sendable { Ok(address) } else { Err(AddressFault::NotOne) }
}

/// An address as people are shown it: a domain in other letters as they know it, and as the name service knows it
/// beside, so that one that only looks like another is told from it.
#[must_use]
pub fn shown(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@').filter(|(_, domain)| domain.contains("xn--")) else {
        return address.to_owned();
    };
    match idna::domain_to_unicode(domain) {
        (letters, Ok(())) if letters != domain => format!("{local}@{letters} ({domain})"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_form() {
        for (typed, form) in [
            (" Amel@Example.COM ", "amel@example.com"),
            ("o'hara+x@mail.example.org", "o'hara+x@mail.example.org"),
            ("amel@example.com.", "amel@example.com"),
            ("x@münchen.de", "x@xn--mnchen-3ya.de"),
            ("X@MÜNCHEN.DE", "x@xn--mnchen-3ya.de"),
            ("x@mu\u{308}nchen.de", "x@xn--mnchen-3ya.de"),
            ("x@xn--mnchen-3ya.de", "x@xn--mnchen-3ya.de"),
            ("x@XN--MNCHEN-3YA.de", "x@xn--mnchen-3ya.de"),
            ("x@ｅxample。com", "x@example.com"),
            ("x@مثال.تونس", "x@xn--mgbh0fb.xn--pgbs0dh"),
            ("\u{200b}x@example.com", "x@example.com"),
        ] {
            let found = canonical(&text::clean(typed));
            assert_eq!(found.as_deref(), Ok(form), "{typed}");
            assert_eq!(canonical(form).as_deref(), Ok(form), "it stays as it is");
        }
    }

    #[test]
    fn what_no_mail_reaches_is_refused_in_words() {
        for bad in [
            "",
            "amel",
            "@example.com",
            "amel@",
            "amel@localhost",
            "a b@example.com",
            "a@b@",
            "a@b.c\nx",
            "a@[1.2.3.4]",
        ] {
            assert_eq!(canonical(bad), Err(AddressFault::NotOne), "{bad:?}");
        }
        assert_eq!(canonical("\"amel\"@example.com"), Err(AddressFault::NotOne));
        assert_eq!(canonical("rené@example.com"), Err(AddressFault::Local));
        assert_eq!(canonical("rene@xn--zz.com"), Err(AddressFault::Domain));
        assert_eq!(canonical(&format!("{}@example.com", "a".repeat(65))), Err(AddressFault::NotOne));
        assert!(AddressFault::Local.sentence("").contains("before the @"));
    }

    #[test]
    fn a_domain_that_only_looks_like_another_shows_what_it_is() {
        let cyrillic = canonical("amel@exаmple.com").unwrap();
        assert_ne!(cyrillic, "amel@example.com");
        assert!(shown(&cyrillic).ends_with(&format!(" ({})", cyrillic.split_once('@').unwrap().1)));
        assert_eq!(shown("x@xn--mnchen-3ya.de"), "x@münchen.de (xn--mnchen-3ya.de)");
        assert_eq!(shown("amel@example.com"), "amel@example.com");
    }
}

//! A mail as people read it: one headline, some paragraphs, facts, one button, and why they got it.
//! All mails are drawn from this one pair of templates, so that none is forgotten when one is mended.

use askama::Template;

/// What a mail says, before it becomes text and HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub subject: String,
    pub headline: String,
    pub paragraphs: Vec<String>,
    pub facts: Vec<Fact>,
    pub button: Option<Button>,
    /// What stands below the button: how long the link is good, what to do if it was somebody else.
    pub afterwards: Vec<String>,
    /// "You get this mail because …": a whole sentence.
    pub why: String,
}

/// A row of a mail's small table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub value: String,
}

/// The one thing to do. Its address stands below it in plain text too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub label: String,
    pub address: String,
}

/// Both readings of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    sheet: &'a Sheet,
    home: &'a str,
    test_mode: bool,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    sheet: &'a Sheet,
    home: &'a str,
    test_mode: bool,
}

impl Sheet {
    /// Adds a row to the table.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { name: name.to_owned(), value: value.into() });
        self
    }

    /// Draws it. `home` is the portal's public address.
    ///
    /// # Errors
    /// None that can happen; the templates are checked when they are compiled.
    pub fn draw(&self, home: &str, test_mode: bool) -> Result<Mail, askama::Error> {
        let text = Text { sheet: self, home, test_mode }.render()?;
        Ok(Mail {
            subject: one_line(&self.subject),
            text: tidy_lines(&text),
            html: Html { sheet: self, home, test_mode }.render()?,
        })
    }
}

/// `text` as it may stand in a header. A header ends with its line, and what a title or a name smuggles
/// in behind a line break would be read as another one.
pub(super) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// No blanks at the ends of lines, and never two empty lines in a row.
fn tidy_lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    let text = lines.join("\n");
    format!("{}\n", text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            subject: "Pay in\r\nBcc: all@example.com".into(),
            headline: "Amel & <b>Co</b>".into(),
            paragraphs: vec!["First.".into(), "Second.".into()],
            button: Some(Button { label: "Pay".into(), address: "https://h.example/pay?a=1&b=2".into() }),
            afterwards: vec!["Only once.".into()],
            why: "You get this mail because you are a party.".into(),
            ..Sheet::default()
        }
        .fact("Amount", "1,010.000 TND")
    }

    #[test]
    fn a_line_break_in_a_title_adds_no_header() {
        let mail = sheet().draw("https://h.example", false).unwrap();
        assert_eq!(mail.subject, "Pay in Bcc: all@example.com");
    }

    #[test]
    fn the_text_holds_everything_and_escapes_nothing() {
        let mail = sheet().draw("https://h.example", false).unwrap();
        let expected = "Amel & <b>Co</b>\n\nFirst.\n\nSecond.\n\nAmount: 1,010.000 TND\n\nPay:\nhttps://h.example/pay?a=1&b=2\n\nOnly once.\n\n-- \nYou get this mail because you are a party.\nHoldfast, https://h.example\n";
        assert_eq!(mail.text, expected.replace("-- \n", "--\n"));
    }

    #[test]
    fn the_html_holds_the_same_and_escapes_what_people_wrote() {
        let html = sheet().draw("https://h.example", true).unwrap().html;
        assert!(!html.contains("<b>Co"), "{html}");
        for text in ["First.", "1,010.000 TND", "Only once.", "because you are a party", "Test mode"] {
            assert!(html.contains(text), "{text} is missing");
        }
        // Once behind the button and once to be read and copied.
        assert_eq!(html.matches("https://h.example/pay?a=1&#38;b=2").count(), 3, "{html}");
        assert!(!html.contains("<img") && !html.contains("http://"), "nothing is fetched when it is opened");
    }
}

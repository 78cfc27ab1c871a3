//! What a form brings: raw texts in, and the problems found in them out.
//!
//! A field that comes twice is refused, unless its name ends in `[]`, as those of lists do: of two
//! values a page and its check might each believe another one. It knows no form.

use std::collections::HashSet;
use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, RawQuery, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::Bytes;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::readable::{text as readable, unreadable};
use crate::address;
use crate::engine::time::Time;
use crate::error::Error;
use crate::money::{Currency, Money};
use crate::text::{self, names};

/// No form of ours comes near it, and nobody shall keep us busy with names that we never ask for.
pub const MOST_FIELDS: usize = 5_000;

/// Fields whose text is hashed, and stays byte for byte what was typed.
pub const SECRETS: [&str; 3] = ["password", "current", "new"];

/// A form that comes back after its sender was signed out carries this field, and is drawn again rather than
/// carried out: whoever reads a text of it finds a problem. Its value is `yes` and the names of files that were chosen.
pub const UNSENT: &str = "unsent";

/// The fields of a form in the order in which they were sent. As an extractor it reads the body of a
/// form without files; [`Search`] reads the query of an address.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

/// The fields of a form that is sent by GET, or whatever stands behind the `?`.
#[derive(Clone, Debug, Default)]
pub struct Search(pub Fields);

/// What is wrong with a form, in the order in which it was found: which field, and the sentence. A
/// problem of the whole form has an empty name.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<(String, String)>);

impl Fields {
    /// Fields that somebody else has taken apart already (a form with files).
    ///
    /// # Errors
    /// A field that is there twice and is no list, or more than [`MOST_FIELDS`].
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let (mut fields, mut names) = (Self::default(), HashSet::new());
        for (name, value) in pairs {
            if fields.0.len() == MOST_FIELDS {
                return Err(Error::BadRequest("The form has too many fields.".to_owned()));
            }
            let name = text::clean(&name);
            if !name.ends_with("[]") && !names.insert(name.clone()) {
                return Err(Error::BadRequest(format!("The field “{name}” was sent twice.")));
            }
            let text =
                if SECRETS.contains(&name.as_str()) { text::secret(&value) } else { text::clean(&value) };
            fields.0.push((name, text));
        }
        Ok(fields)
    }

    fn parse(encoded: &[u8]) -> Result<Self, Error> {
        if readable(encoded).is_none() {
            return Err(unreadable());
        }
        Self::new(
            form_urlencoded::parse(encoded).map(|(name, value)| (name.into_owned(), value.into_owned())),
        )
    }

    /// The text of a field without white space around it; empty when it was not sent or shows nothing.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        text::trimmed(self.exact(name))
    }

    /// The text of a field as it was typed, for passwords.
    #[must_use]
    pub fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every text of a list, whose name ends in `[]`, without white space around.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| text::trimmed(value))
    }

    /// Whether the field was sent at all.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Puts a text into a field, in the place of what stood there.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value.into(),
            None => self.0.push((name.to_owned(), value.into())),
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// Whether a checkbox is ticked.
    #[must_use]
    pub fn ticked(&self, name: &str) -> bool {
        self.exact(name) == "yes"
    }

    /// Every field in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A text of at least one and at most `most` characters. `missing` is the sentence for none.
    pub fn text(&self, name: &str, most: usize, missing: &str, problems: &mut Problems) -> String {
        let text = self.optional_text(name, most, problems);
        if text.is_empty() {
            problems.add(name, missing);
        }
        text
    }

    /// A text of at most `most` characters.
    pub fn optional_text(&self, name: &str, most: usize, problems: &mut Problems) -> String {
        if let Some(files) = self.get(UNSENT).strip_prefix("yes")
            && problems.get("").is_none()
        {
            let files =
                if files.is_empty() { String::new() } else { format!(" Choose these files again: {files}.") };
            let unsent = "You were signed out before this was sent, so nothing was sent. Look at it again, then send it.";
            problems.add("", format!("{unsent}{files}"));
        }
        let text = self.get(name);
        let length = text.chars().count();
        if length > most {
            problems.add(name, format!("This has {length} characters; write at most {most}."));
        }
        text.to_owned()
    }

    /// What somebody is called by others: on one line, and nothing that would pass for something else.
    pub fn name(&self, name: &str, most: usize, missing: &str, problems: &mut Problems) -> String {
        self.called(name, most, missing, false, problems)
    }

    /// The same of somebody who may run the portal, and then may be called so.
    pub fn called(
        &self,
        name: &str,
        most: usize,
        missing: &str,
        is_operator: bool,
        problems: &mut Problems,
    ) -> String {
        let text = self.text(name, most, missing, problems);
        let fault = if is_operator { names::written(&text) } else { names::fault(&text) };
        if let Some(fault) = fault {
            problems.add(name, fault.to_string());
        }
        text
    }

    /// An email address in its one form; `plain` is the sentence for what is none.
    pub fn email(&self, name: &str, plain: &str, problems: &mut Problems) -> Option<String> {
        let email = address::canonical(self.get(name));
        email.map_err(|fault| problems.add(name, fault.sentence(plain))).ok()
    }

    /// An amount of `currency`, above zero.
    pub fn money(&self, name: &str, currency: Currency, problems: &mut Problems) -> Option<Money> {
        let money = self.money_or_zero(name, currency, problems)?;
        if money.minor == 0 {
            problems.add(name, "Enter an amount above zero.");
            return None;
        }
        Some(money)
    }

    /// An amount where nothing at all is an answer too: `0`, but not an empty field.
    pub fn money_or_zero(&self, name: &str, currency: Currency, problems: &mut Problems) -> Option<Money> {
        let money = Money::parse(self.get(name), currency);
        money.map_err(|error| problems.add(name, error.to_string())).ok()
    }

    /// A percentage from 0 to 100 with at most four decimals behind a point or a comma, with or without its sign.
    pub fn percent(&self, name: &str, problems: &mut Problems) -> Option<Decimal> {
        let text = text::plain_digits(self.get(name)).replace([',', '\u{66b}'], ".");
        let text = text.strip_suffix(['%', '\u{66a}']).unwrap_or(&text).trim_end();
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent = Decimal::from_str(text).ok().filter(|percent| {
            is_plain && *percent <= Decimal::ONE_HUNDRED && percent.normalize().scale() <= 4
        });
        if percent.is_none() {
            problems.add(name, "Enter a percentage from 0 to 100, like 2.5.");
        }
        percent
    }

    /// A whole number from `least` to `most`.
    pub fn number(&self, name: &str, least: i64, most: i64, problems: &mut Problems) -> Option<i64> {
        let text = text::plain_digits(self.get(name));
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_plain && (least..=most).contains(number));
        if number.is_none() {
            problems.add(name, format!("Enter a whole number from {least} to {most}."));
        }
        number
    }

    /// The first moment of a day of the calendar in the time zone of whoever typed it.
    pub fn start_of_day(&self, name: &str, zone: &str, problems: &mut Problems) -> Option<Time> {
        let start = start_of_day(self.get(name), zone);
        if start.is_none() {
            problems.add(name, "Enter a date as year-month-day, like 2026-11-26.");
        }
        start
    }

    /// The last moment of a day of the calendar (`2026-11-26`) in the time zone of whoever typed it.
    pub fn end_of_day(&self, name: &str, zone: &str, problems: &mut Problems) -> Option<Time> {
        let end = end_of_day(self.get(name), zone);
        if self.get(name).is_empty() {
            problems.add(name, "Choose the day on which it is due.");
        } else if end.is_none() {
            problems
                .add(name, "This is no day of the calendar. Write it as year-month-day, like 2026-11-26.");
        }
        end
    }
}

/// The first moment of a day in `zone`.
fn start_of_day(text: &str, zone: &str) -> Option<Time> {
    let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    let start = date.to_zoned(TimeZone::get(zone).ok()?).ok()?;
    Some(Time::from_micros(start.timestamp().as_microsecond()))
}

/// The last whole microsecond before the next day begins in `zone`.
fn end_of_day(text: &str, zone: &str) -> Option<Time> {
    let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    let zone = TimeZone::get(zone).ok()?;
    let next = date.tomorrow().ok()?.to_zoned(zone).ok()?;
    Some(Time::from_micros(next.timestamp().as_microsecond() - 1))
}

impl Problems {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a problem. A field has one at a time: the first that was found.
    pub fn add(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        let field = field.into();
        if field.is_empty() || self.get(&field).is_none() {
            self.0.push((field, sentence.into()));
        }
    }

    /// The sentence for a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, sentence)| sentence.as_str())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same in the order in which the fields stand on the page: those of `names` first and as there.
    #[must_use]
    pub fn in_order_of(mut self, names: &[&str]) -> Self {
        let place = |name: &str| names.iter().position(|known| *known == name).unwrap_or(names.len());
        self.0.sort_by_key(|(name, _)| place(name));
        self
    }

    /// Every problem, for the summary on top of the form.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, sentence)| (name.as_str(), sentence.as_str()))
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        // A browser sends an empty form of one button with this kind as well; a program may send none.
        let is_form = kind.is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Error::BadRequest("This page takes a form and nothing else.".to_owned()));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Error::TooLarge("What you sent is larger than this page takes.".to_owned()))?;
        Self::parse(&body)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Search {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Ok(RawQuery(query)) = RawQuery::from_request_parts(parts, state).await;
        Ok(Self(Fields::parse(query.unwrap_or_default().as_bytes())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(encoded: &str) -> Fields {
        Fields::parse(encoded.as_bytes()).unwrap()
    }

    fn problem<T>(read: impl FnOnce(&mut Problems) -> T) -> String {
        let mut problems = Problems::new();
        read(&mut problems);
        problems.get("x").unwrap_or_default().to_owned()
    }

    #[test]
    fn a_field_that_is_sent_twice_is_refused_and_a_list_is_not() {
        assert!(matches!(Fields::parse(b"a=1&a=2"), Err(Error::BadRequest(_))));
        let many = |count: usize| (0..count).map(|name| format!("{name}=&")).collect::<String>();
        assert!(Fields::parse(many(MOST_FIELDS).as_bytes()).is_ok());
        assert!(matches!(Fields::parse(many(MOST_FIELDS + 1).as_bytes()), Err(Error::BadRequest(_))));
        let list = fields("a[]=1&a[]=+2&b=3");
        assert_eq!(list.all("a[]").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((list.get("b"), list.get("c"), list.has("c")), ("3", "", false));
    }

    #[test]
    fn control_characters_go_and_line_breaks_are_one_kind() {
        assert_eq!(fields("x=a%00b%1b%0D%0Ac%0Dd%09e").get("x"), "ab\nc\nd\te");
        assert_eq!(fields("x=++p+").exact("x"), "  p ");
    }

    #[test]
    fn what_nobody_sees_is_nothing_and_a_password_stays_as_it_was_typed() {
        for blank in ["%E2%80%8B", "%E2%81%A0", "%C2%AD", "%E3%85%A4", "%E2%A0%80", "%EF%BB%BF", "%E2%80%8D"]
        {
            let sent = fields(&format!("x={blank}&list[]={blank}"));
            assert_eq!((sent.get("x"), sent.all("list[]").next()), ("", Some("")), "{blank}");
            assert_eq!(problem(|p| sent.text("x", 9, "Say it.", p)), "Say it.", "{blank}");
        }
        assert_eq!(fields("x=Ame%CC%81lie").get("x"), "Amélie");
        assert_eq!(fields("password=e%CC%81%C2%AD").exact("password"), "e\u{301}\u{ad}");
    }

    #[test]
    fn a_form_in_another_encoding_is_refused_before_half_of_it_is_lost() {
        for bad in ["x=%ff", "x=caf%E9", "%ff=1", "x=%ED%A0%80"] {
            assert!(matches!(Fields::parse(bad.as_bytes()), Err(Error::BadRequest(_))), "{bad}");
        }
        assert_eq!(fields("x%00=1").get("x"), "1");
        assert!(matches!(Fields::parse(b"x=1&x%00=2"), Err(Error::BadRequest(_))));
    }

    #[test]
    fn a_text_has_a_length() {
        assert_eq!(problem(|p| fields("x=+").text("x", 3, "Enter a name.", p)), "Enter a name.");
        assert_eq!(problem(|p| fields("x=%C3%A9tés").text("x", 4, "", p)), "");
        assert!(problem(|p| fields("x=abcd").text("x", 3, "", p)).contains("at most 3"));
    }

    #[test]
    fn an_amount_is_above_zero_and_in_scale() {
        let tnd = Currency::from_code("TND").unwrap();
        let mut problems = Problems::new();
        assert_eq!(fields("x=400").money("x", tnd, &mut problems).unwrap().minor, 400_000);
        assert!(problem(|p| fields("x=0.000").money("x", tnd, p)).contains("above zero"));
        assert!(problem(|p| fields("x=1.0001").money("x", tnd, p)).contains("3 decimals"));
        assert!(problem(|p| fields("").money("x", tnd, p)).contains("Enter an amount"));
    }

    #[test]
    fn percentages_and_numbers_stay_within_their_bounds() {
        let mut problems = Problems::new();
        assert_eq!(fields("x=2.5").percent("x", &mut problems), Decimal::from_str("2.5").ok());
        for typed in
            ["x=2.5%25", "x=2.5+%25+", "x=2.5%C2%A0%25", "x=2,5", "x=2,50+%25", "x=%D9%A2%D9%AB%D9%A5"]
        {
            assert_eq!(fields(typed).percent("x", &mut problems), Decimal::from_str("2.5").ok(), "{typed}");
        }
        assert_eq!(fields("x=3").number("x", 1, 30, &mut problems), Some(3));
        assert_eq!(fields("x=%D9%A1%D9%A2").number("x", 1, 30, &mut problems), Some(12));
        for bad in ["", "-1", "100.01", "1e1", "2,5,0", "1.2.3", "0.00001", "NaN", ".", "%25", "2%25%25"] {
            assert!(!problem(|p| fields(&format!("x={bad}")).percent("x", p)).is_empty(), "{bad}");
        }
        for bad in ["", "0", "31", "1.0", "%2B3", "99999999999999999999"] {
            assert!(!problem(|p| fields(&format!("x={bad}")).number("x", 1, 30, p)).is_empty(), "{bad}");
        }
    }

    #[test]
    fn a_day_ends_where_its_reader_lives() {
        let mut problems = Problems::new();
        let end = fields("x=2026-11-26").end_of_day("x", "Africa/Tunis", &mut problems).unwrap();
        assert_eq!(end.rfc3339(), "2026-11-26T22:59:59.999999Z");
        for bad in ["", "26.11.2026", "2026-02-30", "2026-1-1", "2026-11-26T10:00", "99999-01-01"] {
            assert!(
                !problem(|p| fields(&format!("x={bad}")).end_of_day("x", "Etc/UTC", p)).is_empty(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_field_has_one_problem_at_a_time() {
        let mut problems = Problems::new();
        problems.add("x", "First.");
        problems.add("x", "Second.");
        problems.add("", "Of the whole form.");
        assert_eq!(problems.iter().collect::<Vec<_>>(), [("x", "First."), ("", "Of the whole form.")]);
        problems.add("w", "Above it.");
        let sorted = problems.in_order_of(&["", "w", "x"]);
        assert_eq!(sorted.iter().map(|(field, _)| field).collect::<Vec<_>>(), ["", "w", "x"]);
    }
}

//! Ready values for templates: what a number, a moment or a state looks like on a page.
//!
//! Each type here draws itself: a template writes `{{ row.amount }}` and gets the whole element. They
//! know nothing of escrows, so that any page, mail preview or test may use them.

use std::borrow::Cow;
use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

pub use super::icons::Icon;
pub use super::moment::{DayView, Reader, TimeView, Zone};
use crate::engine::status;
use crate::money::Money;

/// The colour of a state. It only ever repeats what icon and words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Info,
    /// Somebody must act.
    Wait,
    Held,
    Good,
    Bad,
    Dispute,
}

/// Writes the class of the stylesheet.
impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Neutral => "tone-neutral",
            Self::Info => "tone-info",
            Self::Wait => "tone-wait",
            Self::Held => "tone-held",
            Self::Good => "tone-good",
            Self::Bad => "tone-bad",
            Self::Dispute => "tone-dispute",
        })
    }
}

/// A status pill: tone, icon and words. Never a link.
#[derive(Clone, Debug, Template)]
#[template(path = "components/pill.html")]
pub struct PillView {
    pub tone: Tone,
    pub icon: Icon,
    pub words: Cow<'static, str>,
}

impl PillView {
    #[must_use]
    pub fn new(tone: Tone, icon: Icon, words: impl Into<Cow<'static, str>>) -> Self {
        Self { tone, icon, words: words.into() }
    }
}

impl HtmlSafe for PillView {}

impl From<status::Tone> for Tone {
    fn from(tone: status::Tone) -> Self {
        match tone {
            status::Tone::Neutral => Self::Neutral,
            status::Tone::Info => Self::Info,
            status::Tone::Wait => Self::Wait,
            status::Tone::Held => Self::Held,
            status::Tone::Good => Self::Good,
            status::Tone::Bad => Self::Bad,
            status::Tone::Dispute => Self::Dispute,
        }
    }
}

impl From<status::Status> for PillView {
    fn from(status: status::Status) -> Self {
        let icon = match status.tone {
            status::Tone::Neutral => Icon::CircleDashed,
            status::Tone::Info => Icon::Hourglass,
            status::Tone::Wait => Icon::Clock,
            status::Tone::Held => Icon::Lock,
            status::Tone::Good => Icon::CircleCheck,
            status::Tone::Bad => Icon::CircleAlert,
            status::Tone::Dispute => Icon::Scale,
        };
        Self::new(status.tone.into(), icon, status.words)
    }
}

/// An amount with its currency's code after it, always from left to right.
#[derive(Clone, Debug, Template)]
#[template(path = "components/money.html")]
pub struct MoneyView {
    /// Grouped digits with a true minus: `3,450.500`.
    pub figures: String,
    /// The three letters of the currency.
    pub code: &'static str,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self { figures: money.figures(), code: money.currency.code() }
    }
}

impl HtmlSafe for MoneyView {}

/// One step of the way an escrow goes.
#[derive(Clone, Debug)]
pub struct StepView {
    pub words: Cow<'static, str>,
    pub state: StepState,
}

impl StepView {
    #[must_use]
    pub fn new(words: impl Into<Cow<'static, str>>, state: StepState) -> Self {
        Self { words: words.into(), state }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Current,
    Ahead,
}

/// The ordered list of steps above an escrow or a form of several pages.
#[derive(Clone, Debug, Template)]
#[template(path = "components/stepper.html")]
pub struct StepperView {
    /// What the list is called for screen readers, like "Progress of this escrow".
    pub label: Cow<'static, str>,
    pub steps: Vec<StepView>,
}

impl HtmlSafe for StepperView {}

/// One choice of a select, a group of radio buttons or of checkboxes.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: Cow<'static, str>,
    pub words: Cow<'static, str>,
    /// A second line under the words; empty for none (a select has no room for it).
    pub hint: Cow<'static, str>,
    /// For checkboxes; radios and selects are told the chosen value instead.
    pub is_checked: bool,
}

impl Choice {
    #[must_use]
    pub fn new(value: impl Into<Cow<'static, str>>, words: impl Into<Cow<'static, str>>) -> Self {
        Self { value: value.into(), words: words.into(), hint: Cow::Borrowed(""), is_checked: false }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub fn checked(mut self, is_checked: bool) -> Self {
        self.is_checked = is_checked;
        self
    }
}

/// A party of an escrow as its card shows it.
#[derive(Clone, Debug)]
pub struct PartyView {
    /// "Buyer", "Seller", "Broker" or "Payee".
    pub role: Cow<'static, str>,
    pub name: String,
    /// Empty where the reader may not see it.
    pub email: String,
    pub is_you: bool,
    /// What this party has done or owes, in order: agreed, signed, paid.
    pub ticks: Vec<Tick>,
    /// The page of its invitation, as long as there is something to do there; else empty.
    pub invitation: String,
}

/// "Signed" with a tick, or "Not signed yet" without one.
#[derive(Clone, Debug)]
pub struct Tick {
    pub done: bool,
    pub words: Cow<'static, str>,
}

impl Tick {
    #[must_use]
    pub fn new(done: bool, words: impl Into<Cow<'static, str>>) -> Self {
        Self { done, words: words.into() }
    }
}

/// One row of a milestone table.
#[derive(Clone, Debug)]
pub struct MilestoneRow {
    /// "2. " where there are several; empty where there is one.
    pub prefix: String,
    pub title: String,
    /// Where the milestone's own page is; empty for no link.
    pub href: String,
    pub due: Option<DayView>,
    /// What stands there before the day is known: "5 days after payment".
    pub due_words: String,
    pub pill: PillView,
    pub amount: MoneyView,
}

/// One entry of a timeline.
#[derive(Clone, Debug)]
pub struct EventView {
    /// The anchor of the entry: `event-12`.
    pub id: String,
    pub icon: Icon,
    pub tone: Tone,
    /// Who did what, one sentence without a full stop.
    pub words: String,
    /// The reader's or another person's own text; empty for none.
    pub quote: String,
    pub time: TimeView,
}

/// A stored file as a list shows it.
#[derive(Clone, Debug)]
pub struct FileView {
    pub href: String,
    pub name: String,
    /// "2.4 MB", from [`file_size`].
    pub size: String,
    /// In hexadecimal.
    pub sha256: String,
    /// Who put it there; empty for not shown.
    pub by: String,
    pub time: Option<TimeView>,
}

/// Bytes for people, in powers of ten as file managers show them.
#[must_use]
pub fn file_size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit / (unit / 10));
    match bytes {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn money_is_drawn_with_its_code_after_it() {
        let view = MoneyView::from(Currency::from_code("TND").unwrap().of(3_450_500));
        assert_eq!(view.to_string(), r#"<bdi dir="ltr" class="money">3,450.500 <small>TND</small></bdi>"#);
    }

    #[test]
    fn a_pill_says_in_words_what_it_shows_in_colour() {
        let pill = PillView::new(Tone::Held, Icon::Lock, "Held <in> escrow").to_string();
        assert!(pill.starts_with(r#"<span class="pill tone-held"><svg class="icon""#), "{pill}");
        assert!(pill.ends_with("Held &#60;in&#62; escrow</span>"), "{pill}");
    }

    #[test]
    fn a_files_size_is_short() {
        assert_eq!(file_size(1), "1 byte");
        assert_eq!(file_size(999), "999 bytes");
        assert_eq!(file_size(1_540), "1.5 kB");
        assert_eq!(file_size(20_971_520), "20.9 MB");
    }
}

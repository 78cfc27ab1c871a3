//! Sandbox Pay: a stand-in for the outside company that takes people's money, and behaves like one.
//!
//! It has books, pages and a secret of its own. The portal asks it for a charge, sends the payer to its
//! page, and hears what came of it from a signed notice; it may not know a table, a page or a rule of
//! the portal. It lives in the same process only so that a first run needs nobody else.

pub mod book;
pub mod notices;
pub mod page;
pub mod refunds;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use data_encoding::BASE64;
use time::Duration;
use tokio::sync::OnceCell;

use crate::app::Wake;
use crate::clock::Clock;
use crate::config::Config;
use crate::money::Money;
use crate::store::db::{Db, DbError};

/// How long a delayed answer takes.
pub const DELAY: Duration = Duration::seconds(30);

/// The company. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    db: Db,
    clock: Clock,
    wake: Wake,
    /// Where its pages are found from outside.
    home: String,
    /// Where the merchant wants to be told.
    endpoint: String,
    secret: Arc<OnceCell<String>>,
    post: notices::Client,
    /// How long the merchant may think.
    patience: std::time::Duration,
}

/// A charge that a merchant asks for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The merchant's own name for it. Asked for twice, it is one charge.
    pub merchant_ref: &'a str,
    pub description: &'a str,
    pub amount: Money,
    /// Where the payer goes when he is done here.
    pub return_url: &'a str,
}

/// Money that a merchant wants sent back to whoever paid it.
#[derive(Clone, Debug)]
pub struct AskedBack<'a> {
    /// The merchant's own name for it. Asked for twice, it is one refund.
    pub merchant_ref: &'a str,
    /// The charge that it was paid by.
    pub charge: &'a str,
    pub amount: Money,
}

/// Why a refund can't be, or failed. The codes are the company's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBack {
    ChargeUnknown,
    ChargeNotPaid,
    MoreThanCharged,
    CardClosed,
}

impl NotBack {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ChargeUnknown => "charge_unknown",
            Self::ChargeNotPaid => "charge_not_paid",
            Self::MoreThanCharged => "more_than_charged",
            Self::CardClosed => "card_closed",
        }
    }
}

/// What the bank will say to a refund, and after how long: the last two digits of the amount decide. `tries`
/// counts the refunds of this amount on the same charge that have failed before.
#[must_use]
pub fn bank_says(minor: i64, tries: i64) -> Option<(&'static str, Duration)> {
    match minor % 100 {
        11 => Some((NotBack::CardClosed.code(), Duration::ZERO)),
        12 => None,
        13 if tries == 0 => Some((NotBack::CardClosed.code(), Duration::ZERO)),
        15 => Some((book::PAID, DELAY)),
        _ => Some((book::PAID, Duration::ZERO)),
    }
}

/// A charge that waits for its payer.
#[derive(Clone, Debug)]
pub struct Opened {
    pub reference: String,
    /// The address of its page.
    pub page: String,
}

/// Why the bank refused. The codes are the company's own, and stand in its notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    InsufficientFunds,
    CardRefused,
    FraudSuspected,
    Cancelled,
}

impl Decline {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::CardRefused => "card_refused",
            Self::FraudSuspected => "fraud_suspected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What the payer of a rehearsal wants to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It succeeds, unless the amount is a magic one.
    Pay,
    /// It succeeds after [`DELAY`].
    PayLater,
    Decline(Decline),
    /// Nobody ever answers.
    Nothing,
}

impl Choice {
    /// The choice of a form.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "pay" => Self::Pay,
            "later" => Self::PayLater,
            "funds" => Self::Decline(Decline::InsufficientFunds),
            "card" => Self::Decline(Decline::CardRefused),
            "fraud" => Self::Decline(Decline::FraudSuspected),
            "cancel" => Self::Decline(Decline::Cancelled),
            "nothing" => Self::Nothing,
            _ => return None,
        })
    }

    /// What really happens: an amount whose last two digits are magic has the last word over "pay".
    #[must_use]
    pub fn with_amount(self, minor: i64) -> Self {
        match (self, minor % 100) {
            (Self::Pay, 1) => Self::Decline(Decline::InsufficientFunds),
            (Self::Pay, 2) => Self::Nothing,
            (Self::Pay, 3) => Self::Decline(Decline::CardRefused),
            (Self::Pay, 4) => Self::Decline(Decline::FraudSuspected),
            (Self::Pay, 5) => Self::PayLater,
            (other, _) => other,
        }
    }
}

/// Amounts that behave in a special way: the last two digits in the smallest unit, and what they do.
pub const MAGIC: [(&str, &str); 9] = [
    ("01", "refused: not enough money"),
    ("02", "stays pending, no answer comes"),
    ("03", "refused: the card is not accepted"),
    ("04", "refused: fraud is suspected"),
    ("05", "succeeds after 30 seconds"),
    ("11", "succeeds, and a refund of that amount fails: the card is closed"),
    ("12", "succeeds, and no answer comes to a refund of that amount"),
    ("13", "succeeds, and a refund of that amount fails once and works when it is sent again"),
    ("15", "succeeds, and a refund of that amount takes 30 seconds"),
];

impl Sandbox {
    #[must_use]
    pub fn new(db: Db, clock: Clock, config: &Config, wake: Wake) -> Self {
        Self {
            db,
            clock,
            wake,
            home: config.public_url.clone(),
            endpoint: format!("http://{}/webhooks/sandbox", reachable(config.listen)),
            secret: Arc::default(),
            post: notices::client(),
            patience: config.limits.outside,
        }
    }

    /// Opens a charge, or finds the one that was opened for the same merchant's reference.
    ///
    /// # Errors
    /// The database's.
    pub async fn open(&self, asked: &Asked<'_>) -> Result<Opened, DbError> {
        let reference = format!("ch_{}", self.clock.secret());
        let mut tx = self.db.write().await?;
        let reference = book::open(&mut tx.conn(), &reference, asked, self.clock.now()).await?;
        tx.commit().await?;
        let page = format!("{}/sandbox/pay/{reference}", self.home);
        Ok(Opened { reference, page })
    }

    /// Expires a charge that no payer has submitted; false where one has. One that the company did not know yet is
    /// known as expired from then on.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire(&self, asked: &Asked<'_>) -> Result<bool, DbError> {
        let (reference, now) = (format!("ch_{}", self.clock.secret()), self.clock.now());
        let mut tx = self.db.write().await?;
        let reference = book::open(&mut tx.conn(), &reference, asked, now).await?;
        let expired = book::expire(&mut tx.conn(), &reference, now).await?;
        tx.commit().await?;
        Ok(expired)
    }

    /// Sends money back by the charge that brought it, or finds the refund that was begun for the same
    /// merchant's reference.
    ///
    /// # Errors
    /// The database's; inside, why it can't be done.
    pub async fn refund(&self, asked: &AskedBack<'_>) -> Result<Result<String, NotBack>, DbError> {
        let reference = format!("re_{}", self.clock.secret());
        let now = self.clock.now();
        let mut tx = self.db.write().await?;
        let begun = refunds::begin(&mut tx.conn(), &reference, asked, now).await?;
        tx.commit().await?;
        self.wake.up();
        Ok(begun)
    }

    /// Makes the bank answer a refund that it has left unanswered.
    ///
    /// # Errors
    /// The database's.
    pub async fn answer_refund(&self, reference: &str, good: bool) -> Result<(), DbError> {
        let answer = if good { book::PAID } else { NotBack::CardClosed.code() };
        let mut tx = self.db.write().await?;
        refunds::answer(&mut tx.conn(), reference, answer, self.clock.now()).await?;
        tx.commit().await?;
        self.wake.up();
        Ok(())
    }

    /// The refunds of a charge.
    ///
    /// # Errors
    /// The database's.
    pub async fn refunds(&self, charge: &str) -> Result<Vec<refunds::Refund>, DbError> {
        refunds::of_charge(&mut self.db.read().await?.conn(), charge).await
    }

    /// The secret that notices are signed with, as the company gave it to the merchant. It is made once
    /// and kept, and no log ever sees it.
    ///
    /// # Errors
    /// The database's.
    pub async fn secret(&self) -> Result<&str, DbError> {
        let secret = self.secret.get_or_try_init(|| async {
            let made = format!("whsec_{}", BASE64.encode(&self.clock.random::<32>()));
            let mut tx = self.db.write().await?;
            let secret = book::setting(&mut tx.conn(), "webhook_secret", &made).await?;
            tx.commit().await?;
            Ok::<_, DbError>(secret)
        });
        Ok(secret.await?)
    }

    /// Carries out what a payer chose. A charge that has its answer, or is about to, stays as it is.
    ///
    /// # Errors
    /// The database's.
    pub async fn choose(&self, charge: &book::Charge, choice: Choice) -> Result<(), DbError> {
        let now = self.clock.now();
        let (answer, settles_at) = match choice.with_amount(charge.amount_minor) {
            Choice::Pay => (Some(book::PAID), Some(now)),
            Choice::PayLater => (Some(book::PAID), Some(now.plus(DELAY))),
            Choice::Decline(decline) => (Some(decline.code()), Some(now)),
            Choice::Nothing => (None, None),
        };
        let mut tx = self.db.write().await?;
        book::choose(&mut tx.conn(), &charge.reference, answer, settles_at).await?;
        tx.commit().await?;
        self.wake.up();
        Ok(())
    }

    /// The charge of a reference.
    ///
    /// # Errors
    /// The database's.
    pub async fn charge(&self, reference: &str) -> Result<Option<book::Charge>, DbError> {
        book::by_reference(&mut self.db.read().await?.conn(), reference).await
    }
}

/// Who listens on every address is reached on the machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_magic_amount_has_the_last_word_over_paying_and_over_nothing_else() {
        assert_eq!(Choice::Pay.with_amount(1_010_000), Choice::Pay);
        assert_eq!(Choice::Pay.with_amount(1_010_001), Choice::Decline(Decline::InsufficientFunds));
        assert_eq!(Choice::Pay.with_amount(2), Choice::Nothing);
        assert_eq!(Choice::PayLater.with_amount(1), Choice::PayLater);
        assert_eq!(Choice::Nothing.with_amount(1), Choice::Nothing);
    }

    #[test]
    fn the_amount_of_a_refund_decides_what_the_bank_says() {
        let says =
            |minor, tries| bank_says(minor, tries).map(|(answer, after)| (answer, after.whole_seconds()));
        assert_eq!(says(1_010_000, 0), Some(("paid", 0)));
        assert_eq!(says(50_011, 3), Some(("card_closed", 0)));
        assert_eq!(says(12, 0), None);
        assert_eq!((says(13, 0), says(13, 1)), (Some(("card_closed", 0)), Some(("paid", 0))));
        assert_eq!(says(115, 0), Some(("paid", 30)));
    }

    #[test]
    fn who_listens_everywhere_is_told_at_home() {
        assert_eq!(reachable("0.0.0.0:80".parse().unwrap()).to_string(), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
        assert_eq!(reachable("192.0.2.1:80".parse().unwrap()).to_string(), "192.0.2.1:80");
    }
}

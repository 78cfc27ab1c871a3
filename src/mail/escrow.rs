//! Letters about an escrow. Their sentences are the engine's, the same as in the list of notifications;
//! here they get their facts, their button and their reference.

use crate::calendar::Zone;
use crate::engine::notices::{Deciding, EscrowNews, News, RefundNews};
use crate::engine::party::Capacity;
use crate::engine::time::Time;
use crate::engine::words::Words;
use crate::mail::letter::Reader;
use crate::mail::sheet::{Button, Fact, Sheet};
use crate::mail::voice::{has_link, plus, short, tell_all};
use crate::money::Money;

/// The letter in words. Whoever has no account yet reads the terms by the secret link of the letter.
#[must_use]
pub fn sheet(news: &EscrowNews, reader: &Reader<'_>) -> Sheet {
    let (words, subject) = spoken(news, reader);
    let by_link = news.guest && !reader.secret_link.is_empty();
    let invited = !reader.secret_link.is_empty() && !by_link;
    // A guest's pages stand below his secret, and there are fewer of them.
    let own_page = if by_link {
        format!("{}{}", reader.secret_link, guest_path(&words.path))
    } else {
        format!("{}{}", reader.home, news.notice.address(&news.reference, &words.path))
    };
    let decides = news.notice.role == Capacity::Arbiter;
    let receives = news.notice.role == Capacity::Payee;
    let button = Button {
        label: match (invited, receives) {
            (true, true) => "See your part".to_owned(),
            (true, false) if !decides => "Read the terms".to_owned(),
            (_, _) => words.button.to_owned(),
        },
        address: if invited { reader.secret_link.to_owned() } else { own_page },
    };
    let afterwards = about_the_link(news.notice.role, invited, by_link);
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let mut facts = Vec::new();
    if !reader.inviter.is_empty() {
        facts.push(fact("From", reader.inviter.to_owned()));
    }
    facts.extend([
        fact("Escrow", news.title.clone()),
        fact("Reference", news.reference.clone()),
        fact("Your role", news.notice.role.word().to_owned()),
    ]);
    facts
        .extend(own_facts(&news.notice.news, reader.zone).into_iter().map(|(name, value)| fact(name, value)));
    let total = news.earlier.as_ref().and_then(|earlier| earlier.total);
    if let (Some(before), Some((_, last))) = (total, news.notice.news.moved()) {
        facts.push(fact("In all", plus(before, last).to_string()));
    }
    Sheet {
        subject,
        headline: words.subject,
        paragraphs: words.paragraphs,
        facts,
        button: Some(button),
        afterwards,
        // Whoever has no account has no settings either.
        why: match news.notice.topic().may_be_off() && !by_link && !invited {
            true => format!(
                "{} You choose which of them you get: {}/settings/notifications",
                words.why, reader.home
            ),
            false => words.why,
        },
    }
}

/// Its words, whose subject is the headline, and the subject of the mail, which names the escrow.
fn spoken(news: &EscrowNews, reader: &Reader<'_>) -> (Words, String) {
    let at = |time| reader.zone.moment(time);
    // In our voice stand no links, and nothing of what somebody says whom the reader does not know.
    let quiet = !reader.knows || has_link(&news.title);
    let named = if quiet { &news.reference } else { &news.title };
    let mut words = news.notice.words(&news.title, &at);
    words.subject = news.notice.words(named, &at).subject;
    if let Some(head) = words.subject.strip_suffix(&format!(": {}", news.reference)) {
        words.subject = head.to_owned();
    }
    if has_link(&words.subject) {
        words.subject =
            words.subject.split(": ").next().filter(|head| !has_link(head)).unwrap_or("News").to_owned();
    }
    if let Some(earlier) = &news.earlier {
        tell_all(&mut words, &news.notice.news, earlier);
    }
    let signed = reader.knows && !reader.inviter_name.is_empty() && !has_link(reader.inviter_name);
    if let (News::Invited { .. }, true) = (&news.notice.news, signed) {
        words.subject = format!("{} invites you to an escrow: {named}", short(reader.inviter_name));
    }
    let subject =
        match (words.subject.contains(&news.reference), quiet || words.subject.contains(&news.title)) {
            (true, _) => words.subject.clone(),
            (false, true) => format!("{} · {}", words.subject, news.reference),
            (false, false) => format!("{} · {} · {}", words.subject, news.title, news.reference),
        };
    (words, subject)
}

/// What is said of the secret link of a letter; nothing where it has none.
fn about_the_link(role: Capacity, invited: bool, by_link: bool) -> Vec<String> {
    let said = match (invited, by_link, role) {
        (true, _, Capacity::Arbiter) => {
            "This link is yours alone: whoever has it can read the terms, say no in your name, or register with your address. Don't pass it on. Links of earlier mails no longer open anything."
        }
        (true, _, Capacity::Payee) => {
            "This link is yours alone: whoever has it can see your part, or register with your address. Don't pass it on. If the mail is not meant for you, open it and say so."
        }
        (true, _, Capacity::Buyer | Capacity::Seller | Capacity::Broker | Capacity::Operator) => {
            "This link is yours alone: whoever has it can read the terms, decline them, or register with your address. Don't pass it on. If the mail is not meant for you, open it and say so."
        }
        (false, true, _) => {
            "This link is yours alone: whoever has it can act for you. Don't pass it on. It is good for 90 days, and register with this address to keep the purchase in an account."
        }
        (false, false, _) => return Vec::new(),
    };
    vec![said.to_owned()]
}

/// Where below a guest's secret something is done; what he has no page for, his first page shows.
fn guest_path(path: &str) -> &str {
    let known = ["/pay", "/cancel", "/settlement", "/disputes", "/milestones", "/refunds"];
    let is_known = known.iter().any(|start| path.starts_with(start));
    if is_known && !path.ends_with("/inspect") && !path.ends_with("/deliver") { path } else { "" }
}

/// The sums and dates that a reader looks for.
fn own_facts(news: &News, zone: &Zone) -> Vec<(&'static str, String)> {
    let milestone = |number: &u16, title: &str| ("Milestone", format!("{number}, {title}"));
    match news {
        News::Invited { expires_at, price, .. } | News::InvitedAgain { expires_at, price, .. } => {
            let price = price.iter().map(|price| ("Price", price.to_string()));
            price.chain([("Answer by", zone.moment(*expires_at))]).collect()
        }
        News::NewTerms { expires_at, .. }
        | News::PartyCorrected { expires_at, .. }
        | News::Sent { expires_at, .. } => vec![("Answer by", zone.moment(*expires_at))],
        News::Agreed { pay_by } => vec![("To be paid by", zone.moment(*pay_by))],
        News::PaymentDue { amount, pay_by } => {
            vec![("To pay", amount.to_string()), ("Pay by", zone.moment(*pay_by))]
        }
        News::NamedAsPayee { .. }
        | News::PayeesPart { .. }
        | News::PaymentFailed { .. }
        | News::PaymentReturned { .. }
        | News::Receipt { .. }
        | News::Start { .. } => facts_of_payments(news, zone),
        News::LinkReady { .. }
        | News::Bought { .. }
        | News::Sold { .. }
        | News::PaidFirst { .. }
        | News::NextPaymentDue { .. }
        | News::ProofNeeded { .. }
        | News::ProofSubmitted { .. }
        | News::CorrectionsRequested { .. }
        | News::ProofAccepted { .. } => facts_of_modes(news, zone),
        News::Delivered { .. }
        | News::DeliveryRecorded { .. }
        | News::ReleasedToYou { .. }
        | News::ReleasedForYou { .. }
        | News::HandedOver { .. }
        | News::InWallet { .. }
        | News::RefundedToYou { .. } => facts_of_a_milestone(news, zone),
        News::Refund(news) => facts_of_refund(news, zone),
        News::MayCancel { milestone: title, number, refund_at, .. }
        | News::Overdue { milestone: title, number, refund_at, .. } => {
            vec![milestone(number, title), ("Refunded by itself", zone.moment(*refund_at))]
        }
        News::ChangesRequested { milestone: title, number, deliver_by, .. } => {
            let by = deliver_by.iter().map(|by| ("Deliver again by", zone.moment(*by)));
            [milestone(number, title)].into_iter().chain(by).collect()
        }
        News::Dropped { milestone: title, number }
        | News::Refunded { milestone: title, number, amount: None, .. } => vec![milestone(number, title)],
        News::Refunded { milestone: title, number, amount: Some(amount), .. } => {
            vec![milestone(number, title), ("Back to the buyer", amount.to_string())]
        }
        News::Reminder { deadline, due: Some(due), .. } | News::Nudged { deadline, due: Some(due), .. } => {
            vec![("Agreed date", zone.moment(*due)), ("The buyer may cancel from", zone.moment(*deadline))]
        }
        News::Reminder { deadline, .. } | News::Nudged { deadline, .. } => {
            vec![("Deadline", zone.moment(*deadline))]
        }
        News::Deciding(news) => facts_of_deciding(news, zone),
        News::NoLongerPayee { .. }
        | News::Signed { .. }
        | News::PaidAccepted
        | News::Declined { .. }
        | News::Disowned { .. }
        | News::Withdrawn { .. }
        | News::ExpiredNotAccepted
        | News::ExpiredNotPaid
        | News::Completed
        | News::Disagreement(_)
        | News::Closed { .. } => Vec::new(),
    }
}

/// Those of a milestone that is delivered, released or given back.
fn facts_of_a_milestone(news: &News, zone: &Zone) -> Vec<(&'static str, String)> {
    let milestone = |number: &u16, title: &str| ("Milestone", format!("{number}, {title}"));
    match news {
        News::Delivered { milestone: title, number, inspect_by, .. }
        | News::DeliveryRecorded { milestone: title, number, inspect_by } => {
            vec![milestone(number, title), ("Check by", zone.moment(*inspect_by))]
        }
        News::ReleasedToYou { milestone: title, number, amount, .. } => {
            vec![milestone(number, title), ("Released to you", amount.to_string())]
        }
        News::ReleasedForYou { milestone: title, number, amount, .. }
        | News::HandedOver { milestone: title, number, amount, .. } => {
            vec![milestone(number, title), ("Released", amount.to_string())]
        }
        News::InWallet { milestone: title, number, amount } => {
            vec![milestone(number, title), ("In your wallet", amount.to_string())]
        }
        News::RefundedToYou { milestone: title, number, amount, .. } => {
            vec![milestone(number, title), ("Back to you", amount.to_string())]
        }
        _ => Vec::new(),
    }
}

/// What is held.
fn held(price: &Money) -> (&'static str, String) {
    ("Held in escrow", price.to_string())
}

/// Those of a payment that arrived or did not, or that will reach the reader.
fn facts_of_payments(news: &News, zone: &Zone) -> Vec<(&'static str, String)> {
    match news {
        News::PaymentFailed { amount, .. } | News::PaymentReturned { amount, .. } => {
            vec![("Amount", amount.to_string())]
        }
        News::Receipt { amount } => vec![("Held in escrow", amount.to_string())],
        News::NamedAsPayee { amount, .. } => {
            amount.iter().map(|amount| ("You are to receive", amount.to_string())).collect()
        }
        News::PayeesPart { now, .. } => vec![("You are to receive", now.to_string())],
        News::Start { first_due, price } => {
            let due = first_due.iter().map(|due| ("First delivery due", zone.moment(*due)));
            price.iter().map(held).chain(due).collect()
        }
        _ => Vec::new(),
    }
}

/// Those of money that goes back as it came.
fn facts_of_refund(news: &RefundNews, zone: &Zone) -> Vec<(&'static str, String)> {
    let milestone = |number: &u16, title: &str| ("Milestone", format!("{number}, {title}"));
    match news {
        RefundNews::Sent { milestone: title, number, amount, .. }
        | RefundNews::Done { milestone: title, number, amount } => {
            vec![milestone(number, title), ("Back to you", amount.to_string())]
        }
        RefundNews::LateDone { amount } => vec![("Back to you", amount.to_string())],
        RefundNews::LateFailed { amount, .. } => vec![("Reserved for you", amount.to_string())],
        RefundNews::Decided { milestone: title, number, amount, .. } => {
            let amount = amount.iter().map(|amount| ("Back to the buyer", amount.to_string()));
            [milestone(number, title)].into_iter().chain(amount).collect()
        }
        RefundNews::Failed { milestone: title, number, amount, to_wallet_at, .. } => {
            let mut facts = vec![milestone(number, title), ("Reserved for you", amount.to_string())];
            facts.extend(to_wallet_at.map(|at| ("To your wallet by itself", zone.moment(at))));
            facts
        }
        RefundNews::ToWallet { milestone: title, number, amount, .. } => {
            vec![milestone(number, title), ("In your wallet", amount.to_string())]
        }
    }
}

/// Those of who decides disputes.
fn facts_of_deciding(news: &Deciding, zone: &Zone) -> Vec<(&'static str, String)> {
    let by = |until: &Time| ("Decide by", zone.moment(*until));
    match news {
        Deciding::Asked { stake, until, .. } => vec![("At stake", stake.to_string()), by(until)],
        Deciding::AwaitsSecond { stake, until, .. } => {
            vec![("At stake", stake.to_string()), ("Confirm by", zone.moment(*until))]
        }
        Deciding::Reminder { until, .. }
        | Deciding::Nudged { until, .. }
        | Deciding::Returned { until, .. } => {
            vec![by(until)]
        }
        Deciding::Named | Deciding::Ended { .. } | Deciding::PassedOn { .. } => Vec::new(),
    }
}

/// Those of what only some kinds of escrow have.
fn facts_of_modes(news: &News, zone: &Zone) -> Vec<(&'static str, String)> {
    match news {
        News::LinkReady { expires_at } => vec![("Can be paid until", zone.moment(*expires_at))],
        News::Bought { amount, due } => {
            let due = due.iter().map(|due| ("Delivery due", zone.moment(*due)));
            [("Held in escrow", amount.to_string())].into_iter().chain(due).collect()
        }
        News::Sold { due, price } => {
            let due = due.iter().map(|due| ("Delivery due", zone.moment(*due)));
            price.iter().map(held).chain(due).collect()
        }
        News::PaidFirst { answer_by, price } => {
            price.iter().map(held).chain([("Answer by", zone.moment(*answer_by))]).collect()
        }
        News::NextPaymentDue { milestone: title, number, amount, pay_by } => {
            vec![
                ("Milestone", format!("{number}, {title}")),
                ("To pay", amount.to_string()),
                ("Pay by", zone.moment(*pay_by)),
            ]
        }
        News::ProofNeeded { upload_by, price, .. } => {
            price.iter().map(held).chain([("Send it by", zone.moment(*upload_by))]).collect()
        }
        News::ProofSubmitted { kind, review_by, .. } => {
            vec![("Proof", kind.words().to_owned()), ("Answer by", zone.moment(*review_by))]
        }
        News::CorrectionsRequested { upload_by, .. } => {
            vec![("Send a new one by", zone.moment(*upload_by))]
        }
        News::ProofAccepted { due, .. } => {
            due.iter().map(|due| ("Delivery due", zone.moment(*due))).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::engine::notices::Notice;
    use crate::engine::party::Role;
    use crate::mail::letter::Letter;
    use crate::money::Currency;

    fn news(news: News) -> EscrowNews {
        let notice = Notice { to: Uuid::nil(), role: Role::Buyer.into(), news };
        EscrowNews {
            reference: "ESC-7K2M-9QXA".into(),
            title: "A website".into(),
            notice,
            guest: false,
            earlier: None,
        }
    }

    fn drawn(told: News, secret_link: &str) -> Sheet {
        let reader = Reader {
            zone: &Zone::from_name("Africa/Tunis").unwrap(),
            address: "amel@example.com",
            home: "https://h.example",
            secret_link,
            inviter: "Bilal Haddad (broker@example.com)",
            inviter_name: "Bilal Haddad",
            knows: true,
        };
        sheet(&news(told), &reader)
    }

    #[test]
    fn a_letter_names_its_escrow_its_sum_and_its_deadline() {
        let pay_by = Time::from_micros(1_777_933_800_000_000);
        let amount = Currency::from_code("TND").unwrap().of(1_010_000);
        let sheet = drawn(News::PaymentDue { amount, pay_by }, "");
        assert_eq!(sheet.subject, "Payment due: A website · ESC-7K2M-9QXA");
        assert_eq!(sheet.button.unwrap().address, "https://h.example/escrows/ESC-7K2M-9QXA/pay");
        let values: Vec<&str> = sheet.facts.iter().skip(1).map(|fact| fact.value.as_str()).collect();
        assert_eq!(
            values,
            ["A website", "ESC-7K2M-9QXA", "buyer", "1,010.000 TND", "Mon 4 May 2026, 23:30 (Tunis)"]
        );
        assert!(sheet.why.contains("buyer"));
    }

    #[test]
    fn an_invitation_leads_a_stranger_to_the_terms_and_a_member_to_the_escrow() {
        let invited =
            || News::Invited { by: Role::Broker, expires_at: Time::from_micros(0), signs: true, price: None };
        let stranger = drawn(invited(), "https://h.example/invitations/SECRET");
        assert_eq!(stranger.button.unwrap().address, "https://h.example/invitations/SECRET");
        assert!(stranger.afterwards[0].contains("yours alone"));
        assert_eq!(stranger.subject, "Bilal Haddad invites you to an escrow: A website · ESC-7K2M-9QXA");
        let member = drawn(invited(), "");
        assert_eq!(member.button.unwrap().address, "https://h.example/escrows/ESC-7K2M-9QXA");
        assert!(member.afterwards.is_empty());
    }

    #[test]
    fn whoever_does_not_know_the_sender_reads_their_words_in_the_text_alone() {
        let invited =
            News::Invited { by: Role::Broker, expires_at: Time::from_micros(0), signs: true, price: None };
        let zone = Zone::utc();
        let reader = Reader {
            zone: &zone,
            address: "amel@example.com",
            home: "https://h.example",
            secret_link: "https://h.example/invitations/SECRET",
            inviter: "Your bank (broker@example.com)",
            inviter_name: "Your bank",
            knows: false,
        };
        let sheet = sheet(&news(invited), &reader);
        assert_eq!(sheet.subject, "The broker invites you to an escrow · ESC-7K2M-9QXA");
        assert_eq!(sheet.headline, "The broker invites you to an escrow");
        assert!(sheet.paragraphs[0].contains("“A website”"));
        assert!(sheet.facts.iter().any(|fact| fact.value.starts_with("Your bank")));
    }

    #[test]
    fn no_link_stands_in_a_subject_or_a_headline() {
        let mut told = news(News::Completed);
        told.title = "Win at http://evil.example".to_owned();
        let zone = Zone::utc();
        let reader = Reader {
            zone: &zone,
            address: "amel@example.com",
            home: "https://h.example",
            secret_link: "",
            inviter: "",
            inviter_name: "",
            knows: true,
        };
        let sheet = sheet(&told, &reader);
        assert_eq!(sheet.subject, "Completed · ESC-7K2M-9QXA");
        assert_eq!(sheet.headline, "Completed");
        let released = News::ReleasedForYou {
            milestone: "See evil.example".into(),
            number: 1,
            amount: Currency::from_code("TND").unwrap().of(1_000),
            how: crate::engine::escrow::How::Approved,
            part: None,
            gross: None,
        };
        assert_eq!(drawn(released, "").subject, "Released · A website · ESC-7K2M-9QXA");
    }

    #[test]
    fn settings_are_offered_to_those_who_have_an_account() {
        let signed = || News::Signed { by: Role::Seller };
        assert!(drawn(signed(), "").why.contains("/settings/notifications"));
        assert!(!drawn(signed(), "https://h.example/invitations/SECRET").why.contains("/settings"));
    }

    #[test]
    fn a_letter_of_the_store_is_read_again() {
        let told = news(News::Completed);
        let mut payload = serde_json::to_value(&told).unwrap();
        payload["letter"] = "escrow".into();
        assert_eq!(Letter::read(&payload.to_string()).unwrap(), Letter::Escrow(told));
    }
}

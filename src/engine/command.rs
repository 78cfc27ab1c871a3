//! What can be asked of an escrow, in the imperative.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::contract::Naming;
use super::deadlines::{Mark, Waiting};
use super::dispute::{FailedCriterion, Split};
use super::escrow::Method;
use super::party::UserId;
use super::proof::ProofKind;
use super::terms::{FileRef, Terms};
use super::time::Time;
use crate::money::Money;

/// A command. Milestones are numbered from 1, criteria from 0, amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    Propose {
        id: Uuid,
        reference: String,
        terms: Box<Terms>,
    },
    /// Other terms instead of the version that stands. The parties stay those they are.
    Counter {
        version: u32,
        terms: Box<Terms>,
    },
    Accept {
        version: u32,
    },
    Sign {
        version: u32,
        document_sha256: String,
        evidence_sha256: String,
    },
    Decline {
        reason: String,
    },
    /// Whoever holds the invitation says that it reached the wrong person.
    Disown,
    /// Another user takes the place of one who was named by a wrong address.
    CorrectParty {
        user: UserId,
        to: UserId,
        identity_sha256: String,
    },
    InviteAgain {
        user: UserId,
    },
    /// A reminder by hand to those for whom a clock waits.
    Nudge {
        waiting: Waiting,
        milestone: Option<u16>,
    },
    Withdraw,
    StartCharge {
        payment: Uuid,
        milestones: Vec<u16>,
        method: Method,
    },
    /// Whoever holds the pay link of an instant escrow becomes its buyer by paying (DHMAD: `accept_pay`).
    BuyByLink {
        payment: Uuid,
        method: Method,
        identity_sha256: String,
        /// Without an account.
        guest: bool,
    },
    /// What was bought as a guest passes to the account of the same person.
    Claim {
        to: UserId,
        identity_sha256: String,
    },
    ChargeSettled {
        payment: Uuid,
    },
    ChargeFailed {
        payment: Uuid,
        reason: String,
    },
    /// The provider says that a refund is back where the money came from.
    RefundSettled {
        refund: u16,
        attempt: u16,
    },
    RefundFailed {
        refund: u16,
        attempt: u16,
        reason: String,
    },
    /// The provider is asked for a failed refund again.
    RetryRefund {
        refund: u16,
    },
    /// A failed refund goes to the buyer's wallet instead.
    RefundToWallet {
        refund: u16,
    },
    /// What the seller shows before he delivers, in quick escrows with proof.
    SubmitProof {
        milestone: u16,
        kind: ProofKind,
        note: String,
        files: Vec<FileRef>,
    },
    AcceptProof {
        milestone: u16,
    },
    RequestCorrections {
        milestone: u16,
        note: String,
    },
    MarkDone {
        milestone: u16,
        note: String,
        files: Vec<FileRef>,
    },
    /// Without an amount: all that is left.
    Approve {
        milestone: u16,
        part_minor: Option<i64>,
    },
    RequestChanges {
        milestone: u16,
        failed: Vec<u16>,
        reason: String,
    },
    /// Vesicash: the buyer gives himself longer to check, once a delivery.
    ExtendInspection {
        milestone: u16,
        days: u8,
    },
    AskExtension {
        milestone: u16,
        due: Time,
        reason: String,
    },
    GrantExtension {
        milestone: u16,
    },
    RefuseExtension {
        milestone: u16,
    },
    /// Once a clock has given the buyer the right.
    Cancel {
        milestone: u16,
    },
    /// The seller gives money back. Without an amount: all that is left.
    Refund {
        milestone: u16,
        part_minor: Option<i64>,
    },
    /// The buyer asks to cancel everything that is open.
    RequestCancellation {
        reason: String,
    },
    WithdrawCancellation,
    /// The seller cancels everything that is open, asked or not.
    CancelAll {
        reason: String,
    },
    RefuseCancellation {
        reason: String,
    },
    OfferSettlement {
        splits: Vec<Split>,
        note: String,
    },
    AcceptSettlement {
        settlement: u16,
    },
    RefuseSettlement {
        settlement: u16,
    },
    WithdrawSettlement {
        settlement: u16,
    },
    OpenDispute {
        /// What is sought.
        claims: Vec<Split>,
        reason: String,
        failed: Vec<FailedCriterion>,
        files: Vec<FileRef>,
    },
    Statement {
        dispute: u16,
        text: String,
        files: Vec<FileRef>,
    },
    WithdrawDispute {
        dispute: u16,
    },
    /// The other side gives what is sought.
    Concede {
        dispute: u16,
    },
    Rule {
        dispute: u16,
        splits: Vec<Split>,
        reasons: String,
    },
    /// A second operator agrees to a ruling above the set sum.
    ConfirmRuling {
        dispute: u16,
    },
    ReturnRuling {
        dispute: u16,
        reason: String,
    },
    /// The arbiter whom the terms name won't decide.
    DeclineArbitration {
        reason: String,
    },
    /// A message to the other parties.
    Say {
        text: String,
        files: Vec<FileRef>,
    },
    /// All that is payable to the actor in a milestone, to his wallet.
    PayOut {
        milestone: u16,
    },
    Close,
    /// A deadline has passed.
    Lapse {
        waiting: Waiting,
        milestone: Option<u16>,
        since: Time,
    },
    /// A reminder has come due.
    Remind {
        waiting: Waiting,
        milestone: Option<u16>,
        since: Time,
        mark: Mark,
    },
}

impl Command {
    /// Its stored name: the `command` of its JSON.
    #[must_use]
    pub fn name(&self) -> String {
        let value = serde_json::to_value(self).ok();
        value.and_then(|value| Some(value.get("command")?.as_str()?.to_owned())).unwrap_or_default()
    }

    /// The milestone it is about, from 1, if about one.
    #[must_use]
    pub fn milestone(&self) -> Option<u16> {
        match self {
            Self::SubmitProof { milestone, .. }
            | Self::AcceptProof { milestone }
            | Self::RequestCorrections { milestone, .. }
            | Self::MarkDone { milestone, .. }
            | Self::Approve { milestone, .. }
            | Self::RequestChanges { milestone, .. }
            | Self::ExtendInspection { milestone, .. }
            | Self::AskExtension { milestone, .. }
            | Self::GrantExtension { milestone }
            | Self::RefuseExtension { milestone }
            | Self::Cancel { milestone }
            | Self::Refund { milestone, .. }
            | Self::PayOut { milestone } => Some(*milestone),
            Self::Lapse { milestone, .. }
            | Self::Remind { milestone, .. }
            | Self::Nudge { milestone, .. } => *milestone,
            Self::Propose { .. }
            | Self::Counter { .. }
            | Self::Accept { .. }
            | Self::Sign { .. }
            | Self::Decline { .. }
            | Self::Disown
            | Self::CorrectParty { .. }
            | Self::InviteAgain { .. }
            | Self::Withdraw
            | Self::StartCharge { .. }
            | Self::BuyByLink { .. }
            | Self::Claim { .. }
            | Self::ChargeSettled { .. }
            | Self::ChargeFailed { .. }
            | Self::RefundSettled { .. }
            | Self::RefundFailed { .. }
            | Self::RetryRefund { .. }
            | Self::RefundToWallet { .. }
            | Self::RequestCancellation { .. }
            | Self::WithdrawCancellation
            | Self::CancelAll { .. }
            | Self::RefuseCancellation { .. }
            | Self::OfferSettlement { .. }
            | Self::AcceptSettlement { .. }
            | Self::RefuseSettlement { .. }
            | Self::WithdrawSettlement { .. }
            | Self::OpenDispute { .. }
            | Self::Statement { .. }
            | Self::WithdrawDispute { .. }
            | Self::Concede { .. }
            | Self::Rule { .. }
            | Self::ConfirmRuling { .. }
            | Self::ReturnRuling { .. }
            | Self::DeclineArbitration { .. }
            | Self::Say { .. }
            | Self::Close => None,
        }
    }
}

/// What the rules need to know from outside the escrow, read inside the same write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether the actor's address is confirmed.
    pub email_confirmed: bool,
    /// Whether an operator lets the actor read and do nothing else.
    pub frozen: bool,
    /// Whether the actor's address stands here for somebody else: he is on two sides, whatever his account.
    pub address_takes_part: bool,
    /// Whether the actor accepted the newest terms of service.
    pub terms_of_service_accepted: bool,
    /// What the actor can spend from his wallet in the escrow's currency.
    pub wallet_available: Option<Money>,
    /// The smallest amount of the mode in the currency, in minor units.
    pub minimum_minor: i64,
    /// Above what is at stake in a dispute, in minor units, a second operator has to agree.
    pub second_operator_above_minor: i64,
    /// The providers by which money can go back as it came. None where the buyer wants it in his wallet.
    pub rails_that_refund: Vec<String>,
    /// When a one-off delivery is due whose work begins now: its days are those of the deal's own calendar.
    pub delivery_due: Option<Time>,
    /// Parties whose released money goes to their wallet at once.
    pub to_wallet_at_once: Vec<UserId>,
    /// What people and files are called in the contract of a version that the command makes.
    pub naming: Naming,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            email_confirmed: true,
            frozen: false,
            address_takes_part: false,
            terms_of_service_accepted: true,
            wallet_available: None,
            minimum_minor: 0,
            second_operator_above_minor: i64::MAX,
            rails_that_refund: Vec::new(),
            delivery_due: None,
            to_wallet_at_once: Vec::new(),
            naming: Naming::default(),
        }
    }
}

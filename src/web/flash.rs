//! The one sentence that the next page shows after something was done.
//!
//! It travels as a code in a cookie, so that nobody can make a page say words of their own, and a
//! page view writes nothing. To add a sentence, add a line to the table.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::view::{Icon, Tone};

const NAME: &str = "flash";

macro_rules! flashes {
    ($($name:ident $code:literal $tone:ident $words:literal)*) => {
        /// What can be said once.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Flash { $($name,)* }

        impl Flash {
            /// Every sentence there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code in the cookie.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            #[must_use]
            pub fn tone(self) -> Tone {
                match self { $(Self::$name => Tone::$tone,)* }
            }

            /// The sentence.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

flashes! {
    Saved "saved" Good "Saved."
    SignedOut "signed-out" Info "You are signed out."
    NothingSent "nothing-sent" Wait "You were signed out, so nothing was sent and nothing was changed. Sign in to go on where you were."
    SignedUp "signed-up" Good "We have written a mail with a link for you."
    AddressConfirmed "address-confirmed" Good "Your address is confirmed."
    PasswordChanged "password-changed" Good "Your password is changed. Every other session was signed out."
    AddressAsked "address-asked" Info "We have written a mail to the new address and one to the old. Open the links of both while you are signed in here."
    AddressHalf "address-half" Info "One mailbox has confirmed it. The address changes once the link in the other mail is opened too."
    AddressChanged "address-changed" Good "Your account has the new address. Sign in with it from now on. Every other device was signed out."
    AddressUndone "address-undone" Good "Your account has its earlier address again, and every device was signed out. We have written you a mail to choose a new password."
    PasswordReset "password-reset" Good "Your password is changed and every device was signed out. Sign in with the new one."
    SessionEnded "session-ended" Good "That session is signed out."
    OthersSignedOut "others-signed-out" Good "Every other session is signed out."
    OperatorReady "operator-ready" Good "Your account is made, and you are an operator of this portal."
    DraftSaved "draft-saved" Good "The draft is saved. Nobody else can see it yet."
    DraftDeleted "draft-deleted" Info "The draft is deleted."
    FileRemoved "file-removed" Info "The file is no longer attached."
    PaymentEnded "payment-ended" Info "The payment is ended. Nothing was paid by it, and nothing can be."
    PaymentOver "payment-over" Info "This payment already has its answer. Nothing was changed."
    PaymentSubmitted "payment-submitted" Wait "This payment was submitted and is being processed, so it can’t be ended. Its answer is on its way."
    ProviderNotReached "provider-not-reached" Bad "The payment provider did not answer, so the payment stays open. Try again in a moment."
    Proposed "proposed" Good "Sent. Everyone who takes part has been told by mail."
    Countered "countered" Good "Your terms are sent, as a new version. The others have been told by mail."
    Accepted "accepted" Good "You accepted the terms."
    Declined "declined" Info "You declined. Nobody can pay into this escrow any more."
    Disowned "disowned" Info "Thank you. Whoever sent it is told that it reached the wrong person."
    Withdrawn "withdrawn" Info "The escrow is withdrawn. Nothing was paid."
    Signed "signed" Good "You signed the contract."
    PaymentStarted "payment-started" Info "The payment is on its way. This page will show when it has arrived."
    ProofSubmitted "proof-submitted" Good "The proof is sent. The buyer has been told."
    ProofAccepted "proof-accepted" Good "You accepted the proof. The seller can deliver now."
    CorrectionsRequested "corrections-requested" Good "The seller has been told what to correct."
    Delivered "delivered" Good "Marked as delivered. The buyer has been told and the inspection has started."
    HandedOver "handed-over" Good "Delivered. The money is released to you, and the buyer has been told."
    Approved "approved" Good "Approved. The money is released."
    PartApproved "part-approved" Good "The part is released. The rest stays held, and the inspection goes on."
    Cancelled "cancelled" Good "Cancelled. The money is back in your wallet."
    Refunded "refunded" Good "Cancelled. Everything that was open goes back to the buyer."
    CancellationAsked "cancellation-asked" Good "The seller has been asked. Every other deadline stands still until there is an answer."
    CancellationRefused "cancellation-refused" Good "The buyer has been told that you don’t agree. Every deadline continues."
    CancellationWithdrawn "cancellation-withdrawn" Info "Your request is taken back. Every deadline continues."
    SettlementOffered "settlement-offered" Good "The offer is sent. Nothing moves unless the other side accepts."
    SettlementRefused "settlement-refused" Info "The other side has been told that you don’t accept. Nothing moved."
    SettlementWithdrawn "settlement-withdrawn" Info "The offer is taken back. Nothing moved."
    Settled "settled" Good "Settled. It is carried out."
    DisputeOpened "dispute-opened" Good "The dispute is open. Its money is frozen and the other side has been told."
    Stated "stated" Good "Your statement is added."
    DisputeWithdrawn "dispute-withdrawn" Info "The dispute is withdrawn. Every deadline continues."
    Conceded "conceded" Good "The dispute is over: what was sought is carried out."
    Ruled "ruled" Good "Decided. It is carried out."
    RulingPending "ruling-pending" Info "Decided. Above the set sum a second operator has to confirm it before anything moves."
    ArbitrationDeclined "arbitration-declined" Info "The parties are told. Holdfast’s operators decide instead of you."
    RulingReturned "ruling-returned" Info "Sent back. The dispute has to be decided again."
    PaidOut "paid-out" Good "The money is in your wallet."
    ChangesRequested "changes-requested" Good "The seller has been told what to change."
    ExtensionAsked "extension-asked" Good "Asked. The buyer has been told and has five days to answer."
    ExtensionGranted "extension-granted" Good "Granted. The new due date stands, and the others have been told."
    ExtensionRefused "extension-refused" Info "The agreed due date stays. Whoever asked has been told."
    InspectionExtended "inspection-extended" Good "You have longer to check. The seller has been told."
    GivenBack "given-back" Good "The money is back in the buyer’s wallet."
    GivenBackAsItCame "given-back-as-it-came" Good "Done. The money is on its way back to the card or account it came from."
    CancelledRefunding "cancelled-refunding" Good "Cancelled. The money is on its way back to the card or account you paid from."
    RefundSentAgain "refund-sent-again" Good "The refund was sent again."
    RefundInWallet "refund-in-wallet" Good "The money is in the wallet."
    MessageSent "message-sent" Good "Sent. The others have been told by mail."
    AlreadyDone "already-done" Info "This had already been done, so nothing was changed."
    Closed "closed" Good "The escrow is closed."
    AddressCorrected "address-corrected" Good "The address is corrected, and the invitation is sent there. The older link no longer works."
    Nudged "nudged" Good "The reminder is sent."
    InvitationSent "invitation-sent" Good "The invitation is sent again. The older link no longer works."
    Frozen "frozen" Info "The account is frozen, and its owner is told by mail."
    Unfrozen "unfrozen" Good "The account works again, and its owner is told by mail."
    FeeSet "fee-set" Good "The version is added. It applies to what is sent from its start on."
    TermsPublished "terms-published" Good "The terms are published. From their start on, whoever pays accepts them first."
    TermsAccepted "terms-accepted" Good "You accepted the terms of service. You can go on where you were."
    TermsAcceptedBefore "terms-accepted-before" Info "You have accepted the terms that stand."
    ClockMoved "clock-moved" Good "The clock has moved on. What came due is carried out now."
    Retried "retried" Good "It is tried again now."
    NoticeSettled "notice-settled" Good "The notice is marked as looked after. It stays in the list of all."
    NoticesRead "notices-read" Good "Marked as read."
    PurchaseTaken "purchase-taken" Good "The purchase stands in your account now. Later mails lead here."
    LinkMade "link-made" Good "The new link is ready. The one before it no longer works."
    LinkMailed "link-mailed" Good "The link is on its way by mail."
    CheckpointMade "checkpoint-made" Good "The checkpoint is made. Keep a copy away from this machine."
    CheckpointKeyMissing "checkpoint-key" Bad "This machine lacks the portal’s key, so no checkpoint is made."
    CheckpointBroken "checkpoint-broken" Bad "No checkpoint is made: the history is not what the last one covers. Run “holdfast doctor” and find out who changed it."
    FeeProposed "fee-proposed" Info "The version waits until another operator confirms it."
    FeeConfirmed "fee-confirmed" Good "The version is confirmed. It applies to what is sent from its start on."
    FeeDropped "fee-dropped" Info "The proposed version is dropped. Nothing has changed."
    FeeOwn "fee-own" Bad "Another operator must confirm what you proposed."
    MailSent "mail-sent" Info "If that address is known here, a mail is on its way to it."
}

impl Flash {
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|flash| flash.code() == code)
    }

    #[must_use]
    pub fn icon(self) -> Icon {
        match self.tone() {
            Tone::Good | Tone::Held => Icon::CircleCheck,
            Tone::Bad | Tone::Dispute => Icon::CircleAlert,
            Tone::Wait => Icon::TriangleAlert,
            Tone::Info | Tone::Neutral => Icon::Info,
        }
    }

    /// What the request brought along, if it is a sentence we know.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == NAME).and_then(|(_, code)| Self::from_code(code))
    }

    /// The cookie that carries the sentence to the next page. It holds no secret, and one minute is
    /// long enough for a redirect.
    #[must_use]
    pub fn cookie(self) -> HeaderValue {
        let cookie = format!("{NAME}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax", self.code());
        HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
    }

    /// The cookie that removes it again, once it was shown.
    #[must_use]
    pub fn gone() -> HeaderValue {
        HeaderValue::from_static("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_survives_the_redirect() {
        for flash in Flash::ALL {
            let mut headers = HeaderMap::new();
            let pair = format!("other=1; flash={}", flash.code());
            headers.insert(COOKIE, HeaderValue::from_str(&pair).unwrap());
            assert_eq!(Flash::of(&headers), Some(*flash));
            assert!(flash.cookie().to_str().unwrap().starts_with(&format!("flash={};", flash.code())));
        }
    }

    #[test]
    fn words_of_somebody_else_are_not_shown() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("flash=<b>Pay me</b>"));
        assert_eq!(Flash::of(&headers), None);
    }

    #[test]
    fn no_two_sentences_share_a_code() {
        let codes: std::collections::BTreeSet<_> = Flash::ALL.iter().map(|flash| flash.code()).collect();
        assert_eq!(codes.len(), Flash::ALL.len());
    }
}

//! Every column of the database, and whether somebody who changes it by hand is found out.

/// Tables and their columns that are derived again from events, or held against a digest that an event keeps.
pub const SEALED: &[(&str, &str)] = &[
    ("events", "escrow_id seq at kind milestone body hash"),
    (
        "escrows",
        "id reference title title_lower currency amount_minor stage seq head document next_at created_at updated_at
         disputed_since ruling_by",
    ),
    ("parties", "escrow_id user_id role email name salt told task task_by task_milestone over"),
    (
        "payments",
        "escrow_id user_id kind method state reason currency amount_minor milestone created_at settled_at refund attempt",
    ),
    (
        "entries",
        "escrow_id seq line from_account to_account currency amount_minor from_after to_after at",
    ),
    ("balances", "account kind currency user_id escrow_id amount_minor"),
    ("signatures", "escrow_id user_id version document_sha256 typed_name ip user_agent salt at"),
    ("files", "id escrow_id uploader name salt size sha256 media_type purpose"),
    ("pay_links", "hash escrow_id secret sealed"),
    ("contract_texts", "escrow_id version kind seq sha256 text"),
    ("notifications", "user_id escrow_id reference title"),
];

/// Columns that may change without anybody noticing, and why that harms nobody's deal.
pub const FREE: &[(&str, &str, &str)] = &[
    ("escrows", "title_search external_search", "written again where empty, and examined where not"),
    ("address_changes", "user_id email asked_at old_confirmed_at new_confirmed_at", "short-lived"),
    ("entries", "id", "a place in a list: their order within an escrow and within a wallet is examined"),
    ("payments", "id", "of charges it is examined; the others have a name that was drawn with the row"),
    (
        "payments",
        "provider_ref provider_page takes_back attempts tell_at last_error sent_twice_at end_at",
        "what the provider answered, which follows from no event yet: only its own statement shows a refund that went to
         another charge",
    ),
    ("files", "created_at draft_id", "when a form brought it, which no later than its event is examined"),
    ("pay_links", "created_at replaced_at", "when a link was made; that one works is examined"),
    ("notifications", "id notice created_at read_at", "what somebody was told once: the escrow's page says what holds"),
    ("contract_texts", "format language", "who wrote the text and in what language: the text itself is sealed"),
    ("contract_texts", "erased_at", "when a text was taken out whole; that the audit says so is examined"),
    (
        "security_log",
        "id at kind user_id ip network device request_id note",
        "what people and operators look through for half a year: no deal follows from it",
    ),
    (
        "fee_proposals",
        "id currency starts_at rules words created_by created_at settled_by settled_at confirmed",
        "what one operator asked for: what two have confirmed stands in the audit",
    ),
    ("audit", "id at operator act kind subject user_id note", "lines from before the chain, which has held them since"),
    ("drafts", "id user_id title fields created_at updated_at escrow_id counters counters_version", "not sent: nobody agreed to it"),
    ("idempotency", "user_id key input outcome at", "kept for days, so that a form counts once"),
    (
        "outbox",
        "id to_user to_address kind payload escrow_id state attempts next_at last_error created_at sent_at subject
         body_text body_html about urgent",
        "letters under way, and copies of those that were sent: their readers have the letters",
    ),
    (
        "notices_in",
        "id rail notice_id payment_id body outcome times received_at settled_at",
        "copies of what providers said: what came of it stands in events",
    ),
    ("notice_preferences", "user_id topic by_mail in_portal", "their owner changes them at will"),
    ("rehearsal", "id ahead_micros begun", "the clock of a rehearsal"),
    (
        "sessions",
        "id_hash public_id user_id data created_at seen_at expires_at ended_at device_hash ip user_agent",
        "short-lived",
    ),
    ("write_probe", "id written_at weight", "whether anything can be written"),
    ("throttle", "key_hash started_at ends_at count", "short-lived"),
    (
        "tokens",
        "hash purpose user_id email escrow_id created_at expires_at used_at replaced_at",
        "short-lived: secrets that were mailed",
    ),
    ("users", "id created_at claimed_at", "parties name the account by its id, and it is missed where it is gone"),
    ("users", "email guest_email email_confirmed_at", "a deal's own copy stands sealed in parties; whoever edits it by hand could take over the account, and no deal's history"),
    ("users", "name name_lower name_search time_zone country", "their owner changes it at will: a deal's own copy is sealed"),
    ("users", "to_wallet_at_once refunds_to_wallet", "their owner changes it at will: where money went stands in events"),
    ("users", "password_hash", "their owner changes it at will; whoever edits it by hand could take over the account, and no deal's history"),
    ("users", "terms_of_service_version terms_of_service_at", "asked before each payment; what was agreed in a deal stands in its events"),
    ("users", "identity_salt", "hides who is meant where an address is mixed into a digest that is short-lived"),
    ("sandbox_charges", "*", "another company's books"),
    ("sandbox_notices", "*", "another company's books"),
    ("sandbox_refunds", "*", "another company's books"),
    ("sandbox_settings", "*", "another company's books"),
];

/// Columns that follow from the operators' audit, which is a chain, and from checkpoints: see `chains.rs`.
pub const AUDITED: &[(&str, &str)] = &[
    ("users", "operator frozen_at frozen_because"),
    (
        "fee_schedules",
        "id currency starts_at percent fixed_minor min_minor max_minor created_by created_at smallest_minor
         smallest_instant_minor second_operator_above_minor",
    ),
    ("terms_of_service", "version starts_at text created_by created_at"),
    ("audit_events", "seq at operator act user_id body hash"),
    ("audit_head", "id seq head"),
    ("checkpoints", "number at body signature"),
    ("checkpoint_heads", "chain number seq head"),
];

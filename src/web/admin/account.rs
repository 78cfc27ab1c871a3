//! Accounts of the ledger in words: their keys are for machines.

/// "Held for the seller, milestone 2", from a key like `held/…/2/seller`. A line never breaks before the number.
#[must_use]
pub fn words(key: &str) -> String {
    let parts: Vec<&str> = key.split('/').collect();
    match parts[..] {
        ["held", _, number, share] => format!("Held for {}, milestone\u{a0}{number}", whom(share)),
        ["payable", _, number, share] => format!("Payable to {}, milestone\u{a0}{number}", whom(share)),
        ["wallet", _, _] => "Wallet".to_owned(),
        ["fees", _] => "Fees earned".to_owned(),
        ["suspense", _] => "On its way out again".to_owned(),
        ["clearing", rail, _] => format!("Outside, by way of {rail}"),
        _ => key.to_owned(),
    }
}

fn whom(share: &str) -> String {
    match share {
        "seller" => "the seller".to_owned(),
        "broker" => "the broker".to_owned(),
        "broker-on-top" => "the broker, on top".to_owned(),
        "platform" => "the platform".to_owned(),
        _ => match share.strip_prefix("payee-").and_then(|place| place.parse::<u16>().ok()) {
            Some(place) => format!("payee {}", place + 1),
            None => share.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_name_that_people_read() {
        assert_eq!(words("held/0197/2/seller"), "Held for the seller, milestone\u{a0}2");
        assert_eq!(words("payable/0197/1/payee-0"), "Payable to payee 1, milestone\u{a0}1");
        assert_eq!(words("wallet/0197/TND"), "Wallet");
        assert_eq!(words("clearing/sandbox/TND"), "Outside, by way of sandbox");
        assert_eq!(words("fx/TND"), "fx/TND");
    }
}

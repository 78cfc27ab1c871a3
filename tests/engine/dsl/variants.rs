//! The names of an enum's variants, as serde knows them: a list that nobody can forget to keep.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

/// The stored names of an internally tagged enum's variants, taken from what serde says to a wrong one.
pub fn variants<T: DeserializeOwned>(tag: &str) -> BTreeSet<String> {
    let wrong = serde_json::json!({ tag: "?" });
    let Err(error) = serde_json::from_value::<T>(wrong) else { panic!("`?` is no variant") };
    let said = error.to_string();
    let (_, names) = said.split_once("expected one of ").unwrap_or_else(|| panic!("{said}"));
    names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

/// The same of an enum whose variants carry nothing.
pub fn unit_variants<T: DeserializeOwned>() -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>("?".into()) else { panic!("`?` is no variant") };
    let said = error.to_string();
    let (_, names) = said.split_once("expected one of ").unwrap_or_else(|| panic!("{said}"));
    names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect()
}

/// The stored name of a value's variant.
pub fn variant_of<T: serde::Serialize>(tag: &str, value: &T) -> String {
    serde_json::to_value(value).unwrap()[tag].as_str().unwrap().to_owned()
}

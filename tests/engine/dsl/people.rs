//! Who acts.

use holdfast::engine::party::{Actor, Role, UserId};
use uuid::Uuid;

pub const BUYER: UserId = Uuid::from_u128(0xB0);
pub const SELLER: UserId = Uuid::from_u128(0x5E);
pub const BROKER: UserId = Uuid::from_u128(0xBC);
pub const PAYEE: UserId = Uuid::from_u128(0xE1);
pub const SECOND_PAYEE: UserId = Uuid::from_u128(0xE2);
pub const STRANGER: UserId = Uuid::from_u128(0x99);

pub const ARBITER: UserId = Uuid::from_u128(0xA4);

fn party(user: UserId, role: Role) -> Actor {
    Actor::Party { user, role }
}

pub fn buyer() -> Actor {
    party(BUYER, Role::Buyer)
}

pub fn seller() -> Actor {
    party(SELLER, Role::Seller)
}

pub fn broker() -> Actor {
    party(BROKER, Role::Broker)
}

pub fn payee() -> Actor {
    party(PAYEE, Role::Payee)
}

/// Somebody who holds a pay link: the store takes whoever has one for a buyer.
pub fn stranger() -> Actor {
    party(STRANGER, Role::Buyer)
}

pub fn operator() -> Actor {
    Actor::Operator { user: STRANGER }
}

pub fn second_operator() -> Actor {
    Actor::Operator { user: Uuid::from_u128(0x98) }
}

pub fn arbiter() -> Actor {
    Actor::Arbiter { user: ARBITER }
}

pub fn rail() -> Actor {
    Actor::Rail
}

pub fn clock() -> Actor {
    Actor::Clock
}

/// Everyone whom the rules tell apart.
pub fn everyone() -> [Actor; 7] {
    [buyer(), seller(), broker(), payee(), operator(), rail(), clock()]
}

/// The party of a role.
pub fn of_role(role: Role) -> Actor {
    match role {
        Role::Buyer => buyer(),
        Role::Seller => seller(),
        Role::Broker => broker(),
        Role::Payee => payee(),
    }
}

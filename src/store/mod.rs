//! Every INSERT, UPDATE and DELETE of the product; one file an aggregate.

pub mod db;
pub mod outbox;

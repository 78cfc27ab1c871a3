//! What people set for themselves.

pub mod address;
pub mod notifications;
pub mod profile;
pub mod security;
pub mod security_log;
pub mod sessions;

use axum::response::Redirect;

use super::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::new()
        .get("/settings", Access::SignedIn, async || Redirect::permanent("/settings/profile"))
        .merge(address::routes())
        .merge(notifications::routes())
        .merge(profile::routes())
        .merge(security::routes())
        .merge(security_log::routes())
        .merge(sessions::routes())
}

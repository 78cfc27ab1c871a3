//! What people set for themselves.

pub mod address;
pub mod notifications;
pub mod profile;
pub mod security;
pub mod security_log;
pub mod sessions;

use super::routes::Routes;

pub fn routes() -> Routes {
    Routes::new()
        .merge(address::routes())
        .merge(notifications::routes())
        .merge(profile::routes())
        .merge(security::routes())
        .merge(security_log::routes())
        .merge(sessions::routes())
}

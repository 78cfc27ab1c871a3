//! What people set for themselves.

pub mod profile;
pub mod security;
pub mod sessions;

use super::routes::Routes;

pub fn routes() -> Routes {
    Routes::new().merge(profile::routes()).merge(security::routes()).merge(sessions::routes())
}

//! The console of the operators. To everybody else there is no such page.

pub mod jobs;
pub mod mail;
pub mod users;

use super::routes::Routes;

pub fn routes() -> Routes {
    Routes::new().merge(mail::routes()).merge(jobs::routes()).merge(users::routes())
}

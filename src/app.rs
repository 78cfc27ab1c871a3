//! What every page and every worker is given: the one state of the program. Cheap to clone.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::password::Passwords;
use crate::store::db::Db;

#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub config: Arc<Config>,
    pub passwords: Passwords,
}

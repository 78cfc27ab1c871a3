//! What every page and every worker is given: the one state of the program. Cheap to clone.

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Config;
use crate::crowd::Crowd;
use crate::files::Files;
use crate::mail::transport::Mailer;
use crate::password::Passwords;
use crate::rails::Rails;
use crate::rails::sandbox::SandboxRail;
use crate::sandbox::Sandbox;
use crate::store::db::{Db, DbError};
use crate::store::execute::{Outcome, Request, execute};
use crate::store::probe::Probe;

#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub config: Arc<Config>,
    pub passwords: Passwords,
    pub mailer: Mailer,
    pub files: Files,
    pub rails: Rails,
    /// The provider of rehearsals, who has moved in for want of a house.
    pub sandbox: Sandbox,
    pub wake: Wake,
    pub probe: Probe,
    pub crowd: Crowd,
}

impl App {
    /// The state over an open database.
    ///
    /// # Errors
    /// One line about a setting that cannot be used.
    pub fn new(db: Db, clock: Clock, config: Config, passwords: Passwords) -> Result<Self, String> {
        let mailer = Mailer::new(&config)?;
        let files = Files::new(&config.data_dir, clock.clone());
        let wake = Wake::default();
        let sandbox = Sandbox::new(db.clone(), clock.clone(), &config, wake.clone());
        let rails = Rails::new(vec![Arc::new(SandboxRail::new(sandbox.clone(), config.public_url.clone()))]);
        let config = Arc::new(config);
        let (probe, crowd) = (Probe::default(), Crowd::default());
        Ok(Self { db, clock, config, passwords, mailer, files, rails, sandbox, wake, probe, crowd })
    }
}

impl App {
    /// Carries out a command and wakes the workers if it left them something to do.
    ///
    /// # Errors
    /// The database's; nothing was written then.
    pub async fn execute(&self, request: &Request) -> Result<Outcome, DbError> {
        let executed = execute(&self.db, &self.clock, request).await?;
        if executed.wake {
            self.wake.up();
        }
        Ok(executed.outcome)
    }
}

/// Tells the workers of this process that there is something to do, so that nobody waits for their
/// next look. Call it after the commit: before it there is nothing to see.
#[derive(Clone, Default)]
pub struct Wake(watch::Sender<()>);

impl Wake {
    pub fn up(&self) {
        self.0.send_replace(());
    }

    #[must_use]
    pub fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

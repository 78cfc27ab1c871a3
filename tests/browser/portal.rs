//! The real program, started on an empty folder and a spare port, and ended with the test.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use holdfast::all;
use holdfast::store::db::Db;
use holdfast::web::admin::mail::own_link;

/// How long anything may take before the test gives up. Two cores may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Portal {
    process: Option<Child>,
    port: u16,
    log: Arc<Log>,
    /// The single-use link that was printed at the first start.
    pub setup_link: String,
    /// Everybody's password in a demo.
    pub password: String,
    rehearses: bool,
    folder: Folder,
}

impl Portal {
    /// Starts the program on an empty folder.
    pub fn start() -> Self {
        let mut portal = Self::new();
        portal.begin("serve", 0);
        portal
    }

    /// Starts the program on an empty folder, for a rehearsal.
    pub fn rehearsal() -> Self {
        let mut portal = Self::new();
        portal.rehearses = true;
        portal.begin("serve", 0);
        portal
    }

    /// Starts the demo's world.
    pub fn demo() -> Self {
        let mut portal = Self::new();
        portal.begin("demo", 0);
        portal
    }

    fn new() -> Self {
        let (folder, log) = (Folder::new("portal"), Arc::new(Log::default()));
        let (setup_link, password) = (String::new(), String::new());
        Self { process: None, port: spare_port(), log, setup_link, password, rehearses: false, folder }
    }

    /// Ends the program as a supervisor does, and starts it again on the same data as if it were so
    /// many hours later.
    pub fn restart(&mut self, ahead_hours: u32) {
        self.end();
        self.begin("serve", ahead_hours);
    }

    pub fn home(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A file to attach, with this content.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Where the program keeps everything.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.0.join("data")
    }

    /// The link that the command line prints for another operator.
    pub fn operators_link(&self, email: &str) -> String {
        let mut command = program();
        command.args(["operator", "add", email]).env("HOLDFAST_DATA_DIR", self.data_dir());
        // A demo is a rehearsal here, and its database answers to nothing else.
        command.env("HOLDFAST_REHEARSAL", if self.password.is_empty() { "0" } else { "1" });
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let at = said.find("/setup/").unwrap_or_else(|| panic!("no link in {said:?}"));
        said[at..].trim().to_owned()
    }

    /// The link of the newest mail to this address whose subject holds these words. Waits for it.
    pub fn mailed_link(&self, to: &str, subject: &str) -> String {
        let head = format!("a mail for {to}: ");
        let is_it = |line: &str| line.split_once(&head).is_some_and(|(_, rest)| rest.contains(subject));
        let is_logged = self.log.lines.lock().unwrap().iter().any(|line| is_it(line));
        if let Some(link) = self.kept_link(to, subject).filter(|_| !is_logged) {
            return link;
        }
        let line = self.log.wait_for(is_it);
        let link = line.rsplit_once('(').and_then(|(_, link)| link.strip_suffix(')'));
        link.unwrap_or_else(|| panic!("no link in {line:?}")).to_owned()
    }

    /// The same of a mail that the program has kept: the log of a demo names none from before its start.
    fn kept_link(&self, to: &str, subject: &str) -> Option<String> {
        let url = format!("sqlite:{}", self.data_dir().join("holdfast.db").display());
        let to = to.to_owned();
        let read = async move {
            let db = Db::connect(&url).await.unwrap();
            let sql = "SELECT subject, body_text FROM outbox WHERE to_address = $1 AND state = 'sent' ORDER BY id DESC";
            all!(&mut db.read().await.unwrap().conn(), (String, String), sql, to.as_str()).unwrap()
        };
        // A thread of its own: whoever asks has a runtime already.
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mails = std::thread::spawn(move || runtime().block_on(read)).join().unwrap();
        let (_, text) = mails.iter().find(|(about, _)| about.contains(subject))?;
        Some(own_link(text, &self.home()).to_owned()).filter(|link| !link.is_empty())
    }

    /// The subjects of all mails to this address so far, in order.
    pub fn subjects(&self, to: &str) -> Vec<String> {
        let head = format!("a mail for {to}: ");
        let lines = self.log.lines.lock().unwrap();
        let rest = lines.iter().filter_map(|line| line.split_once(&head)).map(|(_, rest)| rest);
        rest.map(|rest| rest.rsplit_once(" (").map_or(rest, |(subject, _)| subject).to_owned()).collect()
    }

    fn begin(&mut self, what: &str, ahead_hours: u32) {
        let mut command = program();
        command
            .arg(what)
            .env("HOLDFAST_REHEARSAL", if what == "demo" || self.rehearses { "1" } else { "0" })
            .env("HOLDFAST_DATA_DIR", self.data_dir())
            .env("HOLDFAST_LISTEN", format!("127.0.0.1:{}", self.port))
            .current_dir(&self.folder.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if ahead_hours > 0 {
            command.arg("--ahead-hours").arg(ahead_hours.to_string());
        }
        let mut process = command.spawn().expect("the program starts");
        let (log, lines) = (self.log.clone(), BufReader::new(process.stderr.take().unwrap()).lines());
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| log.add(line)));
        let mut said = BufReader::new(process.stdout.take().unwrap());
        self.process = Some(process);
        self.read_announcement(&mut said, what == "demo");
        // Whatever else it says is nobody's business, but the pipe must not fill up.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    }

    fn read_announcement(&mut self, said: &mut BufReader<ChildStdout>, demo: bool) {
        let mut line = String::new();
        let is_last = |line: &str| match demo {
            true => line.contains("with the password "),
            false => line.contains("every mail can be read at"),
        };
        while !is_last(&line) {
            line.clear();
            let read = said.read_line(&mut line).unwrap();
            assert!(read > 0, "the program ended: {:#?}", self.log.lines.lock().unwrap());
            if let Some((_, rest)) = line.split_once("with the password ") {
                rest.split(' ').next().unwrap_or_default().clone_into(&mut self.password);
            }
            if line.contains("/setup/") {
                self.setup_link = line.trim().to_owned();
            }
        }
    }

    fn end(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        signal("TERM", &process.id().to_string());
        let status = process.wait().expect("the program ends");
        if !std::thread::panicking() {
            assert!(status.success(), "it ended with {status}: {:#?}", self.log.lines.lock().unwrap());
        }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.end();
    }
}

/// The program, with no setting of whoever runs the tests.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HOLDFAST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Sends a signal to a process, or to a group of them if the number is negative.
pub fn signal(name: &str, process: &str) {
    let _ = Command::new("kill").args(["-s", name, "--", process]).stderr(Stdio::null()).status();
}

/// A port on which nobody listens at this moment.
pub fn spare_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What the program wrote to its log, line by line.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

impl Log {
    fn add(&self, line: String) {
        self.lines.lock().unwrap().push(line);
        self.grown.notify_all();
    }

    /// The newest line like this, as soon as there is one.
    fn wait_for(&self, is_it: impl Fn(&str) -> bool) -> String {
        let found = |lines: &Vec<String>| lines.iter().rev().find(|line| is_it(line)).cloned();
        let lines = self.lines.lock().unwrap();
        let (lines, _) =
            self.grown.wait_timeout_while(lines, PATIENCE, |lines| found(lines).is_none()).unwrap();
        found(&lines).unwrap_or_else(|| panic!("the log never said it: {lines:#?}"))
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that goes away with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(what: &str) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("holdfast-{what}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Where screenshots go.
pub fn screenshots() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_holdfast"));
    let target = binary.ancestors().nth(2).expect("the program lies in the target folder");
    let folder = target.join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

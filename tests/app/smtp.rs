//! A real mail server beside the test: aiosmtpd, started and ended with it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

pub struct Smtp {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub port: u16,
}

impl Smtp {
    /// Nothing when there is no Python with aiosmtpd; `scripts/test` brings one and insists on it.
    pub fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("HOLDFAST_TEST_PYTHON") else {
            assert!(std::env::var_os("HOLDFAST_TEST_ALL").is_none(), "HOLDFAST_TEST_PYTHON is not set");
            eprintln!("skipped: there is no mail server to talk to; scripts/test brings one");
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/smtp.py");
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { child, lines, port: 0 };
        server.port = server.line().trim().parse().expect("the mail server says its port");
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The next mail that it took. Waits for it, so call it only when one was sent.
    pub fn mail(&mut self) -> Value {
        serde_json::from_str(&self.line()).expect("a mail as JSON")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

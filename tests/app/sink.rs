//! A mail server that takes everything as fast as it can, and is silent where a test wants it to be: it never
//! answers an address that begins with "silent@", and one that begins with "late@" only after two seconds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
pub struct Sink {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    asked: Vec<String>,
    taken: Vec<String>,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self { port: listener.local_addr().unwrap().port(), ..Self::default() };
        let seen = sink.seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.lock().unwrap().connections += 1;
                tokio::spawn(talk(stream, seen.clone()));
            }
        });
        sink
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// The addresses that mails were taken for, in the order in which they were taken.
    pub fn taken(&self) -> Vec<String> {
        self.seen.lock().unwrap().taken.clone()
    }

    /// Waits until it was asked to take a mail for this address, or at most so long.
    pub async fn is_asked_for(&self, address: &str, most: Duration) -> bool {
        until(most, || self.seen.lock().unwrap().asked.iter().any(|asked| asked == address)).await
    }

    /// Waits until it has taken a mail for this address, or at most so long.
    pub async fn takes(&self, address: &str, most: Duration) -> bool {
        until(most, || self.seen.lock().unwrap().taken.iter().any(|taken| taken == address)).await
    }
}

async fn until(most: Duration, holds: impl Fn() -> bool) -> bool {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(most, wait).await.is_ok()
}

async fn talk(stream: TcpStream, seen: Arc<Mutex<Seen>>) {
    stream.set_nodelay(true).unwrap();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut to = String::new();
    let mut in_message = false;
    write.write_all(b"220 sink\r\n").await.ok();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer: &[u8] = match line.as_str() {
            "." if in_message => {
                in_message = false;
                seen.lock().unwrap().taken.push(std::mem::take(&mut to));
                b"250 taken\r\n"
            }
            _ if in_message => continue,
            "DATA" => {
                in_message = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            line if line.starts_with("EHLO") => b"250-sink\r\n250 8BITMIME\r\n",
            line if line.starts_with("RCPT") => {
                to = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                seen.lock().unwrap().asked.push(to.clone());
                if to.starts_with("silent@") {
                    std::future::pending::<()>().await;
                }
                if to.starts_with("late@") {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
                b"250 ok\r\n"
            }
            _ => b"250 ok\r\n",
        };
        if write.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// A port of this machine that takes connections and never says a word.
pub async fn silent_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    port
}

//! A proxy between the browser and the portal, as there may be one anywhere, which can be told to get in the way.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::portal::Portal;

/// What it does with what it is meant to get in the way of.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    Passes,
    /// Answers forms itself, with this status and page.
    AnswersForms(&'static str, &'static str),
    /// Answers everything itself.
    AnswersAll(&'static str, &'static str),
    /// Breaks the connection while a form is still on its way.
    Cuts,
}

pub struct Proxy {
    port: u16,
    manner: Arc<Mutex<Manner>>,
}

/// What an nginx says by itself.
pub const TOO_LARGE: Manner = Manner::AnswersForms(
    "413 Request Entity Too Large",
    "<html><head><title>413 Request Entity Too Large</title></head><body><center><h1>413</h1></center></body></html>",
);
pub const BAD_GATEWAY: Manner = Manner::AnswersForms("502 Bad Gateway", "no answer from upstream");

const PORTAL_OF_A_HOTEL: &str = "<!doctype html><title>Welcome to our hotel</title>\
    <main><h1>Please accept our terms to go online</h1></main>";
pub const HOTEL: Manner = Manner::AnswersForms("200 OK", PORTAL_OF_A_HOTEL);
pub const HOTEL_EVERYWHERE: Manner = Manner::AnswersAll("200 OK", PORTAL_OF_A_HOTEL);

impl Proxy {
    /// Begins to pass everything on; ends with the test's process.
    pub fn before(portal: &Portal) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let manner = Arc::new(Mutex::new(Manner::Passes));
        let (told, behind) = (manner.clone(), portal.home().replace("http://", ""));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (told, behind) = (told.clone(), behind.clone());
                // A browser that hangs up is no fault.
                thread::spawn(move || drop(serve(client, &behind, &told)));
            }
        });
        Self { port, manner }
    }

    pub fn home(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn does(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}

/// One request of a connection, which is closed then.
fn serve(client: TcpStream, behind: &str, told: &Mutex<Manner>) -> io::Result<()> {
    let mut from = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if name == "content-length" {
            length = line.rsplit(':').next().and_then(|number| number.trim().parse().ok()).unwrap_or(0);
        }
        if name != "connection" && name != "upgrade-insecure-requests" {
            head.push(line);
        }
    }
    let is_form = head.first().is_some_and(|line| line.starts_with("POST "));
    let mut body = from.take(length);
    let manner = *told.lock().unwrap();
    match manner {
        Manner::Cuts if is_form => {
            // What was not read makes the system break the connection rather than end it.
            io::copy(&mut body.take(64 * 1024), &mut io::sink())?;
            return Ok(());
        }
        Manner::AnswersForms(status, page) if is_form => return answer(client, body, status, page),
        Manner::AnswersAll(status, page) => return answer(client, body, status, page),
        Manner::Passes | Manner::Cuts | Manner::AnswersForms(..) => {}
    }
    let mut portal = TcpStream::connect(behind)?;
    portal.write_all(head.concat().as_bytes())?;
    portal.write_all(b"Connection: close\r\n\r\n")?;
    // The portal may answer before it has read everything.
    let _ = io::copy(&mut body, &mut portal);
    io::copy(&mut portal, &mut &client)?;
    Ok(())
}

fn answer(mut client: TcpStream, mut body: impl Read, status: &str, page: &str) -> io::Result<()> {
    io::copy(&mut body, &mut io::sink())?;
    let length = page.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n");
    client.write_all(format!("{head}Connection: close\r\n\r\n{page}").as_bytes())
}

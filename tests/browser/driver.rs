//! ChromeDriver, and what WebDriver itself cannot do: widths of phones, the dark theme, whole pages as
//! pictures, the console.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use fantoccini::{Client, ClientBuilder};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::portal::{Folder, signal};

/// ChromeDriver, in a process group of its own: without that, browsers outlive a test that fails.
pub struct Driver {
    process: Child,
    address: String,
    _home: Folder,
}

impl Driver {
    /// Nothing when there is no ChromeDriver; `scripts/test` brings one and insists on it.
    pub fn start() -> Option<Self> {
        let home = Folder::new("driver");
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", &home.0)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut process) = started else {
            assert!(std::env::var_os("HOLDFAST_TEST_ALL").is_none(), "chromedriver does not start");
            eprintln!("skipped: there is no chromedriver; scripts/test brings one");
            return None;
        };
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "chromedriver ended before it said its port");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim().trim_end_matches('.').to_owned();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Self { process, address: format!("http://127.0.0.1:{port}"), _home: home })
    }

    /// A fresh browser: no cookie, no history, nobody in it. Without scripts it runs none of any page.
    pub async fn open(&self, scripts: bool) -> Window {
        let profile = Folder::new("profile");
        let mut arguments: Vec<String> = [
            "headless=new",
            "no-sandbox",
            "disable-gpu",
            "disable-quic",
            "disable-dev-shm-usage",
            "no-first-run",
            "disable-background-networking",
            "disable-component-update",
            "disable-sync",
            "force-color-profile=srgb",
            "hide-scrollbars",
            "lang=en",
            "window-size=1280,900",
        ]
        .map(|name| format!("--{name}"))
        .into();
        arguments.push(format!("--user-data-dir={}", profile.0.display()));
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": { "profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 } },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "pageLoad": 60_000, "script": 60_000 },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client =
            ClientBuilder::new(connector).capabilities(capabilities).connect(&self.address).await.unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        Window { client, session: format!("{}/session/{session}", self.address), _profile: profile }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        signal("KILL", &format!("-{}", self.process.id()));
        let _ = self.process.wait();
    }
}

/// One browser.
pub struct Window {
    pub client: Client,
    session: String,
    _profile: Folder,
}

impl Window {
    /// How wide the page is, in CSS pixels, as on a phone of that width.
    pub async fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700 });
        self.chrome("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// The dark theme or the light one, and no movement, so that no picture is taken in the middle of one.
    pub async fn dark(&self, is_dark: bool) {
        let scheme =
            json!({ "name": "prefers-color-scheme", "value": if is_dark { "dark" } else { "light" } });
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        let media = json!({ "features": [scheme, still] });
        self.chrome("Emulation.setEmulatedMedia", media).await;
    }

    /// A script that every page runs before its own.
    pub async fn at_every_page(&self, script: &str) {
        self.chrome("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// The whole page as a PNG, however long it is.
    pub async fn picture(&self) -> Vec<u8> {
        let size = self.chrome("Page.getLayoutMetrics", json!({})).await;
        let (width, height) = (&size["cssContentSize"]["width"], &size["cssContentSize"]["height"]);
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.chrome("Page.captureScreenshot", asked).await;
        data_encoding::BASE64.decode(picture["data"].as_str().unwrap().as_bytes()).unwrap()
    }

    /// What the console has said since it was last asked, if it is worse than a remark. A page that is
    /// refused on purpose is said there too, and is no fault of the page.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.post("se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        let is_bad = |entry: &&Value| entry["level"] == "SEVERE" || entry["level"] == "WARNING";
        let is_status = |line: &String| line.contains("the server responded with a status of 4");
        entries.iter().filter(is_bad).map(text).filter(|line| !is_status(line)).collect()
    }

    async fn chrome(&self, command: &str, parameters: Value) -> Value {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
        let request = hyper::Request::post(format!("{}/{path}", self.session))
            .header("content-type", "application/json")
            .body(Full::new(bytes::Bytes::from(body.to_string())))
            .unwrap();
        let response = client.request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }
}

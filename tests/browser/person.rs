//! Somebody in front of a browser: finds things by their words, as people do.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::json;

use crate::driver::{Driver, Window};
use crate::portal::{PATIENCE, Portal, screenshots};

pub struct Person {
    pub window: Window,
    home: String,
    /// What was wrong with the looks of pages, gathered so that one run tells all of it.
    pub faults: RefCell<Vec<String>>,
}

impl Person {
    pub async fn at(driver: &Driver, portal: &Portal) -> Self {
        Self::with(driver, portal, true).await
    }

    /// Somebody whose browser runs no scripts.
    pub async fn without_scripts(driver: &Driver, portal: &Portal) -> Self {
        Self::with(driver, portal, false).await
    }

    async fn with(driver: &Driver, portal: &Portal, scripts: bool) -> Self {
        Self { window: driver.open(scripts).await, home: portal.home(), faults: RefCell::default() }
    }

    /// Opens a page of the portal, or a link of a mail.
    pub async fn go(&self, place: &str) {
        let address = if place.starts_with('/') { format!("{}{place}", self.home) } else { place.to_owned() };
        self.window.client.goto(&address).await.unwrap();
    }

    /// The path of the page, with its query.
    pub async fn place(&self) -> String {
        let url = self.window.client.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.home).unwrap_or(url.as_str()).to_owned()
    }

    /// The status with which the page was answered.
    pub async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.window.client.execute(script, Vec::new()).await.unwrap().as_u64().unwrap()
    }

    /// All words of the page that can be seen.
    pub async fn words(&self) -> String {
        // A page that refreshes itself may be replaced between the two questions; then both are asked again.
        for _ in 0..50 {
            if let Ok(body) = self.window.client.find(Locator::Css("body")).await
                && let Ok(text) = body.text().await
            {
                return text;
            }
        }
        panic!("the page never stands still");
    }

    /// The texts that the page marks with an element, like `ins`.
    pub async fn marked(&self, element: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for found in self.window.client.find_all(Locator::Css(element)).await.unwrap() {
            texts.push(found.text().await.unwrap());
        }
        texts
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        let seen = async {
            // The page may be replaced by the next one at any moment, so a look may fail.
            loop {
                let body = self.window.client.find(Locator::Css("body")).await;
                if let Ok(body) = body
                    && body.text().await.is_ok_and(|text| text.contains(words))
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, seen).await.is_err() {
            self.picture("failed").await;
            panic!("{} never showed {words:?}, but: {}", self.place().await, self.words().await);
        }
    }

    /// That the page does not show these words.
    pub async fn misses(&self, words: &str) {
        let text = self.words().await;
        assert!(!text.contains(words), "{} shows {words:?}: {text}", self.place().await);
    }

    /// Opens the page again and again until it shows these words: for what happens by itself.
    pub async fn waits_for(&self, words: &str) {
        let shown = async {
            while !self.words().await.contains(words) {
                tokio::time::sleep(Duration::from_millis(200)).await;
                self.window.client.refresh().await.unwrap();
            }
        };
        if tokio::time::timeout(PATIENCE, shown).await.is_err() {
            panic!("{} never showed {words:?}, but: {}", self.place().await, self.words().await);
        }
    }

    /// Types into the field with this label, in place of what stood there. Where several have the same,
    /// the words of their group stand before it: `Milestone 1 / Amount`.
    pub async fn fill(&self, label: &str, value: &str) {
        let field = self.field(label).await;
        if field.attr("type").await.unwrap().as_deref() == Some("date") {
            // Typing a date depends on the browser's language; its value does not.
            let script = "arguments[0].value = arguments[1]";
            let arguments = vec![serde_json::to_value(&field).unwrap(), json!(value)];
            self.window.client.execute(script, arguments).await.unwrap();
            return;
        }
        field.clear().await.unwrap();
        field.send_keys(value).await.unwrap();
    }

    /// What stands in the field with this label.
    pub async fn typed(&self, label: &str) -> String {
        self.field(label).await.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Picks an entry of the list with this label, by its words.
    pub async fn choose(&self, label: &str, option: &str) {
        let path = format!(".//option[contains(normalize-space(.), {})]", quoted(option));
        let option = self.field(label).await.find(Locator::XPath(&path)).await;
        option.unwrap_or_else(|error| panic!("{label}: {error}")).click().await.unwrap();
    }

    /// Ticks or picks the box or button with this label.
    pub async fn tick(&self, label: &str) {
        self.label(label).await.click().await.unwrap();
    }

    /// Attaches a file to the field with this label.
    pub async fn attach(&self, label: &str, file: &Path) {
        self.field(label).await.send_keys(&file.to_string_lossy()).await.unwrap();
    }

    /// Presses the button, or follows the link, with these words.
    pub async fn press(&self, words: &str) {
        let quoted = quoted(words);
        // The page itself comes before its header and footer, and what only keyboards reach is left out.
        let test = format!("[contains(normalize-space(.), {quoted})][not(@aria-hidden = 'true')]");
        let paths = ["//main//button", "//main//a", "//button", "//a"].map(|path| format!("{path}{test}"));
        let element = self.find(&paths, &format!("nothing to press says {words:?}")).await;
        element.click().await.unwrap();
    }

    /// The first thing that can be seen by one of these paths, in their order; waits for it, since the
    /// page may still be on its way.
    async fn find(&self, paths: &[String], complaint: &str) -> Element {
        let found = async {
            loop {
                for path in paths {
                    let found = self.window.client.find_all(Locator::XPath(path)).await.unwrap_or_default();
                    for element in found {
                        if element.is_displayed().await.unwrap_or(false) {
                            return element;
                        }
                    }
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if let Ok(element) = tokio::time::timeout(PATIENCE, found).await {
            return element;
        }
        self.picture("failed").await;
        panic!("{complaint} at {}: {}", self.place().await, self.words().await);
    }

    /// A picture of the page, as it is now.
    pub async fn picture(&self, name: &str) {
        let png = self.window.picture().await;
        std::fs::write(screenshots().join(format!("{name}.png")), png).unwrap();
    }

    async fn field(&self, label: &str) -> Element {
        let id = self.label(label).await.attr("for").await.unwrap();
        let id = id.unwrap_or_else(|| panic!("the label {label:?} is of no field"));
        self.window.client.find(Locator::Id(&id)).await.unwrap()
    }

    async fn label(&self, words: &str) -> Element {
        let (group, label) = words.split_once(" / ").unwrap_or(("", words));
        let within = match group {
            "" => String::new(),
            group => format!("//fieldset[legend[contains(normalize-space(.), {})]]", quoted(group)),
        };
        let quoted = quoted(label);
        let tests =
            [format!("normalize-space(.) = {quoted}"), format!("starts-with(normalize-space(.), {quoted})")];
        let paths = tests.map(|test| format!("{within}//label[{test}]"));
        self.find(&paths, &format!("no label says {words:?}")).await
    }
}

impl Drop for Person {
    /// A test that fails somewhere else still tells what was wrong with the looks.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.faults.borrow().iter().for_each(|fault| eprintln!("{fault}"));
        }
    }
}

/// A text as XPath takes it.
fn quoted(text: &str) -> String {
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    if parts.len() == 1 { parts[0].clone() } else { format!("concat({})", parts.join(", \"'\", ")) }
}

//! Whether a page is fit to be shown: quiet, readable by everybody, and not wider than a phone.

use serde_json::Value;

use crate::person::Person;

/// The narrowest screen that must do.
const NARROWEST: u32 = 320;

impl Person {
    /// Looks at the page in every way in which people may, keeps the pictures, and puts up with no
    /// complaint of the console, nothing that has to be scrolled sideways, and no fault that axe-core knows.
    pub async fn inspects(&self, name: &str) {
        for (way, width, dark) in
            [("light", 1280, false), ("dark", 1280, true), ("phone", 375, false), ("phone-dark", 375, true)]
        {
            self.window.width(width).await;
            self.window.dark(dark).await;
            self.picture(&format!("{name}-{way}")).await;
            if width == 1280 {
                self.is_accessible(&format!("{name}, {way}")).await;
            }
        }
        self.window.width(NARROWEST).await;
        let script = "const page = document.documentElement; \
             return [...document.querySelectorAll('body *')] \
                 .filter(it => it.getBoundingClientRect().right > page.clientWidth + 1 && page.scrollWidth > page.clientWidth) \
                 .map(it => it.outerHTML.slice(0, 120))";
        let wide = self.window.client.execute(script, Vec::new()).await.unwrap();
        assert_eq!(wide, Value::Array(Vec::new()), "{name} is wider than {NARROWEST} pixels");
        self.window.width(1280).await;
        self.window.dark(false).await;
        self.is_quiet().await;
    }

    /// That the browser has nothing to complain about.
    pub async fn is_quiet(&self) {
        let complaints = self.window.complaints().await;
        assert!(complaints.is_empty(), "{}: {complaints:#?}", self.place().await);
    }

    /// That axe-core finds nothing; without axe-core nothing is looked for.
    async fn is_accessible(&self, what: &str) {
        let Some(path) = std::env::var_os("HOLDFAST_TEST_AXE") else {
            assert!(std::env::var_os("HOLDFAST_TEST_ALL").is_none(), "axe-core is not there");
            return;
        };
        let axe = std::fs::read_to_string(path).unwrap();
        self.window.client.execute(&axe, Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1]; \
             axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
                .then(found => done(found.violations.map(it => \
                    it.id + ': ' + it.help + ' — ' + it.nodes.map(node => node.html.slice(0, 160)).join(' | '))), \
                    error => done(['axe: ' + error]))";
        let faults = self.window.client.execute_async(script, Vec::new()).await.unwrap();
        assert_eq!(faults, Value::Array(Vec::new()), "{what}, at {}", self.place().await);
    }
}

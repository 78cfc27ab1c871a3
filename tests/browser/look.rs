//! Whether a page is fit to be shown: quiet, readable by everybody, and not wider than a phone.

use serde_json::Value;

use crate::person::Person;

/// The narrowest screen that must do.
pub const NARROWEST: u32 = 320;

impl Person {
    /// Looks at the page in every way in which people may, keeps the pictures, and notes each complaint of
    /// the console, whatever has to be scrolled sideways, and each fault that axe-core knows.
    pub async fn inspects(&self, name: &str) {
        for (way, width, dark) in
            [("light", 1280, false), ("dark", 1280, true), ("phone", 375, false), ("phone-dark", 375, true)]
        {
            self.window.width(width).await;
            self.window.dark(dark).await;
            self.picture(&format!("{name}-{way}")).await;
            if width == 1280 {
                self.note(&format!("{name}, {way}"), self.inaccessible().await);
            }
        }
        self.window.width(NARROWEST).await;
        self.note(&format!("{name}, {NARROWEST} pixels wide"), self.too_wide().await);
        self.window.width(1280).await;
        self.window.dark(false).await;
        self.note(name, self.window.complaints().await);
    }

    /// That nothing was wrong with the looks of any page so far.
    #[track_caller]
    pub fn saw_nothing_wrong(&self) {
        let faults = self.faults.borrow();
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    }

    fn note(&self, what: &str, faults: Vec<String>) {
        self.faults.borrow_mut().extend(faults.into_iter().map(|fault| format!("{what}: {fault}")));
    }

    /// What sticks out once everything that people wrote, and every amount, is as long as it may be: the pages mark
    /// such texts with `bdi` or `dir="auto"`. The page is no good for anything else afterwards.
    pub async fn too_wide_when_long(&self) -> Vec<String> {
        let script = "const word = 'Donaudampfschifffahrtselektrizitätenhauptbetrieb'; \
             const address = 'extraordinarily.long.address@subdomain.of-some-company.example.com'; \
             for (const it of document.querySelectorAll('main bdi, main [dir=auto]')) { \
                 if (it.matches('.money')) it.firstChild.textContent = '100,000,000,000.000 '; \
                 else if (it.matches('input, textarea, select') || /^ESC-/.test(it.textContent)) continue; \
                 else if (it.querySelector('bdi, a, code, time, table, input')) continue; \
                 else it.textContent = it.matches('[dir=ltr]') ? address : word; \
             }";
        self.window.client.execute(script, Vec::new()).await.unwrap();
        let mut faults = Vec::new();
        for width in [NARROWEST, 375, 720, 920, 1280] {
            self.window.width(width).await;
            let found = self.too_wide().await;
            faults.extend(found.into_iter().map(|fault| format!("{width} pixels, long texts: {fault}")));
        }
        faults
    }

    /// What sticks out of the page to the right.
    pub async fn too_wide(&self) -> Vec<String> {
        let script = "const page = document.documentElement; \
             if (page.scrollWidth <= page.clientWidth) return []; \
             return [...document.querySelectorAll('body *')] \
                 .filter(it => it.getBoundingClientRect().right > page.clientWidth + 1) \
                 .map(it => it.outerHTML.slice(0, 120))";
        texts(&self.window.client.execute(script, Vec::new()).await.unwrap())
    }

    /// What axe-core finds; without axe-core nothing is looked for.
    async fn inaccessible(&self) -> Vec<String> {
        let Some(path) = std::env::var_os("HOLDFAST_TEST_AXE") else {
            assert!(std::env::var_os("HOLDFAST_TEST_ALL").is_none(), "axe-core is not there");
            return Vec::new();
        };
        let axe = std::fs::read_to_string(path).unwrap();
        self.window.client.execute(&axe, Vec::new()).await.unwrap();
        let script = "const done = arguments[arguments.length - 1]; \
             axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
                .then(found => done(found.violations.map(it => \
                    it.id + ': ' + it.help + ' — ' + it.nodes.map(node => node.html.slice(0, 160)).join(' | '))), \
                    error => done(['axe: ' + error]))";
        texts(&self.window.client.execute_async(script, Vec::new()).await.unwrap())
    }
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().cloned().unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

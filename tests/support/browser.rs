//! A real browser, driven over WebDriver: Debian's Chromium and its driver, headless, with a fresh
//! profile and no background networking.
#![allow(dead_code, reason = "each test file uses its own part")]

use crate::support::Server;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long a page is waited for, at least, on a machine that does other work too.
const WAIT: Duration = Duration::from_secs(20);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(25);

/// One browser window.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a headless Chromium with a window of this size.
    pub(crate) fn start(width: u32, height: u32) -> Self {
        let chromium = crate::support::tool("chromium");
        let driver_path = crate::support::tool("chromedriver");
        let mut driver = Command::new(driver_path)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver");
        let lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("on port ")
                    .nth(1)
                    .and_then(|rest| rest.trim_end_matches('.').trim().parse::<u16>().ok())
                    .filter(|port| *port != 0)
            })
            .expect("chromedriver says its port");
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let profile = tempfile::tempdir().expect("a profile");
        let args = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": chromium, "args": args}
        }}});
        let base = format!("http://127.0.0.1:{port}/session");
        let mut answer = agent.post(&base).send_json(&wanted).expect("a session");
        let body: Value = answer.body_mut().read_json().expect("JSON");
        let id = body["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no browser session: {body}"))
            .to_owned();
        Self { driver, session: format!("{base}/{id}"), agent, _profile: profile }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Gives the driver's error, as it words it.
    fn try_post(&self, path: &str, body: &Value) -> Result<Value, Value> {
        let mut answer = self
            .agent
            .post(format!("{}{path}", self.session))
            .send_json(body)
            .expect("the driver answers");
        let mut body: Value = answer.body_mut().read_json().expect("JSON");
        let value = body["value"].take();
        if value["error"].is_null() { Ok(value) } else { Err(value) }
    }

    fn read(&self, path: &str) -> Value {
        let mut answer =
            self.agent.get(format!("{}{path}", self.session)).call().expect("the driver answers");
        answer.body_mut().with_config().limit(64 << 20).read_json::<Value>().expect("JSON")["value"]
            .clone()
    }

    /// Opens an address and waits until it has loaded.
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// A command of the browser's own protocol, for features that WebDriver lacks.
    pub(crate) fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// The session cookies, to sign in another browser.
    pub(crate) fn cookies(&self) -> Vec<Value> {
        self.read("/cookie").as_array().cloned().unwrap_or_default()
    }

    /// Signs in with the cookies of another browser. A page of the server must be open.
    pub(crate) fn take_cookies(&self, cookies: &[Value]) {
        for cookie in cookies {
            self.post("/cookie", &json!({"cookie": cookie}));
        }
    }

    /// Emulates a media preference, such as `("prefers-color-scheme", "dark")`; none:
    /// what the browser has by itself.
    pub(crate) fn emulate(&self, preferences: &[(&str, &str)]) {
        let features: Vec<Value> =
            preferences.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.cdp("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// A viewport as wide as this, in CSS pixels. A window of a desktop cannot be made as narrow as
    /// a telephone.
    pub(crate) fn viewport(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Switches the scripts of pages on or off, from the next page on. Reading the page with
    /// [`Self::eval`] works either way.
    pub(crate) fn scripts(&self, on: bool) {
        self.cdp("Emulation.setScriptExecutionDisabled", &json!({"value": !on}));
    }

    /// Presses keys, each as WebDriver spells it: a character, or a code of its private range.
    pub(crate) fn press(&self, keys: &[char]) {
        let strokes: Vec<Value> = keys
            .iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key})))
            .collect();
        self.post(
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]}),
        );
    }

    /// The current address.
    pub(crate) fn address(&self) -> String {
        self.read("/url").as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script in the page and returns its value.
    pub(crate) fn eval(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until a page has loaded whole in which the script returns true. On the way there the
    /// driver may refuse the script, because the page that it ran in was left.
    pub(crate) fn wait_until(&self, condition: &str) {
        let script = format!("if (document.readyState !== 'complete') return false; {condition}");
        let mut last = Ok(Value::Null);
        for _ in 0..WAIT.as_millis() / TRY_AGAIN_AFTER.as_millis() {
            last = self.try_post("/execute/sync", &json!({"script": script, "args": []}));
            if last == Ok(json!(true)) {
                return;
            }
            std::thread::sleep(TRY_AGAIN_AFTER);
        }
        panic!("{condition} did not come true, but {last:?}: {}", self.text());
    }

    /// Waits for the page of an address that a form or a script leads to.
    pub(crate) fn arrives(&self, address: &str) {
        self.wait_until(&format!("return location.href === {}", json!(address)));
    }

    /// Does something that leads to another page, and waits for it.
    pub(crate) fn follow(&self, act: impl FnOnce(&Self)) {
        self.eval("document.body.dataset.before = 1");
        act(self);
        self.wait_until("return !document.body.dataset.before");
    }

    /// Runs a script that leads to another page, and waits for it.
    pub(crate) fn follow_script(&self, script: &str) {
        self.follow(|browser| {
            browser.eval(script);
        });
    }

    /// Runs a script that calls its last argument when it is done, with its value.
    pub(crate) fn eval_async(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// The text of the page as a person sees it.
    pub(crate) fn text(&self) -> String {
        self.eval("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// A picture of the window, PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        let encoded = self.read("/screenshot");
        data_encoding::BASE64
            .decode(encoded.as_str().expect("a picture").as_bytes())
            .expect("base64")
    }

    /// A picture of the whole page, also of what lies below the window, PNG.
    pub(crate) fn whole_page(&self) -> Vec<u8> {
        let picture = self.cdp(
            "Page.captureScreenshot",
            &json!({"format": "png", "captureBeyondViewport": true}),
        );
        data_encoding::BASE64
            .decode(picture["data"].as_str().expect("a picture").as_bytes())
            .expect("base64")
    }

    /// The page on paper, PDF.
    pub(crate) fn print(&self) -> Vec<u8> {
        let printed = self.cdp("Page.printToPDF", &json!({"preferCSSPageSize": true}));
        data_encoding::BASE64
            .decode(printed["data"].as_str().expect("a document").as_bytes())
            .expect("base64")
    }

    /// Console messages since the last call, including script errors and violations of the content
    /// security policy.
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({"type": "browser"}));
        entries
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry["message"].as_str().map(str::to_owned))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A fresh browser, signed in to a tenant, at an address of the server.
pub(crate) fn at(server: &Server, tenant: &str, path: &str) -> Browser {
    let browser = Browser::start(1280, 1000);
    browser.open(&format!(
        "{}&next={}",
        server.sign_in[tenant].as_str().expect("a sign-in link"),
        percent(path)
    ));
    browser
}

pub(crate) fn percent(text: &str) -> String {
    text.bytes()
        .map(
            |b| {
                if b.is_ascii_alphanumeric() {
                    (b as char).to_string()
                } else {
                    format!("%{b:02X}")
                }
            },
        )
        .collect()
}

/// No script error, nothing refused by the browser, and no report of the content security policy.
pub(crate) fn quiet(browser: &Browser, server: &Server) {
    let console = browser.console();
    assert!(console.is_empty(), "script errors or refusals: {console:?}");
    let (_, _, health) = server.get("/healthz", &[]);
    let health: Value = serde_json::from_str(&health).unwrap_or_else(|_| panic!("{health}"));
    assert_eq!(health["cspReports"], 0, "{health}");
}

/// Stores a screenshot, if a folder for screenshots is configured.
pub(crate) fn picture(browser: &Browser, name: &str) {
    if let Some(dir) = std::env::var_os("CLAIMLEDGER_SCREENSHOTS") {
        std::fs::write(
            std::path::Path::new(&dir).join(format!("{name}.png")),
            browser.whole_page(),
        )
        .expect("writing a screenshot");
    }
}

/// What is on the screen, kept as a picture where a folder for pictures is named.
pub(crate) fn screen(browser: &Browser, name: &str) {
    if let Some(dir) = std::env::var_os("CLAIMLEDGER_SCREENSHOTS") {
        let path = std::path::Path::new(&dir).join(format!("{name}.png"));
        std::fs::write(path, browser.screenshot()).expect("writing a screenshot");
    }
}

/// A script's answer as texts.
pub(crate) fn strings(value: Value) -> Vec<String> {
    serde_json::from_value(value).expect("strings")
}

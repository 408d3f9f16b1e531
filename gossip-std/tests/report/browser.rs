//! A real Chromium without a window, driven by its command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::picture::Picture;

/// The names under which Chromium is installed.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// The page's width, in pixels.
pub const WIDTH: u32 = 1080;
/// The window's height, in pixels: more than any page needs.
pub const HEIGHT: u32 = 5000;
/// How long to wait for the browser before giving up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The reader's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// An installed browser.
pub struct Browser {
    program: PathBuf,
}

/// A folder for one start of the browser, deleted afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("report-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A helper process of the browser may still be writing; what it leaves is in `target`.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Browser {
    /// The installed browser. Without one it says so and is `None`, but where `CI` is set it fails.
    pub fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let programs = PROGRAMS
            .iter()
            .flat_map(|name| folders.iter().map(move |f| f.join(name)));
        let program = programs.into_iter().find(|program| program.is_file());
        if program.is_none() {
            let missing = "no browser: install the Debian package `chromium`";
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            println!("skipped: {missing}");
        }
        program.map(|program| Self { program })
    }

    /// What a script in the page finds out: it must call `tell` with an object.
    pub fn ask(&self, page: &str, script: &str) -> Result<Value, String> {
        // Characters that HTML would write differently are escaped as JSON allows.
        let tell = "<pre id=\"told\"></pre><script>function tell(what) {\
            document.getElementById('told').textContent = JSON.stringify(what).replace(\
            /[&<>\\u00a0]/g, c => '\\\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));}";
        let asking = format!("{page}{tell}\n{script}\n</script>");
        let output = self.open(&asking, "html", &["--dump-dom".to_owned()])?.0;
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = dom
            .split_once("<pre id=\"told\">")
            .and_then(|(_, rest)| rest.split_once("</pre>"));
        let (told, _) = told.ok_or("the page has no answer")?;
        serde_json::from_str(told).map_err(|error| format!("{error} in {told:?}"))
    }

    /// What is seen of a document (`html` or `svg`). Anything on the
    /// browser's console is an error.
    pub fn look(&self, document: &str, kind: &str, theme: Theme) -> Result<Picture, String> {
        let scheme = match theme {
            Theme::Light => 1,
            Theme::Dark => 0,
        };
        let arguments = [
            "--screenshot".to_owned(),
            format!("--blink-settings=preferredColorScheme={scheme}"),
        ];
        let (output, folder) = self.open(document, kind, &arguments)?;
        let log = String::from_utf8_lossy(&output.stderr);
        if let Some(line) = log.lines().find(|line| line.contains("CONSOLE")) {
            return Err(format!("on the console: {line}"));
        }
        Picture::read(&folder.0.join("screenshot.png"))
    }

    fn open(
        &self,
        document: &str,
        kind: &str,
        arguments: &[String],
    ) -> Result<(Output, Folder), String> {
        let folder = Folder::new();
        let file = folder.0.join(format!("report.{kind}"));
        fs::write(&file, document).map_err(|error| error.to_string())?;
        let child = Command::new(&self.program)
            .args(["--headless", "--disable-gpu", "--hide-scrollbars"])
            // Its sandbox does not work for root, and the page is our own.
            .args(["--no-sandbox", "--enable-logging=stderr"])
            .args(["--force-device-scale-factor=1", "--no-first-run"])
            .arg(format!("--window-size={WIDTH},{HEIGHT}"))
            .arg(format!(
                "--user-data-dir={}",
                folder.0.join("profile").display()
            ))
            .args(arguments)
            .arg(&file)
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let child = child.map_err(|error| format!("{}: {error}", self.program.display()))?;
        let output = finish(child)?;
        if output.status.success() {
            Ok((output, folder))
        } else {
            let log = String::from_utf8_lossy(&output.stderr);
            Err(format!("the browser failed with {}: {log}", output.status))
        }
    }
}

/// Waits for the end; a browser that hangs is killed.
fn finish(child: Child) -> Result<Output, String> {
    let pid = child.id();
    let waiting = thread::spawn(move || child.wait_with_output());
    let start = Instant::now();
    while !waiting.is_finished() {
        if start.elapsed() > PATIENCE {
            let _ = Command::new("kill").arg(pid.to_string()).status();
            return Err(format!("the browser did not end within {PATIENCE:?}"));
        }
        thread::sleep(Duration::from_millis(10));
    }
    let output = waiting.join().expect("the thread only waits");
    output.map_err(|error| error.to_string())
}

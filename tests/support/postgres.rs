//! A PostgreSQL server of the tests' own: a data directory under the system's temporary directory,
//! a Unix socket in it, and a port of the loopback interface. It ends with the process.
//!
//! Debian's `postgresql` has it (`scripts/install-test-tools.sh`). Without it these tests fail, as
//! every test that lacks something.

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// The administrator, and the password of every login over TCP.
pub(crate) const ADMIN: &str = "postgres";
pub(crate) const PASSWORD: &str = "correct-horse";

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server: a directory, and the process while it runs.
pub(crate) struct Server {
    dir: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    settings: Vec<String>,
    process: Option<Child>,
}

/// The server of this test binary.
pub(crate) fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[]))
}

/// Where Debian keeps the server's programs, which are not all in `PATH`.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<_> = versions
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin")))
        .filter(|(_, bin)| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin)
}

fn installed() -> PathBuf {
    programs()
        .filter(|_| program_exists("psql"))
        .expect("PostgreSQL is not installed: run scripts/install-test-tools.sh")
}

fn program_exists(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success())
}

/// The user that runs the server, where this is root: a server refuses to run as root.
fn unprivileged() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let out = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(out.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let user = ["postgres", "nobody"].iter().find(|user| id(&["-u", user]).is_some())?;
    Some((id(&["-u", user])?, id(&["-g", user])?))
}

impl Server {
    /// A new server with these settings (`name=value`).
    pub(crate) fn start(settings: &[&str]) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let bin = installed();
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let name = format!("claimledger-pg-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        let user = unprivileged();
        fs::write(dir.join("password"), PASSWORD).unwrap();
        if let Some((user, group)) = user {
            chown(&dir, Some(user), Some(group)).unwrap();
            chown(dir.join("password"), Some(user), Some(group)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut server = Self { dir, port, user, settings, process: None };
        let made = server
            .as_user(&bin.join("initdb"))
            .args(["--username", ADMIN, "--encoding", "UTF8", "--no-locale"])
            .args(["--auth-local", "trust", "--auth-host", "scram-sha-256"])
            .arg(format!("--pwfile={}", server.dir.join("password").display()))
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.resume();
        server
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn as_user(&self, program: &Path) -> Command {
        let Some((user, group)) = self.user else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command
            .args([format!("--reuid={user}"), format!("--regid={group}")])
            .args([OsStr::new("--clear-groups"), program.as_os_str()]);
        command
    }

    /// Starts the process, and waits until it accepts connections.
    pub(crate) fn resume(&mut self) {
        let bin = installed();
        // The shell waits for the end of its input, which ends with this process however that ends;
        // then it stops the server and, after a test's end, deletes the directory.
        let script = "\"$@\" & server=$!; read -r said; kill -QUIT $server; wait $server; \
                      [ \"$said\" = keep ] || rm -rf \"$DIR\"";
        let mut command = self.as_user(Path::new("/bin/sh"));
        command.args(["-c", script, "sh"]).arg(bin.join("postgres")).arg("-D").arg(self.data());
        command.env("DIR", &self.dir).current_dir(&self.dir);
        let socket = format!("unix_socket_directories={}", self.dir.display());
        let (port, listen) = (format!("port={}", self.port), "listen_addresses=127.0.0.1");
        for setting in
            [socket.as_str(), &port, listen, "max_connections=200", "track_commit_timestamp=on"]
        {
            command.args(["-c", setting]);
        }
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let log = fs::File::options().create(true).append(true).open(self.dir.join("log")).unwrap();
        // A signal to the process group of the tests must not end the shell before it cleans up.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        let began = Instant::now();
        while !self.psql_output("postgres", "SELECT 1").status.success() {
            assert!(began.elapsed() < PATIENCE, "{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the process without a shutdown checkpoint, as a crash does.
    pub(crate) fn stop(&mut self) {
        self.end("keep\n");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            assert!(began.elapsed() < PATIENCE, "it still listens");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn end(&mut self, said: &str) {
        let Some(mut process) = self.process.take() else { return };
        let input = process.stdin.take();
        let _ = input.map(|mut input| input.write_all(said.as_bytes()));
        let _ = process.wait();
    }

    /// The server's messages.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// The URL of a database for a login over the Unix socket, without a password.
    pub(crate) fn socket_url(&self, login: &str, database: &str) -> String {
        let (dir, port) = (self.dir.display(), self.port);
        format!("postgres://{login}@localhost:{port}/{database}?host={dir}")
    }

    /// The URL of a database for a login over TCP, with a password.
    pub(crate) fn tcp_url(&self, login: &str, password: &str, database: &str) -> String {
        format!("postgres://{login}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    fn psql_output(&self, database: &str, sql: &str) -> Output {
        Command::new("psql")
            .args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-U", ADMIN, "-d", database])
            .args(["-h".as_ref(), self.dir.as_os_str()])
            .args(["-p", &self.port.to_string(), "-c", sql])
            .output()
            .unwrap()
    }

    /// The certificate authority of [`Self::use_tls`].
    pub(crate) fn authority(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// Starts again with TLS, and a certificate for this host by an authority of its own.
    pub(crate) fn use_tls(&mut self, host: &str) {
        let script = format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
             -subj /CN=authority -keyout ca.key -out ca.pem && \
             openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={host} \
             -keyout server.key -out server.csr && \
             printf 'subjectAltName=DNS:{host}' >extensions && \
             openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile extensions -out server.pem && chmod 600 server.key"
        );
        let mut command = self.as_user(Path::new("/bin/sh"));
        let made = command.args(["-c", &script]).current_dir(&self.dir).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let file = |name: &str| self.dir.join(name).display().to_string();
        for (setting, value) in [
            ("ssl_cert_file", file("server.pem")),
            ("ssl_key_file", file("server.key")),
            ("ssl", "on".to_owned()),
        ] {
            self.psql("postgres", &format!("ALTER SYSTEM SET {setting} = '{value}'"));
        }
        self.stop();
        self.resume();
    }

    /// Runs SQL as the administrator.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let out = self.psql_output(database, sql);
        assert!(out.status.success(), "{sql}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end("end\n");
        let _ = fs::remove_dir_all(&self.dir);
    }
}

//! The emulator that live tests run against: ministack, in a virtual environment of its own, on a free loopback port.
//!
//! One instance serves the whole test binary. Tests are kept apart by account: a twelve-digit access key id is that
//! account's root.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_iam::config::{BehaviorVersion, Region};
use leasehold::aws::{AwsIssuer, AwsReader, Session, Settings};
use leasehold::domain::ident::RoleArn;
use leasehold::domain::secret::{Credentials, Secret};
use leasehold::domain::ttl::Ttl;
use leasehold::ports::{AssumeRole, Issuer as _};

/// The region of everything in the tests.
pub(crate) const REGION: &str = "ap-northeast-1";
const VERSION: &str = "1.5.33";
const HEALTHY_WITHIN: Duration = Duration::from_secs(60);

/// A running emulator.
pub(crate) struct Emulator {
    /// `http://127.0.0.1:<port>`.
    pub(crate) endpoint: String,
    /// Ends the emulator when its input is closed, which the system does even when this process is killed.
    _watcher: Child,
}

/// The shared instance; `None`, after saying so, when live tests are to be skipped. Use as
/// `let Some(emulator) = emulator::shared() else { return };`.
pub(crate) fn shared() -> Option<&'static Emulator> {
    static SHARED: OnceLock<Result<Emulator, String>> = OnceLock::new();
    if skips_live() {
        return None;
    }
    match SHARED.get_or_init(start) {
        Ok(emulator) => Some(emulator),
        Err(why) => panic!(
            "the emulator for live tests does not start: {why}\n\
             It needs python3 with venv, and a package index that pip can reach. \
             LEASEHOLD_SKIP_LIVE_TESTS=1 skips these tests."
        ),
    }
}

/// Whether tests that need more than this machine are skipped; says so where everybody sees it.
pub(crate) fn skips_live() -> bool {
    if is_set("LEASEHOLD_SKIP_LIVE_TESTS") {
        assert!(
            !is_set("LEASEHOLD_REQUIRE_LIVE"),
            "LEASEHOLD_SKIP_LIVE_TESTS is set where LEASEHOLD_REQUIRE_LIVE forbids skipping"
        );
        let test = std::thread::current().name().unwrap_or("a live test").to_owned();
        // Past the capture of the test harness: a skip that nobody sees is a lie.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: LEASEHOLD_SKIP_LIVE_TESTS is set");
        return true;
    }
    false
}

fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| !value.is_empty() && value != "0")
}

fn start() -> Result<Emulator, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("emulator-venv-{VERSION}"));
    let python = install(&home)?;
    let mut failures = Vec::new();
    for _ in 0..3 {
        match launch(&home, &python) {
            Ok(emulator) => return Ok(emulator),
            Err(failure) => failures.push(failure),
        }
    }
    Err(failures.join("\n"))
}

/// Makes the virtual environment once, however many test processes and quickstarts run at the same time.
fn install(home: &Path) -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/install.py");
    run(Command::new("python3").arg(script).arg(home))?;
    Ok(home.join("bin/python"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} failed ({}):\n{said}", output.status))
}

fn launch(home: &Path, python: &Path) -> Result<Emulator, String> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let port = port.map_err(|error| format!("no free port: {error}"))?.port();
    let log = home.join(format!("log-{}-{port}.txt", std::process::id()));
    let mut watcher = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/serve.py"))
        .arg(&log)
        .current_dir(home)
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_HOST", "127.0.0.1")
        .env("AUTH", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    let until = Instant::now() + HEALTHY_WITHIN;
    loop {
        let gone = watcher.try_wait().map_err(|error| error.to_string())?;
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        if let Some(status) = gone {
            return Err(format!("it ended at once ({status}):\n{}", said()));
        }
        if is_healthy(port) {
            return Ok(Emulator { endpoint: format!("http://127.0.0.1:{port}"), _watcher: watcher });
        }
        if Instant::now() > until {
            drop(watcher.stdin.take());
            let _ = watcher.wait();
            return Err(format!("it was not healthy within {HEALTHY_WITHIN:?}:\n{}", said()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_healthy(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Runs a future to its end on a small runtime; does not wait for a name that still resolves.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    output
}

/// A session against this endpoint.
pub(crate) async fn session(endpoint: &str, credentials: Credentials) -> Session {
    Session::load(Settings {
        region: Some(REGION.to_owned()),
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(credentials),
        ..Settings::default()
    })
    .await
    .expect("a session needs nothing but its settings")
}

/// Long-term keys.
pub(crate) fn keys(id: &str, secret: &str) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: Secret::new(secret.to_owned()),
        session_token: None,
        expires_at: None,
    }
}

/// A request for a role with nothing but what is required.
pub(crate) fn assume(role: &RoleArn) -> AssumeRole {
    AssumeRole {
        role_arn: role.clone(),
        session_name: "leasehold-test".to_owned(),
        ttl: Ttl::parse("15m").expect("valid"),
        external_id: None,
        source_identity: None,
        tags: std::collections::BTreeMap::new(),
        transitive_tag_keys: Vec::new(),
        policy: None,
        policy_arns: Vec::new(),
        mfa: None,
    }
}

/// An account that no other test uses.
pub(crate) struct Account {
    /// Its twelve digits.
    pub(crate) id: String,
    endpoint: &'static str,
}

impl Emulator {
    /// A new empty account.
    pub(crate) fn account(&'static self) -> Account {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Account { id: format!("2111{number:08}"), endpoint: &self.endpoint }
    }
}

impl Account {
    /// The ARN of a role in it.
    pub(crate) fn role_arn(&self, name: &str) -> RoleArn {
        RoleArn::parse(&format!("arn:aws:iam::{}:role/{name}", self.id)).expect("a valid ARN")
    }

    /// A session with these credentials.
    pub(crate) async fn session(&self, credentials: Credentials) -> Session {
        session(self.endpoint, credentials).await
    }

    /// A session of the account's root.
    pub(crate) async fn root(&self) -> Session {
        self.session(keys(&self.id, "test")).await
    }

    /// A reader with these credentials.
    pub(crate) async fn reader(&self, credentials: Credentials) -> AwsReader {
        AwsReader::new(&self.session(credentials).await)
    }

    /// An issuer with these credentials.
    pub(crate) async fn issuer(&self, credentials: Credentials) -> AwsIssuer {
        AwsIssuer::new(&self.session(credentials).await)
    }

    /// The plain IAM client of the account's root, for setting things up behind leasehold's back.
    pub(crate) fn iam(&self) -> aws_sdk_iam::Client {
        let config = aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .endpoint_url(self.endpoint)
            .credentials_provider(aws_sdk_iam::config::Credentials::new(&self.id, "test", None, None, "root"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        aws_sdk_iam::Client::from_conf(config)
    }

    /// The plain KMS client of the account's root.
    pub(crate) fn kms(&self) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .endpoint_url(self.endpoint)
            .credentials_provider(aws_sdk_kms::config::Credentials::new(&self.id, "test", None, None, "root"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        aws_sdk_kms::Client::from_conf(config)
    }

    /// Creates a role.
    pub(crate) async fn create_role(&self, name: &str, max_session_duration: i32, trust: &str) -> RoleArn {
        let created = self
            .iam()
            .create_role()
            .role_name(name)
            .max_session_duration(max_session_duration)
            .assume_role_policy_document(trust)
            .send()
            .await;
        let role = created.expect("IAM creates the role").role.expect("and gives it");
        RoleArn::parse(&role.arn).expect("a valid ARN")
    }

    /// A trust policy that admits this principal to these actions, with this `Condition` in JSON.
    pub(crate) fn trust(principal: &str, actions: &str, condition: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":{actions},"Condition":{condition}}}]}}"#
        )
    }

    /// The broker of the quickstart and its two targets: `VaultRunner` may read roles and assume any; `ProdAppReadOnly`
    /// (2 h) and `ProdAppRW` (1 h) trust it.
    pub(crate) async fn seed(&self) {
        let root = format!("arn:aws:iam::{}:root", self.id);
        self.create_role("VaultRunner", 3_600, &Self::trust(&root, r#""sts:AssumeRole""#, "{}")).await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","iam:GetRole","iam:ListRoles"],"Resource":"*"}]}"#;
        let put = self.iam().put_role_policy().role_name("VaultRunner").policy_name("issue").policy_document(policy);
        put.send().await.expect("IAM takes the policy");
        let broker = self.role_arn("VaultRunner");
        for (name, max) in [("ProdAppReadOnly", 7_200), ("ProdAppRW", 3_600)] {
            self.create_role(name, max, &Self::trust(broker.as_str(), r#""sts:AssumeRole""#, "{}")).await;
        }
    }

    /// Credentials of a session of this role, assumed by the account's root.
    pub(crate) async fn credentials_of(&self, role: &str) -> Credentials {
        let issuer = AwsIssuer::new(&self.root().await);
        issuer.assume_role(&assume(&self.role_arn(role))).await.expect("the emulator's root may assume").credentials
    }

    /// Creates a user with this inline policy, and a key.
    pub(crate) async fn user(&self, name: &str, policy: &str) -> Credentials {
        let iam = self.iam();
        iam.create_user().user_name(name).send().await.expect("IAM creates the user");
        let put = iam.put_user_policy().user_name(name).policy_name("p").policy_document(policy);
        put.send().await.expect("IAM takes the policy");
        let key = iam.create_access_key().user_name(name).send().await.expect("IAM creates the key");
        let key = key.access_key.expect("and gives it");
        keys(&key.access_key_id, &key.secret_access_key)
    }
}

//! A loopback server that answers as AWS does, or as a network does on a bad day.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// How many requests came before it.
    pub(crate) number: usize,
    /// `POST /`, `GET /latest/…`.
    pub(crate) line: String,
    /// The form's fields, `Action` among them, still percent-encoded.
    pub(crate) fields: BTreeMap<String, String>,
    /// Id of the access key that signed it, empty when nothing did.
    pub(crate) key: String,
}

impl Request {
    /// `AssumeRole`, `GetRole`, ….
    pub(crate) fn action(&self) -> &str {
        self.field("Action")
    }

    /// A field's value, empty when it is not there.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// What the server does.
pub(crate) enum Reply {
    /// A whole answer.
    Answer(u16, String),
    /// The connection ends after the request, without a byte.
    Reset,
    /// The answer says it is longer than what comes before the connection ends.
    Half(u16, String),
    /// An answer that says no length: it ends where the connection ends.
    Open(u16, String),
    /// An answer that begins so and goes on for this many bytes.
    Flood(String, usize),
    /// Nothing comes for this long, then the connection ends.
    Hang(Duration),
    /// Half of an answer comes, and for this long no more.
    Stall(Duration, String),
}

/// A running server; it ends with the test binary.
pub(crate) struct FaultServer {
    /// `http://127.0.0.1:<port>`.
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Request>>>,
    busiest: Arc<AtomicUsize>,
}

impl FaultServer {
    /// Answers every request as `behave` says.
    pub(crate) fn start(behave: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let busiest: Arc<AtomicUsize> = Arc::default();
        let now: Arc<AtomicUsize> = Arc::default();
        let behave = Arc::new(behave);
        let (all, peak) = (Arc::clone(&seen), Arc::clone(&busiest));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behave, all, peak, now) =
                    (Arc::clone(&behave), Arc::clone(&all), Arc::clone(&peak), Arc::clone(&now));
                std::thread::spawn(move || {
                    peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // A client that went away is not this thread's business.
                    let _ = serve(stream, &*behave, &all, &now);
                });
            }
        });
        Self { endpoint, seen, busiest }
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("no thread panics with it").clone()
    }

    /// The most requests that were under way at one time.
    pub(crate) fn busiest(&self) -> usize {
        self.busiest.load(Ordering::SeqCst)
    }
}

fn serve(
    mut stream: TcpStream,
    behave: &dyn Fn(&Request) -> Reply,
    seen: &Mutex<Vec<Request>>,
    now: &AtomicUsize,
) -> std::io::Result<()> {
    let read = read(&stream);
    let (line, fields, key) = match read {
        Ok(request) => request,
        Err(error) => {
            now.fetch_sub(1, Ordering::SeqCst);
            return Err(error);
        }
    };
    let request = {
        let mut seen = seen.lock().expect("no thread panics with it");
        let request = Request { number: seen.len(), line, fields, key };
        seen.push(request.clone());
        request
    };
    let reply = behave(&request);
    if let Reply::Hang(delay) = &reply {
        std::thread::sleep(*delay);
    }
    // Before the answer: the client may send its next request as soon as it has this one.
    now.fetch_sub(1, Ordering::SeqCst);
    match reply {
        Reply::Answer(status, body) => write(&mut stream, status, body.len(), &body),
        Reply::Stall(delay, body) => {
            write(&mut stream, 200, body.len(), &body[..body.len() / 2])?;
            std::thread::sleep(delay);
            Ok(())
        }
        Reply::Half(status, body) => write(&mut stream, status, body.len(), &body[..body.len() / 2]),
        Reply::Open(status, body) => {
            stream.write_all(head(status, None).as_bytes())?;
            stream.write_all(body.as_bytes())
        }
        Reply::Flood(begin, length) => {
            stream.write_all(head(200, Some(begin.len() + length)).as_bytes())?;
            stream.write_all(begin.as_bytes())?;
            let part = [b'A'; 1 << 16];
            (0..length / part.len()).try_for_each(|_| stream.write_all(&part))
        }
        Reply::Reset | Reply::Hang(_) => Ok(()),
    }
}

fn read(stream: &TcpStream) -> std::io::Result<(String, BTreeMap<String, String>, String)> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let request_line = first.split(" HTTP/").next().unwrap_or_default().to_owned();
    let mut length = 0;
    let mut key = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        if let Some((_, signed)) = line.split_once("Credential=") {
            key = signed.split('/').next().unwrap_or_default().to_owned();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let fields = body.split('&').filter_map(|field| field.split_once('='));
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok((request_line, fields, key))
}

fn write(stream: &mut TcpStream, status: u16, length: usize, body: &str) -> std::io::Result<()> {
    stream.write_all(head(status, Some(length)).as_bytes())?;
    stream.write_all(body.as_bytes())
}

fn head(status: u16, length: Option<usize>) -> String {
    let length = length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
    format!(
        "HTTP/1.1 {status} x\r\nContent-Type: text/xml\r\nx-amzn-RequestId: req-7\r\n\
         x-aws-ec2-metadata-token-ttl-seconds: 600\r\n{length}Connection: close\r\n\r\n"
    )
}

/// The account of all answers below.
pub(crate) const ACCOUNT: &str = "111122223333";

/// An error as STS and IAM write it.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::Answer(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             </ErrorResponse>"
        ),
    )
}

/// `sts:GetCallerIdentity`.
pub(crate) fn identity() -> String {
    format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{ACCOUNT}:user/ci</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

/// `sts:AssumeRole`, with this secret and this expiry.
pub(crate) fn assumed(secret: &str, expiration: &str) -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId>\
         <Arn>arn:aws:sts::{ACCOUNT}:assumed-role/app/s</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>ASIAEXAMPLE000000000</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>token</SessionToken><Expiration>{expiration}</Expiration></Credentials>\
         <PackedPolicySize>6</PackedPolicySize></AssumeRoleResult></AssumeRoleResponse>"
    )
}

/// One role with this trust policy, as IAM encodes it.
pub(crate) fn role(name: &str, encoded_trust: &str) -> String {
    format!(
        "<Path>/</Path><RoleName>{name}</RoleName><RoleId>AROA{name}</RoleId>\
         <Arn>arn:aws:iam::{ACCOUNT}:role/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
         <AssumeRolePolicyDocument>{encoded_trust}</AssumeRolePolicyDocument>\
         <MaxSessionDuration>3600</MaxSessionDuration>"
    )
}

/// `iam:GetRole`.
pub(crate) fn got(role: &str) -> String {
    format!("<GetRoleResponse><GetRoleResult><Role>{role}</Role></GetRoleResult></GetRoleResponse>")
}

/// One page of `iam:ListRoles`; `IsTruncated` when there is a marker.
pub(crate) fn page(roles: &[String], marker: Option<&str>) -> String {
    let members: String = roles.iter().map(|role| format!("<member>{role}</member>")).collect();
    let rest = match marker {
        Some(marker) => format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"),
        None => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    format!("<ListRolesResponse><ListRolesResult>{rest}<Roles>{members}</Roles></ListRolesResult></ListRolesResponse>")
}

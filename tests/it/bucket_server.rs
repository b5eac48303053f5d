//! A loopback server that is one S3 bucket: the four operations that a state needs, with S3's conditions, in S3's words. It
//! can lose messages, answer with an error instead, and lie about conditions.
//!
//! What it does is what the S3 documentation says and not what S3 was seen to do. It checks no signatures.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use leasehold::domain::digest::Digest;

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// How many requests came before it.
    pub(crate) number: usize,
    /// `GET`, `PUT` or `DELETE`.
    pub(crate) method: String,
    /// The object's key; empty for a list.
    pub(crate) key: String,
    /// The query's fields, decoded.
    pub(crate) query: BTreeMap<String, String>,
    /// The headers, names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Asked {
    /// Whether it would change something.
    pub(crate) fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// A header's value, empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Method and key, or what is listed.
    pub(crate) fn line(&self) -> String {
        match self.query.get("prefix") {
            Some(prefix) if self.key.is_empty() => format!("LIST {prefix}"),
            _ => format!("{} {}", self.method, self.key),
        }
    }
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Good,
    /// It is lost on the way: nothing is done, and the connection ends.
    LoseRequest,
    /// It is done, and the connection ends without an answer.
    LoseReply,
    /// Nothing is done, and this status and error code are answered.
    Refuse(u16, &'static str),
    /// It is done without looking at its conditions.
    IgnoreConditions,
    /// The answer's body ends early, its length left out.
    CutShort,
    /// The answer comes without an entity tag.
    NoTag,
    /// One byte of the object is another than was stored.
    Damage,
}

type Fates = dyn Fn(&Asked) -> Fate + Send + Sync;

struct Stored {
    bytes: Vec<u8>,
    tag: String,
    checksum: Option<String>,
}

struct Bucket {
    objects: BTreeMap<String, Stored>,
    asked: Vec<Asked>,
    page: usize,
}

/// A running server; it ends with the test binary.
pub(crate) struct BucketServer {
    /// `http://127.0.0.1:<port>`.
    pub(crate) endpoint: String,
    bucket: Arc<Mutex<Bucket>>,
}

/// The bucket's name. Another bucket is one that does not exist.
pub(crate) const BUCKET: &str = "team-state";

/// Keys on a page unless told otherwise, fewer than S3 gives, so that lists have several.
const PAGE: usize = 3;

impl BucketServer {
    /// An empty bucket whose every request is answered.
    pub(crate) fn start() -> Self {
        Self::with(|_| Fate::Good)
    }

    /// An empty bucket whose requests fare as `fate` says.
    pub(crate) fn with(fate: impl Fn(&Asked) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let bucket = Bucket { objects: BTreeMap::new(), asked: Vec::new(), page: PAGE };
        let bucket = Arc::new(Mutex::new(bucket));
        let (shared, fate): (_, Arc<Fates>) = (Arc::clone(&bucket), Arc::new(fate));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (bucket, fate) = (Arc::clone(&shared), Arc::clone(&fate));
                std::thread::spawn(move || {
                    // A client that went away is not this thread's business.
                    let _ = serve(&stream, &bucket, &*fate);
                });
            }
        });
        Self { endpoint, bucket }
    }

    /// The same, with so many keys on a page.
    pub(crate) fn with_pages_of(self, page: usize) -> Self {
        lock(&self.bucket).page = page;
        self
    }

    /// The URL of a state in it.
    pub(crate) fn url(&self, prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}?region=eu-central-1&endpoint={}", self.endpoint)
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.bucket).asked.clone()
    }

    /// What is asked from now on.
    pub(crate) fn forget(&self) {
        lock(&self.bucket).asked.clear();
    }

    /// Puts an object behind everybody's back.
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        let stored = Stored { bytes: bytes.to_vec(), tag: tag_of(bytes), checksum: None };
        lock(&self.bucket).objects.insert(key.to_owned(), stored);
    }

    /// The keys and bytes of all objects.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        lock(&self.bucket).objects.iter().map(|(key, stored)| (key.clone(), stored.bytes.clone())).collect()
    }
}

fn lock(bucket: &Mutex<Bucket>) -> MutexGuard<'_, Bucket> {
    bucket.lock().expect("no thread panics with it")
}

/// As with S3's own, equal bytes have equal tags.
fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", &Digest::of_bytes(bytes).as_str()["sha256:".len()..][..32])
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn refuse(status: u16, code: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>told by the double</Message>\
         <RequestId>req-7</RequestId></Error>"
    );
    Answer { status, headers: vec![("content-type", "application/xml".to_owned())], body: body.into_bytes() }
}

fn serve(stream: &TcpStream, bucket: &Mutex<Bucket>, fate: &Fates) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some((mut asked, body)) = read(&mut reader, stream)? {
        {
            let mut bucket = lock(bucket);
            asked.number = bucket.asked.len();
            bucket.asked.push(asked.clone());
        }
        let fate = fate(&asked);
        let mut answer = match &fate {
            Fate::LoseRequest => return Ok(()),
            Fate::Refuse(status, code) => refuse(*status, code),
            fate => act(&mut lock(bucket), &asked, &body, *fate == Fate::IgnoreConditions),
        };
        match fate {
            Fate::LoseReply => return Ok(()),
            Fate::CutShort => {
                let half = &answer.body[..answer.body.len() / 2];
                let mut out = stream;
                write!(out, "HTTP/1.1 {} x\r\nconnection: close\r\n\r\n", answer.status)?;
                return out.write_all(half);
            }
            Fate::NoTag => answer.headers.retain(|(name, _)| *name != "etag"),
            Fate::Damage => answer.body.iter_mut().take(1).for_each(|byte| *byte ^= 1),
            _ => {}
        }
        write_answer(stream, &answer)?;
    }
    Ok(())
}

fn write_answer(mut stream: &TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} x\r\nx-amz-request-id: req-7\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if answer.status != 204 {
        head += &format!("content-length: {}\r\n", answer.body.len());
    }
    let mut whole = (head + "\r\n").into_bytes();
    whole.extend_from_slice(&answer.body);
    stream.write_all(&whole)
}

/// Does what is asked, all of it under the bucket's lock.
fn act(bucket: &mut Bucket, asked: &Asked, body: &[u8], ignore_conditions: bool) -> Answer {
    if asked.header("x-test-bucket") != BUCKET {
        return refuse(404, "NoSuchBucket");
    }
    if asked.method == "GET" && asked.key.is_empty() {
        return list(bucket, &asked.query);
    }
    let present = bucket.objects.get(&asked.key);
    let condition = match (asked.header("if-none-match"), asked.header("if-match"), present) {
        _ if ignore_conditions => None,
        ("*", _, Some(_)) => Some((412, "PreconditionFailed")),
        ("", "", _) | ("*", "", None) => None,
        (_, "*", Some(_)) => None,
        (_, wanted, Some(stored)) if !wanted.is_empty() && stored.tag == wanted => None,
        (_, wanted, Some(_)) if !wanted.is_empty() => Some((412, "PreconditionFailed")),
        (_, wanted, None) if !wanted.is_empty() => Some((404, "NoSuchKey")),
        _ => Some((501, "NotImplemented")),
    };
    if let Some((status, code)) = condition {
        return refuse(status, code);
    }
    match (asked.method.as_str(), present) {
        ("GET", None) => refuse(404, "NoSuchKey"),
        ("GET", Some(Stored { bytes, tag, checksum })) => {
            let mut headers = vec![("etag", tag.clone())];
            headers.extend(checksum.iter().map(|sum| ("x-amz-checksum-crc32", sum.clone())));
            Answer { status: 200, headers, body: bytes.clone() }
        }
        ("PUT", _) => {
            let sum = asked.headers.get("x-amz-checksum-crc32").cloned();
            let stored = Stored { bytes: body.to_vec(), tag: tag_of(body), checksum: sum };
            let headers = vec![("etag", stored.tag.clone())];
            bucket.objects.insert(asked.key.clone(), stored);
            Answer { status: 200, headers, body: Vec::new() }
        }
        ("DELETE", _) => {
            bucket.objects.remove(&asked.key);
            Answer { status: 204, headers: Vec::new(), body: Vec::new() }
        }
        _ => refuse(405, "MethodNotAllowed"),
    }
}

fn list(bucket: &Bucket, query: &BTreeMap<String, String>) -> Answer {
    let field = |name: &str| query.get(name).map_or("", String::as_str);
    let (prefix, after) = (field("prefix"), field("continuation-token"));
    let page = field("max-keys").parse().unwrap_or(1_000).min(bucket.page);
    let from_there = bucket.objects.range(prefix.max(after).to_owned()..).map(|(key, _)| key);
    let mut keys = from_there.take_while(|key| key.starts_with(prefix)).filter(|key| key.as_str() > after);
    let shown: Vec<&String> = keys.by_ref().take(page).collect();
    let contents: String =
        shown.iter().map(|key| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>")).collect();
    let rest = match (keys.next(), shown.last()) {
        (Some(_), Some(last)) => {
            format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{last}</NextContinuationToken>")
        }
        _ => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult><Name>{BUCKET}</Name><KeyCount>{}</KeyCount>{rest}\
         {contents}</ListBucketResult>",
        shown.len()
    );
    Answer { status: 200, headers: vec![("content-type", "application/xml".to_owned())], body: body.into_bytes() }
}

/// The next request of a connection; `None` when it ended.
fn read(reader: &mut BufReader<&TcpStream>, mut stream: &TcpStream) -> std::io::Result<Option<(Asked, Vec<u8>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_matches('/'), ""));
    let fields = query.split('&').filter(|field| !field.is_empty());
    let fields = fields.map(|field| field.split_once('=').unwrap_or((field, "")));
    let mut headers = BTreeMap::from([("x-test-bucket".to_owned(), bucket.to_owned())]);
    let asked_query = fields.map(|(name, value)| (decoded(name), decoded(value))).collect();
    let (method, key) = (method.to_owned(), decoded(key));
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.get("expect").is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    assert!(!headers.contains_key("transfer-encoding"), "this double reads bodies with a length only");
    Ok(Some((Asked { number: 0, method, key, query: asked_query, headers }, body)))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: Option<u8>| char::from(byte.unwrap_or(0)).to_digit(16).unwrap_or(0) as u8;
        bytes.push(if byte == b'%' { hex(rest.next()) << 4 | hex(rest.next()) } else { byte });
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// Sends one request as any client would, and answers status, headers and body as they came.
fn ask(server: &BucketServer, request: &str, headers: &str, body: &str) -> String {
    let address = server.endpoint.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(stream, "{request} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}").expect("sent");
    stream.shutdown(std::net::Shutdown::Write).expect("still open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}

#[test]
fn the_double_honours_conditions_as_s3_documents_them() {
    let server = BucketServer::start();
    let path = format!("/{BUCKET}/p/head.json");
    let (put, get, delete) = (format!("PUT {path}"), format!("GET {path}"), format!("DELETE {path}"));
    let (one, two) = (tag_of(b"1"), tag_of(b"2"));
    let status = |request: &str, headers: &str, body: &str| ask(&server, request, headers, body)[9..12].to_owned();
    let if_match = |tag: &str| format!("If-Match: {tag}\r\n");
    assert_eq!(status(&get, "", ""), "404");
    assert_eq!(status(&put, &if_match(&one), "2"), "404", "nothing to replace");
    assert_eq!(status(&put, "If-None-Match: *\r\n", "1"), "200");
    assert_eq!(status(&put, "If-None-Match: *\r\n", "1"), "412");
    assert_eq!(status(&put, &if_match(&two), "2"), "412");
    assert_eq!(status(&put, &if_match(&one), "2"), "200");
    assert!(ask(&server, &get, "", "").ends_with("\r\n\r\n2"));
    assert_eq!(status(&delete, &if_match(&one), ""), "412");
    assert_eq!(status(&delete, &if_match(&two), ""), "204");
    assert_eq!(status(&delete, &if_match(&two), ""), "404", "S3 answers so where a condition was given");
    assert_eq!(status(&delete, "", ""), "204");
    assert_eq!(status("GET /another/p/head.json", "", ""), "404");
}

#[test]
fn the_double_lists_page_by_page_in_order() {
    let server = BucketServer::start();
    for key in ["p/d", "p/b", "q/x", "p/a", "p/c"] {
        server.put(key, b"");
    }
    let first = ask(&server, &format!("GET /{BUCKET}/?list-type=2&prefix=p%2F"), "", "");
    assert!(first.contains("<Key>p/a</Key>") && first.contains("<Key>p/c</Key>") && !first.contains("p/d"), "{first}");
    assert!(first.contains("<NextContinuationToken>p/c<"), "{first}");
    let last = ask(&server, &format!("GET /{BUCKET}/?list-type=2&prefix=p%2F&continuation-token=p%2Fc"), "", "");
    assert!(last.contains("<Key>p/d</Key>") && last.contains("<IsTruncated>false<") && !last.contains("q/x"), "{last}");
}

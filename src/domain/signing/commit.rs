use super::Refusal;
use crate::domain::Timestamp;

/// A commit object taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCommit {
    /// Text of the `gpgsig` header.
    pub signature: String,
    /// What was signed: the object without that header.
    pub payload: Vec<u8>,
    /// When it was committed, as the signed part says.
    pub committed_at: Timestamp,
}

impl SignedCommit {
    /// Takes the raw object of a commit apart. One that has several signatures is refused: which of them counts is a question
    /// that git's versions answer differently.
    pub fn parse(raw: &[u8]) -> Result<Self, Refusal> {
        let head = raw.windows(2).position(|two| two == b"\n\n").map_or(raw.len(), |at| at + 1);
        let mut payload = Vec::with_capacity(raw.len());
        let mut signature: Option<Vec<u8>> = None;
        let mut committers = Vec::new();
        let mut in_signature = false;
        for line in raw[..head].split_inclusive(|byte| *byte == b'\n') {
            if let Some(more) = line.strip_prefix(b" ") {
                match &mut signature {
                    Some(text) if in_signature => text.extend_from_slice(more),
                    _ => payload.extend_from_slice(line),
                }
                continue;
            }
            in_signature = false;
            let name = line.split(|byte| *byte == b' ').next().unwrap_or_default();
            if name.starts_with(b"gpgsig") {
                let first = line.strip_prefix(b"gpgsig ");
                match first.filter(|_| signature.is_none()) {
                    Some(first) => signature = Some(first.to_vec()),
                    None => {
                        return Err(Refusal::malformed("it has several signatures, or one for another object format"));
                    }
                }
                in_signature = true;
                continue;
            }
            if name == b"committer" {
                committers.push(line);
            }
            payload.extend_from_slice(line);
        }
        payload.extend_from_slice(&raw[head..]);

        let Some(signature) = signature else {
            return Err(Refusal::new(
                "unsigned-commit",
                "is not signed",
                "sign it with an SSH key: `git commit -S` with gpg.format=ssh, or let whatever merges sign its merge commits",
            ));
        };
        let signature = String::from_utf8(signature).map_err(|_| Refusal::malformed("it is not text"))?;
        let committed_at = match committers.as_slice() {
            [line] => instant(line),
            _ => None,
        };
        let committed_at =
            committed_at.ok_or_else(|| Refusal::malformed("the commit does not say once when it was made"))?;
        Ok(Self { signature, payload, committed_at })
    }
}

/// `committer Name <mail> 1700000000 +0100`: the seconds after the last `>`.
fn instant(line: &[u8]) -> Option<Timestamp> {
    let line = std::str::from_utf8(&line[line.iter().rposition(|byte| *byte == b'>')? + 1..]).ok()?;
    let (seconds, zone) = line.trim_end_matches('\n').strip_prefix(' ')?.split_once(' ')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let zone = zone.strip_prefix(['+', '-'])?;
    (digits(seconds) && zone.len() == 4 && digits(zone))
        .then(|| seconds.parse().ok())
        .flatten()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
}

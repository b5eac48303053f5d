//! The least a process can do to ask an HTTP server one thing: connect, send a file, read the answer, print it.
//!
//! Usage: `bare ADDRESS FILE`. The answer must say its `content-length`.

use std::io::{Error, Read as _, Write as _};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, file] = arguments.as_slice() else { return Err(Error::other("usage: bare ADDRESS FILE")) };
    let request = std::fs::read(file)?;
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(&request)?;
    let mut answer = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while !is_whole(&answer) {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Err(Error::other("the answer ended early"));
        }
        answer.extend_from_slice(&chunk[..read]);
    }
    std::io::stdout().write_all(&answer)
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}

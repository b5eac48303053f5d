//! A story's text, cut into prose and fenced blocks.

/// A piece of a story. All pieces one after the other are the story.
pub(super) enum Part<'a> {
    /// Anything between blocks.
    Prose(&'a str),
    /// A fenced block.
    Block {
        /// Its backticks, three or more.
        fence: &'a str,
        /// The word behind the fence.
        kind: &'a str,
        /// What stands behind that word.
        argument: &'a str,
        /// The lines between the fences.
        body: &'a str,
        /// All of it, fences included.
        raw: &'a str,
    },
}

/// Cuts a story. A block that is never closed is a mistake.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = fence(rest) {
        parts.push(Part::Prose(&rest[..start]));
        let block = &rest[start..];
        let (head, body) = block.split_once('\n').expect("the line of a fence ends");
        let (fence, info) = head.split_at(head.len() - head.trim_start_matches('`').len());
        let last = format!("\n{fence}\n");
        // A block at the end of the story may end without a line break; the body's own line break ends the first fence.
        let whole = format!("\n{body}\n");
        let length = whole.find(&last).expect("a block is closed");
        let after = head.len() + 1 + length;
        let end = block[after..].find('\n').map_or(block.len(), |line| after + line + 1);
        let (kind, argument) = info.split_once(' ').unwrap_or((info, ""));
        parts.push(Part::Block { fence, kind, argument, body: &body[..length], raw: &block[..end] });
        rest = &block[end..];
    }
    parts.push(Part::Prose(rest));
    parts
}

fn fence(text: &str) -> Option<usize> {
    if text.starts_with("```") { Some(0) } else { text.find("\n```").map(|at| at + 1) }
}

#[test]
fn a_story_is_its_parts() {
    let text = "# A\n\n```yaml a.yaml\nx: 1\n```\n\nthen\n```console\n```\nend\n````console\n$ x\n```diff\n```\n````\n";
    let parts = parts(text);
    let whole: String = parts
        .iter()
        .map(|part| match part {
            Part::Prose(text) => *text,
            Part::Block { raw, .. } => *raw,
        })
        .collect();
    assert_eq!(whole, text);
    let blocks: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Block { kind, argument, body, .. } => Some((*kind, *argument, *body)),
            Part::Prose(_) => None,
        })
        .collect();
    assert_eq!(blocks, [("yaml", "a.yaml", "x: 1\n"), ("console", "", ""), ("console", "", "$ x\n```diff\n```\n")]);
}

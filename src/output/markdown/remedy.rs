//! What to do about a finding, so that it can be copied.

use std::borrow::Cow;

use serde_json::Value;

use super::inert::{fenced, prose};
use super::page::{Full, Page};
use crate::wire::json;

/// Characters of a quoted part that a sentence can hold. A longer one stands below it alone.
const INLINE_MAX: usize = 60;

/// Writes a remedy: the sentence, and below it each statement, line or command that it quotes, in a block of its own, so
/// that a block holds nothing but what can be pasted. One whose quotes do not close is a block as it is.
pub(super) fn remedy(text: &str, page: &mut Page) -> Result<(), Full> {
    if text.is_empty() {
        return Ok(());
    }
    let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).filter(|part| is_copied(part)).collect();
    let whole = text.matches('`').count().is_multiple_of(2);
    if !whole {
        page.block("What to do:")?;
        return page.block(fenced("text", text).trim_end());
    }
    let mut sentence = Cow::Borrowed(text);
    for part in quoted.iter().filter(|part| part.chars().count() > INLINE_MAX) {
        sentence = sentence.replace(&format!("`{part}`"), "…").into();
    }
    page.block(&format!("What to do: {}", prose(&sentence)))?;
    for part in quoted {
        match serde_json::from_str::<Value>(part) {
            Ok(value) if value.is_object() => page.block(fenced("json", &json::pretty(&value)).trim_end())?,
            _ => page.block(fenced("text", part).trim_end())?,
        }
    }
    Ok(())
}

/// Names stand in a sentence; what has several words, or is JSON, is to be copied.
fn is_copied(part: &str) -> bool {
    part.trim().contains(' ') || part.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut page = Page::new(10_000);
        remedy(text, &mut page).expect("it fits");
        page.into_text()
    }

    #[test]
    fn what_is_copied_stands_alone() {
        let statement =
            r#"{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/R"}}"#;
        insta::assert_snapshot!(shown(&format!("add this statement to its trust policy: `{statement}`")), @r#"
        What to do: add this statement to its trust policy: …

        ```json
        {
          "Action": "sts:AssumeRole",
          "Effect": "Allow",
          "Principal": {
            "AWS": "arn:aws:iam::111122223333:role/R"
          }
        }
        ```
        "#);
        insta::assert_snapshot!(shown("lower it to `max_sts_ttl: 1h`, or raise `MaxSessionDuration`"), @"
        What to do: lower it to `max_sts_ttl: 1h`, or raise `MaxSessionDuration`

        ```text
        max_sts_ttl: 1h
        ```
        ");
        assert_eq!(shown(""), "");
        assert_eq!(shown("a ` lone one"), "What to do:\n\n```text\na ` lone one\n```\n\n");
        assert_eq!(shown("plan again"), "What to do: plan again\n\n");
        assert_eq!(shown("add `justification:`\nto it"), "What to do: add `justification:` to it\n\n");
    }
}

//! Renderers.
//!
//! Each takes a wire document and a writer, and decides nothing. Whatever came from a manifest or from AWS is escaped on
//! its way out: see [`crate::domain::text`].

mod against_base;
pub mod exit;
pub mod html;
mod inert;
#[cfg(test)]
mod testing;
mod verdict;

pub mod plain;
pub mod plan_format;

pub mod github;
pub mod gitlab_code_quality;
pub mod gitlab_terraform;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod text;

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to send ANSI colours.
    pub color: bool,
    /// Whether to draw with characters outside ASCII.
    pub unicode: bool,
    /// Columns to wrap sentences at; less than 40 counts as 40.
    pub width: usize,
}

impl Style {
    /// For files and pipes: no colours, 100 columns.
    pub const PLAIN: Self = Self { color: false, unicode: true, width: 100 };
}

/// `1 role`, `2 roles`.
#[must_use]
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

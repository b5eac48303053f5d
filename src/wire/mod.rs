//! Text forms.

pub mod manifest_v1;

#![doc = include_str!("ARCHITECTURE.md")]

pub mod domain;
pub mod wire;

pub mod output;

pub mod ports;

pub mod app;

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "git")]
pub mod source;
#[cfg(any(feature = "file-store", feature = "signed-head"))]
pub mod state;

#[cfg(feature = "testing")]
pub mod testing;

//! AWS over HTTP: the SDK behind our ports.

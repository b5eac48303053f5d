//! Where manifests come from: a folder, or a git commit.

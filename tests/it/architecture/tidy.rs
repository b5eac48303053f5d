//! Small rules of order that no compiler holds.

use super::tokens::tokens;

/// Lines that one file may have, its tests included.
const MAX_LINES: usize = 600;

/// Signs that a comment draws lines with, and how many in a row make one.
const RULER: &[char] = &['-', '=', '*', '#', '~', '_', '/', '+', '─', '═'];
const RULER_LENGTH: usize = 4;

/// Says so if the file is longer than [`MAX_LINES`].
pub(super) fn too_long(path: &str, source: &str) -> Option<String> {
    let lines = source.lines().count();
    (lines > MAX_LINES).then(|| format!("{path}: {lines} lines, at most {MAX_LINES}"))
}

/// Comment lines that begin or end with a drawn line.
pub(super) fn banners(path: &str, source: &str) -> Vec<String> {
    let drawn = |text: &str| {
        text.starts_with("//////")
            || RULER.iter().any(|sign| {
                let body = text.trim_start_matches(['/', '!', ' ']).trim_end();
                let ruler = sign.to_string().repeat(RULER_LENGTH);
                body.starts_with(&ruler) || body.ends_with(&ruler)
            })
    };
    let comments = source.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//"));
    comments
        .filter(|(_, line)| drawn(line.trim_start()))
        .map(|(index, line)| format!("{path}:{}: {}", index + 1, line.trim()))
        .collect()
}

/// Names that `mod name;` declares in this source.
pub(super) fn declared_modules(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let declarations = tokens.windows(3).filter(|three| three[0].text == "mod" && three[2].text == ";");
    declarations.map(|three| three[1].text.clone()).collect()
}

/// Files that no other file declares: the compiler passes them over without a word, and so would every lint and test.
pub(super) fn orphans(files: &[(&str, &str)]) -> Vec<String> {
    let declared = |parent: &str, name: &str| {
        files.iter().any(|(path, text)| *path == parent && declared_modules(text).iter().any(|module| module == name))
    };
    let is_orphan = |path: &str| {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = file.trim_end_matches(".rs");
        let (folder, name) = match stem {
            "lib" | "main" => return false,
            "mod" => folder.rsplit_once('/').unwrap_or(("", folder)),
            _ => (folder, stem),
        };
        let parents = ["mod.rs", "lib.rs", "main.rs"].map(|file| format!("{folder}/{file}"));
        !parents.iter().chain(std::iter::once(&format!("{folder}.rs"))).any(|parent| declared(parent, name))
    };
    files.iter().map(|(path, _)| *path).filter(|path| is_orphan(path)).map(str::to_owned).collect()
}

/// Modules that a code map shows neither as a folder (`` `name/` ``) nor as a file (`` `name.rs` ``).
pub(super) fn missing_from_map(modules: &[String], map: &str) -> Vec<String> {
    let shown = |name: &str| map.contains(&format!("`{name}/`")) || map.contains(&format!("`{name}.rs`"));
    modules.iter().filter(|name| !shown(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{banners, declared_modules, missing_from_map, orphans, too_long};

    #[test]
    fn a_long_file_is_named() {
        assert_eq!(too_long("a.rs", &"x\n".repeat(600)), None);
        assert_eq!(too_long("a.rs", &"x\n".repeat(601)).as_deref(), Some("a.rs: 601 lines, at most 600"));
    }

    #[test]
    fn banners_are_named_and_prose_is_not() {
        let source = "// ---- parts ----\n//////////\n    // ====\n/// # Errors\n//! a - b\n// | --- |\nlet x = 1; // ok\n/// Parts ====";
        let lines: Vec<String> = banners("a.rs", source).iter().map(|v| v[..7].to_owned()).collect();
        assert_eq!(lines, ["a.rs:1:", "a.rs:2:", "a.rs:3:", "a.rs:8:"].map(|l| l[..7].to_owned()));
    }

    #[test]
    fn declarations_are_read_and_inline_modules_are_not() {
        assert_eq!(declared_modules("pub mod a; mod b { } // mod c;\n#[cfg(x)] pub(crate) mod d;"), ["a", "d"]);
    }

    #[test]
    fn orphans_are_found_beside_every_kind_of_parent() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a/mod.rs", "mod x;"),
            ("src/a/x.rs", ""),
            ("src/a/lost.rs", ""),
            ("src/b.rs", "mod y;"),
            ("src/b/y.rs", ""),
            ("src/c/mod.rs", ""),
            ("src/bin/tool/main.rs", ""),
        ];
        assert_eq!(orphans(&files), ["src/a/lost.rs", "src/c/mod.rs"]);
    }

    #[test]
    fn the_map_wants_the_folder_or_the_file() {
        let modules = ["app", "ports", "wire"].map(str::to_owned);
        assert_eq!(missing_from_map(&modules, "`app/` and `ports.rs`, but only wire"), ["wire"]);
    }
}

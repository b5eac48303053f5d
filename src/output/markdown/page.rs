//! A page that must not grow past a size, and what is left out to keep it small.

/// The page would be larger than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Text with a limit in bytes.
pub(super) struct Page {
    text: String,
    limit: usize,
}

impl Page {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), limit }
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), Full> {
        if self.text.len() + text.len() > self.limit {
            return Err(Full);
        }
        self.text.push_str(text);
        Ok(())
    }

    pub(super) fn line(&mut self, text: &str) -> Result<(), Full> {
        self.push(text)?;
        self.push("\n")
    }

    /// A line, and an empty one: a paragraph or a heading.
    pub(super) fn block(&mut self, text: &str) -> Result<(), Full> {
        self.line(text)?;
        self.push("\n")
    }

    /// Folds what `inner` writes under a line of HTML.
    pub(super) fn folded(
        &mut self,
        summary: &str,
        inner: impl FnOnce(&mut Self) -> Result<(), Full>,
    ) -> Result<(), Full> {
        self.block(&format!("<details><summary>{summary}</summary>"))?;
        inner(self)?;
        self.block("</details>")
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// How much of the steps is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Changes {
    /// Every field; documents with some unchanged lines around each difference.
    Whole,
    /// Every field; of documents what differs and nothing else.
    Differences,
    /// Every field, cut short; documents are counted.
    Summed,
    /// The roles by what becomes of them.
    Names,
    /// How many roles.
    Counts,
}

/// How much of the findings is shown. None is ever left out: what is not told is counted by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Findings {
    /// Message, line of the manifest and remedy.
    Whole,
    /// One line each, with the remedy.
    Lines,
    /// One short line each, and one remedy for each rule.
    Short,
    /// The names of the roles for each rule.
    Names,
    /// How many for each rule.
    Counts,
    /// How many, by what they do.
    Totals,
}

/// How much of drift, unknowns and brakes is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Others {
    /// All of it.
    Whole,
    /// One line each.
    Lines,
    /// How many.
    Counts,
}

/// How much of each part is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) changes: Changes,
    pub(super) findings: Findings,
    pub(super) others: Others,
}

const fn detail(changes: Changes, findings: Findings, others: Others) -> Detail {
    Detail { changes, findings, others }
}

/// From all that there is to what always fits. Diffs go first, because git and the saved plan have them; findings last.
pub(super) const LADDER: [Detail; 11] = [
    detail(Changes::Whole, Findings::Whole, Others::Whole),
    detail(Changes::Differences, Findings::Whole, Others::Whole),
    detail(Changes::Summed, Findings::Whole, Others::Whole),
    detail(Changes::Summed, Findings::Whole, Others::Lines),
    detail(Changes::Names, Findings::Whole, Others::Lines),
    detail(Changes::Counts, Findings::Whole, Others::Counts),
    detail(Changes::Counts, Findings::Lines, Others::Counts),
    detail(Changes::Counts, Findings::Short, Others::Counts),
    detail(Changes::Counts, Findings::Names, Others::Counts),
    detail(Changes::Counts, Findings::Counts, Others::Counts),
    detail(Changes::Counts, Findings::Totals, Others::Counts),
];

impl Detail {
    /// What a reader of this page does not see, as parts of one sentence.
    pub(super) fn left_out(self) -> Vec<&'static str> {
        let Self { changes, findings, others } = self;
        let changes = match changes {
            Changes::Whole => None,
            Changes::Differences => Some("unchanged lines around differences are left out"),
            Changes::Summed => Some("differences of documents are counted and values are cut"),
            Changes::Names => Some("of changes, the roles are named"),
            Changes::Counts => Some("changes are counted"),
        };
        let findings = match findings {
            Findings::Whole => None,
            Findings::Lines => Some("findings take a line each"),
            Findings::Short => Some("findings take a short line each"),
            Findings::Names => Some("of findings, the roles are named"),
            Findings::Counts => Some("findings are counted by rule"),
            Findings::Totals => Some("findings are counted"),
        };
        let others = match others {
            Others::Whole => None,
            Others::Lines => Some("drift, unknowns and brakes take a line each"),
            Others::Counts => Some("drift, unknowns and brakes are counted"),
        };
        changes.into_iter().chain(findings).chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_takes_what_fits_and_nothing_else() {
        let mut page = Page::new(5);
        assert_eq!((page.push("abc"), page.push("def"), page.line("d")), (Ok(()), Err(Full), Ok(())));
        assert_eq!(page.into_text(), "abcd\n");
    }

    #[test]
    fn each_rung_shows_no_more_than_the_one_before() {
        for pair in LADDER.windows(2) {
            let [Detail { changes, findings, others }, after] = pair else { unreachable!("two") };
            assert!(*changes <= after.changes && *findings <= after.findings && *others <= after.others);
            assert_ne!(pair[0], *after);
        }
        assert_eq!(LADDER[0].left_out(), Vec::<&str>::new());
    }
}

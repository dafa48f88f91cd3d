//! A table: the machine × detector matrix and its kin, as CSV, LaTeX and Markdown.

use super::escape::{latex, markdown};
use super::save::one_line;

/// A table: the machine × detector matrix and its kin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    pub caption: String,
    /// Names of the values; one more than values where the first names the rows.
    pub columns: Vec<String>,
    pub rows: Vec<TableRow>,
    /// Low and high end of each value, parallel to the values of the rows; empty: none are printed.
    pub intervals: Vec<Vec<Option<[f64; 2]>>>,
}

/// A named row of figures.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    pub name: String,
    /// `None`: undefined, printed as a dash.
    pub values: Vec<Option<f64>>,
    /// The largest value of the row is set in bold.
    pub marks_best: bool,
}

impl Table {
    /// The header, with a name for the column of names.
    fn header(&self) -> Vec<String> {
        let n_values = self
            .rows
            .iter()
            .map(|row| row.values.len())
            .max()
            .unwrap_or(self.columns.len());
        let mut header = self.columns.clone();
        if header.len() <= n_values {
            header.insert(0, String::new());
        }
        header.resize(
            n_values.max(self.columns.len()).max(1) + usize::from(n_values >= self.columns.len()),
            String::new(),
        );
        header
    }

    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let header = self.header();
        let n_columns = header.len();
        // The ends of the intervals in columns of their own, where a column has any.
        let with_intervals: Vec<usize> = (0..n_columns - 1)
            .filter(|&value| self.intervals.iter().any(|row| row.get(value).is_some_and(Option::is_some)))
            .collect();
        let ends = with_intervals.iter().map(|&value| &header[value + 1]);
        let ends: Vec<String> = ends
            .flat_map(|name| [format!("{name} low"), format!("{name} high")])
            .collect();
        let mut rows = vec![[header, ends].concat()];
        for (row_idx, row) in self.rows.iter().enumerate() {
            let values = row
                .values
                .iter()
                .map(|value| value.map(|value| value.to_string()).unwrap_or_default());
            let mut cells: Vec<String> = std::iter::once(row.name.clone()).chain(values).collect();
            cells.resize(n_columns, String::new());
            for &value in &with_intervals {
                let interval = self.interval(row_idx, value);
                cells.extend([0, 1].map(|end| interval.map(|ends| ends[end].to_string()).unwrap_or_default()));
            }
            rows.push(cells);
        }
        rows
    }

    fn interval(&self, row_idx: usize, value: usize) -> Option<[f64; 2]> {
        *self.intervals.get(row_idx)?.get(value)?
    }

    /// The printed cells of a row; what is printed as the best is best, so that equals are all bold.
    fn cells(
        &self,
        row_idx: usize,
        n_columns: usize,
        escape: &dyn Fn(&str) -> String,
        dash: &str,
        bold: &dyn Fn(String) -> String,
    ) -> Vec<String> {
        let row = &self.rows[row_idx];
        let finite = row.values.iter().flatten().copied().filter(|value| value.is_finite());
        let best = finite.max_by(f64::total_cmp).filter(|_| row.marks_best).map(printed);
        let mut cells = vec![escape(&row.name)];
        for (value_idx, value) in row.values.iter().enumerate() {
            let text = value.filter(|value| value.is_finite()).map(printed);
            let interval = self.interval(row_idx, value_idx);
            let interval = interval
                .map(|[low, high]| format!(" [{low:.2}, {high:.2}]"))
                .unwrap_or_default();
            cells.push(match text {
                None => dash.to_owned(),
                Some(text) if Some(&text) == best.as_ref() => bold(text + &interval),
                Some(text) => text + &interval,
            });
        }
        cells.resize(n_columns, dash.to_owned());
        cells
    }

    /// A `booktabs` table.
    pub(super) fn to_latex(&self, provenance: Option<&str>) -> String {
        let header = self.header();
        let mut lines: Vec<String> = provenance.iter().map(|text| format!("% {text}")).collect();
        lines.push("% needs \\usepackage{booktabs}".to_owned());
        lines.push("\\begin{table}[t]".to_owned());
        lines.push("  \\centering".to_owned());
        lines.push(format!("  \\caption{{{}}}", latex(&self.caption)));
        lines.push(format!("  \\begin{{tabular}}{{l{}}}", "r".repeat(header.len() - 1)));
        lines.push("    \\toprule".to_owned());
        let names: Vec<String> = header.iter().map(|name| latex(name)).collect();
        lines.push(format!("    {} \\\\", names.join(" & ")));
        lines.push("    \\midrule".to_owned());
        let bold = |text: String| format!("\\textbf{{{text}}}");
        for row_idx in 0..self.rows.len() {
            lines.push(format!(
                "    {} \\\\",
                self.cells(row_idx, header.len(), &latex, "--", &bold).join(" & ")
            ));
        }
        lines.push("    \\bottomrule".to_owned());
        lines.push("  \\end{tabular}".to_owned());
        lines.push("\\end{table}\n".to_owned());
        lines.join("\n")
    }

    /// A table with bars, as GitHub shows it.
    pub(super) fn to_markdown(&self, provenance: Option<&str>) -> String {
        let header = self.header();
        let mut lines = Vec::new();
        if let Some(text) = provenance {
            lines.push(format!("<!-- {} -->\n", text.replace("--", "—")));
        }
        if !self.caption.is_empty() {
            lines.push(format!("{}\n", markdown(&self.caption)));
        }
        let names: Vec<String> = header.iter().map(|name| markdown(name)).collect();
        lines.push(format!("| {} |", names.join(" | ")));
        lines.push(format!("|:---|{}", "---:|".repeat(header.len() - 1)));
        let bold = |text: String| format!("**{text}**");
        for row_idx in 0..self.rows.len() {
            let cells = self.cells(row_idx, header.len(), &markdown, "–", &bold);
            lines.push(format!("| {} |", cells.join(" | ")));
        }
        lines.join("\n") + "\n"
    }
}

impl Table {
    /// The header and the rows as they are printed, each cell with whether it is in bold; all rows are of one length.
    pub(super) fn printed_rows(&self) -> Vec<Vec<(String, bool)>> {
        const MARK: char = '\u{1}';
        let header = self.header();
        let plain = |text: &str| one_line(text);
        let bold = |text: String| format!("{MARK}{text}");
        let told = |text: String| match text.strip_prefix(MARK) {
            Some(text) => (text.to_owned(), true),
            None => (text, false),
        };
        let rows = (0..self.rows.len()).map(|row_idx| {
            let cells = self.cells(row_idx, header.len(), &plain, "–", &bold);
            cells.into_iter().map(told).collect()
        });
        std::iter::once(header.iter().map(|name| (one_line(name), false)).collect())
            .chain(rows)
            .collect()
    }
}

/// Three decimals for figures of merit, fewer for large numbers.
fn printed(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

//! A page of tables: what was done, the tables, and the notes below them, as Markdown, LaTeX and HTML.

use std::fmt::Write as _;
use std::path::Path;

use super::FigureError;
use super::escape::{html, latex, markdown};
use super::save;

/// A page of tables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub title: String,
    /// What must not be overlooked: stands above everything else, and above every table again.
    pub warning: Option<String>,
    /// What was done, on what, how: names and values.
    pub facts: Vec<(String, String)>,
    pub grids: Vec<Grid>,
    /// Below the tables, numbered from 1.
    pub notes: Vec<String>,
}

/// A table of printed cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grid {
    pub caption: String,
    pub header: Vec<String>,
    pub rows: Vec<GridRow>,
    /// What stands below this table alone.
    pub remarks: Vec<String>,
}

/// A row with as many cells as the header.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GridRow {
    pub cells: Vec<String>,
    /// Set off from the rows above: the mean over them.
    pub is_total: bool,
}

/// Writes a page; the ending of `path` chooses: `.md`, `.tex`, `.html`.
///
/// # Errors
/// Where the ending is another, or the file cannot be written; nothing half-written is left under its name.
pub fn write_page(page: &Page, path: &Path) -> Result<(), FigureError> {
    let text = match save::ending(path).as_str() {
        "md" => page.to_markdown(),
        "tex" => page.to_latex(),
        "html" => page.to_html(),
        _ => return Err(save::unknown(path, ".md, .tex or .html")),
    };
    save::write_whole(path, text.as_bytes())
}

/// Collects lines; writing to a string cannot fail.
macro_rules! line {
    ($text:expr, $($part:tt)*) => {{ let _ = writeln!($text, $($part)*); }};
}

impl Page {
    fn to_markdown(&self) -> String {
        let mut text = format!("# {}\n\n", markdown(&self.title));
        if let Some(warning) = &self.warning {
            line!(text, "> **{}**\n", markdown(warning));
        }
        if !self.facts.is_empty() {
            line!(text, "| setting | value |\n|:---|:---|");
            for (name, value) in &self.facts {
                line!(text, "| {} | {} |", markdown(name), markdown(value));
            }
            line!(text, "");
        }
        for grid in &self.grids {
            line!(text, "## {}\n", markdown(&grid.caption));
            if let Some(warning) = &self.warning {
                line!(text, "**{}**\n", markdown(warning));
            }
            line!(text, "| {} |", joined(&grid.header, " | ", markdown));
            line!(text, "|:---|{}", "---:|".repeat(grid.header.len().saturating_sub(1)));
            for row in &grid.rows {
                let bold = |cell: &str| match (row.is_total, cell.is_empty()) {
                    (true, false) => format!("**{}**", markdown(cell)),
                    _ => markdown(cell),
                };
                line!(text, "| {} |", joined(&row.cells, " | ", bold));
            }
            line!(text, "");
            for remark in &grid.remarks {
                line!(text, "{}\n", markdown(remark));
            }
        }
        if !self.notes.is_empty() {
            line!(text, "## Notes\n");
            for (place, note) in self.notes.iter().enumerate() {
                line!(text, "{}. {}", place + 1, markdown(note));
            }
        }
        text
    }

    /// A document of its own that needs `booktabs` and `geometry`; each table can be taken out of it.
    fn to_latex(&self) -> String {
        let mut text = String::from(
            "\\documentclass{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\
             \\usepackage[landscape,margin=1.5cm]{geometry}\n\\usepackage{booktabs}\n\\begin{document}\n",
        );
        line!(text, "\\section*{{{}}}", latex(&self.title));
        if let Some(warning) = &self.warning {
            line!(text, "\\textbf{{{}}}\n", latex(warning));
        }
        if !self.facts.is_empty() {
            line!(text, "\\begin{{tabular}}{{lp{{0.7\\linewidth}}}}\n\\toprule");
            for (name, value) in &self.facts {
                line!(text, "{} & {} \\\\", latex(name), latex(value));
            }
            line!(text, "\\bottomrule\n\\end{{tabular}}\n");
        }
        for grid in &self.grids {
            let warning = self.warning.as_ref().map(|warning| format!("{warning}. "));
            let caption = format!("{}{}", warning.unwrap_or_default(), grid.caption);
            line!(
                text,
                "\\begin{{table}}[p]\n\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{3pt}}"
            );
            line!(text, "\\caption{{{}}}", latex(&caption));
            let columns = "r".repeat(grid.header.len().saturating_sub(1));
            line!(text, "\\begin{{tabular}}{{l{columns}}}\n\\toprule");
            line!(text, "{} \\\\\n\\midrule", joined(&grid.header, " & ", latex));
            for row in &grid.rows {
                if row.is_total {
                    line!(text, "\\midrule");
                }
                line!(text, "{} \\\\", joined(&row.cells, " & ", latex));
            }
            line!(text, "\\bottomrule\n\\end{{tabular}}");
            for remark in &grid.remarks {
                line!(text, "\\par {}", latex(remark));
            }
            line!(text, "\\end{{table}}");
        }
        if !self.notes.is_empty() {
            line!(text, "\\clearpage\n\\begin{{enumerate}}");
            for note in &self.notes {
                line!(text, "\\item {}", latex(note));
            }
            line!(text, "\\end{{enumerate}}");
        }
        text + "\\end{document}\n"
    }

    fn to_html(&self) -> String {
        let title = html(&self.title);
        let mut text = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>\n{STYLE}</style></head>\n\
             <body>\n<h1>{title}</h1>\n"
        );
        let warning = self
            .warning
            .as_ref()
            .map(|warning| format!("<p class=\"warning\">{}</p>", html(warning)));
        let warning = warning.unwrap_or_default();
        line!(text, "{warning}");
        if !self.facts.is_empty() {
            line!(text, "<table class=\"facts\">");
            for (name, value) in &self.facts {
                line!(text, "<tr><th>{}</th><td>{}</td></tr>", html(name), html(value));
            }
            line!(text, "</table>");
        }
        for grid in &self.grids {
            line!(
                text,
                "<h2>{}</h2>\n{warning}\n<div class=\"wide\"><table>",
                html(&grid.caption)
            );
            line!(text, "<tr><th>{}</th></tr>", joined(&grid.header, "</th><th>", html));
            for row in &grid.rows {
                let class = if row.is_total { " class=\"total\"" } else { "" };
                let (name, values) = row.cells.split_first().map_or(("", &[][..]), |(name, values)| (name, values));
                line!(
                    text,
                    "<tr{class}><th>{}</th><td>{}</td></tr>",
                    html(name),
                    joined(values, "</td><td>", html)
                );
            }
            line!(text, "</table></div>");
            for remark in &grid.remarks {
                line!(text, "<p>{}</p>", html(remark));
            }
        }
        if !self.notes.is_empty() {
            line!(text, "<h2>Notes</h2>\n<ol>");
            for note in &self.notes {
                line!(text, "<li>{}</li>", html(note));
            }
            line!(text, "</ol>");
        }
        text + "</body></html>\n"
    }
}

const STYLE: &str = "\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; color: #1c1d1f; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; }
tr th:first-child, .facts td { text-align: left; } .facts td { white-space: normal; } tr + tr { border-top: 1px solid #d8dbdf; }
.total { font-weight: 600; } tr.total { border-top: 2px solid #1c1d1f; } .wide { overflow-x: auto; }
.warning { background: #fff1d6; border-left: 4px solid #b26a00; padding: .5rem .8rem; font-weight: 600; }
";

fn joined(cells: &[String], between: &str, escape: impl Fn(&str) -> String) -> String {
    let escaped: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    escaped.join(between)
}

//! docs/limits.md against the command line.

use std::collections::BTreeMap;

use iopaint_app::cli::{LIMITS, command};

/// Flags and defaults of the page's table.
fn written() -> BTreeMap<String, String> {
    let page = include_str!("../../docs/limits.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `--"));
    rows.map(|row| {
        let mut cells = row.split('|').map(str::trim);
        let flag = cells.next().unwrap().trim_end_matches('`');
        (flag.to_owned(), cells.next().unwrap().to_owned())
    })
    .collect()
}

#[test]
fn limits_page_matches_flags() {
    let start = command();
    let start = start.find_subcommand("start").unwrap();
    let mut known = BTreeMap::new();
    for argument in start.get_arguments() {
        if argument.get_help_heading() != Some(LIMITS) {
            continue;
        }
        let flag = argument.get_long().unwrap();
        let variable = format!("IOPAINT_{}", flag.to_ascii_uppercase().replace('-', "_"));
        assert_eq!(argument.get_env().unwrap().to_str(), Some(variable.as_str()));
        let default = argument.get_default_values().first().unwrap();
        known.insert(flag.to_owned(), default.to_str().unwrap().to_owned());
    }
    assert!(known.len() >= 15);
    assert_eq!(written(), known);
}

#[test]
fn max_flags_are_listed_as_limits() {
    let start = command();
    let start = start.find_subcommand("start").unwrap();
    for argument in start.get_arguments() {
        let flag = argument.get_long().unwrap_or_default();
        if flag.starts_with("max-") || flag.starts_with("min-") {
            assert_eq!(argument.get_help_heading(), Some(LIMITS), "--{flag}");
        }
    }
}

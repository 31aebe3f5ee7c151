//! What is written in Markdown leads somewhere: each link to a file of the workspace, and to a heading in one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, read},
    files,
    finding::Finding,
    workspace::Workspace,
};

/// Checks every Markdown file.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Finding>, Failure> {
    let mut pages = BTreeMap::new();
    for file in files::below(&workspace.root, "md")? {
        let text = in_full(&file)?;
        pages.insert(file, text);
    }
    let mut findings = Vec::new();
    for (file, text) in &pages {
        // What is included is checked where it lies.
        if read(file)?.starts_with(INCLUDE) {
            continue;
        }
        let broken = links(text).filter(|link| !leads_somewhere(link, file, &pages));
        let place = workspace.name_of(file);
        findings.extend(broken.map(|link| Finding::new(&place, format!("`{link}` leads nowhere"))));
    }
    Ok(findings)
}

/// What a page of the book begins with that has another file's text.
const INCLUDE: &str = "{{#include ";

fn in_full(file: &Path) -> Result<String, Failure> {
    let text = read(file)?;
    let included = text
        .strip_prefix(INCLUDE)
        .and_then(|rest| rest.split("}}").next());
    match (included, file.parent()) {
        (Some(included), Some(folder)) => read(&folder.join(included)),
        _ => Ok(text),
    }
}

/// Returns what links lead to, but for those to other sites.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let starts = prose(text).flat_map(|line| line.split("](").skip(1));
    starts
        .filter_map(|rest| rest.split([')', ' ']).next())
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
}

/// Returns the lines that are not in a block of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

fn leads_somewhere(link: &str, from: &Path, pages: &BTreeMap<PathBuf, String>) -> bool {
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link, None),
    };
    let target = if path.is_empty() {
        from.to_path_buf()
    } else {
        normal(&from.with_file_name("").join(path))
    };
    match (anchor, pages.get(&target)) {
        (None, _) => target.exists(),
        (Some(anchor), Some(page)) => headings(page).any(|heading| slug(heading) == anchor),
        (Some(_), None) => false,
    }
}

/// Takes `..` out of a path.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            normal.pop();
        } else {
            normal.push(part);
        }
    }
    normal
}

fn headings(page: &str) -> impl Iterator<Item = &str> {
    prose(page).filter_map(|line| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len()).then(|| heading.trim())
    })
}

/// Returns what a heading is linked by.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_prose_and_those_to_other_sites_are_left_out() {
        let text =
            "See [a](a.md) and [b](../b.md#c-d), [x](https://x.example).\n```sh\n[c](c.md)\n```\n";
        assert_eq!(links(text).collect::<Vec<_>>(), ["a.md", "../b.md#c-d"]);
    }

    #[test]
    fn a_link_leads_to_a_heading_that_is_there() {
        let page = "# One\n## What `it` costs, and why\n```sh\n# no heading\n```\n";
        let pages = BTreeMap::from([(PathBuf::from("/r/docs/a.md"), page.to_owned())]);
        let from = Path::new("/r/README.md");
        let leads = |link| leads_somewhere(link, from, &pages);
        assert!(leads("docs/a.md#what-it-costs-and-why"));
        assert!(leads("docs/../docs/a.md#one"));
        assert!(!leads("docs/a.md#no-heading"));
        assert!(!leads("docs/b.md#one"));
        assert!(!leads("docs/a.md/none"));
    }
}

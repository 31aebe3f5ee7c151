//! Sizes and shape of every Rust file: see [`Source::faults`] for the rules.

use std::path::Path;

use crate::{
    failure::{Failure, read},
    files,
    finding::Finding,
    sleeps,
    source::Source,
    workspace::Workspace,
};

/// Looks at every Rust file of the workspace.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Finding>, Failure> {
    let mut exceptions = sleeps::Exceptions::load(&workspace.root)?;
    let mut findings = Vec::new();
    for path in files::below(&workspace.root, "rs")? {
        let name = workspace.name_of(&path);
        findings.extend(check_file(&path, &name, &mut exceptions)?);
    }
    findings.extend(exceptions.unused());
    Ok(findings)
}

fn check_file(
    path: &Path,
    name: &str,
    exceptions: &mut sleeps::Exceptions,
) -> Result<Vec<Finding>, Failure> {
    let text = read(path)?;
    let source = Source::new(name, &text).map_err(|e| Failure::Tokens(name.to_owned(), e))?;
    let mut faults = source.faults();
    faults.extend(exceptions.without_a_reason(name, source.sleeps()));
    let found = faults
        .into_iter()
        .map(|(line, fault)| Finding::new(format!("{name}:{line}"), fault));
    Ok(found.collect())
}

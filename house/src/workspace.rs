//! The workspace as Cargo sees it, reduced to what the checks ask: crates, and who depends on whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, PackageId};

use crate::failure::Failure;

/// The workspace around the current directory.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// Where its `Cargo.toml` lies.
    pub(crate) root: PathBuf,
    /// Its own crates, by package name.
    pub(crate) members: BTreeMap<String, Member>,
}

/// A crate of the workspace, and the names of what it depends on.
#[derive(Debug, Default)]
pub(crate) struct Member {
    /// Where its `Cargo.toml` lies.
    pub(crate) folder: PathBuf,
    /// What it imports itself, to run or to be built.
    pub(crate) imports: BTreeSet<String>,
    /// What its tests, examples and benchmarks import.
    pub(crate) test_imports: BTreeSet<String>,
    /// Everything below it, however far down; not what only its tests need.
    pub(crate) below: BTreeSet<String>,
}

impl Workspace {
    /// Asks Cargo.
    pub(crate) fn load() -> Result<Self, Failure> {
        let metadata = MetadataCommand::new().exec()?;
        let graph = Graph::new(&metadata)?;
        let members = metadata
            .workspace_packages()
            .into_iter()
            .map(|package| {
                let manifest = package.manifest_path.as_std_path();
                let member = Member {
                    folder: manifest.parent().map(Path::to_path_buf).unwrap_or_default(),
                    imports: graph.names_next_to(&package.id, Edge::Product),
                    test_imports: graph.names_next_to(&package.id, Edge::Test),
                    below: graph.names_below(&package.id),
                };
                (package.name.to_string(), member)
            })
            .collect();
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            members,
        })
    }

    /// Returns a path as it is known below the root.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .to_string_lossy()
            .replace('\\', "/")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Product,
    Test,
}

struct Graph<'a> {
    names: BTreeMap<&'a PackageId, &'a str>,
    nodes: BTreeMap<&'a PackageId, &'a Node>,
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Metadata) -> Result<Self, Failure> {
        let resolve = metadata.resolve.as_ref().ok_or(Failure::NoGraph)?;
        let packages = metadata.packages.iter();
        Ok(Self {
            names: packages
                .map(|package| (&package.id, package.name.as_str()))
                .collect(),
            nodes: resolve.nodes.iter().map(|node| (&node.id, node)).collect(),
        })
    }

    fn next_to(&self, id: &PackageId, edge: Edge) -> impl Iterator<Item = &'a PackageId> + use<'a> {
        let deps = self.nodes.get(id).map_or(&[][..], |node| &node.deps);
        deps.iter()
            .filter(move |dep| {
                dep.dep_kinds
                    .iter()
                    .any(|kind| (kind.kind == DependencyKind::Development) == (edge == Edge::Test))
            })
            .map(|dep| &dep.pkg)
    }

    fn names_next_to(&self, id: &PackageId, edge: Edge) -> BTreeSet<String> {
        let ids = self.next_to(id, edge);
        ids.filter_map(|id| self.name(id)).collect()
    }

    fn names_below(&self, id: &PackageId) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&PackageId> = self.next_to(id, Edge::Product).collect();
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(self.next_to(id, Edge::Product));
            }
        }
        seen.into_iter().filter_map(|id| self.name(id)).collect()
    }

    fn name(&self, id: &PackageId) -> Option<String> {
        self.names.get(id).map(|&name| name.to_owned())
    }
}

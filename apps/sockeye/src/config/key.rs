//! The names of all settings, and the one nearest to a name that is none of them.

use std::fmt;

use toml::{Table, Value};

use super::{
    channels::{NAMESPACE, WITHOUT_NAMESPACE},
    namespace::RawNamespace,
    raw::Raw,
};

/// What the name of every environment variable that sets something begins with.
pub(crate) const VARIABLE_PREFIX: &str = "SOCKEYE_";

/// How alike two names must be, from 0 to 1, for one to be taken for a slip of the other.
const LIKENESS: f64 = 0.5;

/// The name of a setting: a section and a key in it. The name of a section in another has a dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) section: String,
    pub(crate) name: String,
}

impl Key {
    /// Makes a key of its two parts.
    pub(crate) fn new(section: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            section: section.into(),
            name: name.into(),
        }
    }

    /// Returns the environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        let path = format!("{}_{}", self.section, self.name);
        let path = path.to_ascii_uppercase().replace(['.', '-'], "_");
        format!("{VARIABLE_PREFIX}{path}")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.section, self.name)
    }
}

/// All settings with their defaults, in the form they are written in.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    table: Table,
    /// What a namespace has that says nothing.
    namespace: Table,
}

/// Parts the name of a section. That of a namespace may have dots of its own.
fn path(section: &str) -> Vec<&str> {
    match section
        .strip_prefix(NAMESPACE)
        .and_then(|rest| rest.strip_prefix('.'))
    {
        Some(name) => NAMESPACE.split('.').chain([name]).collect(),
        None => section.split('.').collect(),
    }
}

/// Returns the part of a table that a section is.
pub(crate) fn section_mut<'a>(table: &'a mut Table, section: &str) -> Option<&'a mut Table> {
    let mut names = path(section).into_iter();
    names.try_fold(table, |table, name| table.get_mut(name)?.as_table_mut())
}

/// Puts a section's settings where they are among all others.
pub(crate) fn alone(section: &str, settings: Table) -> Table {
    let names = path(section).into_iter().rev();
    names.fold(settings, |inner, name| {
        Table::from_iter([(name.to_owned(), Value::Table(inner))])
    })
}

impl Known {
    /// Lists the settings.
    pub(crate) fn new() -> Self {
        // Tables of strings, numbers, bools and lists: TOML can write each.
        Self {
            table: Table::try_from(Raw::default()).unwrap_or_default(),
            namespace: Table::try_from(RawNamespace::default()).unwrap_or_default(),
        }
    }

    /// Puts the namespaces that a file names in the place of those that are there by default.
    pub(crate) fn set_namespaces<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        if let Some(namespaces) = section_mut(&mut self.table, NAMESPACE) {
            let says_nothing = || Value::Table(self.namespace.clone());
            *namespaces = names
                .map(|name| (name.to_owned(), says_nothing()))
                .collect();
        }
    }

    /// Returns the defaults as one table.
    pub(crate) fn into_table(self) -> Table {
        self.table
    }

    /// Returns the default of a setting; `None` if there is no such setting.
    pub(crate) fn default_of(&self, key: &Key) -> Option<&Value> {
        self.section(&key.section)?
            .get(&key.name)
            .filter(|value| !value.is_table())
    }

    fn section(&self, name: &str) -> Option<&Table> {
        let mut names = path(name).into_iter();
        names.try_fold(&self.table, |table, name| table.get(name)?.as_table())
    }

    /// Says whether there is such a section.
    pub(crate) fn is_section(&self, name: &str) -> bool {
        name != NAMESPACE && self.section(name).is_some()
    }

    /// Returns the setting that an environment variable sets; none if there are several that it could mean.
    pub(crate) fn of_variable(&self, variable: &str) -> Option<Key> {
        let keys = self.keys();
        let mut meant = keys.into_iter().filter(|key| key.variable() == variable);
        let key = meant.next()?;
        meant.next().is_none().then_some(key)
    }

    /// Says what may have been meant by a section that does not exist.
    pub(crate) fn instead_of_section(&self, name: &str) -> String {
        if let Some(place) = self.place_of(name) {
            return format!("`{name}` belongs in {place}");
        }
        if name.contains("namespace") {
            return format!("namespaces are [{NAMESPACE}.NAME], and [{WITHOUT_NAMESPACE}]");
        }
        match nearest(name, self.table.keys().map(String::as_str)) {
            Some(section) => format!("did you mean [{section}]?"),
            None => format!(
                "there are {}",
                list(self.table.keys(), |s| format!("[{s}]"))
            ),
        }
    }

    /// Says what may have been meant by a key that does not exist.
    pub(crate) fn instead_of_key(&self, key: &Key) -> String {
        if let Some(place) = self.place_of(&key.name) {
            return format!("`{}` belongs in {place}", key.name);
        }
        let keys = self.keys();
        let mine: Vec<_> = keys.iter().filter(|k| k.section == key.section).collect();
        match nearest(&key.name, mine.iter().map(|k| k.name.as_str())) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("there are {}", list(&mine, |k| format!("`{}`", k.name))),
        }
    }

    /// Says in which section a key is.
    fn place_of(&self, name: &str) -> Option<String> {
        let keys = self.keys();
        let key = keys.into_iter().find(|key| key.name == name)?;
        Some(if key.section == WITHOUT_NAMESPACE {
            format!("[{NAMESPACE}.NAME] or [{WITHOUT_NAMESPACE}]")
        } else {
            format!("[{}]", key.section)
        })
    }

    /// Says what may have been meant by an environment variable that sets nothing.
    pub(crate) fn instead_of_variable(&self, variable: &str) -> String {
        let keys = self.keys();
        let variables: Vec<_> = keys.iter().map(Key::variable).collect();
        let meant = keys.iter().filter(|key| key.variable() == variable);
        let meant = list(meant, |key| format!("`{key}`"));
        if !meant.is_empty() {
            return format!("it could mean each of {meant}: set them in the file");
        }
        let bare = variables
            .iter()
            .filter_map(|name| name.strip_prefix(VARIABLE_PREFIX));
        match nearest(
            variable.strip_prefix(VARIABLE_PREFIX).unwrap_or(variable),
            bare,
        ) {
            Some(name) => format!("did you mean {VARIABLE_PREFIX}{name}?"),
            None => {
                "the name is SOCKEYE_, the section, _ and the key, such as SOCKEYE_SERVER_LISTEN"
                    .to_owned()
            }
        }
    }

    /// Returns all keys, those of sections in others behind those of the others.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let mut sections: Vec<_> = self.table.keys().cloned().collect();
        sections.push(WITHOUT_NAMESPACE.to_owned());
        let namespaces = self.section(NAMESPACE).into_iter().flat_map(Table::keys);
        sections.extend(namespaces.map(|name| format!("{NAMESPACE}.{name}")));
        let keys_of = |section: String| {
            let table = self.section(&section).into_iter().flatten();
            table
                .filter(|(_, value)| !value.is_table())
                .map(move |(name, _)| Key::new(section.clone(), name))
        };
        sections.into_iter().flat_map(keys_of).collect()
    }
}

fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    names
        .map(|name| (likeness(&word, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

fn likeness(one: &str, other: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(one, other)
}

fn list<T>(names: impl IntoIterator<Item = T>, show: impl Fn(T) -> String) -> String {
    names.into_iter().map(show).collect::<Vec<_>>().join(", ")
}

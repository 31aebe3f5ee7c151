//! The names of all settings, and the one nearest to a name that is none of them.

use std::fmt;

use toml::{Table, Value};

use super::raw::Raw;

/// What the name of every environment variable that sets something begins with.
pub(crate) const VARIABLE_PREFIX: &str = "SOCKEYE_";

/// How alike two names must be, from 0 to 1, for one to be taken for a slip of the other.
const LIKENESS: f64 = 0.5;

/// The name of a setting: a section and a key in it.
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
        format!("{VARIABLE_PREFIX}{}", path.to_ascii_uppercase())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.section, self.name)
    }
}

/// All settings with their defaults, in the form they are written in.
#[derive(Clone, Debug)]
pub(crate) struct Known(Table);

impl Known {
    /// Lists the settings.
    pub(crate) fn new() -> Self {
        // A table of strings, numbers, bools and lists: TOML can write each.
        Self(Table::try_from(Raw::default()).unwrap_or_default())
    }

    /// Returns the defaults as one table.
    pub(crate) fn into_table(self) -> Table {
        self.0
    }

    /// Returns the default of a setting; `None` if there is no such setting.
    pub(crate) fn default_of(&self, key: &Key) -> Option<&Value> {
        self.0.get(&key.section)?.get(&key.name)
    }

    /// Says whether there is such a section.
    pub(crate) fn is_section(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the setting that an environment variable sets.
    pub(crate) fn of_variable(&self, variable: &str) -> Option<Key> {
        self.keys().find(|key| key.variable() == variable)
    }

    /// Says what may have been meant by a section that does not exist.
    pub(crate) fn instead_of_section(&self, name: &str) -> String {
        if let Some(key) = self.keys().find(|key| key.name == name) {
            return format!("`{name}` belongs in [{}]", key.section);
        }
        match nearest(name, self.0.keys().map(String::as_str)) {
            Some(section) => format!("did you mean [{section}]?"),
            None => format!("there are {}", list(self.0.keys(), |s| format!("[{s}]"))),
        }
    }

    /// Says what may have been meant by a key that does not exist.
    pub(crate) fn instead_of_key(&self, key: &Key) -> String {
        if let Some(other) = self.keys().find(|other| other.name == key.name) {
            return format!("`{}` belongs in [{}]", key.name, other.section);
        }
        let mine: Vec<_> = self.keys().filter(|k| k.section == key.section).collect();
        match nearest(&key.name, mine.iter().map(|k| k.name.as_str())) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("there are {}", list(&mine, |k| format!("`{}`", k.name))),
        }
    }

    /// Says what may have been meant by an environment variable that sets nothing.
    pub(crate) fn instead_of_variable(&self, variable: &str) -> String {
        let variables: Vec<_> = self.keys().map(|key| key.variable()).collect();
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

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.0.iter().flat_map(|(section, settings)| {
            let names = settings.as_table().into_iter().flat_map(Table::keys);
            names.map(move |name| Key::new(section, name))
        })
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

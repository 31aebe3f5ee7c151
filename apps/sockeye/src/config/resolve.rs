//! Lays the sources over each other, and keeps for each setting the place that won.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    checked::Config,
    error::{ConfigError, InvalidConfig, Mistake},
    key::{Key, Known, section_mut},
    raw::Raw,
    rule::Broken,
    setting::{Flags, Place, from_environment, from_file, from_flags},
};

/// Where settings come from, beside the defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// The file, if one is named.
    pub(crate) file: Option<PathBuf>,
    /// The environment; only variables that begin with `SOCKEYE_` count.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// The command line.
    pub(crate) flags: Flags,
}

/// The settings of all sources together, each of the right kind.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(super) raw: Raw,
    pub(super) places: BTreeMap<Key, Place>,
}

/// Reads all sources and lays them over each other.
///
/// # Errors
/// [`InvalidConfig`] with every unknown name and every value of the wrong kind in any source.
pub(crate) fn resolve(sources: Sources) -> Result<Resolved, InvalidConfig> {
    let mut known = Known::new();
    let mut settings = Vec::new();
    if let Some(path) = &sources.file {
        match fs::read_to_string(path) {
            Ok(text) => settings.extend(from_file(path, &text, &mut known)),
            Err(error) => settings.push(Err(unreadable(path, error))),
        }
    }
    settings.extend(from_environment(sources.variables, &known));
    settings.extend(from_flags(&sources.flags));

    let (mut table, mut places, mut mistakes) = (known.into_table(), BTreeMap::new(), Vec::new());
    for setting in settings {
        match setting.and_then(|setting| setting.check().map(|()| setting)) {
            Ok(setting) => {
                if let Some(section) = section_mut(&mut table, &setting.key.section)
                    && let Some(value) = section.get_mut(&setting.key.name)
                {
                    *value = setting.value;
                }
                places.insert(setting.key, setting.place);
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    match table.try_into() {
        Ok(raw) => Ok(Resolved { raw, places }),
        Err(error) => Err(vec![Mistake::Syntax(error.to_string()).into()].into()),
    }
}

fn unreadable(path: &Path, error: io::Error) -> ConfigError {
    let path = path.display().to_string();
    Mistake::Unreadable { path, error }.into()
}

impl Resolved {
    /// Checks ranges and what must hold between settings.
    ///
    /// # Errors
    /// [`InvalidConfig`] with every rule that is broken, at the place of the setting that breaks it.
    pub(crate) fn check(&self) -> Result<Config, InvalidConfig> {
        self.raw.check().map_err(|broken| {
            let errors: Vec<_> = broken.into_iter().map(|one| self.blame(one)).collect();
            errors.into()
        })
    }

    /// Writes the settings down as a file that would make them.
    ///
    /// # Errors
    /// As `toml` has them; none is known to happen.
    pub(crate) fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(&self.raw)
    }

    /// Blames the first of the settings that was not left at its default.
    fn blame(&self, Broken { keys, rule }: Broken) -> ConfigError {
        let place = keys.iter().find_map(|key| self.places.get_key_value(key));
        match (place, keys.first()) {
            (Some((key, place)), _) => {
                let name = place.name_of(key);
                ConfigError::from(Mistake::Rule { name, rule }).at(place)
            }
            (None, key) => {
                let name = key.map(Key::to_string).unwrap_or_default();
                Mistake::Rule { name, rule }.into()
            }
        }
    }
}

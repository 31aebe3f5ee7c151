//! One setting as some source makes it, and how each source is read: the file, the environment, the command line.

use std::{ffi::OsString, path::Path, sync::Arc};

use miette::{NamedSource, SourceSpan};
use serde::Deserialize;
use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    error::{ConfigError, Mistake},
    key::{Key, Known, VARIABLE_PREFIX},
    raw::Raw,
    tls::TlsFlags,
    value::{Listen, Port, Workers},
};

/// The variable that names the file; it is no setting, and the command line reads it.
pub(crate) const FILE_VARIABLE: &str = "SOCKEYE_CONFIG";

/// Where a setting was made.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In the file, at these bytes.
    File {
        file: Arc<NamedSource<String>>,
        span: SourceSpan,
    },
    /// In the environment, by this variable.
    Variable(String),
    /// On the command line, by this flag.
    Flag(&'static str),
}

/// A key with the value that one source gives it.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) key: Key,
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// The settings that flags make.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--listen`.
    pub(crate) listen: Option<Listen>,
    /// `--workers`.
    pub(crate) workers: Option<Workers>,
    /// `--share-port`.
    pub(crate) share_port: Option<bool>,
    /// `--internal-listen`.
    pub(crate) internal: Option<Port>,
    /// Those of TLS.
    pub(crate) tls: TlsFlags,
}

impl Place {
    /// Names a setting as it is named at this place.
    pub(crate) fn name_of(&self, key: &Key) -> String {
        match self {
            Self::File { .. } => key.to_string(),
            Self::Variable(variable) => variable.clone(),
            Self::Flag(flag) => (*flag).to_owned(),
        }
    }
}

impl Setting {
    /// Checks that the value is of the kind its key takes.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let section = Table::from_iter([(self.key.name.clone(), self.value.clone())]);
        let alone = Table::from_iter([(self.key.section.clone(), Value::Table(section))]);
        match alone.try_into::<Raw>() {
            Ok(_) => Ok(()),
            Err(error) => {
                let name = self.place.name_of(&self.key);
                let why = error.message().to_owned();
                Err(ConfigError::from(Mistake::Value { name, why }).at(&self.place))
            }
        }
    }
}

/// Reads the settings that a file's text makes. `path` is only used to name it.
pub(crate) fn from_file(
    path: &Path,
    text: &str,
    known: &Known,
) -> Vec<Result<Setting, ConfigError>> {
    let file = Arc::new(NamedSource::new(
        path.display().to_string(),
        text.to_owned(),
    ));
    let at = |span: std::ops::Range<usize>| Place::File {
        file: Arc::clone(&file),
        span: span.into(),
    };
    let document = match DeTable::parse(text) {
        Ok(document) => document.into_inner(),
        Err(error) => {
            let place = at(error.span().unwrap_or_default());
            let mistake = Mistake::Syntax(error.message().to_owned());
            return vec![Err(ConfigError::from(mistake).at(&place))];
        }
    };
    let mut settings = Vec::new();
    for (section, content) in document {
        let (place, section) = (at(section.span()), section.into_inner().into_owned());
        if !known.is_section(&section) {
            let help = known.instead_of_section(&section);
            let unknown = ConfigError::from(Mistake::UnknownSection(section));
            settings.push(Err(unknown.at(&place).help(help)));
        } else if let DeValue::Table(keys) = content.into_inner() {
            settings.extend(keys.into_iter().map(|(name, value)| {
                let (name_place, value_place) = (at(name.span()), at(value.span()));
                let key = Key::new(section.clone(), name.into_inner().into_owned());
                known_key(key, known)
                    .map_err(|error| error.at(&name_place))
                    .and_then(|key| {
                        let value = plain(value, &key).map_err(|error| error.at(&value_place))?;
                        let place = value_place;
                        Ok(Setting { key, value, place })
                    })
            }));
        } else {
            let mistake = Mistake::NotASection(section);
            settings.push(Err(ConfigError::from(mistake).at(&place)));
        }
    }
    settings
}

fn known_key(key: Key, known: &Known) -> Result<Key, ConfigError> {
    if known.default_of(&key).is_some() {
        return Ok(key);
    }
    let help = known.instead_of_key(&key);
    let Key { section, name } = key;
    Err(ConfigError::from(Mistake::UnknownKey { section, name }).help(help))
}

/// Takes a value out of the document. What TOML can write and this can't hold is a number beyond 64 bits.
fn plain(value: Spanned<DeValue<'_>>, key: &Key) -> Result<Value, ConfigError> {
    Value::deserialize(toml::de::ValueDeserializer::from(value)).map_err(|_| {
        let (name, why) = (key.to_string(), "the number is too large".to_owned());
        Mistake::Value { name, why }.into()
    })
}

/// Reads the settings that environment variables make. Variables of other programs are passed over.
pub(crate) fn from_environment(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    known: &Known,
) -> Vec<Result<Setting, ConfigError>> {
    let ours = variables.into_iter().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        (name.starts_with(VARIABLE_PREFIX) && name != FILE_VARIABLE).then_some((name, value))
    });
    ours.map(|(name, value)| {
        let Some(key) = known.of_variable(&name) else {
            let help = known.instead_of_variable(&name);
            return Err(ConfigError::from(Mistake::UnknownVariable(name)).help(help));
        };
        let Ok(text) = value.into_string() else {
            return Err(Mistake::NotUtf8(name).into());
        };
        let value = shaped_like(known.default_of(&key), text);
        let place = Place::Variable(name);
        Ok(Setting { key, value, place })
    })
    .collect()
}

/// Reads a variable's text as the kind of value that the default is: lists are parted by commas.
fn shaped_like(default: Option<&Value>, text: String) -> Value {
    match default {
        Some(Value::Integer(_)) => text.parse().map_or(Value::String(text), Value::Integer),
        Some(Value::Boolean(_)) => text.parse().map_or(Value::String(text), Value::Boolean),
        Some(Value::Array(_)) => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Value::Array(items.map(Value::from).collect())
        }
        _ => Value::String(text),
    }
}

/// Reads the settings that flags make.
pub(crate) fn from_flags(flags: &Flags) -> Vec<Result<Setting, ConfigError>> {
    let tls = &flags.tls;
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let settings = [
        (
            "server",
            "listen",
            flags.listen.map(Value::from),
            "--listen",
        ),
        (
            "server",
            "workers",
            flags.workers.map(Value::from),
            "--workers",
        ),
        (
            "server",
            "share_port",
            flags.share_port.map(Value::Boolean),
            "--share-port",
        ),
        (
            "internal",
            "listen",
            flags.internal.map(Value::from),
            "--internal-listen",
        ),
        ("tls", "certificate", text(&tls.certificate), "--tls-cert"),
        ("tls", "key", text(&tls.key), "--tls-key"),
        (
            "tls",
            "self_signed",
            tls.self_signed.map(Value::Boolean),
            "--tls-self-signed",
        ),
    ];
    let made = settings
        .into_iter()
        .filter_map(|(section, name, value, flag)| {
            let (key, place) = (Key::new(section, name), Place::Flag(flag));
            let value = value?;
            Some(Ok(Setting { key, value, place }))
        });
    made.collect()
}

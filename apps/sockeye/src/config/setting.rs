//! One setting as some source makes it, and how each source is read: the file, the environment, the command line.

use std::{ffi::OsString, ops::Range, path::Path, sync::Arc};

use miette::{NamedSource, SourceSpan};
use serde::Deserialize;
use sockeye_channels::{Namespace, SettingRule};
use toml::{
    Spanned, Table, Value,
    de::{DeString, DeTable, DeValue},
};

use super::{
    channels::NAMESPACE,
    channels_rule::ChannelsRule,
    error::{ConfigError, Mistake},
    key::{Key, Known, VARIABLE_PREFIX, alone},
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
    /// Those of channels.
    pub(crate) channels: ChannelFlags,
}

/// The settings that flags make of `[channels]` and `[broker]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChannelFlags {
    /// `--danger-insecure`: `true` if it is there.
    pub(crate) danger_insecure: Option<bool>,
    /// `--broker-path`.
    pub(crate) broker_path: Option<String>,
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
        match alone(&self.key.section, section).try_into::<Raw>() {
            Ok(_) => Ok(()),
            Err(error) => {
                let name = self.place.name_of(&self.key);
                let why = error.message().to_owned();
                Err(ConfigError::from(Mistake::Value { name, why }).at(&self.place))
            }
        }
    }
}

/// Reads the settings that a file's text makes, and adds the namespaces that it names. `path` is only used to name it.
pub(crate) fn from_file(
    path: &Path,
    text: &str,
    known: &mut Known,
) -> Vec<Result<Setting, ConfigError>> {
    let file = NamedSource::new(path.display().to_string(), text.to_owned());
    let mut reader = Reader {
        file: Arc::new(file),
        known,
        settings: Vec::new(),
    };
    match DeTable::parse(text) {
        Ok(document) => reader.document(document.into_inner()),
        Err(error) => {
            let place = reader.at(error.span().unwrap_or_default());
            let mistake = Mistake::Syntax(error.message().to_owned());
            let error = ConfigError::from(mistake).at(&place);
            reader.settings.push(Err(error));
        }
    }
    reader.settings
}

/// Walks through a file's tables.
struct Reader<'a> {
    file: Arc<NamedSource<String>>,
    known: &'a mut Known,
    settings: Vec<Result<Setting, ConfigError>>,
}

impl Reader<'_> {
    fn at(&self, span: Range<usize>) -> Place {
        Place::File {
            file: Arc::clone(&self.file),
            span: span.into(),
        }
    }

    fn wrong(&mut self, mistake: Mistake, place: &Place, help: Option<String>) {
        let mut error = ConfigError::from(mistake).at(place);
        if let Some(help) = help {
            error = error.help(help);
        }
        self.settings.push(Err(error));
    }

    fn document(&mut self, document: DeTable<'_>) {
        for (name, content) in document {
            let (place, section) = (self.at(name.span()), owned(name));
            if self.known.is_section(&section) {
                self.section(section, &place, content);
            } else {
                let help = self.known.instead_of_section(&section);
                self.wrong(Mistake::UnknownSection(section), &place, Some(help));
            }
        }
    }

    fn section(&mut self, section: String, place: &Place, content: Spanned<DeValue<'_>>) {
        let DeValue::Table(keys) = content.into_inner() else {
            return self.wrong(Mistake::NotASection(section), place, None);
        };
        for (name, value) in keys {
            let (place, name) = (self.at(name.span()), owned(name));
            let inner = format!("{section}.{name}");
            if inner == NAMESPACE {
                self.namespaces(&place, value);
            } else if self.known.is_section(&inner) {
                self.section(inner, &place, value);
            } else {
                self.key(Key::new(section.clone(), name), &place, value);
            }
        }
    }

    fn namespaces(&mut self, place: &Place, content: Spanned<DeValue<'_>>) {
        let DeValue::Table(namespaces) = content.into_inner() else {
            let all = format!("{NAMESPACE}.NAME");
            return self.wrong(Mistake::NotASection(all), place, None);
        };
        let names = namespaces.iter().filter(|(_, it)| it.get_ref().is_table());
        let names = names.map(|(name, _)| name.get_ref().as_ref());
        self.known.set_namespaces(names);
        for (name, content) in namespaces {
            let (place, name) = (self.at(name.span()), owned(name));
            if content.get_ref().is_table() {
                let section = format!("{NAMESPACE}.{name}");
                if !Namespace::is_name(&name) {
                    let rule = ChannelsRule::from(SettingRule::Name).into();
                    let name = section.clone();
                    self.wrong(Mistake::Rule { name, rule }, &place, None);
                }
                self.section(section, &place, content);
            } else {
                let help = format!("a namespace is a section of its own: [{NAMESPACE}.NAME]");
                let section = NAMESPACE.to_owned();
                self.wrong(Mistake::UnknownKey { section, name }, &place, Some(help));
            }
        }
    }

    fn key(&mut self, key: Key, name_place: &Place, value: Spanned<DeValue<'_>>) {
        let place = self.at(value.span());
        let setting = known_key(key, self.known)
            .map_err(|error| error.at(name_place))
            .and_then(|key| {
                let value = plain(value, &key).map_err(|error| error.at(&place))?;
                Ok(Setting { key, value, place })
            });
        self.settings.push(setting);
    }
}

fn owned(name: Spanned<DeString<'_>>) -> String {
    name.into_inner().into_owned()
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
    let (tls, channels) = (&flags.tls, &flags.channels);
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let is_on = |is_on: Option<bool>| is_on.map(Value::Boolean);
    let settings = [
        ("server.listen", flags.listen.map(Value::from), "--listen"),
        (
            "server.workers",
            flags.workers.map(Value::from),
            "--workers",
        ),
        ("server.share_port", is_on(flags.share_port), "--share-port"),
        (
            "internal.listen",
            flags.internal.map(Value::from),
            "--internal-listen",
        ),
        ("tls.certificate", text(&tls.certificate), "--tls-cert"),
        ("tls.key", text(&tls.key), "--tls-key"),
        (
            "tls.self_signed",
            is_on(tls.self_signed),
            "--tls-self-signed",
        ),
        (
            "channels.danger_insecure",
            is_on(channels.danger_insecure),
            "--danger-insecure",
        ),
        ("broker.path", text(&channels.broker_path), "--broker-path"),
    ];
    let made = settings.into_iter().filter_map(|(path, value, flag)| {
        let (section, name) = path.split_once('.')?;
        let (key, place) = (Key::new(section, name), Place::Flag(flag));
        let value = value?;
        Some(Ok(Setting { key, value, place }))
    });
    made.collect()
}

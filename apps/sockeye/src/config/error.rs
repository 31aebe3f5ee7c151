//! What is wrong with the settings, said to an operator: what, where, and what may have been meant.

use std::{io, sync::Arc};

use miette::{Diagnostic, NamedSource, Report, SourceSpan};
use thiserror::Error;

use super::{rule::Rule, setting::Place};

/// The settings can't be used; it carries every mistake that was found.
#[derive(Debug, Error, Diagnostic)]
#[error("the configuration can't be used")]
pub(crate) struct InvalidConfig {
    #[related]
    mistakes: Vec<ConfigError>,
}

/// One mistake, and the place in the file if it was made there.
#[derive(Debug, Error, Diagnostic)]
#[error("{mistake}")]
pub(crate) struct ConfigError {
    mistake: Mistake,
    #[source_code]
    file: Option<Arc<NamedSource<String>>>,
    #[label]
    span: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

/// What the operator got wrong.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Mistake {
    /// The file can't be read.
    #[error("can't read {path}: {error}")]
    Unreadable { path: String, error: io::Error },
    /// The file is not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// There is no such section.
    #[error("unknown section [{0}]")]
    UnknownSection(String),
    /// A section's name stands for something else than a section.
    #[error("`{0}` is a section: write [{0}] and its keys below")]
    NotASection(String),
    /// There is no such key in the section.
    #[error("unknown key `{name}` in [{section}]")]
    UnknownKey { section: String, name: String },
    /// An environment variable seems to be meant for this program but sets nothing.
    #[error("unknown environment variable {0}")]
    UnknownVariable(String),
    /// An environment variable holds bytes that are not UTF-8.
    #[error("{0}: the value is not UTF-8")]
    NotUtf8(String),
    /// A value is not of the kind its setting takes.
    #[error("{name}: {why}")]
    Value { name: String, why: String },
    /// Values that are right by themselves don't go together, or one is out of its range.
    #[error("{name}: {rule}")]
    Rule { name: String, rule: Rule },
}

impl InvalidConfig {
    /// Makes a report for the operator; a single mistake stands alone.
    pub(crate) fn into_report(mut self) -> Report {
        match self.mistakes.pop() {
            Some(only) if self.mistakes.is_empty() => only.into(),
            last => {
                self.mistakes.extend(last);
                self.into()
            }
        }
    }
}

impl InvalidConfig {
    /// Returns a line for each mistake, as a log takes it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.mistakes.iter().map(ConfigError::line)
    }
}

impl From<Vec<ConfigError>> for InvalidConfig {
    fn from(mistakes: Vec<ConfigError>) -> Self {
        Self { mistakes }
    }
}

impl From<Mistake> for ConfigError {
    fn from(mistake: Mistake) -> Self {
        Self {
            mistake,
            file: None,
            span: None,
            help: None,
        }
    }
}

impl ConfigError {
    /// Points at the place in the file, if the mistake was made there.
    #[must_use]
    pub(crate) fn at(mut self, place: &Place) -> Self {
        if let Place::File { file, span } = place {
            self.file = Some(Arc::clone(file));
            self.span = Some(*span);
        }
        self
    }

    /// Says where it was made, what it is and what may have been meant, all in a line.
    fn line(&self) -> String {
        let place = self.file.as_ref().zip(self.span).map(|(file, span)| {
            let before = file.inner().as_bytes().get(..span.offset());
            let ends = before.into_iter().flatten().filter(|byte| **byte == b'\n');
            format!("{}:{}: ", file.name(), ends.count() + 1)
        });
        let help = self.help.as_ref().map(|help| format!(" ({help})"));
        let [place, help] = [place, help].map(Option::unwrap_or_default);
        format!("{place}{}{help}", self.mistake)
    }

    /// Adds what may have been meant.
    #[must_use]
    pub(crate) fn help(mut self, help: String) -> Self {
        self.help = Some(help);
        self
    }
}

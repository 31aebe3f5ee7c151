//! The URL of a set of keys, which may depend on who issued a token.
//!
//! Its parts that depend on a token are known before any token comes: they are words that the operator listed. So there
//! are only so many URLs, and none that a token makes up.

use std::{borrow::Cow, collections::BTreeMap};

use regex::Regex;

use super::{InvalidToken, InvalidTokenSettings, payload::Payload};

/// How many URLs there may be.
const MAX_URLS: usize = 1000;

/// A URL with names in `{{` and `}}`.
#[derive(Debug)]
pub(super) struct KeyUrl {
    template: String,
    /// What the names may stand for.
    words: BTreeMap<String, Vec<String>>,
    issuer: Option<Regex>,
    audience: Option<Regex>,
}

impl KeyUrl {
    pub(super) fn new(
        template: &str,
        [issuer, audience]: [Option<&Regex>; 2],
    ) -> Result<Self, InvalidTokenSettings> {
        let mut words = BTreeMap::new();
        let mut urls: usize = 1;
        for name in names(template)? {
            let group = |regex: &&Regex| regex.capture_names().flatten().any(|other| other == name);
            let regex = [issuer, audience].into_iter().flatten().find(group);
            let regex = regex.ok_or_else(|| InvalidTokenSettings::UnknownGroup(name.clone()))?;
            let listed = listed(regex.as_str(), &name)
                .ok_or_else(|| InvalidTokenSettings::OpenGroup(name.clone()))?;
            urls = urls.saturating_mul(listed.len());
            if urls > MAX_URLS {
                return Err(InvalidTokenSettings::OpenGroup(name));
            }
            words.insert(name, listed);
        }
        Ok(Self {
            template: template.to_owned(),
            words,
            issuer: issuer.cloned(),
            audience: audience.cloned(),
        })
    }

    /// Every URL that there can be.
    pub(super) fn all(&self) -> Vec<String> {
        let mut urls = vec![self.template.clone()];
        for (name, words) in &self.words {
            let filled = urls.iter().flat_map(|url| {
                let words = words.iter();
                words.map(|word| url.replace(&placeholder(name), word))
            });
            urls = filled.collect();
        }
        urls
    }

    /// The URL for a token that is not believed yet.
    pub(super) fn of(&self, payload: &[u8]) -> Result<Cow<'_, str>, InvalidToken> {
        if self.words.is_empty() {
            return Ok(Cow::Borrowed(&self.template));
        }
        let payload = Payload::read(payload)?;
        let mut url = self.template.clone();
        let issuer = payload.iss.iter().map(|claim| (&self.issuer, claim));
        let audience = payload.audience().iter();
        let audience = audience.map(|claim| (&self.audience, claim));
        for (regex, claim) in issuer.chain(audience) {
            let Some(found) = regex.as_ref().and_then(|regex| regex.captures(claim)) else {
                continue;
            };
            for (name, words) in &self.words {
                let word = found.name(name).map(|word| word.as_str());
                if let Some(word) = word.filter(|word| words.iter().any(|listed| listed == word)) {
                    url = url.replace(&placeholder(name), word);
                }
            }
        }
        // One that is not filled in is none of those that there are, and so has no key.
        Ok(Cow::Owned(url))
    }
}

fn placeholder(name: &str) -> String {
    format!("{{{{{name}}}}}")
}

/// The names in a template, each once.
fn names(template: &str) -> Result<Vec<String>, InvalidTokenSettings> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else {
            return Err(InvalidTokenSettings::UnknownGroup(after.to_owned()));
        };
        names.push(name.to_owned());
        rest = behind;
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The words that a named group lists: `(?<name>one|two)`, in which nothing but letters, digits, `-`, `_` and escaped
/// dots stands.
fn listed(pattern: &str, name: &str) -> Option<Vec<String>> {
    let starts = [format!("(?<{name}>"), format!("(?P<{name}>")];
    let (_, rest) = starts.iter().find_map(|start| pattern.split_once(start))?;
    let (group, _) = rest.split_once(')')?;
    let words = group.split('|').map(|word| {
        let plain = word.replace(r"\.", ".");
        let without_dots = word.replace(r"\.", "");
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_word = !plain.is_empty() && without_dots.chars().all(is_letter);
        // A path that goes up is none that was meant.
        (is_word && !plain.contains("..") && plain != ".").then_some(plain)
    });
    words.collect()
}

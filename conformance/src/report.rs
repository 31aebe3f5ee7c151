//! A suite's report: one outcome a case; and where two reports differ.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;
use thiserror::Error;

/// What became of one case: how the peer behaved, and how it closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Outcome {
    /// The suite's word for the peer's behavior, such as `OK` or `NON-STRICT`.
    pub behavior: String,
    /// The suite's word for how the peer closed. An illegal close frame that is answered shows only here.
    pub close: String,
}

/// The outcomes of a whole suite, by case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report(BTreeMap<Case, Outcome>);

/// One case whose outcome is not the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The case, such as `7.3.6`.
    pub case: String,
    /// What was expected; `None` for a case that is not on the list.
    pub expected: Option<Outcome>,
    /// What the suite says; `None` if it did not run the case.
    pub found: Option<Outcome>,
}

/// The text is not a report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The expectations are not of the form `{case: [behavior, behaviorClose]}`.
    #[error("not of the form {{case: [behavior, behaviorClose]}}")]
    Expectations,
    /// The index is not of the form `{agent: {case: {behavior, behaviorClose}}}` with a single agent.
    #[error("not of the form {{agent: {{case: {{behavior, behaviorClose}}}}}} with a single agent")]
    Index,
}

impl Report {
    /// Reads expectations: `{case: [behavior, behaviorClose]}`.
    ///
    /// # Errors
    /// [`Unreadable`] if the text is something else.
    pub fn from_expectations(json: &str) -> Result<Self, Unreadable> {
        let value: Value = serde_json::from_str(json)?;
        let outcome = |value: &Value| outcome(value.get(0), value.get(1));
        cases(&value, outcome).ok_or(Unreadable::Expectations)
    }

    /// Reads the `index.json` that a runner writes, whatever it calls the agent.
    ///
    /// # Errors
    /// [`Unreadable`] if the text is something else, or the report is about several agents.
    pub fn from_index(json: &str) -> Result<Self, Unreadable> {
        let value: Value = serde_json::from_str(json)?;
        let mut agents = value.as_object().into_iter().flatten();
        let (Some((_, agent)), None) = (agents.next(), agents.next()) else {
            return Err(Unreadable::Index);
        };
        let outcome = |value: &Value| outcome(value.get("behavior"), value.get("behaviorClose"));
        cases(agent, outcome).ok_or(Unreadable::Index)
    }

    /// Returns how many cases there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many cases have which outcome.
    pub fn counts(&self) -> BTreeMap<&Outcome, usize> {
        let mut counts = BTreeMap::new();
        for outcome in self.0.values() {
            *counts.entry(outcome).or_default() += 1;
        }
        counts
    }

    /// Returns every case that differs from the expected report, missing and unknown ones too, in the suite's order.
    pub fn differences_from(&self, expected: &Self) -> Vec<Difference> {
        let mut cases: Vec<&Case> = expected.0.keys().chain(self.0.keys()).collect();
        cases.sort();
        cases.dedup();
        cases
            .into_iter()
            .filter(|case| expected.0.get(case) != self.0.get(case))
            .map(|case| Difference {
                case: case.name.clone(),
                expected: expected.0.get(case).cloned(),
                found: self.0.get(case).cloned(),
            })
            .collect()
    }
}

/// A case's name, ordered by its numbers: 1.2 stands before 1.10.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Case {
    numbers: Vec<Option<u32>>,
    name: String,
}

impl Case {
    fn new(name: &str) -> Self {
        Self {
            numbers: name.split('.').map(|part| part.parse().ok()).collect(),
            name: name.to_owned(),
        }
    }
}

fn cases(value: &Value, outcome: impl Fn(&Value) -> Option<Outcome>) -> Option<Report> {
    let cases = value.as_object()?.iter();
    cases
        .map(|(case, value)| Some((Case::new(case), outcome(value)?)))
        .collect::<Option<_>>()
        .map(Report)
}

fn outcome(behavior: Option<&Value>, close: Option<&Value>) -> Option<Outcome> {
    Some(Outcome {
        behavior: behavior?.as_str()?.to_owned(),
        close: close?.as_str()?.to_owned(),
    })
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.behavior, self.close)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                write!(f, "{}: {found}, expected {expected}", self.case)
            }
            (Some(_), None) => write!(f, "{}: was not run", self.case),
            (None, _) => write!(f, "{}: is not on the list of expected cases", self.case),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &str = r#"{"7.1": ["OK", "OK"], "7.3": ["OK", "OK"], "7.12": ["OK", "OK"]}"#;

    fn differences(index: &str) -> Vec<String> {
        let expected = Report::from_expectations(EXPECTED).unwrap();
        let found = Report::from_index(index).unwrap();
        let differences = found.differences_from(&expected);
        differences.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_difference_in_either_field_is_found_and_so_is_a_missing_or_unknown_case() {
        let found = differences(
            r#"{"agent": {
                "7.1": {"behavior": "NON-STRICT", "behaviorClose": "OK"},
                "7.12": {"behavior": "OK", "behaviorClose": "FAILED"},
                "9.1": {"behavior": "OK", "behaviorClose": "OK"}
            }}"#,
        );
        assert_eq!(
            found,
            [
                "7.1: NON-STRICT / OK, expected OK / OK",
                "7.3: was not run",
                "7.12: OK / FAILED, expected OK / OK",
                "9.1: is not on the list of expected cases",
            ]
        );
    }

    #[test]
    fn a_report_about_nobody_or_about_two_is_unreadable() {
        for index in ["{}", r#"{"a": {}, "b": {}}"#, r#"{"a": {"1.1": {}}}"#] {
            let refused = Report::from_index(index);
            assert!(matches!(refused, Err(Unreadable::Index)), "{index}");
        }
    }

    #[test]
    fn both_roles_are_expected_to_pass_514_cases_and_three_that_only_inform() {
        for text in [
            include_str!("../autobahn/expected-server.json"),
            include_str!("../autobahn/expected-client.json"),
        ] {
            let counts = Report::from_expectations(text).unwrap();
            let counts: Vec<String> = counts
                .counts()
                .iter()
                .map(|(outcome, count)| format!("{count} {outcome}"))
                .collect();
            assert_eq!(counts, ["3 INFORMATIONAL / INFORMATIONAL", "514 OK / OK"]);
        }
    }
}

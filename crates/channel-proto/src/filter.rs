//! Filters by tags: which publications of a channel a subscriber wants.
//!
//! A filter saves bandwidth; it protects nothing, since whoever may subscribe may leave it out.

mod decimal;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::FilterNode;
use decimal::Decimal;

/// How deep nodes of a filter may be nested; the uppermost is 1 deep.
pub const MAX_FILTER_DEPTH: usize = 16;

/// How many nodes a filter may have, comparisons and joints together. Each is looked at for each publication.
pub const MAX_FILTER_NODES: usize = 256;

/// How many values the sets of a filter may have, all together.
pub const MAX_FILTER_VALUES: usize = 4096;

/// What a subscriber wants, checked: see [`Filter::matches`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Node);

/// Why a filter is none. It is answered with [`ErrorCode::BadRequest`](crate::ErrorCode::BadRequest).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidFilter {
    /// A joint that is neither `and`, `or`, nor `not`.
    #[error("unknown op")]
    UnknownOp,
    /// A comparison of a kind that there is not, or of none.
    #[error("unknown cmp")]
    UnknownCmp,
    /// A comparison with a value, but none is given.
    #[error("a comparison without a key or a value")]
    Incomplete,
    /// A value for a comparison with a set, a set for one with a value, or either for one with nothing.
    #[error("a comparison with too many values")]
    TooMuch,
    /// `and` or `or` of nothing, or `not` of anything but one node.
    #[error("a joint of too few or too many nodes")]
    Joint,
    /// Nested deeper than [`MAX_FILTER_DEPTH`].
    #[error("nested too deep")]
    TooDeep,
    /// More nodes than [`MAX_FILTER_NODES`], or more values than [`MAX_FILTER_VALUES`].
    #[error("too large")]
    TooLarge,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Tag(String, Test),
}

/// What is asked of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Is(String),
    IsNot(String),
    /// The set is sorted.
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Less(String),
    LessOrEqual(String),
    Greater(String),
    GreaterOrEqual(String),
}

impl Filter {
    /// Whether a publication with these tags is wanted.
    ///
    /// A tag that is missing is not equal to any value; in sets it counts as the empty value. Numbers are decimals of
    /// any length, compared digit by digit; where either side is no number, no order holds.
    pub fn matches(&self, tags: &BTreeMap<String, String>) -> bool {
        self.0.matches(tags)
    }
}

impl TryFrom<&FilterNode> for Filter {
    type Error = InvalidFilter;

    fn try_from(node: &FilterNode) -> Result<Self, InvalidFilter> {
        let mut room = Room {
            nodes: MAX_FILTER_NODES,
            values: MAX_FILTER_VALUES,
        };
        Node::read(node, MAX_FILTER_DEPTH, &mut room).map(Self)
    }
}

/// How much more a filter may have.
#[derive(Debug)]
struct Room {
    nodes: usize,
    values: usize,
}

impl Room {
    fn take(&mut self, node: &FilterNode) -> Result<(), InvalidFilter> {
        let nodes = self.nodes.checked_sub(1);
        let values = self.values.checked_sub(node.vals.len());
        self.nodes = nodes.ok_or(InvalidFilter::TooLarge)?;
        self.values = values.ok_or(InvalidFilter::TooLarge)?;
        Ok(())
    }
}

impl Node {
    fn read(node: &FilterNode, depth: usize, room: &mut Room) -> Result<Self, InvalidFilter> {
        let depth = depth.checked_sub(1).ok_or(InvalidFilter::TooDeep)?;
        room.take(node)?;
        let mut nodes = || -> Result<Vec<Self>, InvalidFilter> {
            let nodes = node.nodes.iter();
            nodes.map(|node| Self::read(node, depth, room)).collect()
        };
        match (node.op.as_str(), node.nodes.as_slice()) {
            ("", _) => Ok(Self::Tag(node.key.clone(), Test::read(node)?)),
            ("and" | "or", []) => Err(InvalidFilter::Joint),
            ("and", _) => Ok(Self::All(nodes()?)),
            ("or", _) => Ok(Self::Any(nodes()?)),
            ("not", [node]) => Ok(Self::Not(Box::new(Self::read(node, depth, room)?))),
            ("not", _) => Err(InvalidFilter::Joint),
            _ => Err(InvalidFilter::UnknownOp),
        }
    }

    fn matches(&self, tags: &BTreeMap<String, String>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(tags)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(tags)),
            Self::Not(node) => !node.matches(tags),
            Self::Tag(key, test) => test.holds(tags.get(key).map(String::as_str)),
        }
    }
}

impl Test {
    fn read(node: &FilterNode) -> Result<Self, InvalidFilter> {
        let value = || match (node.key.as_str(), node.val.as_str(), node.vals.as_slice()) {
            ("", ..) | (_, "", _) => Err(InvalidFilter::Incomplete),
            (_, value, []) => Ok(value.to_owned()),
            _ => Err(InvalidFilter::TooMuch),
        };
        let set = || match (node.key.as_str(), node.val.as_str(), node.vals.as_slice()) {
            ("", ..) | (.., []) => Err(InvalidFilter::Incomplete),
            (_, "", values) => Ok(sorted(values)),
            _ => Err(InvalidFilter::TooMuch),
        };
        let nothing = |test| match (node.val.as_str(), node.vals.as_slice()) {
            ("", []) => Ok(test),
            _ => Err(InvalidFilter::TooMuch),
        };
        match node.cmp.as_str() {
            "eq" => value().map(Self::Is),
            "neq" => value().map(Self::IsNot),
            "in" => set().map(Self::In),
            "nin" => set().map(Self::NotIn),
            "ex" => nothing(Self::Exists),
            "nex" => nothing(Self::Missing),
            "sw" => value().map(Self::StartsWith),
            "ew" => value().map(Self::EndsWith),
            "ct" => value().map(Self::Contains),
            "lt" => value().map(Self::Less),
            "lte" => value().map(Self::LessOrEqual),
            "gt" => value().map(Self::Greater),
            "gte" => value().map(Self::GreaterOrEqual),
            _ => Err(InvalidFilter::UnknownCmp),
        }
    }

    fn holds(&self, tag: Option<&str>) -> bool {
        let within = |set: &[String]| {
            let tag = tag.unwrap_or_default();
            set.binary_search_by(|value| value.as_str().cmp(tag))
                .is_ok()
        };
        let order = |bound: &str| Decimal::read(tag?)?.partial_cmp(&Decimal::read(bound)?);
        match self {
            Self::Is(value) => tag == Some(value),
            Self::IsNot(value) => tag != Some(value),
            Self::In(set) => within(set),
            Self::NotIn(set) => !within(set),
            Self::Exists => tag.is_some(),
            Self::Missing => tag.is_none(),
            Self::StartsWith(value) => tag.is_some_and(|tag| tag.starts_with(value)),
            Self::EndsWith(value) => tag.is_some_and(|tag| tag.ends_with(value)),
            Self::Contains(value) => tag.is_some_and(|tag| tag.contains(value)),
            Self::Less(bound) => order(bound).is_some_and(|order| order.is_lt()),
            Self::LessOrEqual(bound) => order(bound).is_some_and(|order| order.is_le()),
            Self::Greater(bound) => order(bound).is_some_and(|order| order.is_gt()),
            Self::GreaterOrEqual(bound) => order(bound).is_some_and(|order| order.is_ge()),
        }
    }
}

fn sorted(values: &[String]) -> Vec<String> {
    let mut set = values.to_vec();
    set.sort_unstable();
    set.dedup();
    set
}

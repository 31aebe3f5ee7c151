//! Filters: each comparison, what is refused, limits, and the laws of logic.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn tag(cmp: &str, key: &str, val: &str) -> FilterNode {
    FilterNode {
        key: key.to_owned(),
        cmp: cmp.to_owned(),
        val: val.to_owned(),
        ..FilterNode::default()
    }
}

fn set(cmp: &str, key: &str, vals: &[&str]) -> FilterNode {
    FilterNode {
        vals: vals.iter().map(|val| (*val).to_owned()).collect(),
        ..tag(cmp, key, "")
    }
}

fn joint(op: &str, nodes: Vec<FilterNode>) -> FilterNode {
    FilterNode {
        op: op.to_owned(),
        nodes,
        ..FilterNode::default()
    }
}

fn not(node: FilterNode) -> FilterNode {
    joint("not", vec![node])
}

fn matches(node: &FilterNode, tags: &[(&str, &str)]) -> bool {
    let tags = tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Filter::try_from(node).unwrap().matches(&tags)
}

#[test]
fn each_comparison_holds_for_what_it_says() {
    // The value that it holds for, one that it does not hold for, and whether it holds where the tag is missing.
    let cases = [
        (tag("eq", "k", "b"), Some("b"), Some("a"), false),
        (tag("neq", "k", "b"), Some("a"), Some("b"), true),
        (set("in", "k", &["b", "a"]), Some("a"), Some("c"), false),
        (set("nin", "k", &["b", "a"]), Some("c"), Some("b"), true),
        (tag("ex", "k", ""), Some(""), None, false),
        (tag("nex", "k", ""), None, Some(""), true),
        (tag("sw", "k", "ab"), Some("abc"), Some("cab"), false),
        (tag("ew", "k", "ab"), Some("cab"), Some("abc"), false),
        (tag("ct", "k", "ab"), Some("cabd"), Some("acb"), false),
        (tag("gt", "k", "42"), Some("100"), Some("42.0"), false),
        (
            tag("gte", "k", "42"),
            Some("42.0"),
            Some("41.99999999"),
            false,
        ),
        (tag("lt", "k", "42"), Some("-100"), Some("42"), false),
        (
            tag("lte", "k", "42"),
            Some("042"),
            Some("42.00000001"),
            false,
        ),
    ];
    for (node, held, not_held, missing) in cases {
        if let Some(value) = held {
            assert!(matches(&node, &[("k", value)]), "{node:?} {value}");
        }
        if let Some(value) = not_held {
            assert!(!matches(&node, &[("k", value)]), "{node:?} {value}");
        }
        assert_eq!(matches(&node, &[("other", "b")]), missing, "{node:?}");
    }
}

#[test]
fn a_missing_tag_is_the_empty_value_of_a_set() {
    assert!(matches(&set("in", "k", &[""]), &[]));
    assert!(!matches(&set("nin", "k", &[""]), &[]));
}

#[test]
fn a_filter_joins_comparisons() {
    let node = joint(
        "or",
        vec![
            joint(
                "and",
                vec![tag("eq", "env", "prod"), set("in", "region", &["us", "eu"])],
            ),
            joint(
                "and",
                vec![tag("neq", "tier", "bronze"), not(tag("ex", "debug", ""))],
            ),
        ],
    );
    assert!(matches(
        &node,
        &[("env", "prod"), ("region", "us"), ("debug", "1")]
    ));
    assert!(matches(&node, &[("tier", "silver")]));
    assert!(matches(&node, &[("env", "staging"), ("region", "us")]));
    assert!(!matches(&node, &[("tier", "bronze"), ("env", "prod")]));
    assert!(!matches(&node, &[("debug", "1")]));
}

#[test]
fn what_is_no_number_has_no_order() {
    for value in [
        "", "1.", ".5", "+", "-", "--1", "1e3", "0x1", "1.2.3", "1,5", "NaN", " 1", "١",
    ] {
        for cmp in ["lt", "lte", "gt", "gte"] {
            assert!(!matches(&tag(cmp, "k", "1"), &[("k", value)]), "{value}");
            if !value.is_empty() {
                assert!(!matches(&tag(cmp, "k", value), &[("k", "1")]), "{value}");
            }
        }
    }
}

#[test]
fn numbers_have_as_many_digits_as_they_need() {
    let long = "340282366920938463463374607431768211459.12345678901234567890123";
    assert!(matches(
        &tag("gt", "k", long),
        &[("k", &format!("{long}01"))]
    ));
    assert!(!matches(
        &tag("gt", "k", long),
        &[("k", &format!("{long}00"))]
    ));
    assert!(matches(
        &tag("lt", "k", "-0"),
        &[("k", "-0.00000000000000000000001")]
    ));
    assert!(matches(&tag("gte", "k", "-0.0"), &[("k", "+0")]));
    assert!(matches(&tag("lte", "k", "-0.0"), &[("k", "0000")]));
    assert!(matches(&tag("lt", "k", "10"), &[("k", "9")]));
    assert!(matches(&tag("lt", "k", "-9"), &[("k", "-10")]));
    assert!(matches(&tag("lt", "k", "0.15"), &[("k", "0.1")]));
}

#[test]
fn what_is_malformed_is_refused_with_its_reason() {
    let both = FilterNode {
        vals: vec!["baz".to_owned()],
        ..tag("eq", "foo", "bar")
    };
    let cases = [
        (tag("", "foo", "bar"), InvalidFilter::UnknownCmp),
        (tag("EQ", "foo", "bar"), InvalidFilter::UnknownCmp),
        (FilterNode::default(), InvalidFilter::UnknownCmp),
        (tag("eq", "", "bar"), InvalidFilter::Incomplete),
        (tag("gt", "foo", ""), InvalidFilter::Incomplete),
        (both, InvalidFilter::TooMuch),
        (set("in", "foo", &[]), InvalidFilter::Incomplete),
        (set("nin", "", &["a"]), InvalidFilter::Incomplete),
        (tag("in", "foo", "bar"), InvalidFilter::Incomplete),
        (tag("ex", "foo", "bar"), InvalidFilter::TooMuch),
        (set("nex", "foo", &["a"]), InvalidFilter::TooMuch),
        (joint("and", vec![]), InvalidFilter::Joint),
        (joint("or", vec![]), InvalidFilter::Joint),
        (joint("not", vec![]), InvalidFilter::Joint),
        (
            joint("not", vec![tag("ex", "a", ""), tag("ex", "b", "")]),
            InvalidFilter::Joint,
        ),
        (
            joint("xor", vec![tag("ex", "a", "")]),
            InvalidFilter::UnknownOp,
        ),
        (not(tag("", "a", "")), InvalidFilter::UnknownCmp),
    ];
    for (node, reason) in cases {
        assert_eq!(Filter::try_from(&node), Err(reason), "{node:?}");
    }
}

#[test]
fn a_filter_is_as_large_as_its_limits_and_no_larger() {
    let deep = |depth| (1..depth).fold(tag("ex", "k", ""), |node, _| not(node));
    assert!(Filter::try_from(&deep(MAX_FILTER_DEPTH)).is_ok());
    let refused = Filter::try_from(&deep(MAX_FILTER_DEPTH + 1));
    assert_eq!(refused, Err(InvalidFilter::TooDeep));

    let wide = |nodes| joint("or", vec![tag("ex", "k", ""); nodes - 1]);
    assert!(Filter::try_from(&wide(MAX_FILTER_NODES)).is_ok());
    let refused = Filter::try_from(&wide(MAX_FILTER_NODES + 1));
    assert_eq!(refused, Err(InvalidFilter::TooLarge));

    let half = set("in", "k", &["a"; MAX_FILTER_VALUES / 2]);
    let mut halves = joint("and", vec![half.clone(), half]);
    assert!(Filter::try_from(&halves).is_ok());
    halves.nodes.push(set("in", "k", &["a"]));
    assert_eq!(Filter::try_from(&halves), Err(InvalidFilter::TooLarge));
}

fn any_tag() -> impl Strategy<Value = FilterNode> {
    let key = "[ab]";
    let value = prop_oneof!["-?[0-2]{1,2}(\\.[0-2]{1,2})?", "[xy]{1,2}"];
    let one = prop::sample::select(vec![
        "eq", "neq", "sw", "ew", "ct", "lt", "lte", "gt", "gte",
    ]);
    let compared = (one, key, value.clone()).prop_map(|(cmp, key, val)| tag(cmp, &key, &val));
    let many = prop::sample::select(vec!["in", "nin"]);
    let in_set =
        (many, key, prop::collection::vec(value, 1..4)).prop_map(|(cmp, key, vals)| FilterNode {
            vals,
            ..tag(cmp, &key, "")
        });
    let existing = prop::sample::select(vec!["ex", "nex"]);
    let there = (existing, key).prop_map(|(cmp, key)| tag(cmp, &key, ""));
    prop_oneof![compared, in_set, there]
}

fn any_filter() -> impl Strategy<Value = FilterNode> {
    any_tag().prop_recursive(3, 24, 3, |inner| {
        let nodes = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            nodes.clone().prop_map(|nodes| joint("and", nodes)),
            nodes.prop_map(|nodes| joint("or", nodes)),
            inner.prop_map(not),
        ]
    })
}

fn any_tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    let value = prop_oneof!["-?[0-2]{1,2}(\\.[0-2]{1,2})?", "[xy]{0,2}"];
    prop::collection::btree_map("[ab]", value, 0..3)
}

proptest! {
    #[test]
    fn de_morgan_holds_and_not_undoes_itself(
        nodes in prop::collection::vec(any_filter(), 1..4), tags in any_tags(),
    ) {
        let is = |node: &FilterNode| Filter::try_from(node).unwrap().matches(&tags);
        let all = joint("and", nodes.clone());
        let any = joint("or", nodes.clone());
        let nots: Vec<_> = nodes.into_iter().map(not).collect();
        prop_assert_eq!(is(&not(all.clone())), is(&joint("or", nots.clone())));
        prop_assert_eq!(is(&not(any)), is(&joint("and", nots)));
        prop_assert_eq!(is(&not(not(all.clone()))), is(&all));
    }

    #[test]
    fn opposites_exclude_each_other(node in any_tag(), tags in any_tags()) {
        let is = |node: &FilterNode| Filter::try_from(node).unwrap().matches(&tags);
        let opposite = |cmp: &str| FilterNode { cmp: cmp.to_owned(), ..node.clone() };
        let held = is(&node);
        match node.cmp.as_str() {
            "eq" => prop_assert_ne!(held, is(&opposite("neq"))),
            "in" => prop_assert_ne!(held, is(&opposite("nin"))),
            "ex" => prop_assert_ne!(held, is(&opposite("nex"))),
            "lt" => prop_assert!(!held || !is(&opposite("gte")) && is(&opposite("lte"))),
            "gt" => prop_assert!(!held || !is(&opposite("lte")) && is(&opposite("gte"))),
            _ => {}
        }
    }

    #[test]
    fn decimals_are_ordered_as_numbers(one in -999_999_i64..999_999, other in -999_999_i64..999_999, places in 0_usize..4) {
        let written = |number: i64| {
            let sign = if number < 0 { "-" } else { "" };
            let digits = format!("{:07}", number.unsigned_abs());
            let (whole, fraction) = digits.split_at(7 - places);
            if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
        };
        let (text, against) = (written(one), written(other));
        let order = Decimal::read(&text).unwrap().cmp(&Decimal::read(&against).unwrap());
        prop_assert_eq!(order, one.cmp(&other));
    }

    #[test]
    fn any_text_is_a_number_or_none(text in any::<String>()) {
        if let Some(number) = Decimal::read(&text) {
            prop_assert_eq!(number.cmp(&number), Ordering::Equal);
        }
    }
}

//! Patches: golden ones that others read and write, hostile ones, and random ones.

use proptest::prelude::*;

use super::*;

const PRICE: &str = r#"{"symbol":"ABC","price":10.25,"volume":120000,"time":1700000000}"#;
const LOWER: &str = r#"{"symbol":"ABC","price":9.5,"volume":120000,"time":1700000000}"#;
const ITEMS: &str =
    r#"{"items":["first of all things","second of all things","third of all things"]}"#;
const TURNED: &str =
    r#"{"items":["third of all things","second of all things","first of all things"],"n":3}"#;
const TOWN: &str = r#"{"name":"Zürich","text":"grüße aus der schönen stadt"}"#;
const TOWER: &str = r#"{"name":"Zárich","text":"grüße aus der schönen städt"}"#;

/// Sources, targets, the patch that fossil-delta 2.0 for JavaScript makes, and ours, which it reads.
const VECTORS: [(&str, &str, &str, &str); 7] = [
    ("", "", "0\n0:0;", "0\n0;"),
    ("", "hello", "5\n5:hello3NPMmh;", "5\n5:hello3NPMmh;"),
    ("hello", "", "0\n0:0;", "0\n0;"),
    ("abcd", "abcd", "4\n4:abcd1XObD_;", "4\n4:abcd1XObD_;"),
    (
        PRICE,
        LOWER,
        "z\nO@0,2:9._@S,iknl9;",
        "z\nO@0,2:9._@S,iknl9;",
    ),
    (
        ITEMS,
        TURNED,
        "1K\nG:{\"items\":[\"thirdd@G,S:first of all things\"],\"n\":3}oUFF_;",
        "1K\nB@0,K@t,P@V,K@B,8:],\"n\":3}oUFF_;",
    ),
    (
        TOWN,
        TOWER,
        "w\nC:{\"name\":\"Záe@C,6:ädt\"}4IAgD;",
        "w\nA@0,2:áe@C,6:ädt\"}4IAgD;",
    ),
];

fn patched(source: &[u8], target: &[u8]) -> Vec<u8> {
    encode(source, target, Cut::Anywhere).unwrap()
}

#[test]
fn other_implementations_and_this_one_read_each_other() {
    for (source, target, theirs, ours) in VECTORS {
        let [source, target] = [source, target].map(str::as_bytes);
        for patch in [theirs, ours] {
            let made = apply(source, patch.as_bytes(), target.len());
            assert_eq!(made.as_deref(), Ok(target), "{patch}");
        }
        let patch = encode(source, target, Cut::AtCharacters).unwrap();
        assert_eq!(String::from_utf8(patch).unwrap(), ours);
    }
}

#[test]
fn a_character_is_never_cut() {
    // Both begin with the same byte, and end with the same one.
    let (source, target) = (
        "0123456789ü, and then the same ì",
        "0123456789á, and then the same Ĭ",
    );
    let cut = patched(source.as_bytes(), target.as_bytes());
    assert!(std::str::from_utf8(&cut).is_err());
    let whole = encode(source.as_bytes(), target.as_bytes(), Cut::AtCharacters).unwrap();
    assert!(std::str::from_utf8(&whole).is_ok());
    for patch in [cut, whole] {
        assert_eq!(
            apply(source.as_bytes(), &patch, 100).unwrap(),
            target.as_bytes()
        );
    }
}

#[test]
fn what_is_no_text_has_no_patch_that_is_text() {
    assert_eq!(encode(b"\xff", b"text", Cut::AtCharacters), Err(NotText));
    assert_eq!(encode(b"text", b"\xc3", Cut::AtCharacters), Err(NotText));
    assert!(encode(b"\xff", b"\xc3", Cut::Anywhere).is_ok());
}

#[test]
fn a_patch_is_refused_with_its_reason() {
    let cases: [(&str, InvalidPatch); 23] = [
        ("", InvalidPatch::Number),
        ("\n", InvalidPatch::Number),
        ("5", InvalidPatch::CutOff),
        ("5;", InvalidPatch::Syntax),
        ("5\n", InvalidPatch::CutOff),
        ("5\n5", InvalidPatch::CutOff),
        ("5\n5?", InvalidPatch::Syntax),
        ("5\n:", InvalidPatch::Number),
        ("5\n;", InvalidPatch::Number),
        ("5\n5:hell", InvalidPatch::CutOff),
        ("5\n5:hello", InvalidPatch::CutOff),
        ("5\n5:hello3NPMmh", InvalidPatch::CutOff),
        ("5\n5:hello3NPMmh;;", InvalidPatch::Trailing),
        ("5\n5:hello3NPMmi;", InvalidPatch::Checksum),
        ("6\n5:hello3NPMmh;", InvalidPatch::Size),
        ("4\n5:hello3NPMmh;", InvalidPatch::Size),
        // Refused where it becomes too long, not at its end: what is between would fill the memory.
        ("4\n4@0,4@0,?", InvalidPatch::Size),
        ("5\n5@0,;", InvalidPatch::BeyondSource),
        ("1\n1@4,;", InvalidPatch::BeyondSource),
        ("1\n1@0;", InvalidPatch::Syntax),
        ("1\n1@3~~~~~,", InvalidPatch::BeyondSource),
        ("1\n3~~~~~~:", InvalidPatch::Number),
        ("7\n7:hello, 0;", InvalidPatch::TooLong),
    ];
    for (patch, reason) in cases {
        assert_eq!(
            apply(b"abcd", patch.as_bytes(), 6),
            Err(reason),
            "{patch:?}"
        );
    }
}

#[test]
fn a_number_fills_32_bits_and_no_more() {
    for (digits, number) in [
        ("0", 0),
        ("~", 63),
        ("10", 64),
        ("3~~~~~", u32::MAX),
        ("0003", 3),
    ] {
        let mut patch = digits.as_bytes();
        assert_eq!(digits::read(&mut patch), Some(number));
        assert!(patch.is_empty());
    }
    assert_eq!(digits::read(&mut &b"400000"[..]), None);
    assert_eq!(digits::read(&mut &b"3~~~~~0"[..]), None);
}

#[test]
fn the_limit_is_the_longest_target() {
    let patch = patched(b"", b"hello");
    assert!(apply(b"", &patch, 5).is_ok());
    assert_eq!(apply(b"", &patch, 4), Err(InvalidPatch::TooLong));
}

#[test]
fn an_update_of_a_document_is_much_shorter_than_it() {
    let document = |count: usize| -> String {
        let rows = (0..200).map(|row| {
            let changed = if row % 50 == 7 { count } else { 0 };
            format!(r#"{{"id":{row},"name":"player {row}","score":{changed},"online":true}}"#)
        });
        format!("[{}]", rows.collect::<Vec<_>>().join(","))
    };
    let (source, target) = (document(1), document(31_337));
    let patch = encode(source.as_bytes(), target.as_bytes(), Cut::AtCharacters).unwrap();
    assert_eq!(
        apply(source.as_bytes(), &patch, 100_000).unwrap(),
        target.as_bytes()
    );
    assert!(patch.len() <= 80, "{}", patch.len());
}

#[test]
fn a_block_that_is_everywhere_is_not_looked_up_everywhere() {
    // Were each of its many places looked at for each other, this would take minutes.
    let rows = |salt: u32| -> Vec<u8> {
        let rows = (0..60_000_u32).map(|row| (row ^ salt).wrapping_mul(0x9e37_79b1));
        rows.flat_map(|row| format!("everyone{row:08x}").into_bytes())
            .collect()
    };
    let (source, target) = (rows(0), rows(0x5555_5555));
    let patch = patched(&source, &target);
    assert_eq!(apply(&source, &patch, target.len()).unwrap(), target);
}

#[test]
fn long_runs_that_repeat_themselves_are_compared_a_few_times() {
    let source = [b'a'; 500_000];
    let mut target = b"abaabbbab".repeat(100_000);
    target.extend_from_slice(&source);
    let patch = patched(&source, &target);
    assert_eq!(apply(&source, &patch, target.len()).unwrap(), target);
}

/// A target that has much in common with its source, as updates do.
fn edited(source: &str) -> impl Strategy<Value = String> + use<> {
    let chars: Vec<char> = source.chars().collect();
    let edit = (0..=chars.len(), 0..=chars.len(), "[a-cäöí€😀]{0,12}");
    prop::collection::vec(edit, 0..4).prop_map(move |edits| {
        let mut pieces = vec![chars.iter().collect::<String>()];
        for (from, to, inserted) in edits {
            let (from, to) = (from.min(to), from.max(to));
            pieces.push(inserted);
            pieces.push(chars.get(from..to).unwrap_or_default().iter().collect());
        }
        pieces.concat()
    })
}

fn source_and_target() -> impl Strategy<Value = (String, String)> {
    let source = "([a-cäöí€😀]{0,40}|\\PC{0,80}|(\\{\"k\":[0-9]{1,3}\\},){0,12})";
    source.prop_flat_map(|source| {
        let target = prop_oneof![edited(&source), Just(source.clone()), "\\PC{0,60}"];
        (Just(source), target)
    })
}

proptest! {
    #[test]
    fn a_patch_makes_its_target_and_as_text_is_text((source, target) in source_and_target()) {
        let [source, target] = [&source, &target].map(String::as_bytes);
        for cut in [Cut::Anywhere, Cut::AtCharacters] {
            let patch = encode(source, target, cut).unwrap();
            prop_assert_eq!(&apply(source, &patch, target.len()).unwrap(), target);
            prop_assert!(cut == Cut::Anywhere || std::str::from_utf8(&patch).is_ok());
            // Its size, one insert and the checksum are the most that it ever adds.
            prop_assert!(patch.len() <= target.len() + 20);
        }
    }

    #[test]
    fn a_patch_makes_its_target_of_any_bytes(
        source in prop::collection::vec(0_u8..4, 0..200), target in prop::collection::vec(0_u8..4, 0..200),
    ) {
        let patch = patched(&source, &target);
        prop_assert_eq!(apply(&source, &patch, target.len()).unwrap(), target);
    }

    #[test]
    fn a_patch_that_was_tampered_with_makes_no_more_than_the_limit(
        (source, target) in source_and_target(), at in any::<prop::sample::Index>(), byte in any::<u8>(), limit in 0_usize..200,
    ) {
        let mut patch = patched(source.as_bytes(), target.as_bytes());
        let at = at.index(patch.len());
        patch[at] = byte;
        if let Ok(made) = apply(source.as_bytes(), &patch, limit) {
            prop_assert!(made.len() <= limit);
        }
    }

    #[test]
    fn garbage_makes_an_error_or_no_more_than_the_limit(
        source in prop::collection::vec(any::<u8>(), 0..64), patch in "([0-9A-Za-z~]{0,6}[\n@,:;]){0,8}", limit in 0_usize..100,
    ) {
        if let Ok(made) = apply(&source, patch.as_bytes(), limit) {
            prop_assert!(made.len() <= limit);
        }
    }
}

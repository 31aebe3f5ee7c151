//! The book's page of the API against its description and the program.

use super::*;

const PAGE: &str = include_str!("../../../../../docs/book/src/api.md");

/// Returns what the page says of a method or a shared object.
fn section(name: &str) -> &'static str {
    let (_, behind) = PAGE
        .split_once(&format!("\n## {name}\n"))
        .unwrap_or_else(|| panic!("no section {name}"));
    behind.split("\n## ").next().unwrap()
}

/// Returns what the rows begin with that an object's fields have in tables.
fn rows(schema: &Value) -> Vec<String> {
    let properties = schema["properties"].as_object();
    let names = properties.into_iter().flatten();
    names.map(|(name, _)| format!("| `{name}`")).collect()
}

#[test]
fn each_method_has_a_section_with_all_that_it_takes_and_answers() {
    let described: Value = from_str(OPENAPI).unwrap();
    let schemas = &described["components"]["schemas"];
    for method in METHODS {
        let asked = &described["paths"][format!("/api/{method}")]["post"]["requestBody"];
        let name = asked["content"]["application/json"]["schema"]["$ref"].as_str();
        let name = name.unwrap().rsplit('/').next().unwrap();
        let result = name.replace("Request", "Result");
        let of_section = section(method);
        for row in [rows(&schemas[name]), rows(&schemas[&result])].concat() {
            assert!(of_section.contains(&row), "{method}: no {row}");
        }
    }
}

#[tokio::test]
async fn each_example_is_what_its_method_takes() {
    let call = Call::new(channels(), 10);
    let mut count = 0;
    for method in METHODS {
        let examples = section(method).split("```json\n").skip(1);
        for example in examples.map(|rest| rest.split("```").next().unwrap()) {
            let body = Bytes::copy_from_slice(example.as_bytes());
            let response = call.method(method, &body, Mode::Body).await;
            assert_eq!(response.status(), 200, "{method}: {example}");
            count += 1;
        }
    }
    assert!(count >= 4, "{count}");
}

//! The sections around `[channels]`: tokens, the API, hooks, the broker.

use super::*;
use sockeye_channels::token::Expected;

#[test]
fn tokens_are_verified_by_the_keys_that_are_set() {
    let channels = made(
        "tokens",
        "[tokens]\nhmac_secret = 'new'\nhmac_previous_secret = 'old'
         hmac_previous_until = '2030-01-31T12:00:00Z'\naudience = 'me'\nissuer_regex = '^you'
         [subscription_tokens]\njwks_url = 'https://keys.example/jwks.json'\n",
    );
    let tokens = channels.tokens.unwrap().settings().unwrap();
    assert!(matches!(tokens.audience, Some(Expected::Exactly(me)) if me == "me"));
    assert!(matches!(tokens.issuer, Some(Expected::Matching(_))));
    assert_eq!(tokens.user_id_claim, None);
    let secrets = [tokens.hmac_secret, tokens.hmac_previous_secret].map(Option::unwrap);
    assert_eq!(
        secrets.each_ref().map(|secret| secret.expose()),
        [b"new", b"old"]
    );
    assert_eq!(tokens.hmac_previous_valid_until, Some(1_896_091_200));
    let others = channels.subscription_tokens.unwrap().settings().unwrap();
    assert_eq!(
        others.jwks_url.as_deref(),
        Some("https://keys.example/jwks.json")
    );
    assert_answers(
        "tokens-wrong",
        &[
            (
                "[tokens]\njwks_url = 'https://a.example'\nhmac_secret = 'x'",
                "keys come from tokens.jwks_url: leave tokens.hmac_secret out",
            ),
            ("[tokens]\njwks_url = '/keys'", "is not a URL"),
            ("[tokens]\nissuer = 'me'", "it does nothing without a key"),
            (
                "[tokens]\nhmac_previous_secret = 'x'",
                "it needs hmac_secret",
            ),
            ("[tokens]\nhmac_secret = 'file:/nowhere'", "can't read it"),
            ("[tokens]\nrsa_public_key = '/nowhere'", "can't read it"),
            (
                "[tokens]\nrsa_public_key = 'Cargo.toml'",
                "the RSA key is not a public key",
            ),
            (
                "[tokens]\necdsa_public_key = 'Cargo.toml'",
                "the ECDSA key is not a public key",
            ),
            (
                "[tokens]\njwks_url = 'https://{{who}}.example'",
                "a group that there is not: who",
            ),
            (
                "[tokens]\nhmac_secret = 'x'\nissuer_regex = '('",
                "not a regular expression",
            ),
            (
                "[tokens]\nhmac_secret = 'x'\nissuer_regex = 'a'\nissuer = 'a'",
                "it is said as issuer, too",
            ),
            ("[tokens]\nhmac_previous_until = 'soon'", "is not a moment"),
        ],
    );
}

#[test]
fn a_secret_may_be_in_a_file_and_is_never_printed() {
    let folder = Folder::new("secrets");
    let path = folder.0.join("key");
    std::fs::write(&path, "sesame\n").unwrap();
    let file = format!(
        "[api]\nkeys = ['plain', 'file:{}']\n[hooks]\nsecret = 'quiet'\n",
        path.display()
    );
    let resolved = from("secret-file", &file, &[], Flags::default()).unwrap();
    let printed = resolved.to_toml().unwrap();
    assert!(
        !printed.contains("plain") && !printed.contains("quiet"),
        "{printed}"
    );
    assert!(printed.contains("file:"));
    let raw = format!("{resolved:?}");
    let channels = resolved.check().unwrap().channels.unwrap();
    let debug = raw + &format!("{channels:?}");
    assert!(!debug.contains("plain") && !debug.contains("quiet"));
    let Callers::WithKey(keys) = channels.api.unwrap().callers else {
        panic!("anybody may call");
    };
    let keys: Vec<_> = keys.iter().map(|key| key.read().unwrap()).collect();
    std::fs::write(&path, "\n").unwrap();
    let empty = format!("[tokens]\nhmac_secret = 'file:{}'\n", path.display());
    assert_answers(
        "secret-empty",
        &[(&empty, "tokens.hmac_secret: the secret is empty")],
    );
    assert_eq!(keys, [b"plain".to_vec(), b"sesame".to_vec()]);
    assert_answers(
        "secret-printed",
        &[("[api]\nkeys = ['(hidden)']", "is what is printed")],
    );
}

#[test]
fn the_api_is_for_who_has_a_key_or_for_everybody_if_that_is_asked_for() {
    let open = made("api-open", "[api]\ndanger_insecure = true\n");
    assert_says(&open.dangers().join("\n"), &["api.danger_insecure"]);
    assert_eq!(open.api.unwrap().callers, Callers::DangerAnybody);
    let off = made("api-off", "[api]\nenabled = false\nkeys = ['x']\n");
    assert_eq!(off.api, None);
    assert_answers(
        "api-wrong",
        &[
            ("[api]\nkeys = ['']", "the secret is empty"),
            ("[api]\nkeys = 'x'", "expected a sequence"),
            (
                "[api]\nkeys = ['x']\ndanger_insecure = true",
                "lets everybody in",
            ),
            ("[api]\nbody_bytes = 0", "it must be above 0"),
        ],
    );
}

#[test]
fn hooks_are_where_they_are_set() {
    let channels = made(
        "hooks",
        "[hooks]\nconnect = 'https://a.example/connect'\nrpc = 'http://b.example'
         rpc_namespaces = ['chat']\npublish = 'http://b.example'\nheaders = ['Cookie']
         [channels.namespace.chat]\npublish_hook = true\n",
    );
    assert!(channels.settings.connect_hook && !channels.settings.refresh_hook);
    assert!(channels.settings.rpc.without_namespace);
    assert!(channels.settings.rpc.namespaces.contains("chat"));
    assert_eq!(
        channels.hooks.connect.as_deref(),
        Some("https://a.example/connect")
    );
    assert_answers(
        "hooks-wrong",
        &[
            ("[hooks]\nconnect = 'a.example'", "is not a URL"),
            (
                "[hooks]\nrpc_namespaces = ['chat']",
                "hooks.rpc names no URL",
            ),
            (
                "[hooks]\nrpc = 'http://a.example'\nrpc_without_namespace = false",
                "no method goes there",
            ),
            (
                "[hooks]\nrpc = 'http://a.example'\nrpc_namespaces = ['a b']",
                "hooks.rpc_namespaces: a namespace's name",
            ),
            ("[hooks]\nheaders = ['a b']", "\"a b\" is no header's name"),
            ("[hooks]\nevent_bytes = 0", "it must be above 0"),
        ],
    );
}

#[test]
fn what_is_durable_is_in_the_file_unless_there_is_none() {
    let kept = "[channels.namespace.kept]\nhistory_size = 1\nhistory_ttl = '1h'\n";
    let durability = |channels: &Channels| channels.settings.namespaces["kept"].durability;
    let file = made("broker-file", kept);
    assert_eq!(durability(&file), Durability::Durable);
    assert!(matches!(file.broker, Broker::File { .. }));
    let memory = made("broker-memory", &format!("{kept}[broker]\nmemory = true\n"));
    assert_eq!(durability(&memory), Durability::Ephemeral);
    assert_eq!(memory.broker, Broker::Memory);
    let ephemeral = made("broker-none", &format!("{kept}durability = 'ephemeral'\n"));
    assert_eq!(ephemeral.broker, Broker::Memory);
}

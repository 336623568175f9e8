//! What holds for every row of the table.

use std::collections::HashSet;

use super::{Provider, Quirk};

const SIGNATURE_METHODS: [&str; 5] =
    ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "RSA-SHA256", "PLAINTEXT"];

fn urls(provider: &Provider) -> impl Iterator<Item = &'static str> {
    let renewals = provider.quirks.iter().filter_map(|quirk| match quirk {
        Quirk::Renew(url) => Some(*url),
        _ => None,
    });
    [provider.initiate, provider.authorize, provider.token, provider.check]
        .into_iter()
        .flatten()
        .chain(renewals)
}

/// Whether the placeholders in `text` are among `known`.
fn has_only(text: &str, known: &[&str]) -> bool {
    let rest = known.iter().fold(text.to_owned(), |rest, name| rest.replace(name, ""));
    !rest.contains(['{', '}'])
}

#[test]
fn names_are_unique_and_plain() {
    let mut seen = HashSet::new();
    for provider in Provider::all() {
        let name = provider.name;
        assert!(seen.insert(name), "{name} is there twice");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(!name.is_empty() && name.bytes().all(plain), "{name}");
        assert!(!name.starts_with('-') && !name.ends_with('-'), "{name}");
    }
    assert!(seen.len() >= 15);
}

#[test]
fn people_get_titles_and_notes_in_sentences() {
    for Provider { name, title, notes, .. } in Provider::all() {
        assert!(!title.is_empty(), "{name}");
        assert!(notes.ends_with('.') && !notes.contains("  ") && !notes.contains('\n'), "{name}");
    }
}

#[test]
fn every_row_has_a_source() {
    for Provider { name, sources, .. } in Provider::all() {
        assert!(!sources.is_empty(), "{name}");
        for (index, source) in sources.iter().enumerate() {
            assert!(source.starts_with("https://") || source.starts_with("http://"), "{source}");
            assert!(!source.contains(char::is_whitespace), "{source}");
            assert!(!sources[..index].contains(source), "{source} is there twice");
        }
    }
}

#[test]
fn urls_are_https_or_of_a_site() {
    for provider in Provider::all() {
        for url in urls(provider) {
            assert!(url.starts_with("https://") || url.starts_with("{site}/"), "{url}");
            assert!(has_only(url, &["{site}", "{account}"]), "{url}");
            assert!(!url.contains(char::is_whitespace) && !url.contains('#'), "{url}");
        }
    }
}

#[test]
fn realms_have_placeholders_that_are_known() {
    for provider in Provider::all() {
        for quirk in provider.quirks {
            if let Quirk::Realm(realm) = quirk {
                assert!(!realm.is_empty(), "{}", provider.name);
                assert!(has_only(realm, &["{ACCOUNT}", "{url}"]), "{realm}");
            }
        }
    }
}

#[test]
fn the_three_endpoints_are_there_together() {
    for provider in Provider::all() {
        let Provider { name, initiate, authorize, token, .. } = provider;
        assert_eq!(initiate.is_some(), authorize.is_some(), "{name}");
        assert_eq!(initiate.is_some(), token.is_some(), "{name}");
        assert!(initiate.is_none() || !provider.has(Quirk::ClientAlone), "{name}");
    }
}

#[test]
fn an_api_key_is_not_tried_out_with_a_signature() {
    for provider in Provider::all() {
        assert!(provider.check.is_none() || !provider.has(Quirk::TokenIsApiKey), "{provider:?}");
    }
}

#[test]
fn signature_methods_are_known_and_unique() {
    for Provider { name, signature_methods, .. } in Provider::all() {
        assert!(!signature_methods.is_empty(), "{name}");
        for (index, method) in signature_methods.iter().enumerate() {
            assert!(SIGNATURE_METHODS.contains(method), "{name}: {method}");
            assert!(!signature_methods[..index].contains(method), "{name}: {method} twice");
        }
    }
}

#[test]
fn quirks_are_unique() {
    for Provider { name, quirks, .. } in Provider::all() {
        for (index, quirk) in quirks.iter().enumerate() {
            assert!(!quirks[..index].contains(quirk), "{name}: {quirk:?} is there twice");
        }
    }
}

#[test]
fn find_knows_every_name_in_any_case() {
    for provider in Provider::all() {
        for name in [provider.name.to_owned(), provider.name.to_ascii_uppercase()] {
            assert_eq!(Provider::find(&name), Some(provider), "{name}");
        }
    }
}

#[test]
fn find_guesses_nothing() {
    for name in ["", " ", "flick", "flickr ", "Flickr.com", "{site}"] {
        assert_eq!(Provider::find(name), None, "{name:?}");
    }
}

#[test]
fn a_quirk_with_a_value_is_had_with_that_value_alone() {
    let etrade = Provider::find("etrade").unwrap();
    assert!(etrade.has(Quirk::TokenParameter("token")));
    assert!(!etrade.has(Quirk::TokenParameter("key")));
    assert!(etrade.has(Quirk::GetForTokens));
    assert!(!etrade.has(Quirk::NoVerifier));
}

//! The four values as programs read them, and first requests that work as they stand.

use askama::Template;
use zeroize::Zeroizing;

/// What the snippets are made of.
#[derive(Clone, Copy)]
pub(super) struct FourValues<'a> {
    pub(super) name: &'a str,
    pub(super) app_key: &'a str,
    pub(super) app_secret: &'a str,
    pub(super) access_token: &'a str,
    pub(super) token_secret: &'a str,
    /// What is called.
    pub(super) url: &'a str,
}

/// A text to be copied, with a word for its element and a title.
pub(in crate::console) struct Snippet {
    pub(in crate::console) word: &'static str,
    pub(in crate::console) title: &'static str,
    pub(in crate::console) text: Zeroizing<String>,
}

macro_rules! snippets {
    ($($name:ident $path:literal),* $(,)?) => { $(
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $name<'a> {
            #[allow(dead_code)]
            name: &'a str,
            app_key: &'a str,
            app_secret: &'a str,
            access_token: &'a str,
            token_secret: &'a str,
            #[allow(dead_code)]
            url: &'a str,
        }

        impl $name<'_> {
            fn text(values: FourValues<'_>) -> Zeroizing<String> {
                let FourValues { name, app_key, app_secret, access_token, token_secret, url } = values;
                let template =
                    $name { name, app_key, app_secret, access_token, token_secret, url };
                // Large enough that it is not moved, which would leave a copy.
                let mut text = Zeroizing::new(String::with_capacity(LARGE));
                // A String takes whatever is written.
                let _ = template.render_into(&mut *text);
                text
            }
        }
    )* };
}

snippets! {
    Curl "snippets/curl.txt",
    Python "snippets/python.txt",
    JavaScript "snippets/javascript.txt",
    Rust "snippets/rust.txt",
    Postman "snippets/postman.txt",
    Env "snippets/env.txt",
    Json "snippets/json.txt",
    Command "snippets/command.txt",
}

/// First requests.
pub(super) fn requests(values: FourValues<'_>) -> Vec<Snippet> {
    vec![
        Snippet { word: "curl", title: "curl", text: Curl::text(values) },
        Snippet { word: "python", title: "Python", text: Python::text(values) },
        Snippet { word: "javascript", title: "JavaScript", text: JavaScript::text(values) },
        Snippet { word: "rust", title: "Rust", text: Rust::text(values) },
        Snippet { word: "postman", title: "Postman", text: Postman::text(values) },
    ]
}

/// All four values at once.
pub(super) fn copies(values: FourValues<'_>) -> Vec<Snippet> {
    vec![
        Snippet { word: "env", title: ".env", text: Env::text(values) },
        Snippet { word: "json", title: "JSON", text: Json::text(values) },
        Snippet { word: "command", title: "oauth1 command", text: Command::text(values) },
    ]
}

/// For a POSIX shell.
fn shell(text: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("'{}'", text.replace('\'', r"'\''")))
}

/// For JSON, JavaScript and Python.
fn json(text: &str) -> Zeroizing<String> {
    Zeroizing::new(serde_json::to_string(text).unwrap_or_default())
}

fn rust(text: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{text:?}"))
}

const LARGE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_quotes_stay_values() {
        let values = FourValues {
            name: "a \"b\"",
            app_key: "it's \"k\"\\",
            app_secret: "s",
            access_token: "t",
            token_secret: "u",
            url: "http://127.0.0.1:8080/echo",
        };
        assert!(Env::text(values).starts_with(r#"OAUTH1_CONSUMER_KEY='it'\''s "k"\'"#));
        let json: serde_json::Value = serde_json::from_str(&Json::text(values)).unwrap();
        assert_eq!(json["app_key"], "it's \"k\"\\");
        let postman: serde_json::Value = serde_json::from_str(&Postman::text(values)).unwrap();
        assert_eq!(postman["info"]["name"], "a \"b\"");
        assert!(Rust::text(values).contains(r#"ClientCredentials::new("it's \"k\"\\", "s")"#));
    }
}

//! Properties that hold for every request: what is signed verifies, and nothing else does.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use oauth1_core::{
    BaseStringUri, ClientCredentials, Limits, Nonce, PresentedRequest, SharedSecret, SignableBody,
    SignableRequest, SignatureBaseString, SignatureMethod, Signer, Stamp, Timestamp,
    TokenCredentials, VerificationKey,
    parameters::{Parameter, Source},
    percent_encoding::encode,
};
use proptest::prelude::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

#[derive(Clone, Debug)]
struct Case {
    method: &'static str,
    host: String,
    path: String,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    nonce: String,
    timestamp: u64,
    client_secret: String,
    token_secret: String,
    signature_method: SignatureMethod,
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[a-p &=+%é~]{0,4}", "[ -~é]{0,6}"), 0..5)
}

fn cases() -> impl Strategy<Value = Case> {
    let target = (
        prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"]),
        "[a-z]{1,8}\\.example(:(80|443|8[0-9]{1,3}))?",
        "(/[a-z0-9%~]{0,5}){0,3}",
    );
    let stamp = ("[ -~é]{1,20}", 1..=i64::MAX as u64);
    let secrets = ("[ -~é]{0,12}", "[ -~é]{0,12}");
    let methods = prop::sample::select(SignatureMethod::ALL[..3].to_vec());
    (target, pairs(), pairs(), stamp, secrets, methods).prop_map(
        |((method, host, path), query, form, (nonce, timestamp), (client, token), m)| Case {
            method,
            host,
            path: path.replace('%', "%41"),
            query,
            form,
            nonce,
            timestamp,
            client_secret: client,
            token_secret: token,
            signature_method: m,
        },
    )
}

fn encoded(pairs: &[(String, String)], spaces_as_plus: bool) -> String {
    let encode = |text: &str| {
        let encoded = encode(text).into_owned();
        if spaces_as_plus { encoded.replace("%20", "+") } else { encoded }
    };
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
    pairs.join("&")
}

impl Case {
    fn url(&self) -> String {
        format!("https://{}{}?{}", self.host, self.path, encoded(&self.query, true))
    }

    fn form(&self) -> String {
        encoded(&self.form, true)
    }

    fn signer(&self) -> Signer {
        Signer::new(ClientCredentials::new("client", self.client_secret.as_str()))
            .with_token(TokenCredentials::new("token", self.token_secret.as_str()))
            .with_method(self.signature_method)
    }

    fn stamp(&self) -> Stamp {
        let timestamp = Timestamp::from_seconds(self.timestamp).unwrap();
        Stamp::new(Nonce::new(self.nonce.as_str()).unwrap(), timestamp)
    }

    fn key(&self) -> VerificationKey {
        let secret = |s: &str| SharedSecret::new(s);
        VerificationKey::shared(
            self.signature_method,
            &secret(&self.client_secret),
            Some(&secret(&self.token_secret)),
        )
        .unwrap()
    }

    fn header(&self) -> String {
        let (url, form) = (self.url(), self.form());
        let request = SignableRequest::new(self.method, &url)
            .unwrap()
            .with_body(SignableBody::of(FORM, form.as_bytes()));
        self.signer().authorize_at(&request, &self.stamp()).unwrap().into_string()
    }

    fn verifies(&self, header: &str) -> bool {
        let (url, form) = (self.url(), self.form());
        verifies(self.method, &url, &form, header, &self.key())
    }
}

fn verifies(method: &str, url: &str, form: &str, header: &str, key: &VerificationKey) -> bool {
    let request = SignableRequest::new(method, url)
        .unwrap()
        .with_body(SignableBody::of(FORM, form.as_bytes()));
    let headers = [header.as_bytes()];
    let presented = match PresentedRequest::parse(&request, &headers, Limits::default()) {
        Ok(Some(presented)) => presented,
        Ok(None) | Err(_) => return false,
    };
    presented.verify_signature(key).is_ok()
}

/// The same host with a port that is neither its own nor the default.
fn other_port(host: &str) -> String {
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    format!("{name}:{}", if port == "9443" { 9444 } else { 9443 })
}

/// Every text that differs from `text` in one bit of one octet and is still ASCII text.
fn one_bit_changes(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 7).filter_map(move |i| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[i / 7] ^= 1 << (i % 7);
        String::from_utf8(bytes).ok().filter(|t| t.bytes().all(|b| b.is_ascii_graphic()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases_wanted(2000)))]

    #[test]
    fn what_is_signed_verifies_in_every_location(case in cases()) {
        let header = case.header();
        prop_assert!(case.verifies(&header), "{header}");

        let (url, form) = (case.url(), case.form());
        let body = SignableBody::of(FORM, form.as_bytes());
        let request = SignableRequest::new(case.method, &url).unwrap().with_body(body);
        let query = case.signer().sign_query_at(&request, &case.stamp()).unwrap();
        let signed = SignableRequest::new(case.method, &url).unwrap();
        let signed_url = format!("{url}&{query}");
        let presented = SignableRequest::new(case.method, &signed_url).unwrap().with_body(body);
        let presented = PresentedRequest::parse(&presented, &[], Limits::default()).unwrap().unwrap();
        prop_assert_eq!(presented.location(), Source::Query);
        prop_assert!(presented.verify_signature(&case.key()).is_ok());

        let whole = case.signer().sign_form_at(&request, &case.stamp()).unwrap();
        let presented = signed.with_body(SignableBody::of(FORM, &whole));
        let presented = PresentedRequest::parse(&presented, &[], Limits::default());
        if case.method != "GET" {
            let presented = presented.unwrap().unwrap();
            prop_assert_eq!(presented.location(), Source::Body);
            prop_assert!(presented.verify_signature(&case.key()).is_ok());
        }
    }

    #[test]
    fn a_prepared_signer_and_an_explanation_agree_with_the_signer(case in cases()) {
        let (url, form) = (case.url(), case.form());
        let request = SignableRequest::new(case.method, &url)
            .unwrap()
            .with_body(SignableBody::of(FORM, form.as_bytes()));
        let signer = case.signer();
        let header = signer.authorize_at(&request, &case.stamp()).unwrap();
        let prepared = signer.prepare(&request).unwrap();
        prop_assert_eq!(prepared.authorize_at(&case.stamp()).unwrap(), header.clone());
        let explanation = signer.explain(&request, &case.stamp()).unwrap();
        prop_assert_eq!(explanation.authorization(), Some(&header));
        let signature = encode(explanation.signature().unwrap()).into_owned();
        let quoted = format!("oauth_signature=\"{signature}\"");
        prop_assert!(header.as_str().contains(&quoted));
    }

    #[test]
    fn any_change_of_what_is_signed_refuses(case in cases()) {
        let header = case.header();
        let (url, form, key) = (case.url(), case.form(), case.key());
        let changed = [
            Case { method: if case.method == "PUT" { "GET" } else { "PUT" }, ..case.clone() },
            Case { host: other_port(&case.host), ..case.clone() },
            Case { host: format!("x{}", case.host), ..case.clone() },
            Case { path: format!("{}/", case.path), ..case.clone() },
        ];
        for other in changed.iter().filter(|c| (&c.path, &c.host, c.method) != (&case.path, &case.host, case.method)) {
            // An empty path and "/" are the same resource.
            if (other.path.as_str(), case.path.as_str()) != ("/", "") {
                prop_assert!(!other.verifies(&header), "{:?}", other);
            }
        }
        prop_assert!(!verifies(case.method, &url.replacen("https", "http", 1), &form, &header, &key));
        let (longer_url, longer_form) = (format!("{url}&x=1"), format!("{form}&x=1"));
        prop_assert!(!verifies(case.method, &longer_url, &form, &header, &key));
        prop_assert!(!verifies(case.method, &url, &longer_form, &header, &key));
        if !case.query.is_empty() {
            let less = Case { query: case.query[1..].to_vec(), ..case.clone() };
            prop_assert!(!less.verifies(&header));
            let twice = Case { query: [&case.query[..], &case.query[..1]].concat(), ..case.clone() };
            prop_assert!(!twice.verifies(&header));
        }
        let other_secret = VerificationKey::shared(
            case.signature_method,
            &SharedSecret::new(format!("{}x", case.client_secret)),
            Some(&SharedSecret::new(case.token_secret.as_str())),
        );
        prop_assert!(!verifies(case.method, &url, &form, &header, &other_secret.unwrap()));
        let realm = header.replacen("OAuth ", "OAuth realm=\"another\", ", 1);
        prop_assert!(case.verifies(&realm), "the realm is not signed");
    }

    #[test]
    fn two_multisets_of_parameters_never_give_one_base_string(mut a in pairs(), mut b in pairs()) {
        let uri = BaseStringUri::parse("https://h/").unwrap();
        let base = |pairs: &[(String, String)]| {
            let pairs = pairs.iter().map(|(n, v)| Parameter::decoded(n, v, Source::Query));
            SignatureBaseString::new("GET", &uri, pairs)
        };
        let (of_a, of_b) = (base(&a), base(&b));
        a.sort();
        b.sort();
        prop_assert_eq!(a == b, of_a == of_b);
        prop_assert_eq!(of_a.first_difference(of_b.as_str()).is_none(), of_a == of_b);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases_wanted(40)))]

    #[test]
    fn any_one_bit_change_refuses(case in cases()) {
        let header = case.header();
        let (url, form, key) = (case.url(), case.form(), case.key());
        prop_assert!(verifies(case.method, &url, &form, &header, &key));
        for method in one_bit_changes(case.method) {
            // The method is signed in upper case (section 3.4.1.1).
            if !method.eq_ignore_ascii_case(case.method) {
                prop_assert!(!verifies(&method, &url, &form, &header, &key), "{method}");
            }
        }
        let base = |url: &str, form: &str| {
            let request = SignableRequest::new("GET", url).ok()?
                .with_body(SignableBody::of(FORM, form.as_bytes()));
            let pairs: Result<Vec<_>, _> = request.parameters().map(|p| {
                p.map(|p| (p.name().into_owned(), p.value().into_owned()))
            }).collect();
            let mut pairs = pairs.ok()?;
            pairs.sort();
            Some((request.uri().to_string(), pairs))
        };
        let same = base(&url, &form);
        for other in one_bit_changes(&url) {
            // A change that means the same, such as the case of the host, must not refuse.
            match base(&other, &form) {
                None => {}
                meaning => prop_assert_eq!(
                    verifies(case.method, &other, &form, &header, &key), meaning == same, "{}", other),
            }
        }
        for other in one_bit_changes(&form) {
            match base(&url, &other) {
                None => {}
                meaning => prop_assert_eq!(
                    verifies(case.method, &url, &other, &header, &key), meaning == same, "{}", other),
            }
        }
        for (name, value) in [("oauth_nonce", encode(&case.nonce).into_owned()), ("oauth_timestamp", case.timestamp.to_string())] {
            let at = header.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
            for other in one_bit_changes(&value).filter(|v| !v.contains('"')) {
                let changed = format!("{}{other}{}", &header[..at], &header[at + value.len()..]);
                let decoded = oauth1_core::percent_encoding::decode(other.as_bytes());
                let means_same = decoded.is_ok_and(|d| *d == *oauth1_core::percent_encoding::decode(value.as_bytes()).unwrap());
                prop_assert_eq!(verifies(case.method, &url, &form, &changed, &key), means_same, "{}", changed);
            }
        }
    }
}

/// `PROPERTY_CASES` asks for more than the default.
fn cases_wanted(default: u32) -> u32 {
    std::env::var("PROPERTY_CASES").map_or(default, |n| n.parse().expect("a number"))
}

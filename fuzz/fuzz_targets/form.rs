//! Form parsing and normalization against a second, plain implementation.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth1_core::parameters::{NormalizedParameters, Source, parse_form};

fuzz_target!(|data: &[u8]| {
    let ours: Result<Vec<_>, _> = parse_form(data, Source::Body).collect();
    let theirs = plain(data);
    assert_eq!(ours.is_ok(), theirs.is_some());
    let (Ok(ours), Some(mut theirs)) = (ours, theirs) else { return };
    let decoded: Vec<_> = ours.iter().map(|p| (p.name().into_owned(), p.value().into_owned())).collect();
    assert_eq!(decoded, theirs);

    let encode = |octets: &[u8]| {
        octets.iter().fold(String::new(), |out, byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out + &(*byte as char).to_string(),
            _ => out + &format!("%{byte:02X}"),
        })
    };
    let mut pairs: Vec<_> = theirs.drain(..).map(|(n, v)| (encode(&n), encode(&v))).collect();
    pairs.sort();
    let joined: Vec<_> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(NormalizedParameters::new(ours).as_str(), joined.join("&"));
});

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn plain(data: &[u8]) -> Option<Pairs> {
    data.split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            Some((decode(halves.next()?)?, decode(halves.next().unwrap_or_default())?))
        })
        .collect()
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || (*rest.next()? as char).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            other => *other,
        });
    }
    Some(out)
}

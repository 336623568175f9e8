//! RSA, with the feature `rsa`.

use crate::{FIXED, File, home::Home, oauth1};

/// The key of the RSA-SHA1 example in the appendix of OAuth Core 1.0.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALRiMLAh9iimur8V
A7qVvdqxevEuUkW4K+2KdMXmnQbG9Aa7k7eBjK1S+0LYmVjPKlJGNXHDGuy5Fw/d
7rjVJ0BLB+ubPK8iA/Tw3hLQgXMRRGRXXCn8ikfuQfjUS1uZSatdLB81mydBETlJ
hI6GH4twrbDJCR2Bwy/XWXgqgGRzAgMBAAECgYBYWVtleUzavkbrPjy0T5FMou8H
X9u2AC2ry8vD/l7cqedtwMPp9k7TubgNFo+NGvKsl2ynyprOZR1xjQ7WgrgVB+mm
uScOM/5HVceFuGRDhYTCObE+y1kxRloNYXnx3ei1zbeYLPCHdhxRYW7T0qcynNmw
rn05/KO2RLjgQNalsQJBANeA3Q4Nugqy4QBUCEC09SqylT2K9FrrItqL2QKc9v0Z
zO2uwllCbg0dwpVuYPYXYvikNHHg+aCWF+VXsb9rpPsCQQDWR9TT4ORdzoj+Nccn
qkMsDmzt0EfNaAOwHOmVJ2RVBspPcxt5iN4HI7HNeG6U5YsFBb+/GZbgfBT3kpNG
WPTpAkBI+gFhjfJvRw38n3g/+UeAkwMI2TJQS4n8+hid0uus3/zOjDySH3XHCUno
cn1xOJAyZODBo47E+67R4jV1/gzbAkEAklJaspRPXP877NssM5nAZMU0/O/NGCZ+
3jPgDUno6WbJn5cqm8MqWhW1xGkImgRk+fkDBquiq4gPiT898jusgQJAd5Zrr6Q8
AO/0isr/3aa6O6NLQxISLKcPDk2NOccAfS/xOtfOz4sJYM3+Bs4Io9+dZGSDCA54
Lw03eHTNQghS0A==
-----END PRIVATE KEY-----
";

#[test]
fn the_example_of_oauth_core_is_signed_and_verified() {
    let key = File::new("rsa.pem", PRIVATE);
    let signer = ["--rsa-key", key.path(), "--signature-method", "RSA-SHA1"];
    let json = oauth1([
        "sign",
        "--json",
        "http://photos.example.net/photos?file=vacaction.jpg&size=original",
        "--nonce",
        "13917289812797014437",
        "--timestamp",
        "1196666512",
    ])
    .args(signer)
    .env("OAUTH1_CONSUMER_KEY", "dpf43f3p2l4k3l03")
    .without("OAUTH1_CONSUMER_SECRET")
    .without("OAUTH1_TOKEN")
    .run()
    .exits(0)
    .json();
    let signature = "jvTp/wX1TYtByB1m+Pbyo0lnCOLIsyGCH7wke8AUs3BpnwZJtAuEJkvQL2/9n4s5wUmUl4aCI4BwpraNx4RtEXMe5qg5T1LVTGliMRpKasKsW//e+RinhejgCuzoH26dyF8iY2ZZ/5D1ilgeijhV/vBka5twt399mXwaYdCwFYE=";
    assert_eq!(json["signature"], signature);
    let header = format!("Authorization: {}", json["authorization"].as_str().unwrap());
    let url = json["url"].as_str().unwrap();
    oauth1(["verify", url, &header, "--rsa-key", key.path()]).run().exits(0);
    oauth1(["verify", "http://h/", &header, "--rsa-key", key.path()]).run().exits(8);
    oauth1(["verify", url, &header]).run().exits(3).says(&["--rsa-key"]);
    let explained = oauth1(["explain", "--from", "-", "--rsa-key", key.path()])
        .stdin(&format!("curl '{url}' -H '{header}'"));
    explained.run().exits(0).prints(&["is the one above", "the client's RSA private key"]);
}

#[test]
fn a_bad_key_is_a_matter_of_configuration() {
    let bad = File::new("bad.pem", "canary");
    let sign = || oauth1(["sign", "https://h/", "--signature-method", "RSA-SHA256"]).args(FIXED);
    sign().args(["--rsa-key", bad.path()]).run().exits(3).says(&["not PEM"]);
    sign().run().exits(2).says(&["--rsa-key"]);
}

#[test]
fn a_profile_keeps_the_path_of_the_key_and_the_method_of_its_provider() {
    let (home, key) = (Home::new(), File::new("profile-rsa.pem", PRIVATE));
    let site = ["--provider", "jira-data-center", "--site", "https://jira.example"];
    let add = home.run(["profile", "add", "jira", "--app-key", "app", "--rsa-key", key.path()]);
    add.args(site).run().exits(0).says(&["next: oauth1 login --profile jira"]);
    let config = home.text("config.toml");
    assert!(config.contains(key.path()) && !config.contains("PRIVATE KEY"), "{config}");
    assert!(!home.text("credentials.toml").contains("KEY"));
    let signed = home.run(["sign", "--json", "https://h/"]).run().exits(0).json();
    assert_eq!(signed["signature_method"], "RSA-SHA1");
    let header = format!("Authorization: {}", signed["authorization"].as_str().unwrap());
    oauth1(["verify", "https://h/", &header, "--rsa-key", key.path()]).run().exits(0);
    let add = home.run(["profile", "add", "b", "--app-key", "app", "--rsa-key", "-"]);
    add.stdin(PRIVATE).run().exits(2).says(&["must be a file"]);
}

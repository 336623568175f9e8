//! Files as bodies: `name@file`, and `--data @FILE`.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use axum::http::Response;

use crate::{
    home::Home,
    oauth1,
    server::{Seen, Server, redirect},
    terminal,
};

/// The parts of a body: head and content each.
fn parts(seen: &Seen) -> Vec<(String, Vec<u8>)> {
    let media_type = seen.headers["content-type"].to_str().unwrap();
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(seen.headers["content-length"], *seen.body.len().to_string());
    let (first, next) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
    let mut rest = seen.body.strip_prefix(first.as_bytes()).unwrap();
    let find = |rest: &[u8], wanted: &[u8]| rest.windows(wanted.len()).position(|w| w == wanted);
    let mut parts = Vec::new();
    while rest != b"--\r\n" {
        rest = rest.strip_prefix(b"\r\n").unwrap_or(rest);
        let (end, head) = (find(rest, next.as_bytes()).unwrap(), find(rest, b"\r\n\r\n").unwrap());
        let text = String::from_utf8(rest[..head].to_vec()).unwrap();
        parts.push((text, rest[head + 4..end].to_vec()));
        rest = &rest[end + next.len()..];
    }
    parts
}

#[test]
fn fields_and_files_go_as_parts_in_their_order() {
    let (home, server) = (Home::new(), Server::hello());
    let photo: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(home.path("sea \"1\".png"), &photo).unwrap();
    let notes = home.write("notes", "a&b=ü");
    let photo_item = format!("photo@{}", home.path("sea \"1\".png").to_str().unwrap());
    let notes_item = format!("n\"é@{notes};type=text/plain;filename=x.txt");
    let url = server.url("/p?a=1");
    let items = ["b==2", "title=At & sea", &photo_item, "X-Own:3", &notes_item, "last="];
    for transmit in ["header", "query"] {
        let run = oauth1(["request", &url, "--transmit", transmit]).args(items).run().exits(0);
        assert_eq!((&*run.stdout, &*run.stderr), ("hello", ""));
    }
    assert_eq!(server.verified_nonces().len(), 2);
    let seen = &server.seen()[0];
    assert_eq!((&*seen.method, &*seen.target), ("POST", "/p?a=1&b=2"));
    assert_eq!(seen.headers["x-own"], "3");
    let form = "Content-Disposition: form-data; name=";
    let expected = [
        (format!("{form}\"title\""), b"At & sea".to_vec()),
        (
            format!("{form}\"photo\"; filename=\"sea %221%22.png\"\r\nContent-Type: image/png"),
            photo,
        ),
        (
            format!("{form}\"n%22é\"; filename=\"x.txt\"\r\nContent-Type: text/plain"),
            "a&b=ü".into(),
        ),
        (format!("{form}\"last\""), Vec::new()),
    ];
    assert!(parts(seen) == expected, "{:?}", String::from_utf8_lossy(&seen.body[..1000]));
}

#[test]
fn what_cannot_be_uploaded_is_said_before_anything_is_sent() {
    let (home, server) = (Home::new(), Server::hello());
    let file = format!("f@{}", home.write("file", "x"));
    let directory = format!("f@{}", home.path("").to_str().unwrap());
    let typed = format!("{file};type=no type");
    let hash = ["--body-hash", &file];
    for (args, words) in [
        (&["f@/nowhere/canary"][..], "item 1 after the URL cannot be read: entity not found"),
        (&["a=b", &directory], "item 2 after the URL is no regular file"),
        (&["f@-"], "item 1 after the URL is stdin"),
        (&["f@"], "cannot be read"),
        (&[&typed], "malformed type"),
        (&[&file, "--data", "x"], "a raw body"),
        (&[&file, "--content-type", "image/png"], "--data @FILE"),
        (&[&file, "content-type:image/png"], "--data @FILE"),
        (&[&file, "--transmit", "form"], "--transmit header"),
        (&hash, "oauth_body_hash"),
    ] {
        let run = oauth1(["request", &server.url("/")]).args(args.iter().copied()).run();
        run.exits(2).says(&[words]);
    }
    assert!(server.seen().is_empty());
}

#[test]
fn an_upload_can_be_looked_at_and_sent_by_curl() {
    let (home, server) = (Home::new(), Server::hello());
    let name = "it's \"a\" \\ b;c.txt";
    let file = home.write(name, "content");
    let (url, item) = (server.url("/p"), format!("f@{file};type=text/plain;filename=d.txt"));
    let run = oauth1(["request", "--offline", &url, "a=b", &item]).run().exits(0);
    run.prints(&["POST /p HTTP/1.1\r\n", "content-length: ", "\r\n\r\n--", "content\r\n--"]);
    let json = oauth1(["request", "--offline", "--json", &url, &item]).run().exits(0).json();
    assert!(json["body"].as_str().unwrap().contains("filename=\"d.txt\""), "{json}");
    oauth1(["sign", &url, &item]).run().exits(0).prints(&["Authorization: OAuth "]);
    oauth1(["explain", &url, &item]).run().exits(0).prints(&["a stream, not form-encoded"]);
    let odd = format!("f=@{file}").replace("f=", "f\\=");
    oauth1(["sign", "--curl", &url, &odd]).run().exits(2).says(&["= in it"]);
    let same = oauth1(["sign", "--curl", &url, "a=@b;c", &item]).run().exits(0).stdout;
    let line = oauth1(["request", "--curl", &url, "a=@b;c", &item]).run().exits(0).stdout;
    let options = |line: &str| line[line.find(" --form-string").unwrap()..].to_owned();
    assert_eq!(options(&same), options(&line));
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "curl is missing");
        println!("SKIPPED: curl is needed to send what is printed for it");
        return;
    }
    assert!(Command::new("sh").args(["-c", &line]).output().unwrap().status.success());
    server.verified_nonces();
    let [a, f] = &parts(&server.only())[..] else { panic!("{line}") };
    assert_eq!((a.0.ends_with("name=\"a\""), &*a.1), (true, &b"@b;c"[..]));
    assert!(f.0.contains("name=\"f\"; filename=\"d.txt\"\r\nContent-Type: text/plain"), "{}", f.0);
    assert_eq!(f.1, b"content");
}

#[test]
fn large_files_are_streams_and_small_ones_survive_redirects() {
    let home = Home::new();
    let (large, small) = (vec![b'x'; (1 << 20) + 1], vec![b'y'; 1 << 20]);
    let at = |name: &str, octets: &[u8]| {
        fs::write(home.path(name), octets).unwrap();
        format!("@{}", home.path(name).to_str().unwrap())
    };
    let (large_at, small_at) = (at("large", &large), at("small", &small));
    let args = ["--content-type", "image/png", "-X", "PUT", "--data"];
    let server = Server::hello();
    oauth1(["request", &server.url("/")]).args(args).args([&*large_at]).run().exits(0);
    let seen = server.only();
    assert!(seen.body == large && seen.headers["content-type"] == "image/png");
    assert_eq!(seen.headers["content-length"], "1048577");
    server.verified_nonces();
    // A hash is of the whole, and forms are signed: both are read before.
    let server = Server::hello();
    let hashed = oauth1(["request", &server.url("/"), "--body-hash"]);
    hashed.args(args).args([&*large_at]).run().exits(0);
    oauth1(["request", &server.url("/"), "--data", &large_at]).run().exits(0);
    assert_eq!(server.verified_nonces().len(), 2);
    for (file, exit, arrived) in [(&small_at, 0, 2), (&large_at, 1, 1)] {
        let server = Server::start(|seen, _| match &*seen.target {
            "/" => redirect(307, "/there"),
            _ => Response::new("moved".into()),
        });
        let run = oauth1(["request", &server.url("/")]).args(args).args([&**file]).run();
        run.exits(exit);
        assert_eq!(server.verified_nonces().len(), arrived);
    }
}

/// Answers one request and is slow about it, both ways.
fn slow(size: usize) -> (String, thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut buffer, mut head, mut body) = (vec![0; 1 << 20], Vec::new(), 0);
        while body < size {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "it hung up after {body} octets");
            let mut rest = &buffer[..read];
            if body == 0 {
                head.extend_from_slice(rest);
                let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
                rest = &head[end + 4..];
            }
            // Longer than anybody is patient, and long before all is read.
            if body == 0 || (body < size / 2 && body + rest.len() >= size / 2) {
                thread::sleep(Duration::from_millis(400));
            }
            body += rest.len();
        }
        let half = vec![b'z'; size / 2];
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 2 * half.len()).unwrap();
        stream.write_all(&half).unwrap();
        thread::sleep(Duration::from_millis(400));
        stream.write_all(&half).unwrap();
        body
    });
    (url, served)
}

#[test]
fn a_terminal_shows_how_far_it_is() {
    let home = Home::with_profile();
    let size = 32 << 20;
    fs::write(home.path("photo"), vec![b'x'; size]).unwrap();
    let (url, served) = slow(size);
    let data = format!("@{}", home.path("photo").to_str().unwrap());
    let saved = home.path("saved").to_str().unwrap().to_owned();
    let args =
        ["request", &url, "--content-type", "image/png", "--data", &data, "--output", &saved];
    let Some((code, screen)) = terminal::run(&home, &args, &[]) else { return };
    assert_eq!((code, served.join().unwrap()), (0, size), "{screen}");
    assert!(fs::read(&saved).unwrap() == vec![b'z'; size]);
    let bars: Vec<_> = screen.split('\r').filter(|line| line.contains(" of 32.0 MiB, ")).collect();
    assert!(bars.len() >= 2 && bars.iter().all(|bar| bar.starts_with("\u{1b}[K[")), "{screen}");
    // The answer's bar comes after the upload's is gone.
    assert!(screen.contains("saved: 33554432 octets"), "{screen}");
    let last = screen.rfind(" MiB/s").unwrap();
    assert!(screen[last..].contains("\r\u{1b}[K"), "the last bar stays: {screen}");
}

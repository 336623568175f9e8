//! Peers that are slow, silent, greedy or too many.

use std::{
    io::{Read, Write},
    net::Shutdown,
    thread::sleep,
    time::Duration,
};

use super::process::{Place, read_answer, wait_until};

const QUICK: [&str; 4] = [
    "server.header_timeout=400ms",
    "server.body_timeout=400ms",
    "server.write_timeout=400ms",
    "server.idle_timeout=1s",
];

#[test]
fn a_head_that_dribbles_is_cut_off() {
    let server = Place::new().serve(&QUICK);
    let mut stream = server.connect();
    // One octet every 100 ms would keep a deadline between octets from ever passing.
    let mut sent = 0;
    for octet in b"GET /echo HTTP/1.1\r\nX: 0123456789012345678901234567890123456789".iter().cycle()
    {
        if stream.write_all(&[*octet]).is_err() {
            break;
        }
        sent += 1;
        assert!(sent < 600, "a minute of dribbling");
        sleep(Duration::from_millis(100));
    }
    assert!(sent >= 3, "not before its time: {sent}");
}

#[test]
fn an_idle_connection_is_closed_and_one_in_use_is_kept() {
    let server = Place::new().serve(&QUICK);
    let mut stream = server.connect();
    for _ in 0..5 {
        sleep(Duration::from_millis(300));
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert_eq!(read_answer(&mut stream).unwrap().status, 404);
    }
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "closed by the server");
}

#[test]
fn a_body_that_dribbles_is_408() {
    let place = Place::new();
    let keys = place.keys();
    let server = place.serve(&QUICK);
    for headers in [
        "Content-Length: 100\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let mut stream = server.connect();
        stream.write_all(&server.signed(&keys, "POST", headers, b"")).unwrap();
        let answer = read_answer(&mut stream).unwrap();
        assert_eq!(answer.status, 408, "{headers} {answer:?}");
        assert!(answer.text.contains("connection: close"), "{answer:?}");
    }
}

#[test]
fn a_peer_that_never_reads_is_cut_off() {
    let server = Place::new().serve(&QUICK);
    let mut stream = server.connect();
    stream.set_nonblocking(true).unwrap();
    // Requests go in until both directions are full; then nothing moves any more.
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    wait_until("the server hangs up", || match stream.write(&request) {
        Ok(_) => false,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    });
}

#[test]
fn a_half_closed_connection_is_answered_or_closed() {
    let server = Place::new().serve(&QUICK);
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 404"), "{text}");
    let mut stream = server.connect();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_kept() {
    let server = Place::new().serve(&[]);
    for (size, status) in [(20_000, 431), (200_000, 431)] {
        let head = format!("GET /echo HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(size));
        let mut stream = server.connect();
        // It may be cut off while it is still being sent.
        let _ = stream.write_all(head.as_bytes());
        if let Some(answer) = read_answer(&mut stream) {
            assert_eq!(answer.status, status, "{size}");
        } else {
            assert!(size > 100_000, "{size}");
        }
    }
    let uri = format!("GET /echo?{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(9_000));
    assert_eq!(server.send(uri.as_bytes()).status, 414);
    let lines = format!("GET /echo HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: x\r\n".repeat(200));
    assert_eq!(server.send(lines.as_bytes()).status, 431);
}

#[test]
fn above_its_limit_connections_wait_and_are_served_when_one_ends() {
    let server = Place::new().serve(&["server.max_connections=2"]);
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut first = server.connect();
    let mut second = server.connect();
    for stream in [&mut first, &mut second] {
        stream.write_all(request).unwrap();
        assert_eq!(read_answer(stream).unwrap().status, 404);
    }
    let mut third = server.connect();
    third.write_all(request).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(read_answer(&mut third).is_none(), "it waits");
    drop(first);
    third.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(read_answer(&mut third).unwrap().status, 404);
}

//! How a server ends, and what the next one knows.

use std::{
    io::{Read, Write},
    thread::sleep,
    time::Duration,
};

use super::process::{Place, read_answer};

#[test]
fn sigterm_finishes_what_was_begun_and_closes_the_rest() {
    let place = Place::new();
    let keys = place.keys();
    let mut server = place.serve(&[]);
    let mut idle = server.connect();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    read_answer(&mut idle).unwrap();
    let mut silent = server.connect();
    let mut begun = server.connect();
    begun.write_all(&server.signed(&keys, "POST", "Content-Length: 5\r\n", b"12")).unwrap();
    // The server must have read the head.
    sleep(Duration::from_millis(200));
    server.signal("TERM");
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    begun.write_all(b"345").unwrap();
    let answer = read_answer(&mut begun).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.text.contains("\"body_octets\":5"), "{answer:?}");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn what_does_not_end_is_cut_off_and_a_second_signal_does_not_wait() {
    for (settings, second) in
        [(&["server.drain_timeout=300ms"][..], false), (&["server.drain_timeout=1h"], true)]
    {
        let place = Place::new();
        let keys = place.keys();
        let mut server = place.serve(settings);
        let mut stuck = server.connect();
        stuck.write_all(&server.signed(&keys, "POST", "Content-Length: 5\r\n", b"12")).unwrap();
        sleep(Duration::from_millis(200));
        server.signal("TERM");
        if second {
            sleep(Duration::from_millis(200));
            server.signal("INT");
        }
        assert_eq!(server.wait(), Some(0), "{}", server.log());
    }
}

#[test]
fn during_the_delay_it_is_not_ready_and_still_serves() {
    let place = Place::new();
    let keys = place.keys();
    let mut server = place.serve(&["server.shutdown_delay=1s"]);
    server.signal("TERM");
    sleep(Duration::from_millis(300));
    let ready = server.admin_get("/readyz").unwrap();
    assert_eq!(ready.status, 503);
    assert!(ready.text.contains("[-] running: is stopping"), "{ready:?}");
    assert_eq!(server.admin_get("/livez").unwrap().status, 200);
    assert_eq!(server.send(&server.signed(&keys, "GET", "", b"")).status, 200);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn after_a_restart_nothing_is_accepted_again_and_fresh_requests_are() {
    for end in ["TERM", "KILL"] {
        let place = Place::new();
        let keys = place.keys();
        let mut server = place.serve(&["policy.answers=full"]);
        let octets: Vec<_> = (0..20).map(|_| server.signed(&keys, "GET", "", b"")).collect();
        for octets in &octets {
            assert_eq!(server.send(octets).status, 200);
        }
        server.signal(end);
        server.wait();
        let (listen, admin) = (server.address.to_string(), server.admin.to_string());
        let arguments = ["serve", "--listen", &listen, "--admin-listen", &admin];
        server.child = server.place.command(&arguments).spawn().unwrap();
        super::process::wait_until("it is ready", || {
            server.admin_get("/readyz").is_some_and(|answer| answer.status == 200)
        });
        for octets in &octets {
            let answer = server.send(octets);
            assert_eq!(answer.status, 401, "{end} {answer:?}");
            assert!(answer.text.contains("oauth_problem=nonce_used"), "{end} {answer:?}");
        }
        assert_eq!(server.send(&server.signed(&keys, "GET", "", b"")).status, 200, "{end}");
    }
}

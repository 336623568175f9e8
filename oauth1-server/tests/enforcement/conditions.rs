//! Status, expiry, binding, addresses, two legs: each through the tables, each on the next request.

use oauth1_server::management::Management;

use crate::{
    fixture::{caller, create},
    world::{both, from},
};

#[tokio::test]
async fn t_bind_no_token_works_with_another_client() {
    both(async |world| {
        let mut keys = vec![world.key.clone()];
        for _ in 0..2 {
            keys.push(create(&world.opened.store).await.credentials);
        }
        for (i, client) in keys.iter().enumerate() {
            for (j, token) in keys.iter().enumerate() {
                let request = world.request("GET", "/a");
                let request = world.sign(request, &client.client, Some(&token.token));
                let answer = world.send(request).await;
                if i == j {
                    assert_eq!(answer.status, 200, "{answer:?}");
                } else {
                    assert!(answer.is(401, "token_rejected"), "{answer:?}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn d06_a_token_is_good_for_3600_seconds() {
    both(async |world| {
        let made = world.now();
        let expires = (made + 3600) * 1000;
        world.execute(&format!("UPDATE token SET expires_at = {expires}")).await;
        for (after, expected) in [(0, 200), (3599, 200), (3600, 401), (3601, 401)] {
            world.set_clock(made + after);
            let answer = world.get("/a").await;
            assert_eq!(answer.status, expected, "{after} {answer:?}");
            if expected == 401 {
                assert_eq!(answer.problem, "token_expired");
            }
        }
        // Only the token is over.
        world.set("two_legged = TRUE").await;
        let request = world.sign(world.request("GET", "/a"), &world.key.client, None);
        assert_eq!(world.send(request).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b07_b08_expiry_and_the_switch_of_a_key() {
    both(async |world| {
        world.set("enabled = FALSE").await;
        assert!(world.get("/a").await.is(401, "consumer_key_refused"));
        world.set("enabled = TRUE").await;
        assert_eq!(world.get("/a").await.status, 200);
        let end = world.now() + 10;
        world.set(&format!("expires_at = {}", end * 1000)).await;
        world.set_clock(end - 1);
        assert_eq!(world.get("/a").await.status, 200);
        world.set_clock(end + 1);
        assert!(world.get("/a").await.is(401, "consumer_key_rejected"));
        world.set("expires_at = NULL, deleted_at = 1").await;
        assert!(world.get("/a").await.is(401, "consumer_key_unknown"));
    })
    .await;
}

#[tokio::test]
async fn t_alg_pin_another_method_is_not_even_computed() {
    both(async |world| {
        world.set("signature_methods = 'HMAC-SHA256'").await;
        let before = world.verifier.signatures_computed();
        assert!(world.get("/a").await.is(400, "signature_method_rejected"));
        assert_eq!(world.verifier.signatures_computed(), before);
    })
    .await;
}

#[tokio::test]
async fn a_key_signs_without_a_token_only_if_it_may() {
    both(async |world| {
        let alone = || world.sign(world.request("GET", "/a"), &world.key.client, None);
        let answer = world.send(alone()).await;
        assert!(answer.is(400, "parameter_absent"), "{answer:?}");
        assert!(answer.body.contains("oauth_parameters_absent=oauth_token"), "{answer:?}");
        world.set("two_legged = TRUE").await;
        assert_eq!(world.send(alone()).await.status, 200);
        world.set("two_legged = FALSE").await;
        assert_eq!(world.get("/a").await.status, 200, "with its token");
        // Nothing is told to who does not sign.
        let forged = oauth1_core::ClientCredentials::new(world.id(), "wrong");
        let answer = world.send(world.sign(world.request("GET", "/a"), &forged, None)).await;
        assert!(answer.is(401, "signature_invalid"), "{answer:?}");
        // But where it gets its token.
        let verifier = world.verifier.clone().for_token_requests();
        let (parts, _) = alone().into_parts();
        let body = http_body_util::Empty::<bytes::Bytes>::new();
        let verified = verifier.verify(http::Request::from_parts(parts, body)).await;
        assert!(verified.unwrap().1.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_key_is_bound_to_addresses() {
    both(async |world| {
        world.set("ip_allow = '192.0.2.0/24 2001:db8::/32 203.0.113.7'").await;
        for (address, expected) in [
            ("192.0.2.200", 200),
            ("::ffff:192.0.2.200", 200),
            ("203.0.113.7", 200),
            ("203.0.113.8", 403),
            ("2001:db8:1::9", 200),
            ("2001:db9::9", 403),
            ("::ffff:203.0.113.8", 403),
        ] {
            let answer = world.send(from(world.signed("GET", "/a"), address)).await;
            assert_eq!(answer.status, expected, "{address}");
            match expected {
                200 => assert_eq!(
                    answer.json()["address"].as_str(),
                    Some(address.trim_start_matches("::ffff:")),
                ),
                _ => assert_eq!(answer.problem, "permission_denied"),
            }
        }
        assert!(world.get("/a").await.is(403, "permission_denied"), "no address");
        // A header alone says nothing.
        let mut request = from(world.signed("GET", "/a"), "203.0.113.8");
        request.headers_mut().insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
        assert_eq!(world.send(request).await.status, 403);
        world.set("ip_allow = ''").await;
        assert_eq!(world.get("/a").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn x07_a_change_is_met_by_the_next_request_of_this_node() {
    both(async |world| {
        let management =
            Management::new(world.opened.store.clone()).with_cache(world.opened.cached.clone());
        let keys = management.keys();
        for round in 0..20 {
            assert_eq!(world.get("/a").await.status, 200, "{round}");
            keys.set_enabled(&caller(), world.id(), false).await.unwrap();
            assert!(world.get("/a").await.is(401, "consumer_key_refused"), "{round}");
            keys.set_enabled(&caller(), world.id(), true).await.unwrap();
        }
    })
    .await;
}

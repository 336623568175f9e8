//! Our own client: the three legs, renewal, names and passwords.

use oauth1_client::{
    Callback, Client, ClientCredentials, Problem, SharedSecret, Signer, TokenCredentials, Verifier,
    accepted,
    delegation::{AwaitingOwner, Delegation, DelegationError, Endpoints},
};
use serde_json::Value;

use crate::{
    library::approval,
    process::{Place, Server},
    site::{CALLBACK, OUT_OF_BAND, OWNER, PASSWORD, create_key, create_owner},
};

struct Ours {
    server: Server,
    client: ClientCredentials,
    delegation: Delegation,
}

impl Ours {
    fn new(settings: impl FnOnce(&str) -> Vec<String>) -> Self {
        let place = Place::new();
        let made = create_key(&place, "ours");
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        create_owner(&place);
        let settings = settings(&text("app_key"));
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let server = place.serve(&settings);
        let url = |path: &str| format!("http://{}/oauth/{path}", server.address);
        let endpoints = Endpoints::new(&url("initiate"), &url("authorize"), &url("token"));
        let client = ClientCredentials::new(text("app_key"), text("app_secret"));
        let http = reqwest::Client::builder().no_proxy();
        let signer = Signer::new(client.clone());
        let http = Client::with_builder(signer.clone(), http).unwrap();
        let delegation = Delegation::with_client(http, signer, endpoints.unwrap());
        Self { server, client, delegation }
    }

    async fn begin(&self, callback: &str) -> AwaitingOwner {
        let callback =
            if callback == OUT_OF_BAND { Callback::OutOfBand } else { Callback::uri(callback) };
        self.delegation.begin(callback, &[]).await.unwrap()
    }

    /// What the protected resource says to a token.
    async fn echo(&self, token: &TokenCredentials) -> Result<Value, Option<Problem>> {
        let signer = Signer::new(self.client.clone()).with_token(token.clone());
        let http = reqwest::Client::builder().no_proxy();
        let client = Client::with_builder(signer, http).unwrap();
        let url = format!("http://{}/echo", self.server.address);
        let answer = client.send(client.http().get(url)).await.unwrap();
        match accepted(answer).await.unwrap() {
            Ok(answer) => Ok(serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()),
            Err(refused) => Err(refused.problem()),
        }
    }
}

#[tokio::test]
async fn our_client_is_called_back_and_told_codes() {
    let ours = Ours::new(|_| Vec::new());
    for callback in [CALLBACK, OUT_OF_BAND] {
        let awaiting = ours.begin(callback).await;
        let brought = approval(awaiting.authorization_url().as_str(), "allow");
        let verifier = match callback {
            OUT_OF_BAND => Verifier::new(brought),
            _ => awaiting.verifier(&brought).unwrap(),
        };
        // One that is mistyped can be typed again.
        let failed = awaiting.exchange(Verifier::new("00000000")).await.unwrap_err();
        let DelegationError::Refused(refused) = &failed.error else { panic!("{failed}") };
        assert_eq!(refused.problem(), Some(Problem::VerifierInvalid));
        let granted = failed.awaiting.exchange(verifier).await.unwrap();
        assert!(granted.session.is_none() && granted.expires_in.is_none());
        let echo = ours.echo(&granted.token).await.unwrap();
        assert_eq!(
            (&echo["token"], &echo["resource_owner"]),
            (&granted.token.identifier().into(), &OWNER.into(),)
        );
    }
    let awaiting = ours.begin(CALLBACK).await;
    let brought = approval(awaiting.authorization_url().as_str(), "deny");
    assert!(matches!(awaiting.verifier(&brought), Err(DelegationError::OwnerRefused)), "{brought}");
}

#[tokio::test]
async fn our_client_renews_its_token() {
    let ours = Ours::new(|_| vec!["delegation.token_lifetime=1h".to_owned()]);
    let awaiting = ours.begin(OUT_OF_BAND).await;
    let code = approval(awaiting.authorization_url().as_str(), "allow");
    let granted = awaiting.exchange(Verifier::new(code)).await.unwrap();
    assert!(granted.expires_in.unwrap().as_secs() > 3_500);
    let session = granted.session.unwrap();
    let renewed = ours.delegation.renew(&granted.token, &session).await.unwrap();
    assert_ne!(renewed.token.identifier(), granted.token.identifier());
    assert_eq!(ours.echo(&renewed.token).await.unwrap()["resource_owner"], OWNER);
}

#[tokio::test]
async fn our_client_brings_a_name_and_a_password() {
    let ours = Ours::new(|app_key| vec![format!("delegation.xauth={app_key}")]);
    let password = SharedSecret::new(PASSWORD);
    let granted = ours.delegation.with_password(OWNER, &password).await.unwrap();
    assert!(granted.others.contains(&("screen_name".to_owned(), OWNER.to_owned())));
    assert_eq!(ours.echo(&granted.token).await.unwrap()["resource_owner"], OWNER);
    let wrong = ours.delegation.with_password(OWNER, &SharedSecret::new("wrong")).await;
    let Err(DelegationError::Refused(refused)) = wrong else { panic!("{wrong:?}") };
    assert_eq!(refused.problem(), Some(Problem::PermissionDenied));
}

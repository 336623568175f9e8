//! T-CLI-TLS: nothing is sent to a server that cannot prove who it is. The certificates in
//! `tests/data` are made for this; `authority.pem` has signed all but `self-signed.pem`.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use oauth1_client::{Client, Retries, SendError};
use reqwest::{Certificate, ClientBuilder};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::signer;

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(path).unwrap()
}

/// A server that shows this certificate, and counts the octets of requests.
async fn start(name: &str) -> (SocketAddr, Arc<AtomicU32>) {
    let pem = data(name);
    let chain = vec![CertificateDer::from_pem_slice(&pem).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&pem).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let octets = Arc::new(AtomicU32::new(0));
    let counted = octets.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            counted.fetch_add(u32::try_from(read).unwrap(), Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await;
            let _ = stream.shutdown().await;
        }
    });
    (address, octets)
}

fn builder() -> ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

async fn send(builder: ClientBuilder, address: SocketAddr) -> Result<reqwest::Response, SendError> {
    let client = Client::with_builder(signer(), builder).unwrap().with_retries(Retries::none());
    client.send(client.http().get(format!("https://{address}/me"))).await
}

#[tokio::test]
async fn t_cli_tls_nothing_is_sent_to_a_server_without_a_good_certificate() {
    let authority = || Certificate::from_pem(&data("authority.pem")).unwrap();
    let trusting = || builder().tls_certs_only([authority()]);
    let (address, octets) = start("good.pem").await;
    let response = send(trusting(), address).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "hello");
    assert!(octets.swap(0, Ordering::SeqCst) > 0);
    // Nobody vouches for the authority by himself.
    let unknown = send(builder(), address).await;
    assert!(matches!(&unknown, Err(SendError::Http(error)) if error.is_connect()), "{unknown:?}");
    assert_eq!(octets.load(Ordering::SeqCst), 0);
    for name in ["expired.pem", "not-yet.pem", "other-host.pem", "self-signed.pem"] {
        let (address, octets) = start(name).await;
        let refused = send(trusting(), address).await;
        let Err(SendError::Http(error)) = &refused else { panic!("{name}: {refused:?}") };
        assert!(error.is_connect(), "{name}: {error:?}");
        assert_eq!(octets.load(Ordering::SeqCst), 0, "{name}");
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("certificate"), "{name}: {said}");
    }
}

//! Versions, credentials and addresses.

use crate::support::{acme, options};
use claimledger_facts::ids::LogSize;
use claimledger_kurrentdb::{ConnectError, KurrentLog, KurrentOptions};
use claimledger_kurrentdb_double::Double;
use claimledger_ledger::log::{Log, LogError};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_server_with_wrong_checkpoints_is_refused() {
    let double = Double::start().await;
    for (version, refused) in
        [("24.10.4", true), ("24.10.5.1523", false), ("25.0.0", true), ("26.1.0-rc.1", false)]
    {
        double.set_version(version);
        let connected = KurrentLog::connect(options(&double)).await;
        match connected {
            Err(ConnectError::Refused(why)) if refused => {
                assert!(why.contains(version) && why.contains("24.10.5"), "{why}");
            }
            Ok(_) if !refused => {}
            other => panic!("{version}: {:?}", other.err()),
        }
    }
}

#[tokio::test]
async fn credentials_come_from_files_and_are_never_in_an_error() {
    let double = Double::start().await;
    // `led@ger:p s:ö` in Base64.
    double.require("Basic bGVkQGdlcjpwIHM6w7Y=");
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let with = |name: &str, password: &str| KurrentOptions {
        username_file: write("name", name),
        password_file: write("password", password),
        ..options(&double)
    };
    let log = KurrentLog::connect(with("led@ger\n", "p s:ö\n")).await.unwrap();
    assert_eq!(log.head(&acme()).await.unwrap(), LogSize(0));
    let url = format!("kurrentdb://led%40ger:p%20s%3A%C3%B6@127.0.0.1:{}?tls=false", double.port());
    let log = KurrentLog::connect(KurrentOptions { url, ..options(&double) }).await.unwrap();
    assert_eq!(log.head(&acme()).await.unwrap(), LogSize(0));

    let began = Instant::now();
    let refused = KurrentLog::connect(with("led@ger", "s3cret")).await;
    let Err(error @ ConnectError::Refused(_)) = refused else {
        panic!("another password: {:?}", refused.err())
    };
    assert!(began.elapsed() < options(&double).deadline / 2, "it is not tried again");
    assert!(error.to_string().contains("denied access"), "{error}");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    // The password is changed while the ledger runs.
    double.require("Basic another");
    let error = log.head(&acme()).await.unwrap_err();
    assert!(matches!(&error, LogError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("denied access"), "{error}");
}

/// rustls panics where it must choose one of two compiled providers and none is the default. The
/// client makes AWS-LC the default, once.
#[tokio::test]
async fn one_provider_of_cryptography_is_the_default() {
    let double = Double::start().await;
    // With TLS, to a server without it.
    let url = format!("kurrentdb://127.0.0.1:{}", double.port());
    let short = KurrentOptions { url, deadline: Duration::from_secs(1), ..options(&double) };
    for _ in 0..2 {
        let refused = KurrentLog::connect(short.clone()).await;
        let error = refused.err().expect("no TLS is served");
        assert!(matches!(error, ConnectError::Unreachable(_)), "{error:?}");
    }
    let default = rustls::crypto::CryptoProvider::get_default().expect("a default");
    assert_eq!(format!("{:?}", default.secure_random), "AwsLcRs");
    let _ = rustls::ClientConfig::builder();
}

#[tokio::test]
async fn a_certificate_file_that_does_not_read_is_refused() {
    let double = Double::start().await;
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    let missing = KurrentOptions { ca_file: Some(ca.clone()), ..options(&double) };
    for text in [None, Some("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")] {
        if let Some(text) = text {
            std::fs::write(&ca, text).unwrap();
        }
        let connected = KurrentLog::connect(missing.clone()).await;
        assert!(matches!(connected, Err(ConnectError::Refused(_))), "{:?}", connected.err());
    }
}

#[tokio::test]
async fn nothing_is_sent_in_plain_text_beyond_loopback() {
    let options = KurrentOptions::new("kurrentdb://u:p@db.example:2113?tls=false", "ledger");
    let connected = KurrentLog::connect(options).await;
    assert!(matches!(connected, Err(ConnectError::Options(_))), "{:?}", connected.err());
}

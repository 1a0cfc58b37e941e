//! `source add`: what the token may read is asked before anything is stored.

use super::sources_of;
use crate::{
    cli::{AddOktaArgs, Format},
    exit_status::{No, Refused, usage},
    ledger_client::LedgerClient,
    settings::Settings,
    table::table,
    terminal::{escape, print_json, print_note, print_text},
};
use anyhow::{Context, Result};
use claimledger_facts::ids::SourceId;
use claimledger_okta::{Access, Client, ClientOptions, Org, Probed, Source, TokenPlace, probe};
use serde_json::json;
use std::{collections::BTreeSet, fs::Metadata, os::unix::fs::PermissionsExt as _, path::Path};

/// Sets up an org.
pub(crate) async fn okta(settings: &Settings, args: &AddOktaArgs) -> Result<()> {
    let source = read(args)?;
    let id = SourceId::new(args.id.as_str());
    let ledger = LedgerClient::open(settings).await?;
    let added = async {
        let sources = sources_of(ledger.embedded("source add")?).await?;
        sources.check_new(&id).await?;
        let client = Client::new(
            source.org.clone(),
            source.token.clone(),
            ClientOptions::default(),
            super::poll::surroundings(),
        )?;
        print_note(&format!("Asking {} what the token may read.", source.org));
        let (probed, org) = probe(&client).await.with_context(|| source.org.to_string())?;
        let owner = ledger.embedded("source add")?;
        let held = owner.app.service_provider(&owner.caller).await?;
        if let Some(why) = held.zip(org).and_then(|(held, org)| held.refuses(&org)) {
            return Err(Refused(format!("{}: {why}", source.org)).into());
        }
        if probed.iter().any(|probed| probed.access == Access::Readable && probed.needs_token()) {
            sources.add(&id, &source).await?;
            return Ok((probed, true));
        }
        Ok::<_, anyhow::Error>((probed, false))
    }
    .await;
    ledger.close().await;
    let (probed, is_added) = added?;
    print(settings, &id, &source, &probed, is_added);
    if is_added {
        return Ok(());
    }
    let failed = probed.iter().any(|probed| probed.access == Access::Failed);
    let why = if failed {
        "Okta did not say what the token may read: nothing was set up. Try again later."
    } else {
        "The token may read nothing of this org: nothing was set up."
    };
    Err(No(why.to_owned()).into())
}

fn read(args: &AddOktaArgs) -> Result<Source> {
    let org = Org::parse(&args.org).map_err(|e| usage(format!("--org {}: {e}", args.org)))?;
    let token = match (&args.token_file, &args.token_env) {
        (Some(file), _) => {
            // `serve` may be started in another directory.
            let path = file
                .canonicalize()
                .map_err(|error| usage(format!("--token-file {}: {error}", file.display())))?;
            note_if_open(&path);
            TokenPlace::File(path)
        }
        (None, Some(name)) => TokenPlace::Env(name.clone()),
        (None, None) => {
            return Err(usage(
                "give --token-file FILE or --token-env NAME: a token on the command line can be \
                 read by every user of this machine",
            ));
        }
    };
    // Before the org is asked.
    token.read().map_err(|error| usage(error.to_string()))?;
    let source = Source {
        since: args.since,
        interval: args.interval,
        look_interval: args.look_interval,
        lag: args.lag,
        heard_every: args.heard_every,
        page: args.page,
        okta_idps: args.okta_idp.clone(),
        ..Source::okta(org, token)
    };
    source.check().map_err(|error| usage(error.to_string()))?;
    Ok(source)
}

/// A process that reads the token may do what it may. It is no refusal: in a container the file
/// often has the mode of the volume that it is on.
fn note_if_open(path: &Path) {
    let is_open = |file: Metadata| file.permissions().mode() & 0o044 != 0;
    if path.metadata().is_ok_and(is_open) {
        let path = escape(&path.display().to_string());
        print_note(&format!("Other users of this machine may read the token: chmod 600 {path}"));
    }
}

fn print(settings: &Settings, id: &SourceId, source: &Source, probed: &[Probed], is_added: bool) {
    if settings.format == Format::Json {
        let endpoints: Vec<_> = probed
            .iter()
            .map(|probed| {
                json!({"endpoint": probed.address, "access": probed.access,
                    "permission": probed.permission, "why": probed.why})
            })
            .collect();
        print_json(
            &json!({"id": id, "added": is_added, "settings": source, "endpoints": endpoints}),
        );
        return;
    }
    let row = |probed: &Probed| {
        vec![
            probed.address.clone(),
            probed.access.as_str().to_owned(),
            probed.permission.to_owned(),
            escape(&probed.why),
        ]
    };
    let rows = probed.iter().map(row).collect();
    print_text(&table(&["endpoint", "access", "permission", ""], rows));
    if !is_added {
        return;
    }
    print_text(&format!(
        "\nSource {id} is set up. `claimledger serve` polls it; `claimledger source poll {id} \
         --once` does it once."
    ));
    let forbidden = probed.iter().filter(|probed| probed.access == Access::Forbidden);
    let unread: BTreeSet<&str> = forbidden.map(|probed| probed.permission).collect();
    if !unread.is_empty() {
        print_note(&format!(
            "Without {} answers stay undetermined where they need what is not read.",
            unread.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    if source.since < claimledger_okta::RETENTION {
        print_note(&format!(
            "Events that are older than {} are not read: answers say that they are missing. \
             `--since 90d` reads all that Okta keeps.",
            source.since
        ));
    }
}

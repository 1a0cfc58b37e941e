//! `token`, `token list`, `token revoke`: from the directory, or from the server that owns it.

use crate::{
    cli::{Format, TokenArgs, TokenCommand},
    exit_status::{No, Refused, usage},
    ledger_client::LedgerClient,
    output::{field, items, joined},
    settings::Settings,
    table::table,
    terminal::{escape, print_json, print_line, print_note, print_text},
};
use anyhow::{Result, anyhow};
use claimledger_app::app::Credential;
use claimledger_facts::{ids::SourceId, vocabulary::Role};
use serde_json::{Value, json};

const PATH: &str = "/v1/credentials";

pub(crate) async fn token(settings: &Settings, args: &TokenArgs) -> Result<()> {
    let ledger = LedgerClient::open(settings).await?;
    let done = checked(settings, &ledger, args).await;
    ledger.close().await;
    done
}

async fn checked(settings: &Settings, ledger: &LedgerClient, args: &TokenArgs) -> Result<()> {
    match &args.what {
        None => grant(settings, ledger, args).await,
        Some(TokenCommand::List) => list(settings, ledger).await,
        Some(TokenCommand::Revoke { credential }) => revoke(settings, ledger, credential).await,
    }
}

/// Makes a credential and shows its token, once.
async fn grant(settings: &Settings, ledger: &LedgerClient, args: &TokenArgs) -> Result<()> {
    let mut roles = args
        .role
        .iter()
        .map(|word| {
            Role::parse(word)
                .ok_or_else(|| usage(format!("--role {word}: expected one of {}", all_roles())))
        })
        .collect::<Result<Vec<_>>>()?;
    roles.sort_unstable();
    roles.dedup();
    let granted = match ledger {
        LedgerClient::Embedded(owner) => {
            let source = args.source.as_deref().map(SourceId::new);
            let granted = owner.app.grant(&owner.caller, &roles, source.as_ref()).await;
            let (credential, token) = granted?;
            json!({"tenant": owner.caller.tenant.as_str(), "credential": credential,
                "token": token, "roles": words(&roles), "source": args.source})
        }
        LedgerClient::Remote(remote) => {
            let wanted = json!({"roles": words(&roles), "source": args.source});
            let body = wanted.to_string();
            taken(remote.send(PATH, "application/json", body.as_bytes())?, 201)?
        }
    };
    match settings.format {
        Format::Json => print_json(&granted),
        Format::Text => {
            print_line(&field(&granted, "token"));
            print_note(&format!(
                "Credential {} of tenant {}. The token is shown this once; only its digest is \
                 kept.",
                field(&granted, "credential"),
                field(&granted, "tenant")
            ));
        }
    }
    Ok(())
}

/// Prints every credential of the tenant, revoked ones too.
async fn list(settings: &Settings, ledger: &LedgerClient) -> Result<()> {
    let listed = match ledger {
        LedgerClient::Embedded(owner) => {
            let credentials = owner.app.credentials(&owner.caller).await?;
            json!({"tenant": owner.caller.tenant.as_str(),
                "credentials": credentials.iter().map(shown).collect::<Vec<_>>()})
        }
        LedgerClient::Remote(remote) => taken(remote.get(PATH)?, 200)?,
    };
    match settings.format {
        Format::Json => print_json(&listed),
        Format::Text => {
            let row = |credential: &Value| {
                let text = |name| field(credential, name);
                let roles = joined(&credential["roles"]);
                let [id, source] = ["credential", "source"].map(text);
                vec![id, roles, source, text("createdAt"), text("revokedAt")]
            };
            let rows = items(&listed["credentials"]).map(row).collect();
            let header = ["credential", "roles", "source", "created", "revoked"];
            print_text(&table(&header, rows));
        }
    }
    Ok(())
}

async fn revoke(settings: &Settings, ledger: &LedgerClient, credential: &str) -> Result<()> {
    let is_known = match ledger {
        LedgerClient::Embedded(owner) => owner.app.revoke(&owner.caller, credential).await?,
        // What this ledger made has no other characters; others could lead to another path.
        LedgerClient::Remote(_) if !is_an_id(credential) => false,
        LedgerClient::Remote(remote) => match remote.delete(&format!("{PATH}/{credential}"))? {
            (404, _) => false,
            answer => taken(answer, 200).map(|_| true)?,
        },
    };
    if !is_known {
        let what = format!("no credential has the id “{}”", escape(credential));
        return Err(No(format!("{what}: `claimledger token list` shows all")).into());
    }
    match settings.format {
        Format::Json => print_json(&json!({"credential": credential, "revoked": true})),
        Format::Text => print_text(&format!(
            "Credential {} is revoked: at once here, within 5 s on other nodes of this ledger.",
            escape(credential)
        )),
    }
    Ok(())
}

fn is_an_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The body of an answer with the expected status; else what the server says.
pub(super) fn taken((status, body): (u16, Value), expected: u16) -> Result<Value> {
    if status == expected {
        return Ok(body);
    }
    let message = field(&body["error"], "message");
    // What is not the caller's mistake may succeed later: also a request that came too slowly, or
    // one of too many.
    let is_mistake = status < 500 && !matches!(status, 408 | 429);
    Err(if is_mistake { Refused(message).into() } else { anyhow!(message) })
}

fn shown(credential: &Credential) -> Value {
    json!({"credential": credential.id, "roles": words(&credential.roles),
        "source": credential.source, "createdAt": credential.created_at,
        "revokedAt": credential.revoked_at})
}

fn words(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}

fn all_roles() -> String {
    words(Role::ALL).join(", ")
}

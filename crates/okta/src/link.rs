//! `Link` headers: the next page of an answer.

use crate::{error::ApiError, org::Org};
use reqwest::{
    Url,
    header::{HeaderMap, LINK},
};

/// The address of the next page; none: there is none. It is an address of the same path in the same
/// org, because the token is sent there.
///
/// # Errors
/// If a header cannot be read, or names an address elsewhere.
pub(crate) fn next(headers: &HeaderMap, org: &Org, asked: &Url) -> Result<Option<Url>, ApiError> {
    let mut found: Option<Url> = None;
    for header in headers.get_all(LINK) {
        let text = header.to_str().map_err(|_| unreadable(""))?;
        for (address, is_next) in links(text).ok_or_else(|| unreadable(text))? {
            if !is_next {
                continue;
            }
            let url = Url::parse(address).map_err(|_| unreadable(text))?;
            if !org.is_origin_of(&url) || url.path() != asked.path() {
                return Err(ApiError::ForeignNext { address: shown(address) });
            }
            if found.replace(url).is_some() {
                return Err(unreadable(text));
            }
        }
    }
    Ok(found)
}

fn unreadable(text: &str) -> ApiError {
    ApiError::Unexpected { what: format!("a Link header that cannot be read: {}", shown(text)) }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Each link of a header, and whether it is the next page: `<address>; rel="next", …`.
fn links(mut text: &str) -> Option<Vec<(&str, bool)>> {
    let mut links = Vec::new();
    loop {
        text = text.trim_start();
        let (address, mut rest) = text.strip_prefix('<')?.split_once('>')?;
        let mut is_next = false;
        loop {
            rest = rest.trim_start();
            let Some(parameter) = rest.strip_prefix(';') else { break };
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim_start();
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => value.split_at(value.find([';', ',', ' ']).unwrap_or(value.len())),
            };
            // One link may have several relations, with spaces between.
            if name.trim().eq_ignore_ascii_case("rel") {
                is_next |= value.split_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"));
            }
            rest = after;
        }
        links.push((address, is_next));
        match rest.strip_prefix(',') {
            Some(more) => text = more,
            None => return rest.is_empty().then_some(links),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn of(headers: &[&str]) -> Result<Option<String>, String> {
        let org = Org::parse("https://acme.okta.example").unwrap();
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(LINK, HeaderValue::from_str(header).unwrap());
        }
        next(&map, &org, &org.at("/api/v1/logs"))
            .map(|url| url.map(Into::into))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_next_page_is_found_among_other_links() {
        let next = "https://acme.okta.example/api/v1/logs?after=1,2;3";
        let expected = Ok(Some(next.to_owned()));
        let own = "<https://acme.okta.example/api/v1/logs>; rel=\"self\"";
        assert_eq!(of(&[own, &format!("<{next}>; rel=\"next\"")]), expected);
        assert_eq!(of(&[&format!("{own}, <{next}>; rel=\"next\"")]), expected);
        assert_eq!(of(&[&format!("<{next}>;title=\"a, b; c\";rel=next")]), expected);
        assert_eq!(of(&[own]), Ok(None));
        assert_eq!(of(&[]), Ok(None));
    }

    #[test]
    fn no_token_is_sent_to_an_address_elsewhere() {
        for address in [
            "https://evil.example/api/v1/logs?after=1",
            "http://acme.okta.example/api/v1/logs?after=1",
            "https://acme.okta.example:8443/api/v1/logs",
            "https://acme.okta.example@evil.example/api/v1/logs",
            "https://acme.okta.example/oauth2/v1/authorize",
        ] {
            let refused = of(&[&format!("<{address}>; rel=\"next\"")]).unwrap_err();
            assert!(refused.contains("elsewhere") && refused.contains(address), "{refused}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_is_refused() {
        for header in [
            "https://acme.okta.example/api/v1/logs; rel=\"next\"",
            "<https://acme.okta.example/api/v1/logs; rel=\"next\"",
            "</api/v1/logs?after=1>; rel=\"next\"",
            "<https://acme.okta.example/api/v1/logs>; rel=\"next\" x",
            "<https://acme.okta.example/api/v1/logs>; rel=\"next",
            "<https://acme.okta.example/api/v1/logs>; rel=\"next\", ",
        ] {
            let refused = of(&[header]).unwrap_err();
            assert!(refused.contains("cannot be read"), "{header}: {refused}");
        }
        let two = "<https://acme.okta.example/api/v1/logs?after=1>; rel=\"next\"";
        assert!(of(&[two, two]).is_err());
    }
}

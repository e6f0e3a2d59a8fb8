//! What is asked of an endpoint beside answers of a model: lists of models, counts of tokens, embeddings, audio, files.

use bytes::Bytes;
use hyper::{Method, Response, StatusCode};

use super::endpoint;
use super::exchange::Exchange;
use super::generate::{self, MAX_REPLY_BYTES};
use super::reply::{Reply, whole};
use super::through;
use super::{cause, door, headers, model_map, upstream};
use crate::dialect::form::{Failure, FailureKind, estimate};
use crate::dialect::{self, Dialect, model_name, models as model_list};
use crate::{moment, net};

/// How many tokens a request has: asked upstream where that is Anthropic's dialect too, else estimated.
pub async fn count_tokens(mut exchange: Exchange) -> Response<Reply> {
    let inbound = Dialect::AnthropicMessages;
    if exchange.method != Method::POST {
        return door::method(inbound);
    }
    let profile = &exchange.account.profile;
    let spoken = endpoint::upstream_dialect(profile, exchange.provider, inbound);
    if spoken == inbound {
        let named =
            dialect::json::Json::parse_bytes(&exchange.body).and_then(|body| body.str("model").map(str::to_owned));
        let mapped = named.and_then(|asked| model_map::map(profile, exchange.provider, &asked));
        if let Some(replaced) = mapped.and_then(|model| model_name::replace(&exchange.body, &model)) {
            exchange.body = replaced.into();
        }
        return through::pass_any(exchange, inbound, inbound, "messages/count_tokens").await;
    }
    exchange.watch.upstream("estimate");
    match dialect::decode_request(inbound, &exchange.body) {
        Ok(request) => {
            exchange.watch.status(200);
            exchange.watch.complete();
            whole(StatusCode::OK, "application/json", model_list::encode_count(estimate::tokens(&request)))
        }
        Err(failure) => generate::fail(&mut exchange.watch, inbound, &failure),
    }
}

/// The list of models, or one of them, in the shape the client knows.
pub async fn models(mut exchange: Exchange, is_anthropic: bool, id: Option<&str>) -> Response<Reply> {
    let inbound = if is_anthropic { Dialect::AnthropicMessages } else { Dialect::OpenaiChat };
    if !matches!(exchange.method, Method::GET | Method::HEAD) {
        return door::method(inbound);
    }
    let spoken = endpoint::upstream_dialect(&exchange.account.profile, exchange.provider, inbound);
    let is_openai = |dialect| matches!(dialect, Dialect::OpenaiChat | Dialect::OpenaiResponses);
    if spoken == inbound || (is_openai(spoken) && is_openai(inbound)) {
        let path = id.map_or_else(|| "models".to_owned(), |id| format!("models/{id}"));
        return through::pass_any(exchange, inbound, spoken, &path).await;
    }
    exchange.watch.upstream(spoken.name());
    match listed(&mut exchange, inbound, spoken, id).await {
        Ok(body) => {
            exchange.watch.status(200);
            exchange.watch.complete();
            whole(StatusCode::OK, "application/json", body)
        }
        Err(failure) => generate::fail(&mut exchange.watch, inbound, &failure),
    }
}

async fn listed(
    exchange: &mut Exchange,
    inbound: Dialect,
    spoken: Dialect,
    id: Option<&str>,
) -> Result<Vec<u8>, Failure> {
    let answer = through::ask(exchange, spoken, "models", Bytes::new(), false).await?;
    let (status, is_encoded) = (answer.status(), headers::is_encoded(answer.headers()));
    if status.is_redirection() {
        return Err(generate::redirected(&answer));
    }
    let bytes = net::collect(answer.into_body(), MAX_REPLY_BYTES).await.map_err(|err| upstream::failure_of(&err))?;
    if !status.is_success() {
        let mut failure = Failure::new(Failure::kind_of(status.as_u16()), format!("the upstream answered {status}"));
        failure.status = status.as_u16();
        if let Some(message) = cause::of(&exchange.account.profile.name, status.as_u16(), &bytes, &failure) {
            failure.message = message;
        }
        return Err(failure);
    }
    let ids = if is_encoded { Vec::new() } else { model_list::decode(&bytes) };
    let Some(id) = id else { return Ok(model_list::encode(inbound, &ids, moment::now())) };
    if !ids.iter().any(|known| known == id) {
        let shown = crate::printable::text(id);
        return Err(Failure::new(FailureKind::NotFound, format!("the upstream lists no model `{shown}`")));
    }
    let one = model_list::encode(inbound, &[id.to_owned()], moment::now());
    let list = dialect::json::Json::parse_bytes(&one);
    let only = list.as_ref().and_then(|list| list.array("data").first()).map(ToString::to_string);
    Ok(only.unwrap_or_default().into_bytes())
}

/// Anything else: passed to an endpoint that speaks the same, or refused with the reason.
pub async fn other(mut exchange: Exchange, is_anthropic: bool, path: &str) -> Response<Reply> {
    let profile = &exchange.account.profile;
    let (wanted, inbound) = match path.split('/').next() {
        Some("messages") => (Some(Dialect::AnthropicMessages), Dialect::AnthropicMessages),
        Some("responses") => (Some(Dialect::OpenaiResponses), Dialect::OpenaiResponses),
        _ if is_anthropic => (Some(Dialect::AnthropicMessages), Dialect::AnthropicMessages),
        _ => (endpoint::openai_dialect(profile, exchange.provider), Dialect::OpenaiChat),
    };
    let spoken = wanted.filter(|wanted| endpoint::upstream_dialect(profile, exchange.provider, *wanted) == *wanted);
    match spoken {
        Some(spoken) => through::pass_any(exchange, inbound, spoken, path).await,
        None => {
            let shown = crate::printable::text(path);
            let name = &exchange.account.profile.name;
            let failure = Failure::new(
                FailureKind::NotFound,
                format!("llmenv proxy: `{shown}` has no counterpart at the provider of profile `{name}`"),
            );
            generate::fail(&mut exchange.watch, inbound, &failure)
        }
    }
}

//! Every error body that is known, as the answer to a check: the verdict is about the key, and never better than the body.

use llmenv::probe::Verdict;
use serde::Deserialize;

use super::{World, target};
use crate::support::upstream::{Reply, Upstream};

#[derive(Clone, Deserialize)]
struct Body {
    id: String,
    body: String,
    status: u16,
    key: String,
}

/// What a body says of the key, as it was looked up, in the words of a check. `None`: nothing.
fn expected(body: &Body) -> Option<&'static [Verdict]> {
    use Verdict::{NoCredit, RateLimited, Refused, Restricted};
    match (body.key.as_str(), body.status) {
        ("valid", 429) => Some(&[RateLimited]),
        ("valid" | "valid-restricted", _) => Some(&[Restricted]),
        ("valid-no-credit", _) => Some(&[NoCredit]),
        ("unknown" | "not-judged", _) => None,
        _ => Some(&[Refused]),
    }
}

#[test]
fn t17_a_verdict_on_a_key_comes_from_the_body() {
    let bodies: Vec<Body> = serde_json::from_str(include_str!("../explain/bodies.json")).unwrap();
    // Those without a status are words of clients, which no server says.
    let bodies: Vec<Body> = bodies.into_iter().filter(|body| body.status != 0).collect();
    let played = bodies.clone();
    let server = Upstream::plain(move |seen| {
        let at: usize = seen.target.split('/').nth(1).unwrap().parse().unwrap();
        Reply::json(played[at].status, played[at].body.clone())
    });
    let world = World::new(|_| Reply::json(500, "nobody is asked here"));
    let mut wrong = Vec::new();
    for (at, body) in bodies.iter().enumerate() {
        let target = target("custom", Some(&server.at(&format!("/{at}/v1"))), "sk-0123456789abcdef0123456789abcdef");
        let report = world.probe(&target);
        let is_right = match expected(body) {
            Some(verdicts) => verdicts.contains(&report.verdict),
            None => !matches!(report.verdict, Verdict::Works | Verdict::Refused | Verdict::NoCredit),
        };
        if !is_right {
            wrong
                .push(format!("{} ({}, {}): {:?}, {}", body.id, body.status, body.key, report.verdict, report.message));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), bodies.len(), wrong.join("\n"));
    println!("{} bodies", bodies.len());
}

#[test]
fn an_error_under_200_is_an_error() {
    for (provider, body, verdict) in [
        ("minimax", r#"{"base_resp":{"status_code":2049,"status_msg":"invalid api key"}}"#, Verdict::Refused),
        ("zhipuai", r#"{"code":1000,"msg":"身份验证失败","success":false}"#, Verdict::Refused),
        ("openrouter", r#"{"error":{"message":"User not found.","code":401}}"#, Verdict::Refused),
        (
            "gemini",
            r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
            Verdict::Refused,
        ),
        ("openai", r#"{"error":"something nobody has seen"}"#, Verdict::Unclear),
        ("groq", r#"{"success":false}"#, Verdict::Unclear),
        ("groq", r#"{"status":"ok"}"#, Verdict::Unclear),
        ("groq", "<!DOCTYPE html><html><body>Please log in to the hotel</body></html>", Verdict::Unclear),
        ("groq", "", Verdict::Unclear),
        ("groq", r#"{"object":"list","data":[],"error":null}"#, Verdict::Works),
    ] {
        let world = World::new(move |_| Reply::json(200, body));
        let report = world.probe(&target(provider, None, "0123456789abcdef0123456789abcdef"));
        assert_eq!((report.verdict, report.status), (verdict, Some(200)), "{provider} {body}: {report:?}");
    }
}

#[test]
fn balances_are_read_where_providers_tell_them() {
    for (provider, body, verdict, told) in [
        (
            "deepseek",
            r#"{"is_available":true,"balance_infos":[{"currency":"CNY","total_balance":"110.00","granted_balance":"10.00","topped_up_balance":"100.00"}]}"#,
            Verdict::Works,
            "balance 110.00 CNY",
        ),
        (
            "deepseek",
            r#"{"is_available":false,"balance_infos":[{"currency":"USD","total_balance":"0.00","granted_balance":"0.00","topped_up_balance":"0.00"}]}"#,
            Verdict::NoCredit,
            "balance $0.00",
        ),
        (
            "moonshot-intl",
            r#"{"code":0,"data":{"available_balance":49.58894,"voucher_balance":46.58893,"cash_balance":3.00001},"scode":"0x0","status":true}"#,
            Verdict::Works,
            "balance $49.59",
        ),
        (
            "siliconflow",
            r#"{"code":20000,"message":"OK","status":true,"data":{"id":"userid","name":"username","balance":"0.88","status":"normal","chargeBalance":"88.00","totalBalance":"88.88"}}"#,
            Verdict::Works,
            "balance $88.88",
        ),
        (
            "xai",
            r#"{"redacted_api_key":"xai-...b14o","user_id":"59fbe5f2","name":"My API Key","create_time":"2024-01-01T12:55:18.139305Z","acls":["api-key:model:*"],"api_key_id":"ae1e1841","api_key_blocked":false,"api_key_disabled":false,"team_blocked":false}"#,
            Verdict::Works,
            "name My API Key",
        ),
        (
            "xai",
            r#"{"redacted_api_key":"xai-...b14o","name":"My API Key","api_key_blocked":false,"api_key_disabled":true,"team_blocked":false}"#,
            Verdict::Refused,
            "name My API Key",
        ),
    ] {
        let world = World::new(move |_| Reply::json(200, body));
        let report = world.probe(&target(provider, None, "0123456789abcdef0123456789abcdef"));
        let facts: Vec<String> = report.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!((report.verdict, facts.join(", ").as_str()), (verdict, told), "{provider}: {report:?}");
    }
}

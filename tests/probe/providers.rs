//! Five providers, and what each says to a good, an expired, an empty and a busy account.

use llmenv::probe::{Target, Verdict};

use super::{World, target};
use crate::support::upstream::play::{self, Sort};

const AZURE: &str = "https://my-resource.openai.azure.com/openai/v1";

fn of(provider: &str, sort: Sort) -> Target {
    match provider {
        "openrouter" => target("openrouter", None, &play::openrouter_key(sort)),
        "openai" => target("openai", None, &play::openai_key(sort)),
        "anthropic" => target("anthropic", None, &play::anthropic_key(sort)),
        "gemini" => target("gemini", None, &play::gemini_key(sort)),
        _ => target("azure-openai", Some(AZURE), &play::azure_key(sort)),
    }
}

#[test]
fn each_provider_is_asked_where_it_authenticates_and_understood() {
    use Verdict::{NoCredit, RateLimited, Refused, Works};
    let world = World::new(play::providers);
    let mut asked = 0;
    for (provider, line, verdicts) in [
        ("openrouter", "GET openrouter.ai/api/v1/key", [Works, Refused, NoCredit, RateLimited]),
        ("openai", "GET api.openai.com/v1/models", [Works, Refused, NoCredit, RateLimited]),
        ("anthropic", "GET api.anthropic.com/v1/models", [Works, Refused, NoCredit, RateLimited]),
        ("gemini", "GET generativelanguage.googleapis.com/v1beta/models", [Works, Refused, NoCredit, NoCredit]),
        ("azure", "GET my-resource.openai.azure.com/openai/v1/models", [Works, Refused, Refused, RateLimited]),
    ] {
        for (sort, verdict) in [Sort::Good, Sort::Expired, Sort::NoCredit, Sort::Busy].into_iter().zip(verdicts) {
            let report = world.probe(&of(provider, sort));
            assert_eq!(report.verdict, verdict, "{provider} {sort:?}: {report:?}");
            asked += 1;
            assert_eq!(world.lines().len(), asked, "{provider} {sort:?}: one request, not more");
            assert_eq!(world.lines().last().unwrap(), line);
        }
    }
}

#[test]
fn what_an_account_has_left_is_told() {
    let world = World::new(play::providers);
    let report = world.probe(&of("openrouter", Sort::Good));
    let told: Vec<String> = report.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    assert_eq!(told, ["limit $3.20 of $10.00 left, monthly", "used $6.80", "expires 2099-12-31"]);
    let report = world.probe(&of("openrouter", Sort::NoCredit));
    assert_eq!((report.id.as_deref(), report.status), (Some("no-credit"), Some(200)));
    assert_eq!(report.message, "the limit that this key has is used up");
}

#[test]
fn an_expired_openrouter_key_is_named_although_it_says_user_not_found() {
    let world = World::new(play::providers);
    let report = world.probe(&of("openrouter", Sort::Expired));
    assert_eq!(report.verdict, Verdict::Refused);
    assert_eq!(report.id.as_deref(), Some("key-unknown-or-expired"));
    assert!(report.message.starts_with("The words mislead: this is about the key, not about a user."), "{report:?}");
    assert!(report.message.ends_with("(`User not found.`)"), "{report:?}");
}

#[test]
fn each_provider_gets_the_key_in_its_own_header_alone() {
    let world = World::new(play::providers);
    let all = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
    for (provider, header) in [
        ("openrouter", "authorization"),
        ("openai", "authorization"),
        ("anthropic", "x-api-key"),
        ("gemini", "x-goog-api-key"),
        ("azure", "api-key"),
    ] {
        let target = of(provider, Sort::Good);
        world.probe(&target);
        let seen = world.proxy.seen().pop().unwrap();
        let sent: Vec<&str> = all.into_iter().filter(|name| seen.header(name).is_some()).collect();
        assert_eq!(sent, [header], "{provider}");
        assert!(seen.header(header).unwrap().ends_with(target.key.unwrap().expose()), "{provider}");
        assert!(!seen.target.contains('?'), "{provider}: a key in an address would stand in logs");
    }
}

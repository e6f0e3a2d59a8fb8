//! What providers tell of an account: credit, limits, an end. Read where a provider is known to say it, and nowhere else.

use serde_json::Value;

use super::Verdict;
use super::judge::Judged;

/// What was told.
#[derive(Default)]
pub(super) struct Account {
    /// Name and value, for people.
    pub(super) facts: Vec<(&'static str, String)>,
    /// Why the key is of no use all the same.
    pub(super) stop: Option<Judged>,
}

/// Reads a good answer of this provider to this path.
pub(super) fn read(provider: &str, path: &str, json: &Value) -> Account {
    let mut account = Account::default();
    match provider {
        "openrouter" if path.ends_with("/key") => openrouter(&mut account, &json["data"]),
        "deepseek" if path.ends_with("/balance") => deepseek(&mut account, json),
        "moonshot-intl" if path.ends_with("/balance") => moonshot(&mut account, &json["data"], "USD"),
        "moonshot-cn" if path.ends_with("/balance") => moonshot(&mut account, &json["data"], "CNY"),
        "siliconflow" if path.ends_with("/info") => siliconflow(&mut account, &json["data"], "USD"),
        "siliconflow-cn" if path.ends_with("/info") => siliconflow(&mut account, &json["data"], "CNY"),
        "xai" if path.ends_with("/api-key") => xai(&mut account, json),
        "litellm-proxy" if path.ends_with("/key/info") => litellm(&mut account, &json["info"]),
        _ => {}
    }
    account
}

fn openrouter(account: &mut Account, data: &Value) {
    let limit = number(&data["limit"]);
    let left = number(&data["limit_remaining"]);
    match (limit, left) {
        (Some(limit), Some(left)) => {
            let reset = text(&data["limit_reset"]).map_or_else(String::new, |every| format!(", {every}"));
            account.tell("limit", format!("{} of {} left{reset}", money(left, "USD"), money(limit, "USD")));
            if left <= 0.0 {
                account.stop = Some(
                    Judged::of(Verdict::NoCredit, "the limit that this key has is used up")
                        .fix("raise it at openrouter.ai/settings/keys, or use another key")
                        .id("no-credit"),
                );
            }
        }
        _ => account.tell("limit", "none of its own; the account's credit counts".to_owned()),
    }
    if let Some(used) = number(&data["usage"]) {
        account.tell("used", money(used, "USD"));
    }
    if data["is_free_tier"] == Value::Bool(true) {
        account.tell("tier", "free: nothing was ever paid in".to_owned());
    }
    account.end(text(&data["expires_at"]));
    if data["is_management_key"] == Value::Bool(true) || data["is_provisioning_key"] == Value::Bool(true) {
        account.stop = Some(
            Judged::of(Verdict::Refused, "this key manages other keys; it calls no model")
                .fix("make an API key at openrouter.ai/settings/keys")
                .id("admin-key"),
        );
    }
}

fn deepseek(account: &mut Account, json: &Value) {
    let balances = json["balance_infos"].as_array().into_iter().flatten();
    for balance in balances {
        if let (Some(total), Some(currency)) = (number(&balance["total_balance"]), text(&balance["currency"])) {
            account.tell("balance", money(total, &currency));
        }
    }
    if json["is_available"] == Value::Bool(false) {
        account.stop = Some(used_up("top it up at platform.deepseek.com"));
    }
}

fn moonshot(account: &mut Account, data: &Value, currency: &str) {
    if let Some(left) = number(&data["available_balance"]) {
        account.tell("balance", money(left, currency));
        if left <= 0.0 {
            account.stop = Some(used_up("top it up in the provider's console"));
        }
    }
}

fn siliconflow(account: &mut Account, data: &Value, currency: &str) {
    if let Some(left) = number(&data["totalBalance"]).or_else(|| number(&data["balance"])) {
        account.tell("balance", money(left, currency));
        if left <= 0.0 {
            account.stop = Some(used_up("top it up in the provider's console; free models may still answer"));
        }
    }
}

fn xai(account: &mut Account, json: &Value) {
    account.tell_text("name", &json["name"]);
    for (field, what) in [
        ("api_key_blocked", "this key is blocked"),
        ("api_key_disabled", "this key is switched off"),
        ("team_blocked", "the team that this key belongs to is blocked"),
    ] {
        if json[field] == Value::Bool(true) {
            account.stop = Some(
                Judged::of(Verdict::Refused, what).fix("look at console.x.ai, or make a new key").id("revoked-key"),
            );
        }
    }
}

fn litellm(account: &mut Account, info: &Value) {
    let (spent, budget) = (number(&info["spend"]), number(&info["max_budget"]));
    match (spent, budget) {
        (Some(spent), Some(budget)) => {
            account.tell("budget", format!("{} of {} spent", money(spent, "USD"), money(budget, "USD")));
            if spent >= budget {
                account.stop = Some(used_up("whoever runs the proxy can raise the budget"));
            }
        }
        (Some(spent), None) => account.tell("used", money(spent, "USD")),
        _ => {}
    }
    account.end(text(&info["expires"]));
}

fn used_up(fix: &str) -> Judged {
    Judged::of(Verdict::NoCredit, "the account has nothing left to spend").fix(fix).id("no-credit")
}

impl Account {
    fn tell(&mut self, name: &'static str, value: String) {
        self.facts.push((name, value));
    }

    fn tell_text(&mut self, name: &'static str, value: &Value) {
        if let Some(value) = text(value) {
            self.tell(name, value);
        }
    }

    /// When the key ends: the day, and how soon that is where it is soon.
    fn end(&mut self, at: Option<String>) {
        let Some(at) = at else { return };
        let day = at.get(..10).unwrap_or(&at);
        let today =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400;
        let soon = days_since_1970(day).map(|end| end - i64::try_from(today).unwrap_or(0));
        let soon = match soon {
            Some(..0) => " (over)".to_owned(),
            Some(0) => " (today)".to_owned(),
            Some(1) => " (tomorrow)".to_owned(),
            Some(days @ 2..=14) => format!(" (in {days} days)"),
            _ => String::new(),
        };
        self.tell("expires", format!("{}{soon}", crate::printable::text(day)));
    }
}

/// `2026-11-28` as a count of days, after Howard Hinnant's `days_from_civil` (<https://howardhinnant.github.io/date_algorithms.html>).
fn days_since_1970(day: &str) -> Option<i64> {
    let mut parts = day.split('-').map(str::parse::<i64>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A number, or one in a string, as money often comes.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number: &f64| number.is_finite())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(crate::printable::text)
}

fn money(amount: f64, currency: &str) -> String {
    if currency == "USD" { format!("${amount:.2}") } else { format!("{amount:.2} {currency}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years_and_no_further_than_dates_go() {
        for (day, count) in [
            ("1970-01-01", Some(0)),
            ("1970-03-01", Some(59)),
            ("2000-02-29", Some(11_016)),
            ("2026-11-28", Some(20_785)),
            ("2100-03-01", Some(47_541)),
            ("9999-99-01", None),
            ("99999999999-01-01", None),
            ("soon", None),
            ("2026-11-28-1", None),
        ] {
            assert_eq!(days_since_1970(day), count, "{day}");
        }
    }
}

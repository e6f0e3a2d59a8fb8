//! The forms that errors are known to have, from `forms.toml`.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde::Deserialize;

use super::read;

/// What an error says about the key that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The account behind it is closed to it.
    Account,
    /// This machine's clock makes it look expired.
    Clock,
    /// A login's token that ended.
    ExpiredToken,
    /// Unknown there, whatever it was once.
    Invalid,
    /// Unknown, or this client is refused.
    InvalidOrClientBlocked,
    /// Unknown, or the clock is off.
    InvalidOrClock,
    /// Unknown, deleted or expired.
    InvalidOrExpired,
    /// Unknown, or of another host.
    InvalidOrWrongHost,
    /// A local proxy's own token.
    LocalToken,
    /// With characters that no header carries.
    Malformed,
    /// Something else than a key.
    NotAKey,
    /// Nobody looked at it.
    NotJudged,
    /// None arrived.
    NotSent,
    /// None arrived, or an unknown one.
    NotSentOrInvalid,
    /// A placeholder.
    Placeholder,
    /// Of another region, or unknown.
    RegionOrInvalid,
    /// Good.
    Valid,
    /// Another provider's.
    ValidElsewhere,
    /// Good, without credit.
    ValidNoCredit,
    /// Good, without this permission.
    ValidRestricted,
    /// A credential of another kind.
    WrongKind,
}

impl Verdict {
    /// What that means for the key, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Account => "valid once; its account is closed to it",
            Self::Clock => "not the key: this machine's clock",
            Self::ExpiredToken => "a login that has expired",
            Self::Invalid => "not known there",
            Self::InvalidOrClientBlocked => "not known there, or this client is refused",
            Self::InvalidOrClock => "not known there, or this machine's clock is off",
            Self::InvalidOrExpired => "expired, deleted, or never theirs",
            Self::InvalidOrWrongHost => "not this host's",
            Self::LocalToken => "a local proxy's token, not a provider's key",
            Self::Malformed => "has characters that no key has",
            Self::NotAKey => "no key at all",
            Self::NotJudged => "not looked at",
            Self::NotSent => "none arrived",
            Self::NotSentOrInvalid => "none arrived, or one that is not known there",
            Self::Placeholder => "a placeholder",
            Self::RegionOrInvalid => "of another region, or not known there",
            Self::Valid => "valid",
            Self::ValidElsewhere => "another provider's",
            Self::ValidNoCredit => "valid, without credit",
            Self::ValidRestricted => "valid, without this permission",
            Self::WrongKind => "a credential of another kind",
        }
    }
}

/// One way in which something fails.
#[derive(Debug)]
pub struct Form {
    /// Its name in reports.
    pub id: String,
    /// Who says it.
    pub who: String,
    /// The HTTP statuses it comes with; none: a client's own words.
    pub status: Vec<u16>,
    /// What it means.
    pub means: String,
    /// What to do.
    pub fix: String,
    /// What it says about the key.
    pub verdict: Verdict,
    /// Ids of findings, most likely first.
    pub causes: Vec<String>,
    is_special: bool,
    is_general: bool,
    all: Vec<String>,
    re: Option<Regex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    who: String,
    #[serde(default)]
    status: Vec<u16>,
    means: String,
    fix: String,
    verdict: Verdict,
    causes: Vec<String>,
    #[serde(default)]
    is_special: bool,
    #[serde(default)]
    is_general: bool,
    #[serde(default)]
    all: Vec<String>,
    re: Option<String>,
}

#[derive(Deserialize)]
struct File {
    form: Vec<Row>,
}

/// All forms. The file is compiled in, and a test reads it.
pub fn all() -> &'static [Form] {
    static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
        let file: File = toml::from_str(include_str!("forms.toml")).expect("`forms.toml` is read by a test");
        file.form.into_iter().map(Form::from).collect()
    });
    &FORMS
}

impl From<Row> for Form {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            who: row.who,
            status: row.status,
            means: row.means,
            fix: row.fix,
            verdict: row.verdict,
            causes: row.causes,
            is_special: row.is_special,
            is_general: row.is_general,
            all: row.all.iter().map(|phrase| read::flat(phrase)).collect(),
            re: row.re.map(|pattern| Regex::new(&pattern).expect("`forms.toml` is read by a test")),
        }
    }
}

impl Form {
    /// How well a text fits, or `None`: some of it is missing.
    pub(super) fn score(&self, flat: &str, statuses: &[u16]) -> Option<usize> {
        if self.all.is_empty() && self.re.is_none() || !self.all.iter().all(|phrase| flat.contains(phrase.as_str())) {
            return None;
        }
        let mut score: usize = self.all.iter().map(String::len).sum();
        if let Some(pattern) = &self.re {
            score += pattern.find(flat)?.len() + 20;
        }
        if self.is_general {
            return Some(1);
        }
        if self.status.iter().any(|status| statuses.contains(status)) {
            score += 8;
        }
        // Its own host or name beside the words tells two senders of the same words apart.
        let name = self.who.split([' ', '(']).next().unwrap_or_default().to_lowercase();
        if name.len() > 3 && flat.contains(&name) {
            score += 6;
        }
        Some(score + if self.is_special { 100 } else { 0 })
    }
}

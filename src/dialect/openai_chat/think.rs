//! `<think>` at the start of text: some servers put thinking there. Cut anywhere, also inside the tag.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

#[derive(Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    Inside,
    JustAfter,
    Text,
}

/// Separates thinking from text.
#[derive(Debug, Default)]
pub struct Think {
    at: At,
    held: String,
}

impl Think {
    /// Takes the next text; gives pieces, `true` for thinking.
    pub fn push(&mut self, text: &str) -> Vec<(bool, String)> {
        self.held.push_str(text);
        let mut out = Vec::new();
        loop {
            match self.at {
                At::Start => {
                    let seen = self.held.trim_start();
                    if let Some(rest) = seen.strip_prefix(OPEN) {
                        self.held = rest.to_owned();
                        self.at = At::Inside;
                    } else if OPEN.starts_with(seen) {
                        return out;
                    } else {
                        self.at = At::Text;
                    }
                }
                At::Inside => {
                    if let Some((thinking, rest)) = self.held.split_once(CLOSE) {
                        out.push((true, thinking.to_owned()));
                        self.held = rest.to_owned();
                        self.at = At::JustAfter;
                    } else {
                        let keep = (1..CLOSE.len()).rev().find(|n| self.held.ends_with(&CLOSE[..*n])).unwrap_or(0);
                        let rest = self.held.split_off(self.held.len() - keep);
                        out.push((true, std::mem::replace(&mut self.held, rest)));
                        return out;
                    }
                }
                At::JustAfter => {
                    self.held = self.held.trim_start().to_owned();
                    if self.held.is_empty() {
                        return out;
                    }
                    self.at = At::Text;
                }
                At::Text => {
                    out.push((false, std::mem::take(&mut self.held)));
                    return out;
                }
            }
        }
    }

    /// Gives what was held back.
    pub fn finish(&mut self) -> Option<(bool, String)> {
        let held = std::mem::take(&mut self.held);
        (!held.is_empty()).then_some((self.at == At::Inside, held))
    }
}

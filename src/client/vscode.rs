//! VS Code: its extensions and tasks have the environment of the shell that started it, and keep it.

use super::{Account, Place, Setup};
use crate::error::Result;

// The others can fail, and all are of one type.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn setup(account: &Account, _: &Place<'_>) -> Result<Setup> {
    Ok(Setup {
        tool: "vscode",
        place: "nothing to write down".into(),
        file: None,
        text: String::new(),
        start: format!("llmenv exec {} -- code .", account.profile),
        notes: vec![
            "a window that runs already keeps its environment: close all of them first".into(),
            "its terminals are shells of their own: there the hook decides, as anywhere".into(),
            "keys in `settings.json` (`terminal.integrated.env.*`) win over both: `llmenv doctor` names them".into(),
        ],
        edit: None,
    })
}

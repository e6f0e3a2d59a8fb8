//! `export NAME=…` and `set NAME=…` in a profile of PowerShell, where they set nothing.

use super::environment::{is_base_url, is_key};
use super::{Detector, Finding, Look, Spot};
use crate::source::{Kind, Origin, Reader, When};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["posix-syntax-in-powershell"], find };

/// Profiles below the home.
const PROFILES: [&str; 8] = [
    ".config/powershell/profile.ps1",
    ".config/powershell/Microsoft.PowerShell_profile.ps1",
    "Documents/PowerShell/profile.ps1",
    "Documents/PowerShell/Microsoft.PowerShell_profile.ps1",
    "Documents/WindowsPowerShell/profile.ps1",
    "Documents/WindowsPowerShell/Microsoft.PowerShell_profile.ps1",
    "OneDrive/Documents/PowerShell/Microsoft.PowerShell_profile.ps1",
    "OneDrive/Documents/WindowsPowerShell/Microsoft.PowerShell_profile.ps1",
];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in PROFILES.map(|name| look.scene.home.join(name)) {
        let Some(text) = look.read_text(&path) else { continue };
        for (at, line) in text.lines().enumerate() {
            let bare = line.trim_start();
            let word = ["export ", "set ", "setx "]
                .into_iter()
                .find(|word| bare.len() > word.len() && bare[..word.len()].eq_ignore_ascii_case(word));
            let rest = word.map_or(bare, |word| &bare[word.len()..]).trim_start();
            let Some((name, _)) = rest.split_once('=') else { continue };
            let name = name.trim_end();
            // `setx NAME value` is a program of Windows and does what it says.
            if !(is_key(name) || is_base_url(name)) || bare.starts_with('$') || word == Some("setx ") {
                continue;
            }
            let what = match word {
                Some("export ") => format!("`export {name}=…` is no command of PowerShell"),
                Some(_) => {
                    format!("`set {name}=…` makes a PowerShell variable with an odd name, and no environment variable")
                }
                None => format!("`{name}=…` is no assignment of PowerShell"),
            };
            let column = line.chars().count() - bare.chars().count() + 1;
            let reader = Reader::Shell("powershell", When::Interactive);
            let origin = Origin::at(Kind::Rc, reader, &path, at + 1, Some(column));
            let finding = Finding::warning("posix-syntax-in-powershell", what).variable(name).at(Spot::bare(origin));
            found.push(finding.hint(format!("write `$env:{name} = '…'`; `llmenv add` keeps the key out of the file")));
        }
    }
    found
}

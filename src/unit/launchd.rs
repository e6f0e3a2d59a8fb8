//! An agent of launchd: the daemon from the user's login on. A later one is started by whoever asks, as without the agent.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::{MARK, Site, UnitFile, plain, plain_value, xml};
use crate::error::Result;

/// What launchd calls it.
pub const LABEL: &str = "io.llmenv.daemon";

pub(super) fn place(site: &Site) -> PathBuf {
    site.home.join("Library").join("LaunchAgents").join(format!("{LABEL}.plist"))
}

/// Keys: launchd.plist(5). `SuccessfulExit` false: one that ended because nobody needs it stays ended, one that crashed comes back.
pub(super) fn files(site: &Site) -> Result<Vec<UnitFile>> {
    let program = xml(plain("the program's path", site.program.to_str(), &site.program)?);
    let mut variables = String::new();
    for (name, value) in &site.variables {
        let value = xml(plain_value(name, value)?);
        let _ = write!(variables, "    <key>{name}</key>\n    <string>{value}</string>\n");
    }
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- {LABEL}, {MARK}; `llmenv daemon uninstall` takes it away. -->\n\
         <plist version=\"1.0\">\n\
         <dict>\n  \
           <key>Label</key>\n  <string>{LABEL}</string>\n  \
           <key>ProgramArguments</key>\n  <array>\n    \
             <string>{program}</string>\n    <string>daemon</string>\n    <string>run</string>\n    \
             <string>--by</string>\n    <string>launchd</string>\n  \
           </array>\n  \
           <key>EnvironmentVariables</key>\n  <dict>\n{variables}  </dict>\n  \
           <key>RunAtLoad</key>\n  <true/>\n  \
           <key>KeepAlive</key>\n  <dict>\n    <key>SuccessfulExit</key>\n    <false/>\n  </dict>\n  \
           <key>ProcessType</key>\n  <string>Background</string>\n  \
           <key>Umask</key>\n  <integer>63</integer>\n  \
           <key>HardResourceLimits</key>\n  <dict>\n    <key>Core</key>\n    <integer>0</integer>\n  </dict>\n\
         </dict>\n\
         </plist>\n"
    );
    Ok(vec![UnitFile { path: place(site), text, is_utf16: false }])
}

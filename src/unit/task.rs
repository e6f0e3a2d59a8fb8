//! A task of the Windows Task Scheduler: the daemon from the user's logon on. A later one is started by whoever asks.

use std::path::PathBuf;

use super::{MARK, Site, UnitFile, plain, plain_value, xml};
use crate::error::{Error, Result};

pub(super) fn place(site: &Site) -> PathBuf {
    site.data_dir.join("logon-task.xml")
}

/// Task names are the machine's, so the user is in it; of the characters that one may not have none is kept.
pub(super) fn name(site: &Site) -> String {
    let user: String =
        site.user.chars().map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect();
    format!("llmenv-{user}")
}

/// Elements and their order: "Task Scheduler Schema" on Microsoft Learn, read 2026-11-28. `--background` starts the daemon without
/// a window and ends, so the task is done at once; the limits and conditions that a task has by default would end it on battery
/// and after three days.
pub(super) fn files(site: &Site) -> Result<Vec<UnitFile>> {
    let program = xml(plain("the program's path", site.program.to_str(), &site.program)?);
    if site.user.is_empty() {
        return Err(Error::new("a logon task needs the user's name, and USERNAME is not set"));
    }
    let user = xml(plain_value("USERNAME", &site.user)?);
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n\
         <Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n  \
           <RegistrationInfo>\r\n    \
             <Description>llmenv, the agent for LLM credentials: {MARK}; `llmenv daemon uninstall` takes it away.</Description>\r\n  \
           </RegistrationInfo>\r\n  \
           <Triggers>\r\n    \
             <LogonTrigger>\r\n      <Enabled>true</Enabled>\r\n      <UserId>{user}</UserId>\r\n    </LogonTrigger>\r\n  \
           </Triggers>\r\n  \
           <Principals>\r\n    \
             <Principal id=\"Author\">\r\n      <UserId>{user}</UserId>\r\n      \
               <LogonType>InteractiveToken</LogonType>\r\n      <RunLevel>LeastPrivilege</RunLevel>\r\n    </Principal>\r\n  \
           </Principals>\r\n  \
           <Settings>\r\n    \
             <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\r\n    \
             <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\r\n    \
             <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>\r\n    \
             <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>\r\n  \
           </Settings>\r\n  \
           <Actions Context=\"Author\">\r\n    \
             <Exec>\r\n      <Command>{program}</Command>\r\n      \
               <Arguments>daemon run --background --by task</Arguments>\r\n    </Exec>\r\n  \
           </Actions>\r\n\
         </Task>\r\n"
    );
    Ok(vec![UnitFile { path: place(site), text, is_utf16: true }])
}

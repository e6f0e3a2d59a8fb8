//! What is to be told of the proxy where a profile is served through it.

use crate::daemon::state::Shared;
use crate::ipc::protocol::{Finding, Severity};
use crate::source::processes::{self, Search};
use crate::{duration, moment, printable};

/// How long a move of the port is told.
const MOVE_TOLD: u64 = 24 * 3_600;
/// The most programs that are named.
const MAX_NAMED: usize = 5;

/// Gives it. Takes up to half a second on the first day after a move, for running programs are looked at.
pub async fn findings(shared: &Shared) -> Vec<Finding> {
    let (error, moved, port) = match &shared.borrow().proxy {
        Some(proxy) => (proxy.error.clone(), proxy.moved, proxy.port.unwrap_or_default()),
        None => return Vec::new(),
    };
    let mut findings = Vec::new();
    if let Some(err) = error {
        findings.push(Finding {
            id: "proxy-down".into(),
            severity: Severity::Error,
            message: err.message.clone(),
            origin: None,
            hint: err.hints.first().cloned(),
        });
    }
    if let Some((old, at)) = moved.filter(|(_, at)| moment::now().saturating_sub(*at) < MOVE_TOLD) {
        // Shells that are known here have the new address since.
        let mut shells: Vec<u32> = shared.borrow().shells.iter().map(|(id, _)| id.pid).collect();
        shells.sort_unstable();
        let found = tokio::task::spawn_blocking(move || holding(old)).await.unwrap_or_default();
        findings.push(port_moved(old, port, at, &found, &shells));
    }
    findings
}

/// The programs that were started with the address of a port.
fn holding(port: u16) -> Search {
    let addresses = [format!("http://127.0.0.1:{port}/"), format!("http://localhost:{port}/")];
    processes::holding(&|_, value| addresses.iter().any(|address| value.expose().starts_with(address)))
}

fn port_moved(old: u16, new: u16, at: u64, found: &Search, shells: &[u32]) -> Finding {
    let holders: Vec<_> = found.holders.iter().filter(|holder| !shells.contains(&holder.pid)).collect();
    let mut named: Vec<String> = Vec::new();
    for holder in holders.iter().take(MAX_NAMED) {
        let name = printable::text(&holder.name);
        named.push(format!("{name} (process {}, {})", holder.pid, duration::show_duration(holder.running)));
    }
    match holders.len().saturating_sub(MAX_NAMED) {
        0 => {}
        more => named.push(format!("{more} more")),
    }
    let is_known = cfg!(target_os = "linux") && !found.is_cut;
    let who = match (named.is_empty(), is_known) {
        (false, _) => format!(": started with the old one: {}", named.join(", ")),
        (true, true) => "; no running program has the old one".into(),
        (true, false) => ": programs started before still ask the old one".into(),
    };
    let again = if named.is_empty() && is_known { "" } else { "start them again; " };
    Finding {
        id: "proxy-port-moved".into(),
        severity: Severity::Warning,
        message: format!("the proxy moved from port {old} to {new} at {}{who}", moment::timestamp(at)),
        origin: None,
        hint: Some(format!("{again}what is written in a tool's own configuration has to change too (`{old}`)")),
    }
}

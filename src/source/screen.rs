//! screen servers: each new window starts with the environment that the server was started with, which Linux shows of a process.

use super::{Held, Kind, Origin, Reader, Search, processes};

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    let sought = search.sought;
    let found = processes::holding(&|name, _| sought.has(name));
    for holder in
        found.holders.into_iter().filter(|holder| holder.name == "screen" && processes::is_screen_server(holder.pid))
    {
        for (name, value) in holder.settings {
            let origin = Origin::of(Kind::Screen, Reader::Children("screen")).part(format!("process {}", holder.pid));
            search.add_exported(&name, Held::Text(value), origin);
        }
    }
}

//! Which ports of this machine somebody listens on, as Linux shows it in `/proc/net/tcp` and `tcp6`. Nothing is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::Look;

/// An address and port that a program listens on.
pub type Listener = (IpAddr, u16);

/// The listeners; none: the system does not tell.
pub fn listeners(look: &Look) -> Option<Vec<Listener>> {
    let read = |name: &str| look.read_text(&look.scene.root.join(Path::new("proc/net").join(name)));
    let mut found: Vec<Listener> = read("tcp")?.lines().filter_map(line).collect();
    found.extend(read("tcp6").iter().flat_map(|text| text.lines().filter_map(line).collect::<Vec<_>>()));
    Some(found)
}

/// Whether somebody listens where a client of this host name would arrive.
pub fn is_listened_on(listeners: &[Listener], host: &str, port: u16) -> bool {
    let host = host.trim_matches(['[', ']']);
    let wanted: Option<IpAddr> = host.parse().ok();
    listeners.iter().any(|(ip, of)| {
        *of == port && (ip.is_unspecified() || wanted.map_or_else(|| ip.is_loopback(), |wanted| *ip == wanted))
    })
}

/// `  0: 0100007F:1F90 00000000:0000 0A …`: local address, remote address, state (`0A`: listening); words in the machine's order.
fn line(text: &str) -> Option<Listener> {
    let mut fields = text.split_ascii_whitespace().skip(1);
    let (local, _, state) = (fields.next()?, fields.next()?, fields.next()?);
    if state != "0A" {
        return None;
    }
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<[u8; 4]> = (0..address.len() / 8)
        .map(|at| u32::from_str_radix(&address[8 * at..8 * at + 8], 16).map(u32::to_ne_bytes))
        .collect::<Result<_, _>>()
        .ok()?;
    let ip = match words[..] {
        [v4] => IpAddr::V4(Ipv4Addr::from(v4)),
        [a, b, c, d] => {
            let mut bytes = [0; 16];
            for (at, word) in [a, b, c, d].iter().enumerate() {
                bytes[4 * at..4 * at + 4].copy_from_slice(word);
            }
            let ip = Ipv6Addr::from(bytes);
            ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
        }
        _ => return None,
    };
    Some((ip, port))
}

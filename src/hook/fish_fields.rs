//! An answer as fish takes it: [`crate::ipc::shell_lines`] in, one field on each line out. fish splits what a program prints
//! at line ends and nothing else without the cost of one more command substitution, so it is told where everything stands.
//!
//! ```text
//!  1  llmenv 1            the version of this form
//!  2  4242.987654         which shell this is
//!  3  apply               effect
//!  4  pin                 reason
//!  5  work                profile; `-`: none
//!  6  0                   lease end
//!  7  -                   mark; `-`: none
//!  8  BOOT:COUNTER        generation
//!  9  NAME,NAME           all names, those to take away first
//! 10  2                   how many they are
//! 11  16..17              where they stand, one by one; empty: nowhere
//! 12  18..19              where their values stand; nothing for a name to take away
//! 13  1                   how many of them are to take away
//! 14  20..20              where inherited names stand that are the user's
//! 15  21..21              where lines for the person stand
//! 16  …                   all of these
//!     end
//! ```

use zeroize::Zeroizing;

/// Fields before the first one that is pointed to.
const HEAD: usize = 15;
/// The most names. fish has no cheap way to count, and the hook brings so many numbers along.
const MAX_NAMES: usize = 99;

/// Rewrites a well-formed answer. `None`: it holds more than the hook takes.
pub fn encode(answer: &str) -> Option<Zeroizing<String>> {
    let (mut shell, mut state, mut generation) = ("-", "", "");
    let (mut sets, mut unsets, mut yours, mut says) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for line in answer.lines() {
        match line.split_once('\t')? {
            ("shell", id) => shell = id,
            ("state", fields) => state = fields,
            ("set", rest) => sets.push(rest.split_once('\t')?),
            ("unset", name) => unsets.push((name, "")),
            ("yours", name) => yours.push(name),
            ("say", text) => says.push(text),
            ("end", now) => generation = now,
            _ => {}
        }
    }
    let fields: Vec<&str> = state.split('\t').collect();
    let [effect, reason, profile, lease, mark] = fields[..] else { return None };
    // fish compares it as a number.
    let lease: u64 = lease.parse().ok()?;
    let taken = unsets.len();
    let all = [unsets, sets].concat();
    if all.len() > MAX_NAMES {
        return None;
    }
    let (names, values): (Vec<&str>, Vec<&str>) = all.into_iter().unzip();
    let mut from = HEAD + 1;
    let mut place = |items: &[&str]| {
        let first = from;
        from += items.len();
        if items.is_empty() { String::new() } else { format!("{first}..{}", from - 1) }
    };
    let places = [&names, &values, &yours, &says].map(|items| place(items));
    let (lease, count, taken, joined) =
        (lease.to_string(), names.len().to_string(), taken.to_string(), names.join(","));
    let head = [
        "llmenv 1", shell, effect, reason, profile, &lease, mark, generation, &joined, &count, &places[0], &places[1],
        &taken, &places[2], &places[3],
    ];
    let mut text = Zeroizing::new(String::with_capacity(answer.len() * 2));
    for field in head.iter().chain(&names).chain(&values).chain(&yours).chain(&says).chain(&["end"]) {
        text.push_str(field);
        text.push('\n');
    }
    Some(text)
}

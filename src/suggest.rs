//! The word somebody probably meant: for unknown keys, profiles and providers.

/// Gives the candidate nearest to what was written, if one is near enough to be meant.
///
/// Near enough: a third of the letters wrong at most, where two exchanged letters are one mistake; or one is the beginning of the other.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = plain(written);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let known = plain(candidate);
            let distance = strsim::damerau_levenshtein(&written, &known);
            let longest = written.chars().count().max(known.chars().count());
            let begins = written.len() >= 3 && (known.starts_with(&written) || written.starts_with(&known));
            (distance <= longest.div_ceil(3).min(4) && distance < longest || begins).then_some((distance, candidate))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Case and the usual separators are never what was meant.
fn plain(word: &str) -> String {
    word.chars().take(64).filter(|c| !matches!(c, '-' | '_' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

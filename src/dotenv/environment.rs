//! What surrounds a file while it is read: the variables that are set already, and how the loader is called.

/// Which of a loader's two doors is used: they differ in a few rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// The call that puts variables into the program's environment (`load_dotenv()`, `Dotenv.load`, `dotenv().ok()`).
    #[default]
    Load,
    /// The call that gives back what the file says (`dotenv_values()`, `Dotenv::Parser`, `from_read_iter`).
    Values,
}

/// The variables around a file, as the caller knows them, and the loader's door.
pub struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// How the loader is called.
    pub entry: Entry,
}

impl<'a> Environment<'a> {
    /// Takes the look-up that answers `$NAME` in a value; the loader is called in its usual way.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, entry: Entry::Load }
    }

    /// The same, through the other door.
    #[must_use]
    pub fn through(mut self, entry: Entry) -> Self {
        self.entry = entry;
        self
    }

    /// The value of a variable that was set before the file was read.
    pub(super) fn get(&self, name: &[u8]) -> Option<Vec<u8>> {
        let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty() && !name.contains(['=', '\0']))?;
        (self.lookup)(name).map(String::into_bytes)
    }
}

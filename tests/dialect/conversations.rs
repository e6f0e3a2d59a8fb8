//! What a client asks in a scenario, without any dialect, and how an upstream's reader tells it.

pub enum In {
    Text(&'static str),
    Png(&'static str),
    ImageUrl(&'static str),
    Pdf(&'static str),
}

pub enum Turn {
    System(&'static str),
    User(Vec<In>),
    /// Text, then calls: id, name, arguments.
    Assistant(&'static str, Vec<(&'static str, &'static str, &'static str)>),
    /// Results: id, content, whether the tool failed.
    Results(Vec<(&'static str, Vec<In>, bool)>),
}

/// A conversation, and the lines by which every upstream's reader must tell it.
pub fn conversations() -> Vec<(&'static str, Vec<Turn>, Vec<&'static str>)> {
    use In::{ImageUrl, Pdf, Png, Text};
    use Turn::{Assistant, Results, System, User};
    vec![
        ("text", vec![System("Be brief."), User(vec![Text("hi")])], vec!["system Be brief.", "user text hi"]),
        (
            "history",
            vec![User(vec![Text("one")]), Assistant("two", vec![]), User(vec![Text("three"), Text("four")])],
            vec!["user text one", "assistant text two", "user text three", "user text four"],
        ),
        (
            "mid-system",
            vec![
                System("S"),
                User(vec![Text("hi")]),
                System("Also be kind."),
                Assistant("ok", vec![]),
                User(vec![Text("go")]),
            ],
            vec!["system S", "user text hi", "system Also be kind.", "assistant text ok", "user text go"],
        ),
        (
            "images",
            vec![User(vec![Text("look"), Png("iVBORw0KGgo="), ImageUrl("https://example.com/a.png"), Text("well?")])],
            vec![
                "user text look",
                "user image image/png iVBORw0KGgo=",
                "user image https://example.com/a.png",
                "user text well?",
            ],
        ),
        ("document", vec![User(vec![Pdf("JVBERi0="), Text("sum up")])], vec!["user file JVBERi0=", "user text sum up"]),
        (
            "tool-round",
            vec![
                User(vec![Text("weather and time?")]),
                Assistant(
                    "Looking.",
                    vec![
                        ("call_1", "get_weather", r#"{"n":12345678901234567890123,"c":"Bern"}"#),
                        ("call_2", "get_time", "{}"),
                    ],
                ),
                Results(vec![("call_2", vec![Text("noon")], false), ("call_1", vec![Text("no such city")], true)]),
                User(vec![Text("thanks")]),
            ],
            vec![
                "user text weather and time?",
                "assistant text Looking.",
                r#"assistant call get_weather {"n":12345678901234567890123,"c":"Bern"}"#,
                "assistant call get_time {}",
                "result! get_weather no such city",
                "result get_time noon",
                "user text thanks",
            ],
        ),
        (
            "tool-missing",
            vec![
                User(vec![Text("go")]),
                Assistant("", vec![("call_1", "get_weather", "{}"), ("call_2", "get_time", "{}")]),
                Results(vec![("call_2", vec![], false)]),
                User(vec![Text("and now?")]),
            ],
            vec![
                "user text go",
                "assistant call get_weather {}",
                "assistant call get_time {}",
                "result! get_weather [no result]",
                "result get_time (no output)",
                "user text and now?",
            ],
        ),
        (
            "tool-image",
            vec![
                User(vec![Text("see")]),
                Assistant("", vec![("call_1", "get_weather", "{}"), ("call_2", "get_time", "{}")]),
                Results(vec![
                    ("call_1", vec![Text("a map"), Png("iVBORw0KGgo=")], false),
                    ("call_2", vec![Text("noon")], false),
                ]),
            ],
            vec![
                "user text see",
                "assistant call get_weather {}",
                "assistant call get_time {}",
                "result get_weather a map",
                "result get_time noon",
                "user image image/png iVBORw0KGgo=",
            ],
        ),
    ]
}

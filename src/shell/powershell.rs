//! For `llmenv env NAME --format powershell | Invoke-Expression`, in Windows PowerShell 5.1 and PowerShell 7.
//!
//! - One line, one script block: native output arrives line by line, and a block that is cut off does not parse.
//! - Only ASCII leaves this file. PowerShell takes U+2018 to U+201B for single quotes, so that doubling `'` alone lets a
//!   pasted typographic quote end the string and run the rest; and 5.1 decodes what a program prints with the OEM code
//!   page. Values with other characters travel as the base64 of their UTF-8.
//! - `$null` unsets in every version; an empty string does so before 7.5, so an empty value has no notation.

use super::{Emitted, Format, Vars};

/// The format `powershell`.
pub struct PowerShell;

/// The most UTF-16 units of a variable on Windows (`SetEnvironmentVariableW`), with its closing zero.
const MAX_WINDOWS_UNITS: usize = 32_767;

impl Format for PowerShell {
    fn name(&self) -> &'static str {
        "powershell"
    }

    fn alias(&self) -> Option<&'static str> {
        Some("pwsh")
    }

    fn folds_case(&self) -> bool {
        true
    }

    fn refuses(&self, _name: &str, value: &str) -> Option<String> {
        if value.is_empty() {
            return Some("it is empty, which unsets a variable there".into());
        }
        (value.encode_utf16().count() >= MAX_WINDOWS_UNITS)
            .then(|| "it is longer than a variable may be on Windows".into())
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        let text = &mut *out.text;
        text.push_str("& {");
        for name in &vars.unset {
            for part in [" $env:", name, " = $null;"] {
                text.push_str(part);
            }
        }
        for (name, value) in &vars.set {
            for part in [" $env:", name, " = "] {
                text.push_str(part);
            }
            push_quoted(value, text);
            text.push(';');
        }
        text.push_str(" }\n");
    }
}

/// Single quotes with `'` doubled, or the decoding of base64 where the value is not ASCII.
fn push_quoted(value: &str, text: &mut String) {
    if value.is_ascii() {
        text.push('\'');
        for c in value.chars() {
            if c == '\'' {
                text.push('\'');
            }
            text.push(c);
        }
        text.push('\'');
    } else {
        text.push_str("[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('");
        push_base64(value.as_bytes(), text);
        text.push_str("'))");
    }
}

/// RFC 4648 §4, with padding.
fn push_base64(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            if digit <= chunk.len() {
                text.push(char::from(DIGITS[(word >> (18 - 6 * digit)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
}

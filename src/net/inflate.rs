//! A body that its server compressed although it was asked not to, in plain again.
//!
//! In: pieces as they come. Out: plain pieces, as soon as there are any, each of bounded size. Called by [`super::Answered`].

use std::io::Write;

use bytes::{Buf, Bytes};
use flate2::write::{MultiGzDecoder, ZlibDecoder};

/// How much is decompressed at once; what comes of it is at most about a thousand times as much.
const STEP_BYTES: usize = 1024;

enum Decoder {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
}

/// A compressed body on its way.
pub(super) struct Inflate {
    decoder: Decoder,
    input: Bytes,
    is_over: bool,
}

impl Inflate {
    /// For a `Content-Encoding`; `None` where it is not understood.
    pub(super) fn of(coding: &str) -> Option<Self> {
        let decoder = match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Decoder::Gzip(MultiGzDecoder::new(Vec::new())),
            "deflate" => Decoder::Zlib(ZlibDecoder::new(Vec::new())),
            _ => return None,
        };
        Some(Self { decoder, input: Bytes::new(), is_over: false })
    }

    /// Takes the next piece, once [`Self::next`] has given everything of the last.
    pub(super) fn push(&mut self, piece: Bytes) {
        self.input = piece;
    }

    /// The next plain bytes; `None`: more has to come.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        while self.input.has_remaining() {
            let step = self.input.split_to(self.input.len().min(STEP_BYTES));
            match &mut self.decoder {
                Decoder::Gzip(decoder) => decoder.write_all(&step).and_then(|()| decoder.flush())?,
                Decoder::Zlib(decoder) => decoder.write_all(&step).and_then(|()| decoder.flush())?,
            }
            let out = self.taken();
            if !out.is_empty() {
                return Ok(Some(out));
            }
        }
        Ok(None)
    }

    /// The last plain bytes, if any are left; `None` from then on. An error where the body ended too early.
    pub(super) fn finish(&mut self) -> std::io::Result<Option<Bytes>> {
        if std::mem::replace(&mut self.is_over, true) {
            return Ok(None);
        }
        match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.try_finish()?,
            Decoder::Zlib(decoder) => decoder.try_finish()?,
        }
        Ok(Some(self.taken()).filter(|out| !out.is_empty()))
    }

    fn taken(&mut self) -> Bytes {
        std::mem::take(match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zlib(decoder) => decoder.get_mut(),
        })
        .into()
    }
}

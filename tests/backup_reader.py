#!/usr/bin/env python3
"""Opens a sealed backup of llmenv with nothing but Python's standard library.

    backup_reader.py BACKUP < KEY      KEY: 64 hex digits, as the store keeps them under `internal:backups`

Prints what changed the files, then for each the name, the file itself and its earlier content. Written from the
description of the format (src/backup/seal.rs); the cipher is vault_reader.py's.
"""

import hashlib
import json
import struct
import sys

from vault_reader import chacha20, tag, xchacha_parts


class Rest:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        if len(taken) != count:
            sys.exit("the backup ends too early")
        return taken

    def number(self):
        return struct.unpack("<I", self.take(4))[0]

    def text(self):
        return self.take(self.number()).decode("utf-8", "surrogateescape")


def main():
    backup = open(sys.argv[1], "rb").read()
    key = bytes.fromhex(sys.stdin.read().strip())
    if backup[:8] != b"\x89LLMBAK\n" or backup[8:12] != b"\x01\0\0\0":
        sys.exit("this is no backup of version 1")
    if backup[16:24] != hashlib.sha256(b"llmenv backup key" + key).digest()[:8]:
        sys.exit("it was sealed with another key")
    head_end = 48 + struct.unpack("<I", backup[12:16])[0]
    head, sealed, seal = backup[:head_end], backup[head_end:-16], backup[-16:]
    inner, nonce = xchacha_parts(key, head[24:48])
    if tag(inner, nonce, head, sealed) != seal:
        sys.exit("a byte was changed")
    print(json.loads(head[48:])["what"])
    rest = Rest(chacha20(inner, 1, nonce, sealed))
    for _ in range(rest.number()):
        name, target, _mode = rest.text(), rest.text(), rest.number()
        before = rest.take(struct.unpack("<Q", rest.take(8))[0]) if rest.take(1) == b"\x01" else None
        if rest.take(1) == b"\x01":
            rest.take(32)
        for _ in range(rest.number()):
            rest.text()
        print(name, target, "(none)" if before is None else before.decode().replace("\n", "\\n"))
    if rest.data:
        sys.exit("there is more than there should be")


if __name__ == "__main__":
    main()

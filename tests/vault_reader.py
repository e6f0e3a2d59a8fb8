#!/usr/bin/env python3
"""Opens llmenv's vault with nothing but Python's standard library.

    vault_reader.py open  VAULT --passphrase-stdin | --identity FILE      prints the JSON inside
    vault_reader.py write VAULT --passphrase-stdin | --identity FILE      seals the JSON of --json FILE

Written from the description of the format (src/store/vault_format.rs), RFC 9106 (Argon2), RFC 8439 (ChaCha20 and
Poly1305), RFC 7693 through hashlib (BLAKE2b) and draft-irtf-cfrg-xchacha-03 (XChaCha20), without looking at the program.
Argon2 in pure Python takes about a minute at the usual cost. Where the package `argon2-cffi` or `cryptography` is
installed, `--fast` uses it instead.
"""

import argparse
import hashlib
import json
import os
import struct
import sys

MAGIC = b"\x89LLMENV\n"
M32, M64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


# --- Argon2id, RFC 9106 ------------------------------------------------------------------------------------------------


def le32(number):
    return struct.pack("<I", number)


def long_hash(data, length):
    """H', RFC 9106 section 3.3."""
    if length <= 64:
        return hashlib.blake2b(le32(length) + data, digest_size=length).digest()
    out, v = b"", hashlib.blake2b(le32(length) + data).digest()
    left = length
    while left > 64:
        out += v[:32]
        left -= 32
        v = hashlib.blake2b(v, digest_size=64 if left > 64 else left).digest()
    return out + v


def mix(v, a, b, c, d):
    """GB, section 3.6: BLAKE2b's mixing with a multiplication added."""
    va, vb, vc, vd = v[a], v[b], v[c], v[d]
    va = (va + vb + 2 * (va & M32) * (vb & M32)) & M64
    vd ^= va
    vd = (vd >> 32) | (vd << 32) & M64
    vc = (vc + vd + 2 * (vc & M32) * (vd & M32)) & M64
    vb ^= vc
    vb = (vb >> 24) | (vb << 40) & M64
    va = (va + vb + 2 * (va & M32) * (vb & M32)) & M64
    vd ^= va
    vd = (vd >> 16) | (vd << 48) & M64
    vc = (vc + vd + 2 * (vc & M32) * (vd & M32)) & M64
    vb ^= vc
    vb = (vb >> 63) | (vb << 1) & M64
    v[a], v[b], v[c], v[d] = va, vb, vc, vd


def permute(v, i):
    """P, section 3.6, on the 16 words of `v` at the positions `i`."""
    mix(v, i[0], i[4], i[8], i[12])
    mix(v, i[1], i[5], i[9], i[13])
    mix(v, i[2], i[6], i[10], i[14])
    mix(v, i[3], i[7], i[11], i[15])
    mix(v, i[0], i[5], i[10], i[15])
    mix(v, i[1], i[6], i[11], i[12])
    mix(v, i[2], i[7], i[8], i[13])
    mix(v, i[3], i[4], i[9], i[14])


ROWS = [list(range(16 * row, 16 * row + 16)) for row in range(8)]
COLUMNS = [[16 * row + 2 * column + half for row in range(8) for half in (0, 1)] for column in range(8)]


def compress(x, y):
    """G, section 3.5, on blocks of 128 words."""
    r = [a ^ b for a, b in zip(x, y)]
    z = r[:]
    for row in ROWS:
        permute(z, row)
    for column in COLUMNS:
        permute(z, column)
    return [a ^ b for a, b in zip(z, r)]


def argon2id(password, salt, memory, passes, lanes, length):
    h0 = hashlib.blake2b(
        le32(lanes) + le32(length) + le32(memory) + le32(passes) + le32(0x13) + le32(2)
        + le32(len(password)) + password + le32(len(salt)) + salt + le32(0) + le32(0)
    ).digest()
    blocks = 4 * lanes * (memory // (4 * lanes))
    columns = blocks // lanes
    segment = columns // 4
    b = [[None] * columns for _ in range(lanes)]
    for lane in range(lanes):
        for column in (0, 1):
            block = long_hash(h0 + le32(column) + le32(lane), 1024)
            b[lane][column] = list(struct.unpack("<128Q", block))
    zero = [0] * 128
    for number in range(passes):
        for part in range(4):
            for lane in range(lanes):
                independent = number == 0 and part < 2
                counter, addresses = 0, None
                for offset in range(segment):
                    if independent and offset % 128 == 0:
                        counter += 1
                        source = [number, lane, part, blocks, passes, 2, counter] + [0] * 121
                        addresses = compress(zero, compress(zero, source))
                    column = part * segment + offset
                    if number == 0 and column < 2:
                        continue
                    before = b[lane][column - 1]
                    word = addresses[offset % 128] if independent else before[0]
                    j1, j2 = word & M32, word >> 32
                    other = lane if number == 0 and part == 0 else j2 % lanes
                    if number == 0:
                        ready = part * segment
                        area = ready + offset - 1 if other == lane else ready - (offset == 0)
                        start = 0
                    else:
                        ready = 3 * segment
                        area = ready + offset - 1 if other == lane else ready - (offset == 0)
                        start = (part + 1) * segment % columns
                    x = (j1 * j1) >> 32
                    y = (area * x) >> 32
                    new = compress(before, b[other][(start + area - 1 - y) % columns])
                    if number > 0:
                        new = [p ^ q for p, q in zip(new, b[lane][column])]
                    b[lane][column] = new
    last = b[0][columns - 1]
    for lane in range(1, lanes):
        last = [p ^ q for p, q in zip(last, b[lane][columns - 1])]
    return long_hash(struct.pack("<128Q", *last), length)


def argon2id_fast(password, salt, memory, passes, lanes, length):
    try:
        from argon2.low_level import Type, hash_secret_raw
        return hash_secret_raw(password, salt, passes, memory, lanes, length, Type.ID)
    except ImportError:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
        kdf = Argon2id(salt=salt, length=length, iterations=passes, lanes=lanes, memory_cost=memory)
        return kdf.derive(password)


# --- XChaCha20-Poly1305 ------------------------------------------------------------------------------------------------


def quarter(s, a, b, c, d):
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & M32
        s[z] ^= s[x]
        s[z] = (s[z] << turn | s[z] >> (32 - turn)) & M32


def rounds(state):
    s = state[:]
    for _ in range(10):
        quarter(s, 0, 4, 8, 12)
        quarter(s, 1, 5, 9, 13)
        quarter(s, 2, 6, 10, 14)
        quarter(s, 3, 7, 11, 15)
        quarter(s, 0, 5, 10, 15)
        quarter(s, 1, 6, 11, 12)
        quarter(s, 2, 7, 8, 13)
        quarter(s, 3, 4, 9, 14)
    return s


def initial(key, rest):
    return list(struct.unpack("<16I", b"expand 32-byte k" + key + rest))


def chacha20(key, counter, nonce, data):
    out = bytearray()
    for start in range(0, len(data), 64):
        state = initial(key, le32(counter) + nonce)
        stream = struct.pack("<16I", *((a + b) & M32 for a, b in zip(state, rounds(state))))
        out += bytes(a ^ b for a, b in zip(data[start:start + 64], stream))
        counter += 1
    return bytes(out)


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s = int.from_bytes(key[16:], "little")
    total = 0
    for start in range(0, len(message), 16):
        total = (total + int.from_bytes(message[start:start + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + s) & ((1 << 128) - 1)).to_bytes(16, "little")


def xchacha_parts(key, nonce):
    state = rounds(initial(key, nonce[:16]))
    return struct.pack("<8I", *state[:4], *state[12:]), bytes(4) + nonce[16:]


def tag(key, nonce, associated, sealed):
    def padded(data):
        return data + bytes(-len(data) % 16)

    lengths = struct.pack("<QQ", len(associated), len(sealed))
    return poly1305(chacha20(key, 0, nonce, bytes(32)), padded(associated) + padded(sealed) + lengths)


# --- The vault ---------------------------------------------------------------------------------------------------------


def key_for(header, options):
    kind = header[9]
    if kind == 1:
        if not options.passphrase_stdin:
            sys.exit("this vault opens with a passphrase: --passphrase-stdin")
        memory, passes, lanes = struct.unpack("<III", header[12:24])
        derive = argon2id_fast if options.fast else argon2id
        return derive(sys.stdin.buffer.read(), header[24:40], memory, passes, lanes, 32)
    if kind == 2:
        if not options.identity:
            sys.exit("this vault opens with an identity file: --identity FILE")
        content = open(options.identity, "rb").read()
        return content if len(content) == 32 else bytes.fromhex(content.decode().strip())
    sys.exit("this vault's kind of key is unknown")


def open_vault(options):
    vault = open(options.vault, "rb").read()
    header, sealed, seal = vault[:64], vault[64:-16], vault[-16:]
    if header[:8] != MAGIC or header[8] != 1 or len(vault) < 80:
        sys.exit("this is no vault of version 1")
    key, nonce = xchacha_parts(key_for(header, options), header[40:64])
    if tag(key, nonce, header, sealed) != seal:
        sys.exit("the vault does not open: wrong passphrase or identity, or a byte was changed")
    print(json.dumps(json.loads(chacha20(key, 1, nonce, sealed)), sort_keys=True))


def write_vault(options):
    kind = 1 if options.passphrase_stdin else 2
    costs = struct.pack("<III", 64, 2, 1) + os.urandom(16) if kind == 1 else bytes(28)
    header = MAGIC + bytes([1, kind, 0, 0]) + costs + os.urandom(24)
    key, nonce = xchacha_parts(key_for(header, options), header[40:64])
    sealed = chacha20(key, 1, nonce, open(options.json, "rb").read())
    with open(options.vault, "wb") as out:
        out.write(header + sealed + tag(key, nonce, header, sealed))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["open", "write"])
    parser.add_argument("vault")
    parser.add_argument("--passphrase-stdin", action="store_true")
    parser.add_argument("--identity")
    parser.add_argument("--json")
    parser.add_argument("--fast", action="store_true")
    options = parser.parse_args()
    open_vault(options) if options.what == "open" else write_vault(options)


if __name__ == "__main__":
    main()

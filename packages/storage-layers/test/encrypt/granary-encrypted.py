"""Reads and writes encrypted objects of Granary, from format.md alone.

An independent implementation, for tests: Python 3 with the package "cryptography". It shares no code
with the layer.

    granary-encrypted.py read  KEY_HEX|pass:PASSPHRASE OBJECT_KEY CONTEXT RECORD < stored > content
    granary-encrypted.py write KEY_HEX|pass:PASSPHRASE OBJECT_KEY CONTEXT ATTRIBUTES < content > stored

RECORD is the text under "granary.encrypted", or "-". The attributes go to stderr, as JSON, and so does
the record that "write" makes of ATTRIBUTES.
"""

import base64
import hashlib
import hmac
import os
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"\x8aGRANENC"
CHUNK = 1024 * 1024
SEGMENT = 128 * 1024
HEADER = 512
STREAM_HEADER = 40


def hkdf(key, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(key)


def binding_of(object_key, context):
    data = b"".join(
        struct.pack(">I", len(part)) + part for part in (context.encode(), object_key.encode())
    )
    return hashlib.sha256(data).digest()


def key_id_of(key):
    tag = AESGCM(key).encrypt(bytes(12), b"", b"granary key id")
    return tag[:8].hex().encode()


def wrapping_key(secret, derivation):
    if not secret.startswith("pass:"):
        return bytes.fromhex(secret)
    kind, _parallelism, _zero, iterations, _memory, salt = struct.unpack(">BBHII16s", derivation)
    if kind != 1:
        raise SystemExit("only PBKDF2 is read here")
    return hashlib.pbkdf2_hmac("sha256", secret[5:].encode(), salt, iterations, 32)


def unwrap(secret, derivation, key_id, wrapped):
    key = wrapping_key(secret, derivation)
    if key_id_of(key) != key_id:
        raise SystemExit("another key")
    return AESGCM(key).decrypt(wrapped[:12], wrapped[12:], b"granary file key\0" + key_id)


def nonce(prefix, index, last):
    return prefix + struct.pack(">IB", index, 1 if last else 0)


def read(secret, object_key, context, record, stored):
    binding = binding_of(object_key, context)
    content = []
    file_key = file_id = None
    for number in range(len(stored) // CHUNK + 1):
        chunk = stored[number * CHUNK : (number + 1) * CHUNK]
        header = chunk[:HEADER]
        magic, version, suite, flags, index, found_id = struct.unpack(">8sBBHI16s", header[:32])
        assert (magic, version, suite, index) == (MAGIC, 1, 1, number), "header"
        assert flags & 1 == 1, "bound to its key"
        id_length = header[60]
        key_id = header[61 : 61 + id_length]
        (wrapped_length,) = struct.unpack(">H", header[124:126])
        wrapped = header[126 : 126 + wrapped_length]
        if file_key is None:
            file_key = unwrap(secret, header[32:60], key_id, wrapped)
            file_id = found_id
        assert found_id == file_id, "file id"
        header_key = hkdf(file_key, b"", b"granary header key")
        tag = hmac.new(header_key, header[:496] + binding, hashlib.sha256).digest()[:16]
        assert hmac.compare_digest(tag, header[496:]), "header tag"
        stream = chunk[HEADER:]
        assert stream[0] == STREAM_HEADER, "stream header"
        salt, prefix = stream[1:33], stream[33:40]
        cipher = AESGCM(hkdf(file_key, salt, header[:32] + binding))
        for segment in range((len(stream) + SEGMENT - 1) // SEGMENT):
            start = max(segment * SEGMENT, STREAM_HEADER)
            end = (segment + 1) * SEGMENT
            last = end >= len(stream)
            content.append(cipher.decrypt(nonce(prefix, segment, last), stream[start:end], None))
    assert len(stored) % CHUNK != 0, "the last chunk is never full"
    attributes = b"{}" if record == "-" else read_record(secret, record, binding, file_id)
    return b"".join(content), attributes


def read_record(secret, record, binding, file_id):
    data = base64.urlsafe_b64decode(record + "=" * (-len(record) % 4))
    assert data[0] == 1 and data[1:17] == file_id, "record"
    at = 17
    derivation = b""
    if data[at] == 0:
        at += 1
    else:
        derivation = data[at : at + 28]
        at += 28
    key_id = data[at + 1 : at + 1 + data[at]]
    at += 1 + data[at]
    (length,) = struct.unpack(">H", data[at : at + 2])
    wrapped = data[at + 2 : at + 2 + length]
    at += 2 + length
    file_key = unwrap(secret, derivation, key_id, wrapped)
    key = hkdf(file_key, b"", b"granary attributes key")
    associated = b"granary attributes" + data[:at] + binding
    return AESGCM(key).decrypt(data[at : at + 12], data[at + 12 :], associated)


def write(secret, object_key, context, attributes, content):
    binding = binding_of(object_key, context)
    file_key, file_id = os.urandom(32), os.urandom(16)
    derivation = bytes(28)
    if secret.startswith("pass:"):
        derivation = struct.pack(">BBHII16s", 1, 0, 0, 600_000, 0, os.urandom(16))
    key = wrapping_key(secret, derivation)
    key_id = key_id_of(key)
    wrap_nonce = os.urandom(12)
    wrapped = wrap_nonce + AESGCM(key).encrypt(
        wrap_nonce, file_key, b"granary file key\0" + key_id
    )
    has_attributes = attributes != "-"
    segments = -(-(CHUNK - HEADER) // SEGMENT)
    room = CHUNK - HEADER - STREAM_HEADER - 16 * segments
    stored = []
    for number in range(len(content) // room + 1):
        plain = content[number * room : (number + 1) * room]
        fixed = struct.pack(
            ">8sBBHI16s", MAGIC, 1, 1, 3 if has_attributes else 1, number, file_id
        )
        header = fixed + derivation + bytes([len(key_id)]) + key_id.ljust(63, b"\0")
        header += struct.pack(">H", len(wrapped)) + wrapped.ljust(370, b"\0")
        header_key = hkdf(file_key, b"", b"granary header key")
        header += hmac.new(header_key, header + binding, hashlib.sha256).digest()[:16]
        salt, prefix = os.urandom(32), os.urandom(7)
        stored += [header, bytes([STREAM_HEADER]), salt, prefix]
        cipher = AESGCM(hkdf(file_key, salt, fixed + binding))
        at, segment = 0, 0
        while True:
            size = SEGMENT - 16 - (STREAM_HEADER if segment == 0 else 0)
            piece = plain[at : at + size]
            at += len(piece)
            last = at == len(plain)
            stored.append(cipher.encrypt(nonce(prefix, segment, last), piece, None))
            segment += 1
            if last:
                break
    record = b""
    if has_attributes:
        head = b"\x01" + file_id + (derivation if derivation[0] else b"\0")
        head += bytes([len(key_id)]) + key_id + struct.pack(">H", len(wrapped)) + wrapped
        iv = os.urandom(12)
        sealed = AESGCM(hkdf(file_key, b"", b"granary attributes key")).encrypt(
            iv, attributes.encode(), b"granary attributes" + head + binding
        )
        record = base64.urlsafe_b64encode(head + iv + sealed).rstrip(b"=")
    return b"".join(stored), record


def main():
    command, secret, object_key, context, extra = sys.argv[1:6]
    run = {"read": read, "write": write}[command]
    output, aside = run(secret, object_key, context, extra, sys.stdin.buffer.read())
    sys.stderr.buffer.write(aside)
    sys.stdout.buffer.write(output)


if __name__ == "__main__":
    main()

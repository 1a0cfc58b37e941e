#!/usr/bin/env python3
"""Opens every golden file from schema/record/header.v1.cddl and the dictionaries alone.

It shares no code with the crate. Needs cbor2, cryptography and zstandard (pip). Prints how many
sealed bodies it opened; fails on the first that differs.
"""

import hashlib
import hmac
import json
import struct
import uuid
from pathlib import Path

import cbor2
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = Path(__file__).parent
NAMESPACE = uuid.UUID("a8c6774a-f9ef-578c-9456-476e0cb84e41")


def sha256(data):
    return hashlib.sha256(data).digest()


def mac(key, data):
    return hmac.new(key, data, "sha256").digest()


def derive(secret, info):
    return HKDF(SHA256(), 32, None, info).derive(secret)


def canonical(value):
    return cbor2.dumps(value, canonical=True)


def unwrap(key, wrapped, context):
    assert wrapped[0] == 1
    return AESGCM(key).decrypt(wrapped[1:13], wrapped[13:], canonical(context))


def record_id(parts):
    name = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
    return uuid.UUID(bytes=hashlib.sha1(NAMESPACE.bytes + name).digest()[:16], version=5).bytes


def unpack(codec, packed):
    assert codec in (0, 1, 2)
    if codec == 0:
        return packed
    dictionary = None
    if codec == 2:
        number = zstandard.get_frame_parameters(packed).dict_id
        path = HERE.parent / f"dictionaries/{number}.zstd-dict"
        dictionary = zstandard.ZstdCompressionDict(path.read_bytes())
    frame = zstandard.ZstdDecompressor(dict_data=dictionary)
    return frame.decompress(packed, max_output_size=1 << 21)


def body(stored):
    """The bytes of a sealed body; none: it was removed, for a stated reason."""
    if not isinstance(stored, dict):
        return bytes.fromhex(stored)
    removal = bytes.fromhex(stored["removed"])
    reason, at = cbor2.loads(removal)
    assert canonical([reason, at]) == removal and isinstance(reason, str) and isinstance(at, int)
    return None


def open_block(key, block, context, commitment, stored):
    plain_hash, stored_hash = commitment
    assert sha256(stored) == stored_hash
    text = AESGCM(key).decrypt(block[3], block[4], canonical(context))
    plain = unpack(block[1], text[16:])
    assert sha256(text[:16] + plain) == plain_hash
    return plain


def main():
    keys = json.loads((HERE / "keys/keys.v1.json").read_text())
    tenant = keys["tenant"]
    master, wrapped = bytes.fromhex(keys["master"]), bytes.fromhex(keys["wrapped"])
    secrets = unwrap(master, wrapped, ["claimledger tenant keys v1", tenant])
    assert len(secrets) == 96
    tenant_secret, index_key, digest_key = secrets[:32], secrets[32:64], secrets[64:]
    wrapping = derive(tenant_secret, b"claimledger wrap v1")
    persons = {}
    for person in keys["persons"]:
        name = person["pseudonym"]
        context = ["claimledger person key v1", tenant, name]
        persons[name] = unwrap(wrapping, bytes.fromhex(person["wrapped"]), context)
    for text, expect in keys["id_index"].items():
        assert mac(index_key, b"claimledger id v1\0" + text.encode()).hex() == expect
    for text, expect in keys["alias_index"].items():
        alias = text.strip().lower().encode()
        assert mac(index_key, b"claimledger alias v1\0" + alias).hex() == expect
    for text, expect in keys["content_digest"].items():
        assert mac(digest_key, b"claimledger content v1\0" + text.encode()).hex() == expect

    opened = removed = 0
    records = []
    for folder in ("facts", "records", "ledger"):
        for path in sorted(HERE.glob(f"{folder}/*.json")):
            golden = json.loads(path.read_text())
            records.append((path, golden))
            if "before_removal" in golden:
                records.append((path, golden["before_removal"]))
    for path, golden in records:
        entry = golden["entry"]
        header_bytes, facts = bytes.fromhex(entry["header"]), bytes.fromhex(entry["facts"])
        personal, original = body(entry["personal"]), body(entry["original"])
        header = cbor2.loads(header_bytes)
        for part in (header_bytes, personal, original):
            assert part is None or canonical(cbor2.loads(part)) == part, path
        assert sha256(b"\0" + header_bytes).hex() == entry["leaf"], path
        assert header[7] == golden["channel"], path

        event = [header[key].encode() for key in (2, 5, 6)]
        event_id = record_id(event)
        assert header[4] == (record_id([*event, header[14]]) if header.get(12) else event_id), path

        statement = unpack(facts[0], facts[17:])
        assert statement.decode() == golden["statement"], path
        assert sha256(facts[1:17] + statement) == header[16], path

        blocks = []
        commitments = [] if personal is None else header.get(17, [])
        for block, commitment in zip(cbor2.loads(personal or b"\x80"), commitments, strict=True):
            whose = block.get(2)
            if whose:
                key = derive(persons[whose], b"claimledger personal v1")
            else:
                key = derive(tenant_secret, b"claimledger unowned v1" + event_id)
            context = [1, tenant, event_id, "personal", whose]
            plain = open_block(key, block, context, commitment, canonical(block))
            blocks.append({"pseudonym": whose, "data": json.loads(plain)})
        assert blocks == golden["opened"]["personal"], path
        opened += len(blocks)
        removed += (personal is None) + (original is None)
        if original is None:
            assert golden["opened"]["original"] is None, path
            continue

        block = cbor2.loads(original)
        secret = tenant_secret + b"".join(persons[whose] for whose in block.get(2, []))
        key = derive(secret, b"claimledger original v1" + event_id)
        context = [1, tenant, event_id, "original", None]
        received = open_block(key, block, context, header[18], original)
        assert received.decode() == golden["opened"]["original"], path
        assert mac(digest_key, b"claimledger bytes v1\0" + received) == header[15], path
        opened += 1
    print(f"opened {opened} sealed bodies; {removed} were removed")


main()

#!/usr/bin/env python3
"""Opens every golden file with nothing but schema/record/header.v1.cddl and the dictionaries to go by: shares no code with the crate.

Needs cbor2, cryptography and zstandard (pip). Prints how many sealed bodies it opened; fails loudly on the first that differs.
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
        dictionary = zstandard.ZstdCompressionDict((HERE.parent / f"dictionaries/{number}.zstd-dict").read_bytes())
    return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed, max_output_size=1 << 21)


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
    secrets = unwrap(bytes.fromhex(keys["master"]), bytes.fromhex(keys["wrapped"]), ["claimledger tenant keys v1", tenant])
    assert len(secrets) == 96
    tenant_secret, index_key, digest_key = secrets[:32], secrets[32:64], secrets[64:]
    wrapping = derive(tenant_secret, b"claimledger wrap v1")
    persons = {}
    for person in keys["persons"]:
        name = person["pseudonym"]
        persons[name] = unwrap(wrapping, bytes.fromhex(person["wrapped"]), ["claimledger person key v1", tenant, name])
    for text, expect in keys["id_index"].items():
        assert mac(index_key, b"claimledger id v1\0" + text.encode()).hex() == expect
    for text, expect in keys["alias_index"].items():
        assert mac(index_key, b"claimledger alias v1\0" + text.strip().lower().encode()).hex() == expect
    for text, expect in keys["content_digest"].items():
        assert mac(digest_key, b"claimledger content v1\0" + text.encode()).hex() == expect

    opened = 0
    for path in sorted([*HERE.glob("facts/*.json"), *HERE.glob("records/*.json")]):
        golden = json.loads(path.read_text())
        entry = golden["entry"]
        header_bytes, facts, personal, original = (bytes.fromhex(entry[part]) for part in ("header", "facts", "personal", "original"))
        header = cbor2.loads(header_bytes)
        assert canonical(header) == header_bytes and canonical(cbor2.loads(personal)) == personal and canonical(cbor2.loads(original)) == original
        assert sha256(b"\0" + header_bytes).hex() == golden["leaf"], path

        event = [header[key].encode() for key in (2, 5, 6)]
        event_id = record_id(event)
        assert header[4] == (record_id([*event, header[14]]) if header.get(12) else event_id), path

        statement = unpack(facts[0], facts[17:])
        assert statement.decode() == golden["statement"] and sha256(facts[1:17] + statement) == header[16], path

        blocks = []
        for block, commitment in zip(cbor2.loads(personal), header.get(17, []), strict=True):
            whose = block.get(2)
            key = derive(persons[whose], b"claimledger personal v1") if whose else derive(tenant_secret, b"claimledger unowned v1" + event_id)
            plain = open_block(key, block, [1, tenant, event_id, "personal", whose], commitment, canonical(block))
            blocks.append({"pseudonym": whose, "data": json.loads(plain)})
        assert blocks == golden["opened"]["personal"], path

        block = cbor2.loads(original)
        secret = tenant_secret + b"".join(persons[whose] for whose in block.get(2, []))
        received = open_block(derive(secret, b"claimledger original v1" + event_id), block, [1, tenant, event_id, "original", None], header[18], original)
        assert received.decode() == golden["opened"]["original"], path
        assert mac(digest_key, b"claimledger bytes v1\0" + received) == header[15], path
        opened += len(blocks) + 1
    print(f"opened {opened} sealed bodies")


main()

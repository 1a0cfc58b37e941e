"""A second opinion on a stored log: the Python package tlog-scales.

judge.py DIR VKEY verifies everything in a folder that the tests of the crate claimledger-proof
write. It finds every proof by itself, too, and compares.
"""

import base64
import sys
from pathlib import Path

from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import Checkpoint, ConsistencyProof, InclusionProof


def base64_text(data):
    return base64.b64encode(data).decode()


def check(holds, what):
    if not holds:
        raise SystemExit(f"judge.py: {what}")


def proof_file(index, hashes, checkpoint):
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *map(base64_text, hashes), ""]
    return "\n".join(lines) + "\n" + checkpoint


def judge(folder, vkey):
    reader = TilesReader(LocalBackend(folder))
    texts = [path.read_text() for path in (folder / "checkpoints").iterdir()]
    heads = {}
    for text in texts:
        checkpoint = Checkpoint.from_text(text)
        checkpoint.verify(vkey)
        check(checkpoint.serialize() == text, f"another spelling of {text}")
        reader = TilesReader(LocalBackend(folder))
        reader.set_size(checkpoint.size)
        root = reader.calculate_root_hash()
        check(root == checkpoint.root_hash, f"the root of {checkpoint.size} entries")
        heads[checkpoint.size] = (checkpoint, reader)

    last = reader.get_checkpoint()
    check(last == heads[last.size][0], "the last checkpoint")
    # Of a large log one entry of each several bundles.
    entries = range(0, last.size, 1 if last.size < 1000 else 999)
    for index in entries:
        leaf = leaf_hash(reader.get_entry(index))
        check(reader.mth(index, index + 1) == leaf, f"entry {index}")
    entry = reader.get_entry

    consistency = list((folder / "consistency").iterdir())
    for path in consistency:
        old, new = map(int, path.name.split("-"))
        hashes = [base64.b64decode(line) for line in path.read_text().split()]
        (older, _), (newer, reader) = heads[old], heads[new]
        ConsistencyProof(old, new, hashes).check(older.root_hash, newer.root_hash)
        check(reader.get_consistency_proof(old, new).node_hashes == hashes, path)

    proofs = list((folder / "proofs").glob("*.tlog-proof"))
    for path in proofs:
        size, index = map(int, path.stem.split("-"))
        text = path.read_text()
        top, signed = text.split("\n\n", maxsplit=1)
        hashes = [base64.b64decode(line) for line in top.split("\n")[2:]]
        checkpoint, reader = heads[size]
        check(Checkpoint.from_text(signed) == checkpoint, f"{path}: the checkpoint")
        leaf = leaf_hash(entry(index))
        InclusionProof(index, size, hashes).check(leaf, checkpoint.root_hash)
        own = reader.get_inclusion_proof(index, size).node_hashes
        check(proof_file(index, own, signed) == text, f"{path}: the file")

    print(len(texts), len(entries), len(consistency), len(proofs))


judge(Path(sys.argv[1]), Vkey.from_string(sys.argv[2]))

"""Write the golden snapshots of the present format version, once per released version; a test opens them for ever.

Usage: python scripts/golden_snapshot.py [FOLDER]     (default: index/golden)

`v<format version>` is in the clear, `v<format version>-sealed` is sealed with a published key, the bytes 0, 1 … 31.

The faces are random directions, not anybody's. Beside the snapshot lies `answer.json`: probes with the hits that a
search must give, computed here in plain float64.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from ciphers import OneKey

from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.manifest import FORMAT_VERSION

SPACE = EmbeddingSpace("golden", "none", "none", mirror=False, dim=16)
FACES, CASES, PROBES, TOP, CHANGE = 60, 25, 5, 10, 4711


def main(folder: Path) -> None:
    write(folder / f"v{FORMAT_VERSION}", None)
    write(folder / f"v{FORMAT_VERSION}-sealed", OneKey())


def write(target: Path, cipher: OneKey | None) -> None:
    if target.exists():
        sys.exit(f"{target} exists: a golden snapshot is never replaced.")
    random = np.random.default_rng(FORMAT_VERSION)
    faces = np.sort(random.choice(2**63 - 1, FACES, replace=False)).astype(np.int64)
    cases = random.choice(2**63 - 1, CASES, replace=False).astype(np.int64)[random.integers(0, CASES, FACES)]
    vectors = unit(random.normal(size=(FACES, SPACE.dim)))
    vectors[40:44] = vectors[10]  # ties
    probes = np.concatenate((unit(random.normal(size=(PROBES - 1, SPACE.dim))), vectors[10:11]))

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as space_folder:
        with SnapshotWriter(Path(space_folder), SPACE, CHANGE, cipher=cipher) as writer:
            writer.append(faces, cases, vectors)
            info = writer.publish()
        info.folder.rename(target)
    answer = [{"probe": probe.tolist(), "hits": hits(probe, faces, cases, vectors)} for probe in probes]
    (target / "answer.json").write_text(json.dumps(answer, indent=1) + "\n")


def hits(probe: np.ndarray, faces: np.ndarray, cases: np.ndarray, vectors: np.ndarray) -> list[dict[str, float]]:
    """The best face of each of the best cases."""
    scores = np.clip((vectors.astype(np.float64) @ probe.astype(np.float64)).astype(np.float32), -1, 1)
    best: dict[int, dict[str, float]] = {}
    for row in np.lexsort((faces, -scores)):
        entry = {"face_id": int(faces[row]), "case_id": int(cases[row]), "similarity": float(scores[row])}
        best.setdefault(int(cases[row]), entry)
    return list(best.values())[:TOP]


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root / "index" / "golden")

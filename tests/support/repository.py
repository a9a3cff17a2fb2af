"""Where the parts of the repository are."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTIONS = REPOSITORY / ".build" / "collections"
SUPPORT = REPOSITORY / "tests" / "support"

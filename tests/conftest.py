"""Puts the repository where Python finds it as a collection: ansible_collections/dialtone/pppoe."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
COLLECTIONS = REPOSITORY / ".build" / "collections"


def link_collection() -> None:
    link = COLLECTIONS / "ansible_collections" / "dialtone" / "pppoe"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(REPOSITORY, target_is_directory=True)


link_collection()
sys.path.insert(0, str(COLLECTIONS))

# A busy machine is no reason to fail.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

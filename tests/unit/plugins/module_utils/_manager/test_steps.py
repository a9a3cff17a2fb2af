"""No two living sessions have one address or ID, whatever happens; `make soak PART=addresses` goes on."""

from __future__ import annotations

import random

import pytest
from ansible_collections.dialtone.pppoe.tests.support.address_steps import walk


@pytest.mark.slow
def test_no_address_or_id_twice_after_any_step(place):
    refused = place[0] / "run" / "refused"

    def occasions() -> int:
        """How many sessions wanted what another one had."""
        return refused.read_text().count("belongs to") if refused.exists() else 0

    # On a slow host, other things happen at the same steps: go on until there was an occasion.
    walk(*place, random.Random(8), lambda done: done < 50 or (done < 200 and not occasions()))  # noqa: S311
    assert occasions() >= 1

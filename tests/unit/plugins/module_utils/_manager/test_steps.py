"""No two living sessions have one address or ID, whatever happens; `make soak PART=addresses` goes on."""

from __future__ import annotations

import random

import pytest
from ansible_collections.dialtone.pppoe.tests.support.address_steps import walk


@pytest.mark.slow
def test_no_address_or_id_twice_after_any_step(place):
    assert walk(*place, random.Random(8), lambda done: done < 50) == 50  # noqa: S311
    # It was not for want of occasions.
    assert (place[0] / "run" / "refused").read_text().count("belongs to") >= 1

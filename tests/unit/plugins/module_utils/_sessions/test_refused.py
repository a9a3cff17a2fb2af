from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _refused, _selection

ONE = (
    '{"time": 1764276067, "instance": "default", "interface": "ppp1", "pid": 7, "peer_mac": "02:64:74:00:03:01", '
    '"session_id": 8, "username": "cmz2", "address": "192.168.10.3", "reason": "It has dialled again."}'
)


def test_lines_that_are_whole():
    found = _refused.parse(f'{ONE}\n[1]\n{{"ti\n{{"time": "soon"}}\n{{"time": 1e300}}\n{{"time": 0}}\n')
    assert [entry["time"] for entry in found] == ["2025-11-27T20:41:07Z", "1970-01-01T00:00:00Z"]
    assert (found[0]["role"], found[0]["username"], found[0]["reason"]) == ("server", "cmz2", "It has dialled again.")
    assert found[1]["username"] is None


def test_the_selectors_of_sessions_hold_for_them():
    found = _refused.parse(ONE + '\n{"time": 0}\n')
    for wanted, count in (
        ({}, 2),
        ({"username": {"cmz2"}}, 1),
        ({"address": {"10.0.0.1"}}, 0),
        ({"role": {"client"}}, 0),
    ):
        assert len(_selection.chosen(found, wanted)) == count

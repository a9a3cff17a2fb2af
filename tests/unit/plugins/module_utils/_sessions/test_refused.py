from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _refused


def test_lines_that_are_whole():
    assert _refused.parse('{"time": 1}\n[1]\n{"ti\n{"time": 2}\n') == [{"time": 1}, {"time": 2}]

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest, Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

KEY = "pppoe-client-dsl"
OTHERS = b"# ours too\ncmz * other *\ncmz pppoe-client-office 'third one'\n"
OURS = b"cmz pppoe-client-dsl cmz\n"

CASES = [
    (None, ("cmz", "cmz"), OURS),
    (b"", ("cmz", "cmz"), OURS),
    (OTHERS, ("cmz", "cmz"), OTHERS + OURS),
    (OTHERS + OURS, ("cmz", "cmz"), OTHERS + OURS),
    (OTHERS + OURS, ("cmz", "a b"), OTHERS + b'cmz pppoe-client-dsl "a b"\n'),
    (OURS + OTHERS, ("new", "cmz"), OTHERS + b"new pppoe-client-dsl cmz\n"),
    (OURS + OTHERS, ("cmz", None), OURS + OTHERS),
    (OURS + OTHERS, ("new", None), OTHERS),
    (OTHERS, ("cmz", None), OTHERS),
    (OURS + OTHERS, (None, None), OTHERS),
    (OTHERS, (None, None), OTHERS),
    (None, (None, None), None),
    # The client sends the bytes of its name as they are, whatever a server makes of them.
    (b"", ("josé", "x"), '"josé" pppoe-client-dsl x\n'.encode()),
    ("josé pppoe-client-dsl x\n".encode(), (None, None), b""),
    # Addresses behind the secret are the user's own, and stay.
    (b"cmz pppoe-client-dsl old 192.0.2.1 # mine\n", ("cmz", "new"),
     b"cmz pppoe-client-dsl new 192.0.2.1 # mine\n"),
]  # fmt: skip


def request(username, secret):
    if username is None:
        return ClientRequest("dsl", "absent")
    return ClientRequest("dsl", "present", Connection("dsl", "eth0", username), secret=secret)


@pytest.mark.parametrize(("before", "account", "after"), CASES)
def test_edits(monkeypatch, tmp_path, before, account, after):
    path = tmp_path / "chap-secrets"
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o640)
    monkeypatch.setattr(_client_accounts, "PATHS", (str(path),))
    edits = _client_accounts.edits(request(*account), _files.there([str(path)]))
    assert (edits[0].file.content if edits else before) == after
    for edit in edits:
        assert edit.file.mode == 0o600
        assert edit.file.secret
        assert "a b" not in edit.diff()["after"]
        assert "third" not in edit.diff()["before"]


def test_a_file_that_pppd_cannot_read_is_refused():
    there = dict.fromkeys(_client_accounts.PATHS, (b'cmz * "open\nx * y\n', 384))
    with pytest.raises(Refused, match=r"^secret: in line 1 of .*chap-secrets a quotation mark is not closed"):
        _client_accounts.edits(request("cmz", "cmz"), there)


SECRETS = [
    ("cmz", "plain", [("pppoe-client-dsl.secret", None)]),
    ("cmz", "@/etc/passwd", [("pppoe-client-dsl.secret", b"@/etc/passwd\n")]),
    ("cmz", "@/a b", [("pppoe-client-dsl.secret", b'"@/a b"\n')]),
    ("cmz", None, []),
    (None, None, [("pppoe-client-dsl.secret", None)]),
]


@pytest.mark.parametrize(("username", "secret", "expected"), SECRETS)
def test_a_secret_that_pppd_takes_for_a_file_stands_in_one(username, secret, expected):
    files = _client_accounts.secret_file(request(username, secret))
    assert [(file.path.rpartition("/")[2], file.content) for file in files] == expected
    for file in files:
        assert file.mode == 0o600
        assert file.secret


def test_the_line_of_such_a_secret_names_its_file():
    account = _client_accounts.accounts([], KEY, "cmz", "@/etc/passwd")[0]
    assert account.secret == b"@/etc/ppp/pppoe-client/pppoe-client-dsl.secret"

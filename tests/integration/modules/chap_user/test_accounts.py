from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils import basic
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool_files
from ansible_collections.dialtone.pppoe.tests.support.secrets_file import GUIDE, mode

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file to somebody else")


def test_the_accounts_of_the_guide(apply, secrets):
    users = [
        {"name": "cmz", "secret": "cmz"},
        {"name": "cmz2", "secret": "cmz2", "addresses": ["192.168.10.3"]},
    ]
    done = apply({"users": users, "path": str(secrets)})
    assert secrets.read_text() == GUIDE + "cmz * cmz *\ncmz2 * cmz2 192.168.10.3\n"
    # A secret that is also a name is not struck out of the names.
    assert done["added"] == ["cmz", "cmz2"]
    assert (done["added_count"], done["total"], done["path"]) == (2, 2, str(secrets))
    assert done["diff"]["after"].splitlines()[2:] == ["cmz * (secret) *", "cmz2 * (secret) 192.168.10.3"]


def test_one_account_from_its_coming_to_its_going(apply, secrets):
    one = {"name": "cmz", "path": str(secrets)}
    assert apply(dict(one, secret="first"))["added"] == ["cmz"]
    assert apply(dict(one, secret="second"))["updated"] == ["cmz"]
    assert apply(dict(one, secret="third", update_secret="on_create"))["changed"] is False
    assert apply(dict(one, secret="second", addresses=["10.0.0.1"]))["updated"] == ["cmz"]
    assert apply(dict(one, secret="s", server="pppoe"))["added"] == ["cmz"]
    assert secrets.read_text() == GUIDE + "cmz * second 10.0.0.1\ncmz pppoe s *\n"
    assert apply(dict(one, state="absent"))["removed"] == ["cmz"]
    assert apply(dict(one, state="absent", server="pppoe"))["removed"] == ["cmz"]
    assert secrets.read_text() == GUIDE


def test_exclusive_keeps_the_comments_and_nobody_else(apply, secrets):
    secrets.write_text(GUIDE + "old * x *\ncmz * cmz *\n# end\ncmz * again *\n")
    done = apply({"users": [{"name": "cmz", "secret": "cmz"}], "exclusive": True, "path": str(secrets)})
    assert secrets.read_text() == GUIDE + "cmz * cmz *\n# end\n"
    assert (done["removed"], done["updated"], done["total"]) == (["old"], ["cmz"], 1)


def test_a_line_that_does_not_count_is_reported(apply, secrets, monkeypatch):
    # In a process that has loaded parts of the controller, Ansible prints warnings instead of returning them.
    said = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text, **_more: said.append(text))
    secrets.write_text("cmz * old *\ncmz * older *\n")
    apply({"name": "cmz", "secret": "new", "path": str(secrets)})
    assert any("'cmz': line 1 counts, not line 2" in text for text in said)
    assert secrets.read_text() == "cmz * new *\ncmz * older *\n"


def test_addresses_of_accounts_are_told_for_the_pool_to_leave_them_out(apply, run_module, secrets):
    secrets.write_text("hand * x 10.0.0.9\ncmz * x 10.0.0.8\n")
    users = [{"name": "cmz", "secret": "x", "addresses": ["10.0.0.3"]}, {"name": "b", "secret": "x"}]
    parameters = {"users": users, "path": str(secrets), "list_fixed_addresses": True}
    expected = (["10.0.0.3"], ["10.0.0.9"])
    predicted = run_module("chap_user", parameters, check=True)
    assert (predicted["fixed_addresses"], predicted["other_fixed_addresses"]) == expected
    done = apply(parameters)
    assert (done["fixed_addresses"], done["other_fixed_addresses"]) == expected
    assert apply(dict(parameters, exclusive=True))["other_fixed_addresses"] == []
    assert "fixed_addresses" not in run_module("chap_user", {"users": users, "path": str(secrets)})


def test_an_address_that_a_pool_still_hands_out_is_reported(run_module, secrets, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text, **_more: said.append(text))
    monkeypatch.setattr(_pool_files, "CONFIGURATION", str(tmp_path))
    (tmp_path / "vlan7.pool").write_text("10.0.0.2\n10.0.0.3\n")
    parameters = {"name": "cmz", "secret": "x", "addresses": ["10.0.0.3"], "path": str(secrets)}
    # A prediction may be followed by a run that takes it out of the pool first.
    run_module("chap_user", parameters, check=True)
    assert said == []
    run_module("chap_user", parameters)
    assert len(said) == 1
    assert "10.0.0.3 of 'cmz' (vlan7)" in said[0]
    run_module("chap_user", dict(parameters, addresses=["10.0.0.4"]))
    assert len(said) == 1


def test_pap_secrets_hold_passwords_as_pppd_compares_them(apply, tmp_path):
    for name, expected in (("chap-secrets", b'cmz * "p\xc3\xa9" *\n'), ("pap-secrets", b"cmz * pM-CM-) *\n")):
        apply({"name": "cmz", "secret": "pé", "path": str(tmp_path / name)})
        assert (tmp_path / name).read_bytes() == expected


def test_a_new_file_is_closed_to_others(apply, tmp_path):
    path = tmp_path / "chap-secrets"
    before = os.umask(0)
    try:
        apply({"name": "cmz", "secret": "cmz", "path": str(path)})
    finally:
        os.umask(before)
    assert mode(path) == 0o600


def test_a_file_that_needs_no_account_is_not_made(apply, tmp_path):
    path = tmp_path / "chap-secrets"
    assert apply({"name": "cmz", "state": "absent", "path": str(path)})["changed"] is False
    assert not path.exists()


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o640, 0o600), (0o4755, 0o700), (0o400, 0o400)])
@pytest.mark.parametrize("secret", ["cmz", "other"])
def test_the_mode_loses_what_others_may(apply, secrets, before, after, secret):
    secrets.write_text("cmz * cmz *\n")
    secrets.chmod(before)
    done = apply({"name": "cmz", "secret": secret, "path": str(secrets)})
    assert mode(secrets) == after
    assert done["changed"] == (before != after or secret != "cmz")
    if before != after:
        assert done["diff"]["before"].startswith(f"(mode {before:04o})\n")
        assert done["diff"]["after"].startswith(f"(mode {after:04o})\n")


@AS_ROOT
def test_the_owner_stays(apply, secrets):
    os.chown(secrets, 12345, 54321)
    apply({"name": "cmz", "secret": "cmz", "path": str(secrets), "backup": True})
    assert [(p.stat().st_uid, p.stat().st_gid) for p in secrets.parent.iterdir()] == [(12345, 54321)] * 2


def test_a_symbolic_link_stays_one(apply, secrets, tmp_path):
    link = tmp_path / "elsewhere" / "chap-secrets"
    link.parent.mkdir()
    link.symlink_to(secrets)
    apply({"name": "cmz", "secret": "cmz", "path": str(link)})
    assert link.is_symlink()
    assert secrets.read_text() == GUIDE + "cmz * cmz *\n"
    assert list(link.parent.iterdir()) == [link]


def test_a_backup_is_the_file_before_and_closed_to_others(run_module, secrets):
    secrets.chmod(0o644)
    parameters = {"name": "cmz", "secret": "cmz", "path": str(secrets), "backup": True}
    assert "backup_file" not in run_module("chap_user", parameters, check=True)
    copy = Path(run_module("chap_user", parameters)["backup_file"])
    assert (copy.read_text(), mode(copy)) == (GUIDE, 0o600)
    assert "backup_file" not in run_module("chap_user", parameters)
    assert set(secrets.parent.iterdir()) == {secrets, copy}


def test_exclusive_counts_nobody_in_the_file_that_debian_brings(apply, tmp_path):
    path = tmp_path / "pap-secrets"
    path.write_text('*\tgate\t""\t*\nguest\tgate\t"*"\t-\nroot\tgate\t"*"\t-\n')
    apply({"path": str(path), "exclusive": True, "users": [{"name": "a", "secret": "x"}]})
    assert path.read_text() == "a * x *\n"

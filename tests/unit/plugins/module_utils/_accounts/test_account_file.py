# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account_file
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

BOB = {"name": "bob", "secret": "hush"}


@pytest.mark.parametrize(
    ("form", "text", "expected", "places"),
    [
        ("csv", "name,secret\nbob,hush\n", [BOB], ["c:2"]),
        ("csv", "\ufeffsecret,name\r\nhush,bob\r\n\r\n\r\nhush,al\r\n", [BOB, dict(BOB, name="al")], ["c:2", "c:5"]),
        ("csv", 'name,secret\n"b,\n""b","hu""sh"\nx,y', [{"name": 'b,\n"b', "secret": 'hu"sh'}, None], ["c:2", "c:4"]),
        (
            "csv",
            "name, secret ,addresses\nbob,hush,10.0.0.1  !10.0.0.2\n",
            [{"addresses": ["10.0.0.1", "!10.0.0.2"]}],
            None,
        ),
        ("csv", "name,secret,addresses\nbob,hush,\n", [dict(BOB, addresses=None)], None),
        ("csv", "name,secret,server,state\nbob,,s,absent\n", [{"server": "s", "state": "absent"}], None),
        ("csv", "name,secret\n", [], []),
        ("json", '\ufeff[{"name": "bob", "secret": "hush"}]', [BOB], ["c[0]"]),
        (
            "json",
            '[{"name": "bob", "secret": "hush", "addresses": "10.0.0.1 *"}]',
            [{"addresses": ["10.0.0.1", "*"]}],
            None,
        ),
        ("json", "[]", [], []),
    ],
)
def test_rows(form, text, expected, places):
    entries, found = _account_file.rows(text, "c", form)
    assert len(entries) == len(expected)
    for entry, some in zip(entries, expected):
        assert some is None or {key: entry[key] for key in some} == some
    assert places is None or found == places


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        ("csv", "", "src: c is empty."),
        ("csv", "\ufeff \r\n", "src: c is empty."),
        ("csv", "name,password\nbob,hush\n", "c:1: the name of column 2 is unknown."),
        ("csv", "bob,hush\nal,hush\n", "c:1: the name of column 1 is unknown."),
        ("csv", "name;secret\nbob;hush\n", "c:1: the name of column 1 is unknown."),
        ("csv", "name\nbob\n", "c:1: the column secret is missing."),
        ("csv", "name,secret,name\nbob,hush,x\n", "c:1: a column is there twice."),
        ("csv", "name,secret\n\nbob,hush,hush\n", "c:3: has 3 fields, the header has 2."),
        ("csv", 'name,secret\nbob,"hush\n', "c:2: is not valid CSV."),
        ("csv", "name,secret,state\nbob,hush,hush\n", "c:2.state: is neither present nor absent."),
        ("json", '[\n{"name": "hush\n', "c:2: is not valid JSON."),
        ("json", '{"name": "hush"}', "src: c is no list."),
        ("json", '["hush"]', "c[0]: is no object."),
        ("json", '[{"name": "a", "secret": "b"}, {"hush": "a"}]', "c[1]: has an unknown key."),
        ("json", '[{"name": "a", "secret": 7}]', "c[0].secret: is no text."),
        ("json", '[{"name": "a", "secret": "b", "addresses": [7]}]', "c[0].addresses: is no list of texts."),
        ("json", '[{"name": "a", "secret": "b", "state": [1]}]', "c[0].state: is neither"),
    ],
)
def test_a_bad_row_is_named_and_its_secret_is_not(form, text, message):
    with pytest.raises(Refused) as refused:
        _account_file.rows(text, "c", form)
    assert message in str(refused.value)
    assert "hush" not in str(refused.value)

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
        (
            "csv",
            'name,secret\n"b,\n""b","hu""sh"\nx,y\n',
            [{"name": 'b,\n"b', "secret": 'hu"sh'}, None],
            ["c:2", "c:4"],
        ),
        (
            "csv",
            "name, secret ,addresses\nbob,hush,10.0.0.1  !10.0.0.2\n",
            [{"addresses": ["10.0.0.1", "!10.0.0.2"]}],
            None,
        ),
        ("csv", "name,secret,addresses\nbob,hush,\n", [dict(BOB, addresses=None)], None),
        ("csv", "name,secret,server,state\nbob,,s,absent\n", [{"server": "s", "state": "absent"}], None),
        ("csv", "name,secret\n", [], []),
        # As spreadsheets write it.
        ("csv", "name;secret\r\nbob;hush\r\n", [BOB], ["c:2"]),
        ("csv", "name\tsecret\taddresses\nbob\thush\t10.0.0.1\n", [dict(BOB, addresses=["10.0.0.1"])], ["c:2"]),
        ("csv", "sep=;\r\nName ; SECRET;;\r\nbob;hush;;\r\n;;;\r\nal;hush;;\r\n", [BOB, None], ["c:3", "c:5"]),
        ("csv", '"name";"secret";"addresses"\n"bob";"hush";"10.0.0.1, *"\n', [{"addresses": ["10.0.0.1", "*"]}], None),
        ("csv", "name,secret\nbob,hu;sh\n", [dict(BOB, secret="hu;sh")], None),
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
    ("row", "entry"),
    [
        ("home,,,,,", {"plan": "home"}),
        (",20M,5M,no,02:00:00:00:00:01,", {"rate": {"download": "20M", "upload": "5M"}, "enabled": False,
                                          "mac": "02:00:00:00:00:01"}),
        (",,5M,TRUE,,2026-12-31", {"rate": {"upload": "5M"}, "enabled": True, "expires": "2026-12-31"}),
        (",,,,,", {}),
    ],
)  # fmt: skip
def test_columns_of_plans(row, entry):
    text = f"name,secret,plan,download,upload,enabled,mac,expires\nbob,hush,{row}\n"
    assert _account_file.rows(text, "c", "csv")[0] == [{**BOB, **entry}]


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        ("csv", "", "src: c is empty."),
        ("csv", "\ufeff \r\n", "src: c is empty."),
        ("csv", "name,secret,enabled\nbob,hush,perhaps\n", "c:2.enabled: is neither true nor false."),
        ("csv", "name,password\nbob,hush\n", "c:1: the name of column 2 is unknown."),
        ("csv", "bob,hush\nal,hush\n", "c:1: the name of column 1 is unknown."),
        ("csv", "name;password\nbob;hush\n", "c:1: the name of column 1 is unknown."),
        ("csv", "name,secret\nal,x\nbob,hus", "c:3: the last line does not end with a newline"),
        ("csv", "name,secret,server\nal,hush,*\nbob,hus\n", "c:3: has 2 fields, the header has 3."),
        ("csv", "name,secret", "c:1: the last line does not end with a newline"),
        ("csv", "name;secret\nbob;hush;x\n", "put one with a semicolon in double quotes"),
        ("csv", "name\nbob\n", "c:1: the column secret is missing."),
        ("csv", "name,secret,name\nbob,hush,x\n", "c:1: a column is listed twice."),
        ("csv", "name,secret\n\nbob,hush,hush\n", "c:3: has 3 fields, the header has 2."),
        ("csv", 'name,secret\nbob,"hush\n', "c:2: is not valid CSV."),
        ("csv", "name,secret,state\nbob,hush,hush\n", "c:2.state: is neither present nor absent."),
        ("json", '[\n{"name": "hush\n', "c:2: is not valid JSON."),
        ("json", '{"name": "hush"}', "src: c is not a list."),
        ("json", '["hush"]', "c[0]: is not an object."),
        ("json", '[{"name": "a", "secret": "b"}, {"hush": "a"}]', "c[1]: has an unknown key."),
        ("json", '[{"name": "a", "secret": 7}]', "c[0].secret: is not a string."),
        ("json", '[{"name": "a", "secret": "b", "addresses": [7]}]', "c[0].addresses: is not a list of strings."),
        ("json", '[{"name": "a", "secret": "b", "state": [1]}]', "c[0].state: is neither"),
    ],
)
def test_a_bad_row_is_named_and_its_secret_is_not(form, text, message):
    with pytest.raises(Refused) as refused:
        _account_file.rows(text, "c", form)
    assert message in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("josé\n".encode(), "josé\n"),
        ("josé\n".encode("utf-8-sig"), "josé\n"),
        ("josé\n".encode("utf-16"), "josé\n"),
        (b"\xfe\xff" + "josé\n".encode("utf-16-be"), "josé\n"),
    ],
)
def test_an_encoding_that_says_what_it_is(content, text):
    assert _account_file.decoded(content, "c") == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a\njosé,hush\n".encode("latin-1"),
            "src: c is not text in UTF-8. It looks like Latin-1 or Windows-1252 (line 2)",
        ),
        ("hush\n".encode("utf-16-le"), "NUL bytes, as UTF-16 without a byte order mark"),
        (b"\xff\xfehush\n\x00\xd8", "begins as UTF-16 does"),
        (b"PK\x03\x04\x14\x00", "is a zip archive"),
    ],
)
def test_another_encoding_is_named(content, message):
    with pytest.raises(Refused) as refused:
        _account_file.decoded(content, "c")
    assert message in str(refused.value)
    assert "hush" not in str(refused.value)


def test_numbers_that_a_spreadsheet_has_shortened_are_named_without_their_value():
    entries = [dict(BOB, secret=secret) for secret in ("1.23E+15", "1,2E+09", "1E+20", "e+1", "12E+3x", "1.23e+15")]
    (warning,) = _account_file.shortened(entries, [f"c:{line}" for line in range(2, 8)])
    assert warning.startswith("src: c:2.secret, c:3.secret, c:4.secret looks like")
    assert _account_file.shortened([BOB], ["c:2"]) == []

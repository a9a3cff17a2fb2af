"""What a user without business on the host has seen while it was set up: no secret."""

testinfra_hosts = ["ansible://server-bookworm", "ansible://client-trixie"]


def test_he_looked_on_and_saw_none(host):
    # A process with a marker was there to be seen.
    assert len(host.file("/run/watch.looked").content_string.split()) > 10
    assert host.file("/run/watch.seen").content_string == ""

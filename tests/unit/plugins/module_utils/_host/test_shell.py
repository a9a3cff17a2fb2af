from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _shell, _shell_wrappers
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._shell_words import Word
from hypothesis import given
from hypothesis import strategies as st


def shown(script: str, **files: str) -> list[str]:
    """Each command in one text; a word that is not literal is in angle brackets."""
    content = {"/" + name.replace("_", "/"): text.encode() for name, text in files.items()}
    found = _shell.read("f", script.encode(), content.get)
    return [
        " ".join(w.text if w.literal else f"<{w.text}>" for w in call.words) for call in found.calls if call.reached
    ]


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b  c", ["a b c"]),
        ("a;b & c && d || e | f\n", ["a", "b", "c", "d", "e", "f"]),
        ("a 'b c' \"d e\" f\\ g", ["a b c d e f g"]),
        ("a >x 2>&1 </dev/null & b", ["a", "b"]),
        ("a &>/dev/null", ["a"]),
        ("a \\\n b\nc", ["a b", "c"]),
        ("a b # c\n#d\ne#f", ["a b", "e#f"]),
        ("a\r\nb c\r\n", ["a", "b c"]),
        # variables
        ("A=1\na $A ${A} \"$A\" '$A'", ["a 1 1 1 $A"]),
        ("A=x B=$A-y; a $B", ["a x-y"]),
        ("A='b  c'; a $A \"$A\"", ["a b c b  c"]),
        ("A=; a $A b", ["a b"]),
        ("A=' b'; a x$A", ["a x b"]),
        ("a $A", ["a <$A>"]),
        ("A=$(b); a $A", ["a <$(b)>"]),
        ("A=`b c`; a $A", ["a <`b c`>"]),
        ("a ${A:-b} $1 $@ $$ $((1 + 2))", ["a <${A:-b}> <$1> <$@> <$$> <$((1 + 2))>"]),
        ("A=1; A=2 a $A", ["a 2"]),
        ("export A=1; a $A", ["export A=1", "a 1"]),
        ("A=1; read A; a $A", ["read A", "a <$A>"]),
        ("A=(1 2); a $A", ["a <A=>"]),
        ("A=1; A+=2; a $A", ["a <A+=2>"]),
        ("a eth* eth[12] {a,b} {1..3}", ["a <eth*> <eth[12]> <{a,b}> <{1..3}>"]),
        ("A='*'; a $A", ["a <*>"]),
        ("a $'b\\n'", ["a <$'b\\n'>"]),
        # conditions
        ("if a; then A=1; else A=2; fi; b $A", ["a", "b <$A>"]),
        ("if a; then A=1; b $A; fi", ["a", "b 1"]),
        ("A=0; a && A=1; b $A", ["a", "b <$A>"]),
        ("A=0; [ -z x ] || A=1; b $A", ["[ -z x ]", "b <$A>"]),
        ("case $1 in x) A=1; a $A;; *) b;; esac; c $A", ["a 1", "b", "c <$A>"]),
        # loops
        ("for i in 1 2; do a $i; done; b", ["a 1", "a 2", "b"]),
        ("for i in 1 2\ndo\n  for j in x y\n  do a $i$j\n  done\ndone", ["a 1x", "a 1y", "a 2x", "a 2y"]),
        ("L='1 2'; for i in $L; do a $i; done", ["a 1", "a 2"]),
        ("for i in $(seq 1 3); do a $i; done", ["a <$i>"]),
        ("for i in {1..3}; do a $i; done", ["a <$i>"]),
        ("for i; do a $i; done", ["a <$i>"]),
        ("for ((i=0;i<3;i++)); do a $i; done", ["a <$i>"]),
        ("i=1; while b; do a $i; i=$((i+1)); done", ["b", "a <$i>"]),
        ("i=1; until b; do a $i; i=2; done; c $i", ["b", "a <$i>", "c <$i>"]),
        ("n=1; for i in a b; do c $n; n=$((n+1)); done", ["c 1", "c <$((n+1))>"]),
        # functions, subshells
        ("f() { a $1 $A; }; f x", ["a <$1> <$A>", "f x"]),
        ("A=1; f() { a $A; }; f", ["a 1", "f"]),
        ("A=1; f() { a $A; }; A=2; f", ["a <$A>", "f"]),
        ("function f { a; }\nb", ["a", "b"]),
        ("(A=1; a $A); b $A", ["a 1", "b <$A>"]),
        ("{ A=1; a; }; b $A", ["a", "b 1"]),
        # what is not reached, not a command, or another file
        ("a\nexit 0\nb", ["a", "exit 0"]),
        ("if a; then exit 1; fi; b", ["a", "exit 1", "b"]),
        ("a || exit 1; b", ["a", "exit 1", "b"]),
        ("(exit 1); b", ["exit 1", "b"]),
        ("exec a b; c", ["exec a b"]),
        ("exec >x; c", ["exec", "c"]),
        ("cat <<E\na b\nE\nc", ["cat", "c"]),
        ("cat <<-'E' >x\n\ta\n\tE\nc", ["cat", "c"]),
        (". /x; a $A", [". /x", "a 1"]),
        (". ./x; a $A", [". ./x", "a 1"]),
        ("A=2; . /none; a $A", [". /none", "a <$A>"]),
        ("A=2; eval $B; a $A", ["eval <$B>", "a <$A>"]),
        ("a 'b\nc", []),
        ('a\nb "c', ["a"]),
        (") ; done fi esac } a", ["a"]),
        ("", []),
    ],
)
def test_commands(script, commands):
    assert shown(script, x="A=1\n") == commands


@pytest.mark.parametrize(
    ("script", "cwd"),
    [
        ("a", "/"),
        ("cd /etc/ppp; a", "/etc/ppp"),
        ("cd /etc && cd ppp && a", None),
        ("cd /etc; cd ../x; a", "/x"),
        ("cd $X; a", None),
        ("cd; a", None),
        ("(cd /etc); a", "/"),
        ("cd /etc || exit 1; a", "/etc"),
        ("if b; then cd /x; fi; a", None),
    ],
)
def test_where_a_command_runs(script, cwd):
    found = [call for call in _shell.read("f", script.encode()).calls if call.words[0].text == "a"]
    assert found[0].cwd == cwd


@pytest.mark.parametrize(
    ("command", "kind", "inner"),
    [
        ("nohup a b", "words", "a b"),
        ("setsid -f a", "words", "a"),
        ("exec -a name a b", "words", "a b"),
        ("sudo -u root -n A=1 a -u", "words", "a -u"),
        ("sudo --user root a", "words", "a"),
        ("nice -n 5 a", "words", "a"),
        ("nice -5 a", "words", "a"),
        ("env -i A=1 B=2 a", "words", "a"),
        ("timeout -k 5 10 a", "words", "a"),
        ("flock -n /x a b", "words", "a b"),
        ("flock /x -c 'a b'", "text", "a b"),
        ("screen -dmS name a b", "words", "a b"),
        ("screen -d -m -S name a", "words", "a"),
        ("tmux new-session -d -s x 'a b'", "text", "a b"),
        ("tmux -L s new -d a b", "words", "a b"),
        ("systemd-run --unit x -p A=b a", "words", "a"),
        ("su -c 'a b'", "text", "a b"),
        ("su - root -c 'a b'", "text", "a b"),
        ("su root --command='a b'", "text", "a b"),
        ("runuser -u x -- a b", "words", "a b"),
        ("bash -c 'a b' x", "text", "a b"),
        ("/bin/sh -ec 'a'", "text", "a"),
        ("sh -x /x y", "file", "/x y"),
        ("bash x", "file", "x"),
        ("eval a b", "text", "a b"),
        ("script -qc 'a b' /dev/null", "text", "a b"),
        ("start-stop-daemon --start --exec /a -- b c", "words", "/a b c"),
        ("start-stop-daemon -S -x /a -- b", "words", "/a b"),
        ("start-stop-daemon --start --startas=/a --", "words", "/a"),
        ("start-stop-daemon --stop --exec /a", None, ""),
        ("screen -S x -X stuff a", None, ""),
        ("tmux send-keys a", None, ""),
        ("command -v a", None, ""),
        ("su root", None, ""),
        ("sh", None, ""),
        ("a b", None, ""),
    ],
)
def test_programs_that_run_another(command, kind, inner):
    found = _shell_wrappers.inner(_shell.read("f", command.encode()).calls[0].words)
    assert (found and found.kind) == kind
    assert " ".join(word.text for word in (found.words if found else ())) == inner


def test_what_is_not_literal_stays_so():
    found = _shell_wrappers.inner((Word("su"), Word("-c"), Word("a $B", False)))
    assert found == _shell_wrappers.Inner("text", (Word("a $B", False),))


PIECES = """for i in |do |done|if |then |else |fi|case x in |esac|a|A=1| |;|;;|(|)|{|}|'|"|$|$(|`|<<E|E|&&|f() |\\
|#|<|exit"""


@given(st.lists(st.sampled_from([*PIECES.split("|"), "|", "\n"])).map("".join) | st.text())
def test_any_text_is_read_to_its_end(text):
    content = text.encode("utf-8", "surrogatepass")
    for call in _shell.read("f", content).calls:
        assert 0 <= call.start <= call.end <= len(content)

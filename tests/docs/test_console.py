"""Sessions are read from a page, and written back into it."""

from docs import console
from docs.console import Session, Step

PAGE = """\
Before.

```console
$ up
...
$ get pods
NAME
a
```

```sh
not --one
```

```console picture
$ get nodes
No resources found
```
"""


def test_a_session_is_commands_and_what_they_said():
    first, second = console.sessions(PAGE)
    assert first == Session("", (Step("up", ("...",)), Step("get pods", ("NAME", "a"))))
    assert second == Session("picture", (Step("get nodes", ("No resources found",)),))


def test_what_a_terminal_showed_is_read_the_same_way():
    assert console.steps("noise\n$ a\nsaid  \n\n$ b\n") == (Step("a", ("said", "")), Step("b", ()))


def test_a_page_is_retold_but_for_what_it_does_not_show():
    told = [Step("up", ("a lot",)), Step("get pods", ("NAME", "b")), Step("get nodes", ("none",))]
    retold = console.retold(PAGE, told)
    assert retold == PAGE.replace("\na\n", "\nb\n").replace("No resources found", "none")


def test_a_page_that_says_the_same_stays_as_it_is():
    told = [step for session in console.sessions(PAGE) for step in session.steps]
    assert console.retold(PAGE, told) == PAGE

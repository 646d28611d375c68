import io

import pytest

from rig.progress import Console, Silent, console


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stream():
    return io.StringIO()


def test_a_log_has_a_line_for_the_start_and_one_for_the_end(stream, clock):
    with Console(stream, live=False, clock=clock).step("compile kube"):
        clock.now += 12.4
    assert stream.getvalue() == " • compile kube ...\n ✓ compile kube (12 s)\n"


def test_a_log_has_a_sign_of_life_every_15_seconds(stream, clock):
    report = Console(stream, live=False, clock=clock)
    with report.step("compile kube") as step:
        clock.now += 14
        report.tick()
        step.update("package 11 of 40", 0.25)
        clock.now += 1
        report.tick()
        report.tick()
        clock.now += 15
        step.update("linking")
        report.tick()
    assert stream.getvalue().splitlines()[1:-1] == [
        " • compile kube: 25 %, package 11 of 40 (15 s)",
        " • compile kube: linking (30 s)",
    ]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_step_that_raises_is_crossed_out_and_raises_on(stream, clock, error):
    with pytest.raises(error), Console(stream, live=False, clock=clock).step("compile kube"):
        raise error
    assert stream.getvalue().splitlines()[-1] == " ✗ compile kube (0 s)"


def test_a_terminal_has_one_line_for_all_that_runs(stream, clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    report = Console(stream, live=True, clock=clock)
    with report.step("download etcd"), report.step("compile kube") as step:
        step.update("package 11 of 40", 0.25)
        clock.now += 3
        report.tick()
        shown = stream.getvalue().rpartition("\r\x1b[K")[2]
        assert shown == " • download etcd (3 s) | compile kube: 25 %, package 11 of 40 (3 s)"
        assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K ✓ download etcd (3 s)\n")


def test_the_line_never_breaks(stream, clock, monkeypatch):
    """A wrapped line can't be erased: the terminal would fill with its copies."""
    monkeypatch.setenv("COLUMNS", "20")
    report = Console(stream, live=True, clock=clock)
    with report.step("a step whose name is far too long"):
        report.tick()
        shown = stream.getvalue().rpartition("\r\x1b[K")[2]
        assert len(shown) == 19
        assert shown.endswith("…")


def test_what_is_said_stays_and_the_live_line_comes_back(stream, clock):
    report = Console(stream, live=True, clock=clock)
    with report.step("compile kube"):
        report.say("host: native, as Docker does not answer")
        assert "\r\x1b[Khost: native, as Docker does not answer\n" in stream.getvalue()
        assert stream.getvalue().endswith(" • compile kube (0 s)")


def test_a_stream_that_knows_no_tick_is_no_reason_to_fail():
    raw = io.BytesIO()
    with console(io.TextIOWrapper(raw, encoding="ascii", write_through=True)).step("compile kube"):
        pass
    assert raw.getvalue().splitlines()[-1] == b" ? compile kube (0 s)"


def test_a_pipe_is_no_terminal():
    raw = io.BytesIO()
    with console(io.TextIOWrapper(raw, encoding="utf-8", write_through=True)).step("compile kube"):
        pass
    assert b"\x1b" not in raw.getvalue()


def test_silent_remembers_for_tests():
    report = Silent()
    with report.step("compile kube") as step:
        step.update("linking", 0.9)
    report.say("done")
    assert report.started == ["compile kube"]
    assert report.updates == [("compile kube", "linking", 0.9)]
    assert report.said == ["done"]

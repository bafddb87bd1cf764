"""The measurements' own arithmetic and the section they write."""

from bench_serving import in_threads, in_turns, memory, write_section


def test_the_section_is_replaced_and_others_stay(tmp_path):
    file = tmp_path / "PERFORMANCE.md"
    file.write_text("# Performance\n\n## Portal\n\nfast\n")
    write_section(file, "Serving", ["first"])
    write_section(file, "Soak", ["long"])
    with_both = file.read_text()
    assert with_both.startswith("# Performance\n\n## Portal\n\nfast\n")
    write_section(file, "Serving", ["second"])
    assert file.read_text() == with_both.replace("first", "second")


def test_ways_take_turns_and_the_first_two_rounds_do_not_count():
    calls = []
    times = in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3)
    assert calls == ["a", "b"] * 5
    assert [len(values) for values in times.values()] == [3, 3]


def test_threads_return_everything():
    assert in_threads(4, lambda: [1, 2]) == [1, 2] * 4


def test_memory_is_compared_after_ten_times_as_many_calls():
    class Server:
        calls = 0

        def memory(self):
            return 100.0 + self.calls

        def call(self):
            self.calls += 1

    server = Server()
    ((_, ratio, goal),) = memory(server, server.call, 10, "test")
    assert (ratio, goal) == (f"{200 / 110:.3f}", "1.05")

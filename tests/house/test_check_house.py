import unittest

from planted_tree import PlantedTree

# (rule, path, a line that breaks it). Some are put together from pieces, since this file is judged too.
VIOLATIONS = [
    ("raw-clock", "src/kafka/a.cpp", "auto t = std::chrono::steady_clock::now();"),
    ("raw-clock", "src/kafka/a.cpp", "auto t = ::time(nullptr);"),
    ("detached", "src/kafka/a.cpp", "co_spawn(ex, run(), boost::asio::detached);"),
    ("sleep", "src/kafka/a.cpp", "std::this_thread::sleep_for(1s);"),
    ("sleep", "tests/unit/kafka/a.cpp", "usleep(5);"),
    ("random", "src/kafka/a.cpp", "int i = rand();"),
    ("random", "src/kafka/a.cpp", "std::random_device device;"),
    ("spdlog", "src/kafka/a.cpp", 'spdlog::info("x");'),
    ("print", "src/kafka/a.cpp", 'std::cout << "x";'),
    ("using-namespace", "include/loquat/kafka/kafka.hpp", "using namespace std;"),
    ("await", "src/kafka/a.cpp", "auto r = co_await call(Options{.name = n});"),
    ("await", "src/kafka/a.cpp", "auto r = co_await call({1, 2});"),
    ("await", "src/kafka/a.cpp", "co_await call(\n    Options{});"),
    ("await", "src/kafka/a.cpp", "if (co_await call(Options{})) { x(); }"),
    ("await", "src/kafka/a.cpp", "co_await pool.run([&] { work(); });"),
    ("await", "src/kafka/a.cpp", "co_await pool.run([x](int a) mutable -> int { return a + x; });"),
    ("await", "src/kafka/a.cpp", "co_await call(a ? b() : c());"),
    ("await", "src/kafka/a.cpp", "if (co_await f(T()) && co_await g(T())) { x(); }"),
    ("todo", "docs/a.md", "TO" + "DO: later"),
    ("merge-marker", "src/kafka/a.cpp", "<<<" + "<<<< HEAD"),
    ("registry-host", "scripts/get", "curl https://registry." + "npmjs.org/x"),
    ("registry-host", "docker/a.yaml", "index: https://pypi." + "org/simple"),
    ("registry-host", "web/package-lock.json.md", "repo1.maven." + "org"),
    ("workplace", "README.md", "see /wo" + "rk/shared/design"),
    ("long-file", "src/kafka/a.cpp", "int a;\n" * 401),
]
CLEAN = [
    ("src/base/clock.cpp", "auto t = std::chrono::steady_clock::now();"),
    ("src/runtime/group.cpp", "co_spawn(ex, run(), boost::asio::detached);"),
    ("src/observability/log.cpp", 'spdlog::info("x");'),
    ("src/kafka/a.cpp", "// steady_clock::now() would be wrong here"),
    ("src/kafka/a.cpp", 'f("std::this_thread::sleep_for");'),
    ("src/kafka/a.cpp", 'f(R"(usleep(5))");'),
    ("src/kafka/a.cpp", "auto t = record.time(0); event.rand(); x->sleep(3);"),
    ("src/kafka/a.cpp", "auto r = co_await call(std::move(options)); Options next{1};"),
    ("src/kafka/a.cpp", "if (co_await call(options)) { x(); }"),
    ("src/kafka/a.cpp", "if (auto r = co_await call(options); !r) { return {}; }"),
    ("src/kafka/a.cpp", "while (!co_await call(options)) { int a{3}; }"),
    ("src/kafka/a.cpp", "co_await pool.run([] { work(); });"),
    ("src/kafka/a.cpp", "co_await pool.run(table[index], work);"),
    ("src/kafka/a.cpp", "for (auto& row : co_await rows()) { use(Row{row}); }"),
    ("src/kafka/a.cpp", "int i = rand();  // house: allow random, the peer's own test vector needs it"),
    ("src/kafka/a.cpp", "// long: one table, one line a code\n" + "int a;\n" * 500),
    ("examples/orchard/data.json", "TO" + "DO"),
]


class CheckHouse(PlantedTree):
    def test_catches_each_planted_violation(self):
        for rule, path, text in VIOLATIONS:
            with self.subTest(rule=rule, text=text[:60]):
                self.plant(path, text + "\n")
                self.assert_caught("check-house", f"{path}:1: {rule}: ")
                (self.root / path).unlink()

    def test_leaves_what_is_allowed_alone(self):
        for path, text in CLEAN:
            with self.subTest(path=path, text=text[:60]):
                self.plant(path, text + "\n")
                self.assert_clean("check-house")
                (self.root / path).unlink()

    def test_catches_a_name_without_purpose(self):
        for path in ("src/kafka/string_utils.cpp", "src/common/a.cpp", "src/kafka/offset_manager.hpp"):
            with self.subTest(path=path):
                self.plant(path, "int a;\n")
                self.assert_caught("check-house", f"{path}: name: ")
                (self.root / path).unlink()

    def test_an_exception_needs_a_reason(self):
        self.plant("src/kafka/a.cpp", "int i = rand();  // house: allow random,\n")
        self.assert_caught("check-house", "src/kafka/a.cpp:1: random: ")


if __name__ == "__main__":
    unittest.main()

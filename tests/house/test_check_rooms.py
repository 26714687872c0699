import unittest

from planted_tree import PlantedTree

ROOMS = """# room\tlayer\tfolder\tuses\tlibraries
base\t0\tbase\t-\t-
wire\t1\twire\t-\tjson
runtime\t2\truntime\t-\tasio
kafka\t5\tintegrations/kafka\truntime wire\tasio rdkafka
feedback\t5\tintegrations/feedback\truntime wire\tasio
app\t6\tapp\t*\tasio
"""


class CheckRooms(PlantedTree):
    def setUp(self):
        super().setUp()
        self.plant("rooms.tsv", ROOMS)
        self.plant("src/integrations/kafka/client.hpp", '#include "loquat/runtime/runtime.hpp"\n')
        self.plant("src/integrations/kafka/client.cpp",
                   '#include "client.hpp"\n#include <librdkafka/rdkafka.h>\n#include "loquat/base/result.hpp"\n')
        self.plant("include/loquat/kafka/kafka.hpp", "#include <boost/asio/awaitable.hpp>\n")
        self.plant("src/main.cpp", '#include "loquat/app/app.hpp"\n')

    def test_accepts_what_the_table_allows(self):
        self.assert_clean("check-rooms")

    def test_catches_each_wrong_include(self):
        for path, line, expected in [
            ("src/integrations/feedback/a.cpp", '#include "loquat/kafka/kafka.hpp"', "feedback may not include kafka"),
            ("src/wire/a.cpp", '#include "loquat/runtime/runtime.hpp"', "wire may not include runtime"),
            ("src/wire/a.cpp", '#include "loquat/nowhere/a.hpp"', "there is no room nowhere"),
            ("include/loquat/wire/a.hpp", "#include <boost/asio/post.hpp>", "(asio) is not for wire"),
            ("src/runtime/a.cpp", "#  include <librdkafka/rdkafka.h>", "(rdkafka) is not for runtime"),
            ("src/runtime/a.cpp", "#include <duckdb.h>", "rooms.tsv gives it to: no room"),
            ("src/integrations/feedback/a.cpp", '#include "../kafka/client.hpp"', "reaches into the inside of kafka"),
            ("src/integrations/feedback/a.cpp", '#include "integrations/kafka/client.hpp"', "reaches into the inside of kafka"),
            ("include/loquat/wire/a.hpp", "#include <nlohmann/json.hpp>", "too heavy for a public header"),
        ]:
            with self.subTest(line=line):
                self.plant(path, line + "\n")
                self.assert_caught("check-rooms", expected)
                self.assert_caught("check-rooms", f"{path}:1: ")
                (self.root / path).unlink()

    def test_catches_a_source_in_no_room(self):
        self.plant("src/stray/a.cpp", "int a;\n")
        self.assert_caught("check-rooms", "src/stray/a.cpp: stands in no room")

    def test_catches_a_wrong_table(self):
        for line, expected in [
            ("extra\t5\textra\tkafka\t-", "only lower layers"),
            ("extra\t5\textra\tnowhere\t-", "which is no room"),
            ("extra\t5\textra\t-\trdkafka", "rdkafka is for kafka only"),
            ("agents\t4\tagents\t-\tasio", "asio never in agents"),
        ]:
            with self.subTest(line=line):
                self.plant("rooms.tsv", ROOMS + line + "\n")
                self.assert_caught("check-rooms", expected)

    def test_the_printed_page_follows_the_table(self):
        self.assert_caught("check-rooms", "no room table", "--check")
        self.plant("ARCHITECTURE.md", "# How it is made\n\nWords of ours.\n")
        self.assert_clean("check-rooms", "--write")
        self.assert_clean("check-rooms", "--check")
        page = (self.root / "ARCHITECTURE.md").read_text()
        self.assertIn("Words of ours.", page)
        self.assertIn("| 5 | kafka | `integrations/kafka` | runtime wire | asio rdkafka |", page)
        self.assertIn("kafka --> wire", page)
        self.plant("rooms.tsv", ROOMS.replace("runtime wire\tasio rdkafka", "wire\tasio rdkafka").replace(
            "feedback\t5", "other\t3\tother\t-\t-\nfeedback\t5"))
        self.plant("src/integrations/kafka/client.hpp", "")
        self.assert_caught("check-rooms", "is not what rooms.tsv says", "--check")
        self.assert_clean("check-rooms", "--write")
        self.assertEqual((self.root / "ARCHITECTURE.md").read_text().count("rooms:begin"), 1)


if __name__ == "__main__":
    unittest.main()

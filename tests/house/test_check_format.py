import unittest

from planted_tree import PROJECT, PlantedTree


class CheckFormat(PlantedTree):
    def setUp(self):
        super().setUp()
        self.plant(".clang-format", (PROJECT / ".clang-format").read_text())

    def test_catches_and_mends_a_wrong_layout(self):
        self.plant("src/kafka/a.cpp", "int  answer( ){return 42 ;}\n")
        self.assert_caught("check-format", "--fix")
        self.assert_clean("check-format", "--fix")
        self.assert_clean("check-format")
        self.assertEqual((self.root / "src/kafka/a.cpp").read_text(), "int answer() { return 42; }\n")

    def test_finding_no_file_at_all_is_no_success(self):
        self.assert_caught("check-format", "no files")


if __name__ == "__main__":
    unittest.main()

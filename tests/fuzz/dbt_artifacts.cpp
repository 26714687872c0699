// rooms: dbt
#include <string>
#include <string_view>

#include "loquat/dbt/reader.hpp"

/// The input is a manifest, and behind a line of its own, `%`, a semantic manifest and a catalog.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  constexpr std::string_view kCut = "\n%\n";
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto next = [&] {
    const std::size_t at = rest.find(kCut);
    const std::string_view part = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + kCut.size());
    return std::string(part);
  };
  loquat::dbt::Artifacts artifacts;
  artifacts.manifest = next();
  if (!rest.empty()) artifacts.semantic_manifest = next();
  if (!rest.empty()) artifacts.catalog = next();
  (void)loquat::dbt::read_project(artifacts, loquat::WallTime{});
  return 0;
}

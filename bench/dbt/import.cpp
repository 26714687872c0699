// Reads dbt artifacts as the daemon does, and says how long each step takes and how large the
// process gets. One JSON line. Usage: bench_dbt MANIFEST [SEMANTIC_MANIFEST]
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include "integrations/dbt/artifact_file.hpp"
#include "integrations/dbt/diff.hpp"
#include "integrations/dbt/reader/read_trimmed.hpp"
#include "loquat/semantic/model_index.hpp"

namespace {

using namespace loquat;
using Stopwatch = std::chrono::steady_clock;

double ms_since(Stopwatch::time_point begin) {
  return std::chrono::duration<double, std::milli>(Stopwatch::now() - begin).count();
}

double mib_of(const char* key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == key) {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  constexpr std::uint64_t kBytesMax = 4ULL << 30U;
  const double base = mib_of("VmRSS:");
  auto begin = Stopwatch::now();
  std::map<std::string, std::string> texts;
  const char* const names[] = {"manifest", "semantic_manifest"};
  for (int i = 1; i < argc && i <= 2; ++i) {
    auto text = dbt::read_artifact_file(names[i - 1], argv[i], kBytesMax);
    if (!text) {
      std::fprintf(stderr, "%s\n", text.error().detail.c_str());
      return 1;
    }
    texts[names[i - 1]] = std::move(*text);
  }
  const double trim_ms = ms_since(begin);
  std::size_t kept = 0;
  for (const auto& [_, text] : texts) kept += text.size();

  begin = Stopwatch::now();
  auto read = dbt::read_trimmed(texts, WallTime{});
  const double read_ms = ms_since(begin);
  if (!read) {
    std::fprintf(stderr, "%s\n", read.error().detail.c_str());
    return 1;
  }
  texts.clear();
  const double read_peak = mib_of("VmHWM:") - base;
  malloc_trim(0);
  const double model_mib = mib_of("VmRSS:") - base;

  begin = Stopwatch::now();
  const auto project = std::make_shared<const contracts::ProjectModel>(std::move(*read));
  auto problems = project->problems;
  const auto index = semantic::ModelIndex::build(project, problems);
  const double index_ms = ms_since(begin);
  begin = Stopwatch::now();
  const auto diff = dbt::diff_models(project.get(), *project);
  const double diff_ms = ms_since(begin);
  malloc_trim(0);
  std::printf(
      "{\"nodes\": %zu, \"metrics\": %zu, \"problems\": %zu, \"kept_text_mib\": %.1f, "
      "\"trim_ms\": %.0f, \"read_ms\": %.0f, \"import_ms\": %.0f, \"import_peak_mib\": %.1f, "
      "\"model_mib\": %.1f, \"index_ms\": %.0f, \"diff_ms\": %.0f, \"all_peak_mib\": %.1f, "
      "\"all_kept_mib\": %.1f}\n",
      project->nodes.size(), project->metrics.size(), problems.size(),
      static_cast<double>(kept) / (1 << 20), trim_ms, read_ms, trim_ms + read_ms, read_peak,
      model_mib, index_ms, diff_ms, mib_of("VmHWM:") - base, mib_of("VmRSS:") - base);
  return diff.empty() ? 0 : 1;
}

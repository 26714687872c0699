#include "var_dir.hpp"

#include <fstream>

namespace loquat::app {

namespace fs = std::filesystem;

Result<void> make_var_dir(const fs::path& var_dir) {
  std::error_code code;
  fs::create_directories(var_dir, code);
  if (code)
    return fail(Errc::io, "var_dir " + var_dir.string() + " cannot be made: " + code.message());
  return {};
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  const fs::path fresh = path.string() + ".new";
  std::ofstream file(fresh, std::ios::trunc);
  file << text;
  file.close();
  std::error_code code;
  if (file) fs::rename(fresh, path, code);
  if (!file || code) return fail(Errc::io, path.string() + " cannot be written.");
  return {};
}

std::string machine_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

Result<std::string> instance_name(const fs::path& var_dir, const std::string& configured,
                                  RandomSource& random) {
  if (!configured.empty()) return configured;
  const fs::path path = var_dir / "instance";
  std::string name;
  if (std::ifstream file(path); file) std::getline(file, name);
  if (!name.empty()) return name;
  name = "loquat-" + make_hex(4, random);
  if (auto kept = write_file(path, name + "\n"); !kept) return kept.error();
  return name;
}

}  // namespace loquat::app

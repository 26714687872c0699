#include "today.hpp"

#include <cstdlib>
#include <ctime>
#include <filesystem>

namespace loquat::app {

Result<void> use_time_zone(const SemanticConfig& config) {
  const bool is_plain =
      config.time_zone.find("..") == std::string::npos && config.time_zone.front() != '/';
  std::error_code code;
  const bool is_known = config.time_zone == "UTC" ||
                        (is_plain && std::filesystem::is_regular_file(
                                         "/usr/share/zoneinfo/" + config.time_zone, code));
  if (!is_known)
    return Error{
        Errc::invalid_request,
        "The configuration is wrong.",
        {{"semantic.time_zone",
          "'" + config.time_zone + "' is not an installed zone; allowed: IANA names, UTC"}}};
  ::setenv("TZ", config.time_zone.c_str(), 1);
  ::tzset();
  return {};
}

Date today(const SemanticConfig& config, const WallClock& wall) {
  if (config.as_of) return *config.as_of;
  const std::time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(wall.now().time_since_epoch()).count();
  std::tm local{};
  static_cast<void>(::localtime_r(&seconds, &local));
  return Date(std::chrono::year(local.tm_year + 1900),
              std::chrono::month(static_cast<unsigned>(local.tm_mon + 1)),
              std::chrono::day(static_cast<unsigned>(local.tm_mday)));
}

}  // namespace loquat::app

#include "load.hpp"

#include <unistd.h>

#include <fstream>

namespace loquat::app {

ServerMeters::ServerMeters(observability::MetricsRegistry& metrics)
    : open_(metrics.gauge("loquat_net_open_connections", "Connections that are open.")),
      refused_(metrics.counter("loquat_net_refused_connections_total",
                               "Connections refused: too many in all, or of one address.")),
      refused_requests_(metrics.counter(
          "loquat_net_refused_requests_total",
          "Requests refused by the server itself: too long, too late or malformed.")) {}

void ServerMeters::report(const net::ServerStats& now) {
  open_.set(static_cast<double>(now.connections_now));
  refused_.add(static_cast<double>(now.connections_refused - seen_.connections_refused));
  refused_requests_.add(static_cast<double>(now.requests_refused - seen_.requests_refused));
  seen_ = now;
}

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0, resident = 0;
  if (!(statm >> pages >> resident)) return 0;
  return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace loquat::app

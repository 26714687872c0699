#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loquat/degradation/spool.hpp"
#include "loquat/wire/topics.hpp"

namespace loquat::kafka {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One record on its way to a topic.
struct OutRecord {
  std::string topic;
  std::string key;
  std::string event_id;
  std::string payload;
  Headers headers;
  WallTime made_at{};
  int rank = 0;
  bool is_kept = false;      ///< somebody was promised that it arrives: spooled, never dropped
  bool is_reserved = false;  ///< may use the audit share of the spool
  bool needs_effect =
      false;  ///< an embedded broker's report is not enough: the pipeline must store it
  [[nodiscard]] std::size_t bytes() const noexcept {
    constexpr std::size_t kOverhead = 256;  // headers, bookkeeping here and in the client library
    return payload.size() + key.size() + kOverhead;
  }
};

/// The event as its topic wants it: JSON value, tenant as key, CloudEvents in binary mode.
/// `source`: `/loquat/<instance>`.
/// `payload`: the event, encoded.
[[nodiscard]] OutRecord make_record(const wire::Event& event, std::string payload,
                                    const std::string& source);

[[nodiscard]] degradation::SpoolRecord to_spool(const OutRecord& record);
/// Nothing if the topic is none of ours: the spool was written by something else.
[[nodiscard]] std::optional<OutRecord> from_spool(degradation::SpoolRecord record,
                                                  const std::string& source);

}  // namespace loquat::kafka

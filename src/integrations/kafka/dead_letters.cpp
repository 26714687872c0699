#include <algorithm>

#include "driver.hpp"

/// What can never be handled, set aside.
namespace loquat::kafka {

using contracts::Task;

/// Connect's names for dead letters: KIP-298, DeadLetterQueueReporter.
Task<Result<void>> Driver::dead_letter(Inbound record, Error why) {
  const std::string prefix = "__connect.errors.";
  OutRecord out;
  out.topic = dead_letter_topic(record.place.topic);
  out.key = std::move(record.key);
  out.payload = std::move(record.payload);
  out.headers = std::move(record.headers);
  out.made_at = ports_.sources.wall.now();
  out.rank = 1 << 29;  // stays in memory until its report: its source is the copy on disk
  out.headers.emplace_back(prefix + "topic", record.place.topic);
  out.headers.emplace_back(prefix + "partition", std::to_string(record.place.partition));
  out.headers.emplace_back(prefix + "offset", std::to_string(record.place.offset));
  out.headers.emplace_back(prefix + "connector.name", config_.consumer_group);
  out.headers.emplace_back(prefix + "task.id", "0");
  out.headers.emplace_back(prefix + "stage",
                           why.code == Errc::invalid_request ? "VALUE_CONVERTER" : "TASK_PUT");
  out.headers.emplace_back(prefix + "class.name", "loquat.feedback.pipeline");
  out.headers.emplace_back(prefix + "exception.class.name", std::string(to_string(why.code)));
  out.headers.emplace_back(prefix + "exception.message", why.detail);
  OutRecord brief = out;
  auto published = publish_record(std::move(out));
  auto receipt = co_await std::move(published);
  if (!receipt && receipt.error().code == Errc::payload_too_large) {
    // The letter says where the record stands, if it cannot say what it is.
    brief.headers.erase(
        std::remove_if(brief.headers.begin(), brief.headers.end(),
                       [&](const auto& header) { return !header.first.starts_with(prefix); }),
        brief.headers.end());
    brief.headers.emplace_back(std::string(kOmittedBytes), std::to_string(brief.payload.size()));
    brief.payload.clear();
    brief.key.clear();
    auto again = publish_record(std::move(brief));
    receipt = co_await std::move(again);
    // Neither is taken: both were counted as lost, and nothing waits behind them for ever.
    if (!receipt && receipt.error().code == Errc::payload_too_large) co_return Result<void>{};
  }
  if (!receipt) co_return receipt.error();
  co_return Result<void>{};
}

}  // namespace loquat::kafka

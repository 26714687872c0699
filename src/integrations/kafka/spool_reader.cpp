#include "spool_reader.hpp"

#include <algorithm>

namespace loquat::kafka {

using contracts::Task;

Task<SpoolReader::Records> SpoolReader::read_now(degradation::Spool& spool, ReadSpool job) {
  // Reading the events' common fields is work for the thread that reads the disk.
  auto work = [&spool, job, source = source_]() -> Records {
    auto spooled = spool.read(job.after, job.limit);
    if (!spooled) return spooled.error();
    std::vector<SpooledOut> records;
    records.reserve(spooled->size());
    for (auto& item : *spooled)
      records.push_back({item.position, from_spool(std::move(item.record), source)});
    return records;
  };
  auto done = pool_.run(std::move(work));
  co_return co_await std::move(done);
}

Task<void> SpoolReader::read_ahead(degradation::Spool& spool, std::shared_ptr<Ahead> ahead) {
  auto reading = read_now(spool, ahead->job);
  ahead->records = co_await std::move(reading);
  ahead->done.notify_all();
}

Task<std::optional<SpoolReader::Records>> SpoolReader::take_ahead(ReadSpool job) {
  const auto ahead = std::exchange(ahead_, nullptr);
  if (!ahead) co_return std::nullopt;
  while (!ahead->records) co_await ahead->done.wait();
  // That there was nothing may have changed since: only a read of now may say it.
  const bool is_wanted = ahead->job.after == job.after && ahead->job.limit == job.limit;
  const bool has_some = *ahead->records && !(*ahead->records)->empty();
  if (ahead->is_stale || !is_wanted || !has_some) co_return std::nullopt;
  co_return std::move(*ahead->records);
}

Task<SpoolReader::Records> SpoolReader::read(degradation::Spool& spool, ReadSpool job) {
  auto taking = take_ahead(job);
  auto records = co_await std::move(taking);
  if (!records) {
    auto reading = read_now(spool, job);
    records = co_await std::move(reading);
  }
  const bool may_have_more = *records && (*records)->size() == job.limit;
  if (may_have_more) {
    ahead_ = std::make_shared<Ahead>(loop_, ReadSpool{(**records).back().position, job.limit});
    tasks_.spawn("read ahead", read_ahead(spool, ahead_));
    co_await runtime::yield_to_others();  // so that it has begun before the loop is busy with these
  }
  co_return std::move(*records);
}

void SpoolReader::acknowledged(const std::vector<std::uint64_t>& positions) {
  if (!ahead_) return;
  const auto is_ahead = [this](std::uint64_t position) { return position > ahead_->job.after; };
  if (std::ranges::any_of(positions, is_ahead)) ahead_->is_stale = true;
}

}  // namespace loquat::kafka

#include "out_queue.hpp"

#include <algorithm>

namespace loquat::websocket {

void OutQueue::push(Bytes frames, std::uint64_t first_seq) {
  if (frames->empty()) return;
  bytes_ += frames->size();
  items_.push_back({std::move(frames), first_seq});
}

std::optional<std::uint64_t> OutQueue::drop_entries() {
  std::optional<std::uint64_t> first;
  std::list<Item> kept;
  const std::size_t untouchable = front_written_ + in_hands_;
  std::size_t begins_at = 0;  // of the item, in bytes from the front
  bytes_ = 0;
  for (auto& item : items_) {
    const auto size = item.frames->size();
    // A frame that is half out goes out whole: the peer waits for its rest.
    const bool is_begun = begins_at < untouchable;
    begins_at += size;
    if (item.first_seq != 0 && !is_begun) {
      if (!first) first = item.first_seq;
      continue;
    }
    bytes_ += size;
    kept.push_back(std::move(item));
  }
  bytes_ -= kept.empty() ? 0 : front_written_;
  items_ = std::move(kept);
  return first;
}

std::string_view OutQueue::next(std::size_t bytes_max, std::string& joined) {
  if (items_.empty()) return {};
  auto view = std::string_view(*items_.front().frames).substr(front_written_);
  if (view.size() < bytes_max && items_.size() > 1) {
    joined.assign(view);
    for (auto item = std::next(items_.begin()); item != items_.end() && joined.size() < bytes_max;
         ++item)
      joined.append(*item->frames, 0, bytes_max - joined.size());
    view = joined;
  }
  view = view.substr(0, bytes_max);
  in_hands_ = view.size();
  return view;
}

void OutQueue::wrote(std::size_t count) {
  in_hands_ = 0;
  bytes_ -= count;
  count += front_written_;
  while (!items_.empty() && count >= items_.front().frames->size()) {
    count -= items_.front().frames->size();
    items_.pop_front();
  }
  front_written_ = count;
}

}  // namespace loquat::websocket

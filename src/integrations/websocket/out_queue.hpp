#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace loquat::websocket {

/// What waits to be sent to one reader: control frames and entries in one order. Frames of entries
/// are shared by all readers of a session; here they are only counted. Entries can be taken back as
/// long as nothing of their frames has been handed to the socket. Pure.
class OutQueue {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  /// A control frame, or an answer to this connection alone.
  void push(std::string frame) { push(std::make_shared<const std::string>(std::move(frame)), 0); }
  /// Frames of entries; `first_seq` is that of the first.
  void push(Bytes frames, std::uint64_t first_seq);
  /// Out: the seq of the first entry that was taken back, if any was.
  std::optional<std::uint64_t> drop_entries();
  /// The next bytes to be written: at most `bytes_max`, joined in `joined` where they come from
  /// several frames; in the hands of the socket, and so not to be taken back, until `wrote`.
  [[nodiscard]] std::string_view next(std::size_t bytes_max, std::string& joined);
  /// `count` bytes of what `next` gave have gone out; the rest is the queue's again.
  void wrote(std::size_t count);
  /// Of everything that has not gone out.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }

 private:
  struct Item {
    Bytes frames;
    std::uint64_t first_seq = 0;  ///< 0: no entry
  };
  std::list<Item> items_;          ///< an empty one holds no memory, unlike a deque
  std::size_t front_written_ = 0;  ///< of the first item
  std::size_t in_hands_ = 0, bytes_ = 0;
};

}  // namespace loquat::websocket

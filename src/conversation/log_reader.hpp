#pragma once
#include <memory>

#include "loquat/contracts/stores.hpp"
#include "session.hpp"

namespace loquat::conversation {

/// A reader's view of one session's log: memory first, then the store.
class LogReader final : public contracts::SessionLog {
 public:
  LogReader(std::shared_ptr<Session> session, contracts::SessionStore& store,
            bool may_see_personal_data)
      : session_(std::move(session)),
        store_(store),
        may_see_personal_data_(may_see_personal_data) {}

  [[nodiscard]] std::string_view epoch() const noexcept override { return session_->log.epoch(); }
  [[nodiscard]] std::uint64_t first_seq() const noexcept override {
    return session_->log.first_seq();
  }
  [[nodiscard]] std::uint64_t last_seq() const noexcept override {
    return session_->log.last_seq();
  }
  [[nodiscard]] bool is_closed() const noexcept override { return session_->is_closed; }
  [[nodiscard]] bool is_stored() const noexcept override {
    return session_->unstored_from == 0 && session_->is_record_kept;
  }
  [[nodiscard]] std::uint64_t next_kept(std::uint64_t after) const noexcept override;
  [[nodiscard]] Result<void> may_read() const override;
  [[nodiscard]] contracts::Task<Result<std::vector<contracts::LogEntry>>> read(
      std::uint64_t after, std::size_t limit, std::size_t bytes_max) override;
  [[nodiscard]] contracts::Task<void> wait(std::uint64_t after) override;
  void listen(contracts::LogListener& listener) override {
    session_->listeners.push_back(&listener);
  }
  void unlisten(contracts::LogListener& listener) noexcept override {
    std::erase(session_->listeners, &listener);
  }

 private:
  contracts::Task<Result<std::vector<contracts::LogEntry>>> read_stored(std::uint64_t after,
                                                                        std::size_t limit,
                                                                        std::size_t bytes_max);
  void note_hole(std::uint64_t first, std::uint64_t last);
  std::shared_ptr<Session> session_;
  contracts::SessionStore& store_;
  const bool may_see_personal_data_;
};

}  // namespace loquat::conversation

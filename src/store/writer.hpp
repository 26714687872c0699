#pragma once
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "database.hpp"
#include "log_copier.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/store/store.hpp"

namespace loquat::store {

/// What a finished call survives: a crash of the process, or also one of the machine.
enum class Durability { process, machine };

/// When a call is committed. Many of the calls that nobody waits for share a transaction, and so
/// the pages that all of them touch: `soon` is within kSoon, and before any `after_all`, which sees
/// what was asked before it.
enum class Turn { now, soon, after_all };
inline constexpr std::chrono::milliseconds kSoon{100};

/// One call that waits for the writer. `run` on the writer thread, a second time if another call of
/// its transaction failed; `finish` after the transaction has ended, with the error that undid it,
/// if any.
class Job {
 public:
  Job(Durability durability, Turn turn, WallTime asked_at)
      : durability(durability), turn(turn), asked_at(asked_at) {}
  virtual ~Job() = default;
  virtual void run(Database& db) = 0;
  virtual void undo(Error error) = 0;
  virtual void finish() = 0;
  const Durability durability;
  const Turn turn;
  const WallTime asked_at;
};

template <class T, class Handler>
class TypedJob final : public Job {
 public:
  using Work = std::function<T(Database&)>;
  TypedJob(Durability durability, Turn turn, WallTime asked_at, Work work, Handler handler,
           boost::asio::any_io_executor loop)
      : Job(durability, turn, asked_at),
        work_(std::move(work)),
        handler_(std::move(handler)),
        loop_(boost::asio::prefer(boost::asio::get_associated_executor(handler_, std::move(loop)),
                                  boost::asio::execution::outstanding_work.tracked)) {}
  void run(Database& db) override {
    if constexpr (std::is_void_v<T>) {
      work_(db);
      result_.emplace();
    } else {
      result_.emplace(work_(db));
    }
  }
  void undo(Error error) override { result_.emplace(std::move(error)); }
  void finish() override {
    work_ = nullptr;
    // At once where the loop's own thread is: others of the batch came home with it.
    boost::asio::dispatch(loop_,
                          [handler = std::move(handler_), result = std::move(*result_)]() mutable {
                            handler(std::move(result));
                          });
  }

 private:
  Work work_;
  Handler handler_;
  boost::asio::any_io_executor loop_;
  std::optional<Result<T>> result_;
};

/// The one thread that changes the file. Takes all that waits at once and commits it as one
/// transaction: calls of many sessions share its cost, and one fsync serves every durable call.
/// Beside it a second thread with a connection of its own answers `read`, which so never waits for
/// an fsync (WAL: readers see the last commit, and what was awaited before is committed). What it
/// cannot read it hands to the writer, who also says that the store is away.
class Writer {
 public:
  Writer(StoreConfig config, StorePorts ports)
      : Writer(std::move(config), std::move(ports), nullptr) {}
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Runs `work` on the writer thread; it must own all it touches.
  template <class T>
  [[nodiscard]] contracts::Task<Result<T>> run(Durability durability,
                                               std::function<T(Database&)> work,
                                               Turn turn = Turn::after_all) {
    Initiation<T> initiation{this, durability, turn, std::move(work)};
    auto token = boost::asio::use_awaitable;
    auto operation =
        boost::asio::async_initiate<decltype(token), void(Result<T>)>(std::move(initiation), token);
    co_return co_await std::move(operation);
  }
  /// As run, for work that only selects and may stand before changes that nobody has awaited.
  template <class T>
  [[nodiscard]] contracts::Task<Result<T>> read(std::function<T(Database&)> work) {
    Writer* by = reader_ && opened_ > 0 ? reader_.get() : this;
    return by->run<T>(Durability::process, std::move(work), Turn::now);
  }
  [[nodiscard]] std::size_t depth() const;
  void stop();

 private:
  template <class T>
  struct Initiation {
    Writer* writer;
    Durability durability;
    Turn turn;
    std::function<T(Database&)> work;
    template <class Handler>
    void operator()(Handler handler) {
      using Typed = TypedJob<T, Handler>;
      writer->submit(std::make_unique<Typed>(durability, turn, writer->ports_.wall.now(),
                                             std::move(work), std::move(handler),
                                             writer->ports_.loop));
    }
  };
  using Batch = std::deque<std::unique_ptr<Job>>;

  /// `writer`: whom a reader serves; null makes a writer.
  Writer(StoreConfig config, StorePorts ports, Writer* writer);
  [[nodiscard]] bool is_shared() const;
  void read_all(Batch& batch);
  void finish_all(Batch batch);
  void submit(std::unique_ptr<Job> job);
  [[nodiscard]] bool enqueue(std::unique_ptr<Job>& job);
  void take_over(std::unique_ptr<Job> job);
  void wake_after_this_turn();
  void loop();
  Batch take();
  void commit(Batch& batch);
  bool run_together(Batch& batch);
  bool run_apart(Batch& batch);
  void undo_all(Batch& batch, const Error& error);
  void retain(WallTime now);
  void report(const std::optional<Error>& error);

  const StoreConfig config_;
  const StorePorts ports_;
  Writer* const writer_;
  std::unique_ptr<Writer> reader_;
  std::atomic<std::uint64_t> opened_ = 0;  ///< how often the file was opened; a reader follows
  std::uint64_t seen_opened_ = 0;
  mutable std::mutex mutex_;
  struct Bell {  // outlives the writer in a handler that is still to come
    std::condition_variable rung;
    bool is_due = false;  // loop thread only
  };
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  Batch queue_;
  Batch later_;         ///< what may wait, oldest first
  Time later_until_{};  ///< for the oldest of them
  bool is_later_due_ = false;
  bool is_stopping_ = false;
  // Writer thread only, from here on.
  std::unique_ptr<LogCopier> copier_;
  Database db_;
  std::optional<bool> was_up_;
  WallTime retained_at_{};
  std::thread thread_;
};

}  // namespace loquat::store

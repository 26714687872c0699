#pragma once
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/degradation/degradation.hpp"
#include "loquat/net/client.hpp"
#include "loquat/net/server.hpp"
#include "loquat/runtime/runtime.hpp"
#include "support/loop_fixture.hpp"

namespace loquat::peers {

enum class Mood {
  up,
  away,     ///< 503
  busy,     ///< 429
  slow,     ///< takes the request and says nothing
  babbling  ///< 200 with what is no JSON
};

/// A service on loopback that remembers what it was asked and can be put into a bad mood.
class FakePeer {
 public:
  using Answer = std::function<net::Response(const net::Request&)>;

  explicit FakePeer(runtime::Executor executor)
      : never_(executor),
        released_(executor),
        server_(executor, config(),
                [this](net::Request request) { return handle(std::move(request)); }) {
    port_ = server_.start().value();
  }
  ~FakePeer() {
    let_go();
    never_.notify_all();
  }
  FakePeer(const FakePeer&) = delete;
  FakePeer& operator=(const FakePeer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void on(std::string method_and_path, Answer answer) {
    answers_[std::move(method_and_path)] = std::move(answer);
  }
  void on(std::string method_and_path, std::string json) {
    on(std::move(method_and_path),
       [json](const net::Request&) { return net::make_response(200, "application/json", json); });
  }
  /// Takes such requests and answers them only once they are let go.
  void hold(std::string method_and_path) { held_.insert(std::move(method_and_path)); }
  void let_go() {
    held_.clear();
    released_.notify_all();
  }
  [[nodiscard]] std::size_t count(const std::string& method_and_path) const {
    std::size_t found = 0;
    for (const net::Request& request : requests)
      if (name_of_request(request) == method_and_path) ++found;
    return found;
  }

  Mood mood = Mood::up;
  std::vector<net::Request> requests;

 private:
  static net::HttpConfig config() {
    net::HttpConfig out;
    out.port = 0;
    return out;
  }
  static std::string name_of_request(const net::Request& request) {
    return request.method_text + " " + request.path;
  }
  net::Task<net::Response> handle(net::Request request) {
    requests.push_back(request);
    switch (mood) {
      case Mood::away:
        co_return net::make_response(503, "text/plain", "away");
      case Mood::busy:
        co_return net::make_response(429, "text/plain", "busy");
      case Mood::babbling:
        co_return net::make_response(200, "application/json", "{\"rows\": [");
      case Mood::slow:
        co_await never_.wait();
        co_return net::make_response(500, "text/plain", "");
      case Mood::up:
        break;
    }
    while (held_.contains(name_of_request(request))) co_await released_.wait();
    const auto known = answers_.find(name_of_request(request));
    if (known == answers_.end()) co_return net::make_response(404, "text/plain", "");
    co_return known->second(request);
  }

  runtime::Notification never_;
  runtime::Notification released_;
  std::set<std::string> held_;
  std::map<std::string, Answer> answers_;
  net::Server server_;
  std::uint16_t port_ = 0;
};

/// What every client needs, and a guard that opens after two failures.
class PeerTest : public test_support::LoopFixture {
 protected:
  static degradation::GuardConfig guard() {
    degradation::GuardConfig out;
    out.breaker.failures_to_open = 2;
    out.retry.attempts_max = 1;
    out.timeout = std::chrono::seconds(5);
    return out;
  }
  /// Awaits `task`, moving the clock whenever nothing else happens.
  template <class T>
  T await_over_time(runtime::Task<T> task) {
    auto pending = start(std::move(task));
    for (int i = 0; i < 2000 && !pending.done(); ++i) {
      const auto asked = peer.requests.size();
      static_cast<void>(
          wait_a_little([&] { return pending.done() || peer.requests.size() != asked; }));
      if (!pending.done()) advance(std::chrono::milliseconds(100));
    }
    return pending.take();
  }
  bool wait_a_little(const std::function<bool()>& holds) {
    for (int i = 0; i < 50 && !holds(); ++i) {
      settle();
      std::this_thread::yield();
    }
    return holds();
  }
  [[nodiscard]] Time soon() const { return Clock::now() + std::chrono::seconds(30); }

  contracts::Principal principal{"acme", "ada", {"analyst"}, "jwt", "", {}};
  contracts::RequestContext context{"req-1", "0af7651916cd43dd8448eb211c80319c",
                                    "b7ad6b7169203331"};
  SeededRandom random{7};
  Sources sources{clock, random};
  net::Client client{executor()};
  runtime::WorkerPool pool{executor(), {"test", 1, 64}, telemetry()};
  runtime::TaskGroup tasks{executor(), "test", telemetry()};
  degradation::HealthBoard board{clock};
  FakePeer peer{executor()};

  void TearDown() override {
    await(tasks.close());
    await(pool.stop());
    client.close_idle();
  }
};

}  // namespace loquat::peers

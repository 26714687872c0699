/// How fast a full spool reaches a broker, beside librdkafka alone with the same records, headers
/// and settings. `bench_kafka HOST:PORT RECORDS FOLDER [ROUNDS]`: FOLDER is emptied and filled.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "integrations/kafka/client.hpp"
#include "integrations/kafka/record.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/kafka/kafka.hpp"
#include "loquat/observability/telemetry.hpp"
#include "loquat/runtime/runtime.hpp"

namespace {

using namespace loquat;
using Seconds = std::chrono::duration<double>;

class Silent final : public observability::LogSink {
 public:
  void write(const observability::LogRecord& /*record*/) override {}
};

/// Votes as people send them: about 400 bytes of JSON, of a hundred tenants.
std::vector<kafka::OutRecord> make_records(std::size_t count) {
  std::vector<kafka::OutRecord> records;
  records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    wire::FeedbackEvent event;
    event.event_id = "fb-" + std::to_string(i) + "-6f1c2a90-7f0e-4c3b-9d51-2b8f0c7d5e11";
    event.event_type = wire::FeedbackEvent::kType;
    event.tenant_id = "tenant-" + std::to_string(i % 100);
    event.user_id = "ada";
    event.session_id = "s-" + std::to_string(i % 1'000);
    event.response_id = "r-" + std::to_string(i);
    event.trace_id = "0af7651916cd43dd8448eb211c80319c";
    event.data.comment = "The total of last month does not fit what finance reports to us.";
    wire::Event boxed = std::move(event);
    records.push_back(kafka::make_record(boxed, wire::encode_event(boxed), "/loquat/bench"));
  }
  return records;
}

/// librdkafka as its manual shows it: produce, and poll when its queue is full.
double raw_rate(const std::string& servers, const std::vector<kafka::OutRecord>& records) {
  kafka::KafkaConfig config;
  auto settings = kafka::connection_settings(config, servers, "bench-raw");
  settings.insert(settings.end(), {{"enable.idempotence", "true"},
                                   {"acks", "all"},
                                   {"compression.type", "lz4"},
                                   {"linger.ms", "1"},
                                   {"message.timeout.ms", "0"}});
  auto handle = kafka::make_client(RD_KAFKA_PRODUCER, settings, RD_KAFKA_EVENT_DR);
  if (!handle) std::abort();
  const kafka::RdQueue queue(rd_kafka_queue_get_main(handle->get()));
  std::size_t reported = 0;
  const auto poll = [&](int wait_ms) {
    const kafka::RdEvent event(rd_kafka_queue_poll(queue.get(), wait_ms));
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) return;
    while (const auto* message = rd_kafka_event_message_next(event.get()))
      reported += message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 1U : 0U;
  };
  const auto begun = std::chrono::steady_clock::now();
  for (const auto& record : records) {
    for (;;) {
      auto* headers = rd_kafka_headers_new(record.headers.size());
      for (const auto& [name, value] : record.headers)
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                            static_cast<ssize_t>(value.size()));
      auto* payload = const_cast<char*>(record.payload.data());
      const auto code = rd_kafka_producev(handle->get(), RD_KAFKA_V_TOPIC(record.topic.c_str()),
                                          RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
                                          RD_KAFKA_V_VALUE(payload, record.payload.size()),
                                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      rd_kafka_headers_destroy(headers);
      poll(10);
    }
    poll(0);
  }
  while (reported < records.size()) poll(100);
  const Seconds took = std::chrono::steady_clock::now() - begun;
  return static_cast<double>(records.size()) / took.count();
}

void fill(const std::filesystem::path& folder, const std::vector<kafka::OutRecord>& records) {
  std::filesystem::remove_all(folder);
  auto spool = degradation::Spool::open(folder, {.bytes_max = 4ULL << 30U});
  if (!spool) std::abort();
  std::vector<degradation::SpoolRecord> batch;
  for (std::size_t i = 0; i < records.size(); ++i) {
    batch.push_back(kafka::to_spool(records[i]));
    if (batch.size() < 1'000 && i + 1 < records.size()) continue;
    if (!(*spool)->append(batch)) std::abort();
    batch.clear();
  }
}

double drain_rate(const std::string& servers, const std::filesystem::path& folder) {
  SystemRandom random;
  SystemWallClock wall;
  observability::Telemetry telemetry(observability::LogConfig{}, wall, std::make_unique<Silent>());
  runtime::EventLoop loop{telemetry};
  degradation::HealthBoard board{wall};
  kafka::KafkaConfig config;
  config.bootstrap_servers = servers;
  kafka::SpoolConfig spool;
  spool.path = folder.string();
  spool.max_bytes = 4ULL << 30U;
  const auto room = kafka::make_kafka(
      config, spool,
      {loop.executor(), telemetry, board, Sources{wall, random}, "bench", folder.parent_path()});
  double rate = 0;
  const auto script = [&]() -> contracts::Task<void> {
    const auto started = co_await room->start();
    if (!started) std::abort();
    const auto begun = std::chrono::steady_clock::now();
    const auto count = room->accounting().held;  // it sends since the topics are there
    while (room->accounting().held > 0) co_await runtime::pause_for(std::chrono::milliseconds(1));
    const Seconds took = std::chrono::steady_clock::now() - begun;
    rate = static_cast<double>(count) / took.count();
    co_await room->stop(runtime::deadline_after(std::chrono::seconds(10)));
  };
  loop.run(script());
  return rate;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "bench_kafka HOST:PORT RECORDS FOLDER [ROUNDS]\n");
    return 2;
  }
  const std::string servers = argv[1];
  const auto count = static_cast<std::size_t>(std::strtoull(argv[2], nullptr, 10));
  const std::filesystem::path folder = std::filesystem::path(argv[3]) / "spool";
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 3;
  const auto records = make_records(count);
  fill(folder, {records.begin(), records.begin() + 1});
  static_cast<void>(drain_rate(servers, folder));  // makes the topics
  std::printf("%zu records, %zu bytes of value each\n", count, records.back().payload.size());
  for (int i = 0; i < rounds; ++i) {
    const double raw = raw_rate(servers, records);
    fill(folder, records);
    const double drained = drain_rate(servers, folder);
    std::printf("raw librdkafka %.0f/s, drain of the spool %.0f/s, ratio %.2f\n", raw, drained,
                drained / raw);
    std::fflush(stdout);
  }
  return 0;
}

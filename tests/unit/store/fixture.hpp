#pragma once
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <future>

#include "loquat/base/sources.hpp"
#include "loquat/observability/telemetry.hpp"
#include "loquat/store/store.hpp"

namespace loquat::store {

/// A store over a file of its own, and a way to wait for its answers.
class StoreFixture : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("loquat-store-" + std::string(info->name()) + "-" + make_hex(4, random_));
    std::filesystem::create_directories(folder_);
    config_.path = (folder_ / "loquat.db").string();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Store& open() {
    store_.reset();
    StorePorts ports{loop_.get_executor(), clock_, telemetry_,
                     [this](bool is_up, std::string) { states_.push_back(is_up); }, boot_id_};
    store_ = make_store(config_, std::move(ports));
    return *store_;
  }
  template <class T>
  T wait(contracts::Task<T> task) {
    auto future = boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future);
    loop_.restart();
    loop_.run();
    return future.get();
  }

  boost::asio::io_context loop_;
  ManualClock clock_;
  SystemRandom random_;
  observability::Telemetry telemetry_{
      observability::LogConfig{}, clock_,
      observability::make_stderr_sink(observability::LogFormat::text)};
  std::filesystem::path folder_;
  StoreConfig config_;
  std::vector<bool> states_;
  std::string boot_id_ = "boot-1";
  std::unique_ptr<Store> store_;
};

}  // namespace loquat::store

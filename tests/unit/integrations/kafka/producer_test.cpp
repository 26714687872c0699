#include "../../../../src/integrations/kafka/producer.hpp"

#include <boost/asio/ip/tcp.hpp>

#include "support/loop_fixture.hpp"

namespace loquat::kafka {
namespace {

/// The real client library; for a broker a socket that nobody answers at.
class ProducerTest : public test_support::LoopFixture {};

TEST_F(ProducerTest, IsLookedAtOnceBeforeAnythingIsTold) {
  // The client library writes to our descriptor when its queue gets a first event, and an early
  // error may be in it before it knows the descriptor.
  boost::asio::ip::tcp::acceptor silent(
      loop.context(), {boost::asio::ip::address_v4::loopback(), boost::asio::ip::port_type{0}});
  const auto servers = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  auto producer = Producer::open(KafkaConfig(), servers, "test", executor());
  ASSERT_TRUE(producer);
  EXPECT_TRUE(start((*producer)->wait()).done());
}

}  // namespace
}  // namespace loquat::kafka

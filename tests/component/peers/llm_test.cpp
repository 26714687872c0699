#include "loquat/llm/llm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/peers/fake_peer.hpp"

namespace loquat::llm {
namespace {

using peers::Mood;
using ::testing::HasSubstr;

class ChatTest : public peers::PeerTest {
 protected:
  ChatTest() {
    LlmConfig config;
    config.base_url = peer.url() + "/v1/";
    config.api_key = Secret("k3y");
    config.model = "m";
    config.guard = guard();
    model = make_language_model(config, {executor(), client, board, sources});
    say(R"({\"a\":1})");
  }
  void say(const std::string& escaped, const std::string& reason = "stop") {
    peer.on("POST /v1/chat/completions",
            R"({"model":"m-1","choices":[{"finish_reason":")" + reason +
                R"(","message":{"content":")" + escaped +
                R"("}}],"usage":{"prompt_tokens":3,"completion_tokens":2}})");
  }
  Result<contracts::ModelReply> ask(std::string schema = R"({"type":"object"})") {
    return await_over_time(model->complete("be brief", "how many?", std::move(schema), soon()));
  }
  std::unique_ptr<contracts::LanguageModel> model;
};

TEST_F(ChatTest, GivesTextAndTokens) {
  const auto reply = ask();
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_EQ(reply->text, R"({"a":1})");
  EXPECT_EQ(reply->input_tokens, 3);
  EXPECT_EQ(reply->output_tokens, 2);
  EXPECT_EQ(reply->model_id, "m-1");
  EXPECT_EQ(peer.requests.at(0).header("Authorization"), "Bearer k3y");
  EXPECT_THAT(peer.requests.at(0).body, HasSubstr(R"("schema":{"type":"object"})"));
}

TEST_F(ChatTest, RefusesWhatIsNotWhatWasAskedFor) {
  say("no json at all");
  EXPECT_EQ(ask().error().code, Errc::corrupt);
  EXPECT_TRUE(ask("")) << "free text may be anything";
  say(R"({\"a\":1})", "length");
  EXPECT_EQ(ask().error().code, Errc::corrupt);
}

TEST_F(ChatTest, AwayIsUnavailableAndSilenceEndsInTime) {
  peer.mood = Mood::away;
  EXPECT_EQ(ask().error().code, Errc::llm_unavailable);
  peer.mood = Mood::slow;
  EXPECT_EQ(ask().error().code, Errc::timed_out);
  EXPECT_EQ(ask().error().code, Errc::llm_unavailable) << "the breaker is open";
  EXPECT_EQ(board.find("llm")->breaker, degradation::BreakerState::open);
}

TEST_F(ChatTest, WithoutAnAddressItIsDisabled) {
  model = make_language_model({}, {executor(), client, board, sources});
  EXPECT_FALSE(model->is_configured());
  EXPECT_EQ(board.find("llm")->state, degradation::Health::disabled);
  EXPECT_EQ(ask().error().code, Errc::llm_unavailable);
}

}  // namespace
}  // namespace loquat::llm

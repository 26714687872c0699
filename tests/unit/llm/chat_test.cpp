#include "../../../src/llm/chat.hpp"

#include <gtest/gtest.h>

namespace loquat::llm {
namespace {

const std::string kWhole =
    ": comment\r\ndata: "
    "{\"model\":\"m-1\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"Reve\"}}]}\n\n"
    "data:{\"choices\":[{\"delta\":{\"content\":\"nue ö\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n"
    "data: [DONE]\n\n";

TEST(ChatStream, GivesItsTextWhereverItIsCut) {
  for (std::size_t step = 1; step <= kWhole.size(); ++step) {
    ChatStream stream;
    std::string text;
    for (std::size_t at = 0; at < kWhole.size(); at += step)
      text += stream.feed(std::string_view(kWhole).substr(at, step));
    std::string rest;
    const auto reply = stream.finish(rest);
    ASSERT_TRUE(reply) << step;
    EXPECT_EQ(text + rest, "Revenue ö") << step;
    EXPECT_EQ(reply->text, "Revenue ö");
    EXPECT_EQ(reply->model_id, "m-1");
    EXPECT_EQ(reply->input_tokens, 7);
    EXPECT_EQ(reply->output_tokens, 3);
  }
}

TEST(ChatStream, ThatBreaksOffOrMakesNoSenseIsAnError) {
  const auto error_of = [](std::string_view bytes) {
    ChatStream stream;
    static_cast<void>(stream.feed(bytes));
    std::string rest;
    const auto reply = stream.finish(rest);
    return reply ? Errc{} : reply.error().code;
  };
  for (const std::string& bytes :
       {kWhole.substr(0, kWhole.find("data: {\"choices\":[{\"delta\":{},")), std::string("<html>"),
        std::string(), std::string("data: nonsense\n\n"),
        std::string("data: {\"error\":{\"message\":\"no\"}}\n\n"), std::string("data: [DONE]\n\n")})
    EXPECT_EQ(error_of(bytes), Errc::corrupt) << bytes;
}

TEST(ChatStream, ReadsAServerThatDoesNotStream) {
  ChatStream stream;
  EXPECT_EQ(stream.feed(R"({"model":"m","choices":[{"message":{"content":"All at once."}}]})"), "");
  std::string rest;
  const auto reply = stream.finish(rest);
  ASSERT_TRUE(reply);
  EXPECT_EQ(rest, "All at once.");
}

}  // namespace
}  // namespace loquat::llm

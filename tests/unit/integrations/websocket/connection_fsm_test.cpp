#include "connection_fsm.hpp"

#include <gtest/gtest.h>

#include "loquat/wire/json.hpp"

namespace loquat::websocket {
namespace {

using std::chrono::seconds;

const Time kStart{seconds(1000)};
const WallTime kWall{std::chrono::hours(1)};
const LogState kLog{"e1", 3, 9};  // entries 3 to 9 are kept

/// One word per action: `type of a text frame`, cursor=N, close=N, ping!, submit, …
std::vector<std::string> words(const Actions& actions) {
  std::vector<std::string> out;
  for (const auto& action : actions) {
    if (const auto* text = std::get_if<SendText>(&action))
      out.push_back(wire::parse_json(text->text)->find("type")->string);
    else if (const auto* move = std::get_if<MoveCursor>(&action))
      out.push_back("cursor=" + std::to_string(move->after));
    else if (const auto* close = std::get_if<Close>(&action))
      out.push_back("close=" + std::to_string(static_cast<int>(close->code)));
    else if (const auto* submit = std::get_if<Submit>(&action))
      out.push_back((submit->refine ? "refine:" : "submit:") + submit->content + ":" +
                    submit->client_id.value_or("-"));
    else if (const auto* cancel = std::get_if<CancelTurn>(&action))
      out.push_back("cancel:" + cancel->message_id.value_or("-"));
    else if (const auto* mode = std::get_if<SetMode>(&action))
      out.push_back("mode:" + mode->mode);
    else if (std::holds_alternative<GiveFeedback>(action))
      out.push_back("feedback");
    else
      out.push_back("ping!");
  }
  return out;
}
using Words = std::vector<std::string>;

ConnectionFsm started() {
  ConnectionFsm fsm({seconds(30)}, std::nullopt);
  const auto greeting = fsm.begin({}, kLog, kStart);
  EXPECT_FALSE(greeting.empty());
  return fsm;
}
Words begin_at(std::optional<std::uint64_t> after, std::optional<std::string> epoch = {}) {
  ConnectionFsm fsm({seconds(30)}, std::nullopt);
  return words(fsm.begin({after, std::move(epoch)}, kLog, kStart));
}
Words on(std::string_view frame) { return words(started().on_frame(frame, kLog)); }

TEST(ConnectionFsm, BeginsAtTheTailOrWhereItIsAsked) {
  EXPECT_EQ(begin_at({}), (Words{"connection_ready", "cursor=9"}));
  EXPECT_EQ(begin_at(5), (Words{"connection_ready", "cursor=5"}));
  EXPECT_EQ(begin_at(2), (Words{"connection_ready", "cursor=2"})) << "just before the first kept";
  EXPECT_EQ(begin_at(5, "e1"), (Words{"connection_ready", "cursor=5"}));
}
TEST(ConnectionFsm, OwesAGapForWhatIsGoneOrOfAnotherEpoch) {
  EXPECT_EQ(begin_at(1), (Words{"connection_ready", "gap", "cursor=2"}));
  EXPECT_EQ(begin_at(9, "e0"), (Words{"connection_ready", "gap", "cursor=2"}));
  EXPECT_EQ(begin_at(99, "e0"), (Words{"connection_ready", "gap", "cursor=2"}));
}
TEST(ConnectionFsm, RefusesAPlaceBeyondTheLog) {
  EXPECT_EQ(begin_at(10), (Words{"connection_ready", "error", "close=1008"}));
}
TEST(ConnectionFsm, ReadsEveryFrameOfTheContract) {
  EXPECT_EQ(on(R"({"type":"message","content":"q","client_id":"c1"})"), Words{"submit:q:c1"});
  EXPECT_EQ(on(R"({"type":"refine","refinement":"by month"})"), Words{"refine:by month:-"});
  EXPECT_EQ(on(R"({"type":"cancel"})"), Words{"cancel:-"});
  EXPECT_EQ(on(R"({"type":"cancel","message_id":"m1"})"), Words{"cancel:m1"});
  EXPECT_EQ(on(R"({"type":"pong"})"), Words{});
  EXPECT_EQ(on(R"({"type":"mode","mode":"passive"})"), Words{"mode:passive"});
  EXPECT_EQ(on(R"({"type":"feedback","response_id":"r","feedback_type":"thumbs_up"})"),
            Words{"feedback"});
}
TEST(ConnectionFsm, ResumeMovesTheCursorBeforeItIsSaid) {
  EXPECT_EQ(on(R"({"type":"resume","after":4})"), (Words{"cursor=4", "resumed"}));
  EXPECT_EQ(on(R"({"type":"resume","after":0})"), (Words{"cursor=2", "resumed", "gap"}));
  EXPECT_EQ(on(R"({"type":"resume","after":10})"), Words{"error"});
}
TEST(ConnectionFsm, WrongFramesGetAnErrorAndTheConnectionStays) {
  for (const auto* bad :
       {"", "x", "[]", "{}", R"({"type":7})", R"({"type":"unknown"})", R"({"type":"message"})",
        R"({"type":"message","content":""})", R"({"type":"resume","after":-1})",
        R"({"type":"mode","mode":"loud"})", R"({"type":"message","content":"a","content":"b"})"})
    EXPECT_EQ(on(bad), Words{"error"}) << bad;
}
TEST(ConnectionFsm, ErrorsNameTheClientsOwnId) {
  auto fsm = started();
  const auto actions = fsm.on_frame(R"({"type":"message","client_id":"c7"})", kLog);
  const auto& text = std::get<SendText>(actions.at(0)).text;
  EXPECT_NE(text.find(R"("client_id":"c7")"), std::string::npos) << text;
}
TEST(ConnectionFsm, PingsEachIntervalAndEndsAfterTwoSilentOnes) {
  auto fsm = started();
  EXPECT_EQ(fsm.next_tick(kStart, kWall), kStart + seconds(30));
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(29), kWall)), Words{});
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(30), kWall)), (Words{"ping", "ping!"}));
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(59), kWall)), Words{});
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(60), kWall)), Words{"close=4408"});
}
TEST(ConnectionFsm, AnythingHeardProvesLife) {
  auto fsm = started();
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(30), kWall)), (Words{"ping", "ping!"}));
  fsm.heard(kStart + seconds(45));
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(60), kWall)), (Words{"ping", "ping!"}));
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(105), kWall)), Words{"close=4408"});
}
TEST(ConnectionFsm, ATokenThatEndsMidwayEndsTheConnection) {
  ConnectionFsm fsm({seconds(30)}, kWall + seconds(10));
  EXPECT_FALSE(fsm.begin({}, kLog, kStart).empty());
  EXPECT_EQ(fsm.next_tick(kStart, kWall), kStart + seconds(10));
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(9), kWall + seconds(9))), Words{});
  EXPECT_EQ(words(fsm.on_tick(kStart + seconds(10), kWall + seconds(10))), Words{"close=4401"});
}
TEST(ConnectionFsm, ALostPlaceIsAGapFromTheFirstKept) {
  auto fsm = started();
  EXPECT_EQ(words(fsm.on_lost_place(kLog)), (Words{"gap", "cursor=2"}));
}
TEST(ConnectionFsm, TokensThatLiveForCenturiesDoNotOverflowTheClock) {
  ConnectionFsm fsm({seconds(30)}, WallTime(std::chrono::milliseconds(253402300799000)));
  EXPECT_FALSE(fsm.begin({}, kLog, kStart).empty());
  EXPECT_EQ(fsm.next_tick(kStart, kWall), kStart + seconds(30));
}

}  // namespace
}  // namespace loquat::websocket

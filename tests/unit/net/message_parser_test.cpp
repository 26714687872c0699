#include "message_parser.hpp"

#include <gtest/gtest.h>

#include "loquat/net/client.hpp"

namespace loquat::net {
namespace {

ParseState feed_all(RequestParser& parser, std::string_view text, std::size_t& consumed) {
  return parser.feed(text, consumed);
}

int refusal_of(std::string_view text, ParserLimits limits = {}) {
  RequestParser parser(limits);
  std::size_t consumed = 0;
  return feed_all(parser, text, consumed) == ParseState::refused ? parser.refusal_status() : 0;
}

TEST(RequestParser, ReadsOneRequestFedByteByByte) {
  const std::string text =
      "POST /a%20b?x=1&y=%41+c HTTP/1.1\r\nHost: h\r\nX-Two: a\r\nx-two: b\r\nContent-Length: "
      "5\r\n\r\nhello";
  RequestParser parser({});
  std::string buffer;
  ParseState state = ParseState::need_head;
  for (const char c : text) {
    buffer += c;
    std::size_t consumed = 0;
    state = parser.feed(buffer, consumed);
    buffer.erase(0, consumed);
  }
  ASSERT_EQ(state, ParseState::done);
  const auto request = parser.take();
  EXPECT_EQ(request.method, Method::post);
  EXPECT_EQ(request.path, "/a%20b");
  EXPECT_EQ(request.query_value("y"), "A c");
  EXPECT_EQ(request.header("X-TWO"), "a");
  EXPECT_EQ(request.headers.count("x-two"), 2U);
  EXPECT_EQ(request.body, "hello");
}
TEST(RequestParser, RefusesChunkLinesAndTrailersWithoutAnEnd) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string begun : {"1;a=", "0;a=", "0", "0\r\nX: ", "3\r\nabc\r\n1;b="}) {
    RequestParser parser({.head_bytes_max = 4'096});
    std::string buffer = head + begun;
    ParseState state = ParseState::need_body;
    for (int i = 0; i < 100 && state != ParseState::refused; ++i) {
      std::size_t consumed = 0;
      state = parser.feed(buffer, consumed);
      buffer.erase(0, consumed);
      buffer.append(256, begun == "0" ? '0' : 'a');
    }
    EXPECT_EQ(state, ParseState::refused) << begun;
    EXPECT_LE(buffer.size(), 8'192U) << begun;
  }
}
TEST(RequestParser, LeavesTheNextRequestInTheBuffer) {
  const std::string one = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  RequestParser parser({});
  std::size_t consumed = 0;
  EXPECT_EQ(feed_all(parser, one + one, consumed), ParseState::done);
  EXPECT_EQ(consumed, one.size());
}
TEST(RequestParser, ReadsChunksAndTakesNoTrailerForAHeader) {
  RequestParser parser({});
  std::size_t consumed = 0;
  const auto state = feed_all(parser,
                              "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3\r\nabc\r\n2\r\nde\r\n0\r\nAuthorization: forged\r\n\r\n",
                              consumed);
  ASSERT_EQ(state, ParseState::done);
  const auto request = parser.take();
  EXPECT_EQ(request.body, "abcde");
  EXPECT_FALSE(request.headers.has("Authorization"));
}
TEST(RequestParser, RefusesWhatTwoReadersCouldReadInTwoWays) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: "
                       "4\r\n\r\nabcd"),
            400);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
  for (const auto* field :
       {"Transfer-Encoding: xchunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked, chunked", "Content-Length: 5, 5",
        "Content-Length: 5\r\nContent-Length: 5", "Content-Length: +5", "Content-Length: 0x5"})
    EXPECT_EQ(
        refusal_of("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n\r\n0\r\n\r\n"),
        400)
        << field;
  EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET /%zz?a=%q HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET noslash HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refusal_of("GET / HTTP/3.0\r\nHost: a\r\n\r\n"), 505);
}
TEST(RequestParser, HoldsItsLimits) {
  ParserLimits limits;
  limits.head_bytes_max = 200;
  limits.body_bytes_max = 4;
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300, 'x'), limits), 431);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", limits), 413);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "5\r\nabcde\r\n",
                       limits),
            413);
}
TEST(ResponseParser, ReadsABodyThatEndsWithTheConnection) {
  ResponseParser parser({}, false, {});
  std::size_t consumed = 0;
  EXPECT_EQ(parser.feed("HTTP/1.1 200 OK\r\n\r\nab", consumed), ParseState::need_body);
  EXPECT_EQ(parser.finish(), ParseState::done);
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(parser.take_body(), "ab");
}
TEST(ResponseParser, SaysThatABodyWasCut) {
  ResponseParser parser({}, false, {});
  std::size_t consumed = 0;
  EXPECT_EQ(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", consumed),
            ParseState::need_body);
  EXPECT_EQ(parser.finish(), ParseState::refused);
}
TEST(ParseUrl, TakesHttpUrlsAndRefusesWhatCouldSplitARequest) {
  const auto url = parse_url("https://h.example:8443/a/b?c=d#e");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_https);
  EXPECT_EQ(url->host, "h.example");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(parse_url("http://[::1]:80")->host, "::1");
  for (const auto* bad : {"ftp://h/", "http://", "http://u:p@h/", "http://h:99999/",
                          "http://h/\r\nX: y", "http://h/a b", "h/"})
    EXPECT_FALSE(parse_url(bad)) << bad;
}

}  // namespace
}  // namespace loquat::net

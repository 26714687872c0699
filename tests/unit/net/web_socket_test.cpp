#include "loquat/net/web_socket.hpp"

#include <gtest/gtest.h>

namespace loquat::net {
namespace {

/// A client's frame: masked.
std::string client_frame(unsigned first, std::string_view payload) {
  const unsigned char mask[4] = {1, 2, 3, 4};
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else {
    out += static_cast<char>(0x80U | 126U);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xFFU);
  }
  out.append(reinterpret_cast<const char*>(mask), 4);
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4]);
  return out;
}

std::uint16_t failure_of(std::string_view bytes, std::size_t max = 100) {
  WsReader reader(max);
  reader.feed(bytes);
  const auto event = reader.next();
  return event.kind == WsReader::Kind::failed ? event.code : std::uint16_t{0};
}

TEST(WsReader, ReadsAMessageFedByteByByte) {
  const auto bytes = client_frame(0x81, "grüß");
  WsReader reader(100);
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    reader.feed(bytes.substr(i, 1));
    EXPECT_EQ(reader.next().kind, WsReader::Kind::need_more);
  }
  reader.feed(bytes.substr(bytes.size() - 1));
  const auto event = reader.next();
  EXPECT_EQ(event.kind, WsReader::Kind::message);
  EXPECT_EQ(event.payload, "grüß");
}
TEST(WsReader, JoinsFragmentsAndLetsControlFramesThroughBetweenThem) {
  WsReader reader(100);
  reader.feed(client_frame(0x01, "ab") + client_frame(0x89, "hi") + client_frame(0x80, "cd"));
  const auto ping = reader.next();
  EXPECT_EQ(ping.kind, WsReader::Kind::ping);
  EXPECT_EQ(ping.payload, "hi");
  EXPECT_EQ(reader.next().payload, "abcd");
}
TEST(WsReader, ReadsLengthsOfTwoBytes) {
  WsReader reader(1000);
  reader.feed(client_frame(0x82, std::string(300, 'x')));
  const auto event = reader.next();
  EXPECT_EQ(event.opcode, WsOpcode::binary);
  EXPECT_EQ(event.payload.size(), 300U);
}
TEST(WsReader, RefusesWhatBreaksTheProtocol) {
  EXPECT_EQ(failure_of(std::string("\x81\x01x", 3)), 1002) << "not masked";
  EXPECT_EQ(failure_of(client_frame(0xC1, "x")), 1002) << "reserved bit";
  EXPECT_EQ(failure_of(client_frame(0x83, "x")), 1002) << "unknown opcode";
  EXPECT_EQ(failure_of(client_frame(0x09, "x")), 1002) << "fragmented ping";
  EXPECT_EQ(failure_of(client_frame(0x80, "x")), 1002) << "continues nothing";
  EXPECT_EQ(failure_of(client_frame(0x01, "x") + client_frame(0x81, "y")), 1002) << "new in old";
  EXPECT_EQ(failure_of(client_frame(0x89, std::string(126, 'x'))), 1002) << "long ping";
  EXPECT_EQ(failure_of(client_frame(0x88, "x")), 1002) << "half a close code";
  EXPECT_EQ(failure_of(client_frame(0x88, std::string("\x03\xed", 2))), 1002) << "1005 on the wire";
  EXPECT_EQ(failure_of(client_frame(0x81, "\xff")), 1007) << "no UTF-8";
}
TEST(WsReader, RefusesAMessageThatGrowsPastItsLimit) {
  EXPECT_EQ(failure_of(client_frame(0x81, std::string(101, 'x'))), 1009);
  EXPECT_EQ(failure_of(client_frame(0x01, std::string(60, 'x')) +
                       client_frame(0x80, std::string(60, 'x'))),
            1009);
}
TEST(WsReader, GivesCodeAndReasonOfAClose) {
  WsReader reader(100);
  reader.feed(client_frame(0x88, std::string("\x03\xe8", 2) + "bye"));
  const auto event = reader.next();
  EXPECT_EQ(event.kind, WsReader::Kind::close);
  EXPECT_EQ(event.code, 1000);
  EXPECT_EQ(event.payload, "bye");
  reader.feed(client_frame(0x81, "late"));
  EXPECT_EQ(reader.next().kind, WsReader::Kind::need_more);
}
TEST(Handshake, AnswersTheKeyOfTheSpecification) {
  Request request;
  request.headers.set("Upgrade", "websocket");
  request.headers.set("Connection", "keep-alive, Upgrade");
  request.headers.set("Sec-WebSocket-Version", "13");
  request.headers.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(why_no_handshake(request), "");
  const auto response = accept_handshake(request, "loquat.v1");
  EXPECT_EQ(response.headers.get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(response.headers.get("Sec-WebSocket-Protocol"), "loquat.v1");
  request.headers.set("Sec-WebSocket-Version", "8");
  EXPECT_NE(why_no_handshake(request), "");
}
TEST(CloseFrame, NeverOutgrowsAControlFrame) {
  const auto frame = close_frame(4401, std::string(500, 'x'));
  EXPECT_EQ(frame.size(), 2U + 125U);
}

}  // namespace
}  // namespace loquat::net

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
TEST(WsReader, RefusesBadTextAtItsFirstWrongByte) {
  WsReader reader(100);
  reader.feed(client_frame(0x01, "ok \xf4\x90"));  // past U+10FFFF, in a message that goes on
  EXPECT_EQ(reader.next().code, 1007);
  const auto whole = client_frame(0x81, "\xed\xa0\x80 and more that never comes");
  WsReader cut(100);
  cut.feed(whole.substr(0, 8));  // the head and two bytes of a surrogate
  EXPECT_EQ(cut.next().code, 1007);
}
TEST(WsReader, TakesACharacterThatIsCutBetweenFragments) {
  WsReader reader(100);
  reader.feed(client_frame(0x01, "\xe2\x82") + client_frame(0x80, "\xac"));
  EXPECT_EQ(reader.next().payload, "\xe2\x82\xac");
  EXPECT_EQ(failure_of(client_frame(0x81, "\xe2\x82")), 1007) << "cut at the message's end";
}
TEST(WsReader, RefusesLengthsThatAreNotTheShortest) {
  EXPECT_EQ(failure_of(std::string("\x81\xfe\x00\x05", 4)), 1002);
  EXPECT_EQ(failure_of(std::string("\x81\xff\x80\0\0\0\0\0\0\0", 10)), 1002) << "a negative one";
}
TEST(WsDeflate, TakesTheFirstOfferThatCanBeTaken) {
  const auto response_to = [](std::string offers) {
    Headers headers;
    headers.set("Sec-WebSocket-Extensions", std::move(offers));
    const auto chosen = choose_deflate(headers, 12);
    return chosen ? chosen->response : std::string();
  };
  const std::string alone =
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  EXPECT_EQ(response_to("permessage-deflate"), alone);
  EXPECT_EQ(response_to("permessage-deflate; client_max_window_bits"),
            alone + "; client_max_window_bits=12");
  EXPECT_EQ(response_to("x-webkit, permessage-deflate; server_max_window_bits=8, "
                        "permessage-deflate;server_max_window_bits=\"10\""),
            alone + "; server_max_window_bits=10");
  EXPECT_EQ(response_to("permessage-deflate; client_max_window_bits=16"), "");
  EXPECT_EQ(response_to("permessage-deflate; server_no_context_takeover=1"), "");
  EXPECT_EQ(response_to("permessage-deflate; unheard_of"), "");
  EXPECT_EQ(response_to("permessage-deflate; client_max_window_bits; client_max_window_bits"), "");
}
TEST(WsDeflate, CompressedMessagesComeOutAsTheyWent) {
  const std::string text = R"({"rows":[)" + std::string(5000, '7') + "]}";
  WsDeflater deflater(9);
  for (int i = 0; i < 2; ++i) {  // nothing is carried over from the first to the second
    const auto packed = deflater.compress(text);
    ASSERT_TRUE(packed);
    EXPECT_LT(packed->size(), 200U);
    WsReader reader(10'000, 9);
    const auto half = packed->size() / 2;
    reader.feed(client_frame(0x41, packed->substr(0, half)) + client_frame(0x89, "") +
                client_frame(0x80, packed->substr(half)));
    EXPECT_EQ(reader.next().kind, WsReader::Kind::ping);
    EXPECT_EQ(reader.next().payload, text);
  }
}
TEST(WsDeflate, AMessageThatUnfoldsPastTheLimitIsRefused) {
  WsDeflater deflater(15);
  const auto packed = deflater.compress(std::string(1 << 20, 'x'));
  WsReader reader(10'000, 15);
  reader.feed(client_frame(0xC1, *packed));
  EXPECT_EQ(reader.next().code, 1009);
}
TEST(WsDeflate, SaysWhatIsWrongFirstHoweverTheBytesAreCut) {
  const auto code_of = [](const std::string& text, std::size_t step) {
    WsDeflater deflater(15);
    const auto frame = client_frame(0xC1, *deflater.compress(text));
    WsReader reader(4096, 15);
    for (std::size_t at = 0; at < frame.size(); at += step) {
      reader.feed(std::string_view(frame).substr(at, step));
      if (const auto event = reader.next(); event.kind == WsReader::Kind::failed) return event.code;
    }
    return std::uint16_t{0};
  };
  std::string noise;  // hardly packs, so that pieces unfold to pieces
  for (unsigned i = 0, x = 1; i < 6'000; ++i)
    noise += static_cast<char>('!' + (x = x * 75 % 65'537) % 90);
  std::string early = noise, late = noise;
  early[100] = late[5'000] = '\xFF';
  for (const std::size_t step : {1U, 8U, 64U, 100'000U}) {
    EXPECT_EQ(code_of(early, step), 1007) << step;
    EXPECT_EQ(code_of(late, step), 1009) << step;
  }
}

TEST(WsDeflate, RefusesCompressionThatBreaksTheAgreement) {
  const auto with_deflate = [](std::string_view bytes) {
    WsReader reader(1000, 15);
    reader.feed(bytes);
    return reader.next().code;
  };
  EXPECT_EQ(with_deflate(client_frame(0xC1, "\x07garbage")), 1007);
  EXPECT_EQ(with_deflate(client_frame(0xC9, "")), 1002) << "a compressed ping";
  EXPECT_EQ(with_deflate(client_frame(0x41, "") + client_frame(0xC0, "")), 1002)
      << "the bit belongs to the first fragment";
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

#include "connection_fsm.hpp"

#include <algorithm>

#include "loquat/wire/codec.hpp"

namespace loquat::websocket {
namespace {

struct MessageFrame {
  std::string content;
  std::optional<std::string> client_id;
  template <class V>
  void fields(V& v) {
    v("content", content, "The question.", len(1, 16384));
    v("client_id", client_id, "The client's own id.", len(1, 128));
  }
};
struct RefineFrame {
  std::string refinement;
  std::optional<std::string> client_id;
  template <class V>
  void fields(V& v) {
    v("refinement", refinement, "What to change.", len(1, 16384));
    v("client_id", client_id, "The client's own id.", len(1, 128));
  }
};
struct CancelFrame {
  std::optional<std::string> message_id;
  template <class V>
  void fields(V& v) {
    v("message_id", message_id, "Which; absent: the running one.", len(1, 128));
  }
};
struct ResumeFrame {
  std::uint64_t after = 0;
  template <class V>
  void fields(V& v) {
    v("after", after, "The last seq that was taken.");
  }
};
struct ModeFrame {
  std::string mode;
  template <class V>
  void fields(V& v) {
    v("mode", mode, "How much is offered.", one_of({"passive", "balanced", "proactive"}));
  }
};

/// One flat object; values are written by `fill`.
template <class F>
Action frame(std::string_view type, F fill) {
  std::string text;
  wire::JsonWriter out(text);
  out.begin_object();
  out.key("type");
  out.value(type);
  fill(out);
  out.end_object();
  return SendText{std::move(text)};
}

template <class T>
void put(wire::JsonWriter& out, std::string_view key, const T& value) {
  out.key(key);
  out.value(value);
}

void put_client(wire::JsonWriter& out, const std::optional<std::string>& client_id) {
  if (client_id) put(out, "client_id", *client_id);
}

std::optional<std::string> client_of(const wire::JsonNode& node) {
  const auto* found = node.find("client_id");
  if (found == nullptr || found->kind != wire::JsonNode::Kind::string) return std::nullopt;
  return found->string;
}

Action gap(const LogState& log) {
  return frame("gap", [&](wire::JsonWriter& out) {
    put(out, "first_seq", log.first_seq);
    put(out, "epoch", log.epoch);
  });
}

Error past_the_end(const LogState& log) {
  return fail(Errc::invalid_request,
              "after is beyond the last seq, which is " + std::to_string(log.last_seq));
}

/// Decodes one frame into actions by `use`, or says what is wrong with it.
template <class T, class F>
Actions with(const wire::JsonNode& node, F use) {
  auto decoded = wire::decode_node<T>(node);
  if (!decoded) return {ConnectionFsm::error(decoded.error(), client_of(node))};
  return use(std::move(decoded->message));
}

}  // namespace

Action ConnectionFsm::ack(const std::optional<std::string>& client_id, std::string_view message_id,
                          std::uint64_t seq) {
  return frame("ack", [&](wire::JsonWriter& out) {
    put_client(out, client_id);
    put(out, "message_id", message_id);
    put(out, "seq", seq);
  });
}

Action ConnectionFsm::receipt(const std::optional<std::string>& client_id,
                              std::string_view receipt_json) {
  return frame("ack", [&](wire::JsonWriter& out) {
    put_client(out, client_id);
    out.key("receipt");
    out.raw(receipt_json);
  });
}

Action ConnectionFsm::error(const Error& error, const std::optional<std::string>& client_id) {
  const auto known = wire::to_http(error.code);
  return frame("error", [&](wire::JsonWriter& out) {
    put(out, "code", known.name);
    std::string message = known.status == 500 ? "Something went wrong on our side." : error.detail;
    for (const auto& issue : error.fields)
      message += " " + issue.pointer + " " + issue.message + ".";
    put(out, "message", message);
    put(out, "retryable", known.retryable);
    put_client(out, client_id);
  });
}

Actions ConnectionFsm::move_to(std::uint64_t after, const LogState& log) {
  // `first_seq` is last + 1 while nothing is kept, and seq starts at 1.
  if (after + 1 < log.first_seq) return {gap(log), MoveCursor{log.first_seq - 1}};
  return {MoveCursor{after}};
}

Actions ConnectionFsm::begin(const Place& place, const LogState& log, Time now) {
  last_heard_ = now;
  next_ping_ = now + limits_.heartbeat_interval;
  Actions actions{frame("connection_ready", [&](wire::JsonWriter& out) {
    out.key("capabilities");
    out.raw(R"(["message","refine","cancel","feedback","resume","mode"])");
    put(out, "last_seq", log.last_seq);
    put(out, "epoch", log.epoch);
    put(out, "heartbeat_interval_s", static_cast<std::int64_t>(limits_.heartbeat_interval.count()));
  })};
  const bool is_other_epoch = place.epoch && *place.epoch != log.epoch;
  if (is_other_epoch) {
    actions.push_back(gap(log));
    actions.push_back(MoveCursor{log.first_seq - 1});
    return actions;
  }
  const auto after = place.after.value_or(log.last_seq);
  if (after > log.last_seq) {
    actions.push_back(error(past_the_end(log)));
    actions.push_back(Close{wire::CloseCode::policy, "after is beyond the last seq"});
    return actions;
  }
  for (auto& action : move_to(after, log)) actions.push_back(std::move(action));
  return actions;
}

Actions ConnectionFsm::on_lost_place(const LogState& log) {
  return {gap(log), MoveCursor{log.first_seq - 1}};
}

Actions ConnectionFsm::on_frame(std::string_view text, const LogState& log) {
  const auto node = wire::parse_json(text);
  if (!node) return {error(node.error())};
  const auto* type = node->find("type");
  if (type == nullptr || type->kind != wire::JsonNode::Kind::string)
    return {error(fail(Errc::invalid_request, "A frame is an object with a type."))};
  const std::string_view name = type->string;
  if (name == "pong") return {};
  if (name == "message")
    return with<MessageFrame>(*node, [](MessageFrame f) -> Actions {
      return {Submit{std::move(f.content), std::move(f.client_id), false}};
    });
  if (name == "refine")
    return with<RefineFrame>(*node, [](RefineFrame f) -> Actions {
      return {Submit{std::move(f.refinement), std::move(f.client_id), true}};
    });
  if (name == "cancel")
    return with<CancelFrame>(
        *node, [](CancelFrame f) -> Actions { return {CancelTurn{std::move(f.message_id)}}; });
  if (name == "mode")
    return with<ModeFrame>(*node,
                           [](ModeFrame f) -> Actions { return {SetMode{std::move(f.mode)}}; });
  if (name == "feedback") return {GiveFeedback{node->dump(), client_of(*node)}};
  if (name == "resume")
    return with<ResumeFrame>(*node, [&](const ResumeFrame& f) -> Actions {
      if (f.after > log.last_seq) return {error(past_the_end(log))};
      // The cursor first: entries of the old place must be gone before the client hears `resumed`.
      Actions actions = move_to(f.after, log);
      std::ranges::reverse(actions);
      actions.insert(actions.begin() + 1,
                     frame("resumed", [&](wire::JsonWriter& out) { put(out, "after", f.after); }));
      return actions;
    });
  return {error(fail(Errc::invalid_request, "This type of frame is not known."), client_of(*node))};
}

Actions ConnectionFsm::on_tick(Time now, WallTime wall) {
  if (token_end_ && *token_end_ <= wall)
    return {Close{wire::CloseCode::token, "the token has expired"}};
  if (now - last_heard_ >= 2 * limits_.heartbeat_interval)
    return {Close{wire::CloseCode::heartbeat, "no sign of life"}};
  if (now < next_ping_) return {};
  next_ping_ = now + limits_.heartbeat_interval;
  return {frame("ping", [](wire::JsonWriter&) {}), SendPing{}};
}

Time ConnectionFsm::next_tick(Time now, WallTime wall) const {
  auto at = std::min(next_ping_, last_heard_ + 2 * limits_.heartbeat_interval);
  if (token_end_) {  // far ends are looked at again in a day: they may be past what a Time can say
    constexpr std::chrono::milliseconds kNone{0}, kDay{24LL * 3600 * 1000};
    at = std::min(at, now + std::clamp(*token_end_ - wall, kNone, kDay));
  }
  return at;
}

}  // namespace loquat::websocket

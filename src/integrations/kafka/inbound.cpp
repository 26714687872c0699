#include "inbound.hpp"

#include "loquat/wire/codec.hpp"

namespace loquat::kafka {
namespace {

/// Corrections, votes against an answer and changes of a vote may change what the tenant was
/// taught.
bool may_teach(const wire::FeedbackEvent& event) {
  using wire::FeedbackType;
  constexpr int kGoodRating = 3;
  if (!event.verified) return false;
  return event.supersedes || event.feedback_type == FeedbackType::correction ||
         event.feedback_type == FeedbackType::thumbs_down ||
         (event.feedback_type == FeedbackType::rating &&
          event.data.rating.value_or(0) < kGoodRating);
}

}  // namespace

std::string lane_of(const wire::FeedbackEvent& event) {
  if (may_teach(event)) return event.tenant_id;
  return event.tenant_id + '\x1f' + event.user_id.value_or(std::string()) + '\x1f' +
         event.response_id;
}

Result<wire::FeedbackEvent> decode_inbound(const Inbound& record) {
  constexpr std::size_t kBytesMax = 8U << 20U;
  constexpr std::size_t kDepthMax = 64;  // what a body may hold stands deeper in its event
  wire::JsonLimits limits;
  limits.bytes_max = kBytesMax;
  limits.depth_max = kDepthMax;
  auto decoded = wire::decode<wire::FeedbackEvent>(record.payload, limits);
  if (!decoded) {
    std::string detail = decoded.error().detail;
    for (const auto& issue : decoded.error().fields)
      detail += " " + issue.pointer + " " + issue.message + ".";
    return fail(Errc::invalid_request, std::move(detail));
  }
  if (decoded->message.event_type != wire::FeedbackEvent::kType)
    return fail(Errc::invalid_request, "The event's type is not that of its topic.");
  // Minor versions only add; what a later major one means is not known here.
  const std::string& version = decoded->message.schema_version;
  if (version.substr(0, version.find('.')) != "1")
    return fail(Errc::invalid_request, "Only schema_version 1.x is known here.");
  return std::move(decoded->message);
}

}  // namespace loquat::kafka

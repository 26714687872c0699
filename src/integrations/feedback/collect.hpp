#pragma once
#include <optional>
#include <string>

#include "bodies.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/feedback/config.hpp"

/// Bodies -> events. Pure.
namespace loquat::feedback {

using KnownResponse = std::optional<contracts::SessionStore::MessageRecord>;

/// Whether `principal` may speak of this response: its own (verified), unknown here (not verified),
/// or another's.
enum class Standing { own, unknown, anothers };
[[nodiscard]] Standing standing_of(const KnownResponse& known,
                                   const contracts::Principal& principal,
                                   const std::string& session_id);

/// Common to all kinds. The event has no id and time yet.
struct Subject {
  contracts::Principal principal;
  contracts::RequestContext context;
  std::string session_id, response_id;
  bool verified = false;
  std::string message_id = {};  ///< of a verified one
};
[[nodiscard]] wire::FeedbackEvent begin_event(const Subject& subject, wire::FeedbackType type);

/// The id of what a request under `key` makes: the same for every try with the same body, so that
/// one that was answered by a crash alone makes no second event (UUIDv8, RFC 9562, of SHA-256).
[[nodiscard]] std::string event_id_of(const contracts::Principal& principal, std::string_view path,
                                      std::string_view key, std::string_view body);

/// Errors: invalid_request with pointers below /data (known fields of the wrong kind, too deep, too
/// long), /rating missing for a rating.
[[nodiscard]] Result<wire::FeedbackEvent> from_submit(const Subject& subject,
                                                      const SubmitBody& body,
                                                      const FeedbackConfig& config);
/// The metric query of a correction, by its own schema. Errors: invalid_request, each field below
/// `pointer`.
[[nodiscard]] Result<void> check_query(const std::optional<wire::RawJson>& query,
                                       const std::string& pointer);
/// Fills original SQL, text and query from the known response where the body is silent, and the
/// diff. Errors: invalid_request unless exactly one correction is given.
[[nodiscard]] Result<wire::FeedbackEvent> from_correction(const Subject& subject,
                                                          const CorrectionBody& body,
                                                          const KnownResponse& known);
/// What is known of the response is not the client's to say: question, original SQL, text and query
/// of a verified correction come from the stored answer, and the diff with them.
void fill_from_response(wire::FeedbackEvent& event, const KnownResponse& known);
[[nodiscard]] wire::FeedbackEvent from_rating(const Subject& subject, const RatingBody& body);
[[nodiscard]] Result<wire::FeedbackEvent> from_change(const wire::FeedbackEvent& old,
                                                      const ChangeBody& body);

/// Line diff (longest common subsequence): ` same`, `-gone`, `+new`, one line each. Inputs of more
/// than 400 lines are shown as all gone, all new.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after);

}  // namespace loquat::feedback

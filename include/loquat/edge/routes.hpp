#pragma once
#include <memory>
#include <string>
#include <vector>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/degradation/load_shedder.hpp"
#include "loquat/edge/call.hpp"
#include "loquat/net/router.hpp"
#include "loquat/security/api_keys.hpp"
#include "loquat/security/auditor.hpp"
#include "loquat/security/authenticator.hpp"
#include "loquat/security/rate_limiter.hpp"
#include "loquat/security/rights.hpp"
#include "loquat/security/stream_slots.hpp"
#include "loquat/security/tickets.hpp"

namespace loquat::observability {
class Telemetry;
}

/// What every REST route shares: who calls, may they, is it kept in the audit trail, is the body
/// well formed, was it answered already, and the envelope around the answer.
namespace loquat::edge {

struct Parameter {
  std::string name, text;
  bool required = false;
  std::string schema = R"({"type":"string"})";
};

/// One route, for serving it and for /openapi.json.
struct RouteSpec {
  net::Method method = net::Method::get;
  std::string pattern;  ///< as net::Router takes it
  security::Right right = security::Right::read;
  std::string action;   ///< audit action and operationId, e.g. `feedback.submit`
  std::string summary;  ///< one sentence
  std::string resource_type;
  std::string resource_param;   ///< pattern parameter that names the resource; empty: none
  std::string request_schema;   ///< wire::inline_schema<T>(); empty: takes no body
  std::string response_schema;  ///< of `data`; empty: any
  std::vector<Parameter> query;
  int success = 200;
  bool idempotent = false;  ///< honours X-Idempotency-Key
  bool audited = true;
  bool revalidates = false;   ///< a GET with an ETag over what it says; If-None-Match gets 304
  bool takes_ticket = false;  ///< also ?ticket=, ?token= and the cookie of a ticket
  std::string content_type = "application/json";
  std::optional<degradation::Work> work{};  ///< absent: by the right, see `work_of`
  /// Where no pattern parameter names the resource: the query's parameter or body's member that
  /// does.
  std::string resource_member{};
  /// Parameters and members that stand in the audit record's details. None may hold a secret, a
  /// person's data or free text.
  std::vector<std::string> told{};
  /// JSON Schema of a line, where `Accept: application/x-ndjson` gets lines; empty: it never does.
  std::string line_schema{};
};
/// What a route is worth under overload: health, reading and feedback are kept; what is asked anew
/// goes before them, what curators and operators do before that.
[[nodiscard]] degradation::Work work_of(const RouteSpec& spec) noexcept;

struct Ports {
  Sources sources;
  observability::Telemetry& telemetry;
  security::Authenticator& authenticator;
  security::Tickets& tickets;
  security::Tickets& cookies;
  security::RateLimiter& limiter;
  security::Auditor& auditor;
  contracts::IdempotencyStore* idempotency = nullptr;  ///< null: keys hold for the process's life
  Clock::duration request_budget = std::chrono::seconds(120);
  security::ApiKeys* api_keys = nullptr;              ///< null: there are none
  const degradation::LoadShedder* shedder = nullptr;  ///< null: nothing is ever shed
  security::StreamSlots* streams = nullptr;           ///< null: readers are not counted
  /// How long something new would wait for its turn: what Retry-After is made of.
  std::function<Clock::duration()> expected_wait{};
};

class Routes {
 public:
  explicit Routes(Ports ports);
  ~Routes();
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  /// Adds a route; before the server starts. The handler stays in the table as long as the table
  /// lives, so a coroutine lambda may capture what outlives the table.
  void add(RouteSpec spec, Handler handler);
  /// A route that answers by itself (upgrades): only listed here; the handler does all the rest.
  void add_bare(RouteSpec spec, net::Handler handler);
  /// Answers what no route matches (the page); without it: 404 in the envelope.
  void set_fallback(net::Handler handler);

  /// What the server calls.
  [[nodiscard]] net::Task<net::Response> handle(net::Request request);
  /// What the server says by itself, in the envelope.
  [[nodiscard]] net::Response refusal(int status, std::string_view why) const;
  /// OpenAPI 3.1 of all routes.
  [[nodiscard]] std::string openapi(std::string_view version) const;
  [[nodiscard]] const std::vector<RouteSpec>& specs() const noexcept;

  /// Who sends `request`. `with_ticket`: see RouteSpec::takes_ticket; a ticket is used up by this.
  /// Errors as Authenticator's.
  [[nodiscard]] Result<contracts::Principal> identify(const net::Request& request,
                                                      bool with_ticket);
  /// Before `identify`: fetches the issuer's keys if the token names one that is not known.
  [[nodiscard]] Task<void> learn_keys(const net::Request& request);
  /// The refusal of `work` while there is too much to do; nothing if it may go on. Counts it.
  [[nodiscard]] std::optional<Error> shed(degradation::Work work) const;
  [[nodiscard]] contracts::RequestContext context_of(const net::Request& request) const;
  [[nodiscard]] Ports& ports() noexcept;

 private:
  [[nodiscard]] Result<contracts::Principal> prove(const net::Request& request, bool with_ticket);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loquat::edge

#pragma once
#include <memory>
#include <string>

#include "bodies.hpp"
#include "collect.hpp"
#include "export.hpp"
#include "implicit_watch.hpp"
#include "loquat/feedback/feedback.hpp"
#include "quality.hpp"
#include "recent.hpp"

namespace loquat::feedback {

using contracts::Task;

class Service final : public Feedback {
 public:
  Service(FeedbackConfig config, Ports ports)
      : config_(std::move(config)),
        ports_(std::move(ports)),
        watch_(config_.implicit,
               {ports_.executor, ports_.sources, ports_.telemetry, ports_.events}) {}

  // ---- what users do ----
  void on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) override {
    watch_.turn_finished(*turn);
    watch_.spawn(put_facts(facts_of(*turn)));
  }
  Task<void> stop(Time deadline) override { return watch_.stop(deadline); }

  // ---- intake ----
  Task<Result<std::string>> submit(contracts::Principal principal,
                                   contracts::RequestContext context, std::string session_id,
                                   std::string body) override;
  // ---- pipeline ----
  Task<Result<void>> handle(wire::FeedbackEvent event, contracts::RecordPlace place) override;

  void add_routes(edge::Routes& routes) override;

 private:
  struct Known {
    KnownResponse response;
    Subject subject;
  };
  /// Errors: not_found for another's response.
  Task<Result<Known>> look_up(contracts::Principal principal, contracts::RequestContext context,
                              std::string session_id, std::string response_id);
  Task<Result<ReceiptView>> keep(wire::FeedbackEvent event);
  /// Names of columns and dimensions that are tagged as personal data now.
  [[nodiscard]] std::shared_ptr<const TaggedNames> tagged() const;
  /// The corrected SQL, where an event brings one, must be one read-only SELECT. `pointer`: where
  /// it stood.
  Task<Result<void>> check_sql(const std::optional<std::string>& sql, std::string pointer);

  Task<Result<edge::Reply>> submit_route(edge::Call& call);
  Task<Result<edge::Reply>> correction_route(edge::Call& call);
  Task<Result<edge::Reply>> rating_route(edge::Call& call);
  Task<Result<edge::Reply>> show_route(edge::Call& call);
  Task<Result<edge::Reply>> change_route(edge::Call& call);
  Task<Result<edge::Reply>> summary_route(edge::Call& call);
  Task<Result<edge::Reply>> export_route(edge::Call& call);
  Task<Result<wire::FeedbackEvent>> own_event(edge::Call& call, std::string event_id);
  Task<Result<edge::Reply>> votes_route(edge::Call& call);
  Task<Result<edge::Reply>> quality_route(edge::Call& call);
  struct Exporting;
  Task<void> write_export(std::shared_ptr<Exporting> state, net::BodyWriter& out);
  Task<void> put_facts(contracts::AnswerFacts facts);
  /// The event that counts now, after all changes by its author.
  Task<Result<std::string>> latest_of(const wire::FeedbackEvent& event);
  /// Under X-Idempotency-Key an event's id comes from the key.
  static wire::FeedbackEvent named(const edge::Call& call, wire::FeedbackEvent event);
  static void warn_if_unknown(edge::Call& call, const Subject& subject);

  FeedbackConfig config_;
  Ports ports_;
  ImplicitWatch watch_;
  RecentEvents recent_;
};

}  // namespace loquat::feedback

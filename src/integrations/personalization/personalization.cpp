#include "loquat/personalization/personalization.hpp"

#include <deque>
#include <list>
#include <map>

#include "learning.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::personalization {
namespace {

using contracts::Principal;
using contracts::Task;

constexpr std::string_view kName = "personalization";
constexpr double kUse = 1;       // the grain of a question that was asked
constexpr double kApproval = 1;  // a vote for an answer, and so for its chart
constexpr double kDisapproval = -1;

struct ProfileView {
  Profile profile;
  std::vector<std::string> why;
  template <class V>
  void fields(V& v) {
    v("profile", profile, "What was learnt and what was set.");
    v("why", why, "In words.");
  }
};
struct ProfileChange {
  std::optional<std::string> chart_type, grain, response_style, language_model;
  template <class V>
  void fields(V& v) {
    v("chart_type", chart_type, "Preferred chart; empty: learn it.",
      one_of({"", "line", "area", "bar", "grouped_bar", "number", "table"}));
    v("grain", grain, "Preferred time grain; empty: learn it.",
      one_of({"", "day", "week", "month", "quarter", "year"}));
    v("response_style", response_style, "brief or detailed; empty: the default.",
      one_of({"", "brief", "detailed"}));
    v("language_model", language_model,
      "always: a language model proposes a query also where the planner is sure; never: it is not "
      "asked; empty: only where the planner is not sure.",
      one_of({"", "always", "never"}));
  }
};
struct Nothing {
  template <class V>
  void fields(V&) {}
};

using UserKey = std::pair<std::string, std::string>;

degradation::GuardConfig guard_config(const PersonalizationConfig& config) {
  degradation::GuardConfig guard;
  guard.timeout = config.budget;
  guard.retry.attempts_max = 1;
  guard.concurrency_max = 64;
  guard.waiting_max = 256;
  return guard;
}

class Service final : public Personalization {
 public:
  Service(PersonalizationConfig config, Ports ports)
      : config_(config),
        ports_(std::move(ports)),
        tasks_(ports_.executor, "personalization", ports_.telemetry),
        guard_(ports_.executor, std::string(kName), guard_config(config), ports_.board,
               ports_.sources.random) {}

  Task<Result<contracts::Preferences>> load(Principal principal) override {
    if (!config_.enabled) co_return contracts::Preferences{};
    UserKey user(principal.tenant_id, principal.user_id);
    auto profile = co_await profile_of(std::move(user));
    if (!profile) co_return profile.error();
    co_return preferences_of(**profile, ports_.sources.wall.now());
  }

  void on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) override {
    if (!config_.enabled || turn->answer->status != wire::AnswerStatus::complete ||
        !turn->answer->visualization)
      return;
    Remembered answer{{turn->principal.tenant_id, turn->principal.user_id},
                      turn->answer->visualization->type};
    remember(turn->answer->response_id, std::move(answer));
    if (!turn->query || turn->answer->personalized) return;
    for (const auto& item : turn->query->group_by) {
      constexpr std::string_view kTime = "metric_time__";
      if (!item.starts_with(kTime)) continue;
      tasks_.spawn("learn", teach({turn->principal.tenant_id, turn->principal.user_id},
                                  Subject::grain, item.substr(kTime.size()), kUse));
    }
  }

  void on_feedback(const wire::FeedbackEvent& event) override {
    const auto known = responses_.find(event.response_id);
    // A vote teaches only its own author's profile.
    if (!config_.enabled || known == responses_.end() || !event.user_id ||
        known->second.user != UserKey{event.tenant_id, *event.user_id})
      return;
    const double votes = votes_of(event);
    if (votes != 0)
      tasks_.spawn("learn", teach(known->second.user, Subject::chart, known->second.chart, votes));
  }

  void add_routes(edge::Routes& routes) override;

  Task<void> stop() override {
    const Time deadline = runtime::deadline_after(std::chrono::seconds(2));
    co_await tasks_.drain(deadline);
  }

 private:
  struct Remembered {
    UserKey user;
    std::string chart;
  };
  using ProfilePtr = std::shared_ptr<Profile>;

  static double votes_of(const wire::FeedbackEvent& event) {
    switch (event.feedback_type) {
      case wire::FeedbackType::thumbs_up:
      case wire::FeedbackType::implicit_accept:
        return kApproval;
      case wire::FeedbackType::thumbs_down:
      case wire::FeedbackType::implicit_reject:
        return kDisapproval;
      case wire::FeedbackType::rating:
        if (!event.data.rating) return 0;
        return *event.data.rating >= 4 ? kApproval : *event.data.rating <= 2 ? kDisapproval : 0;
      case wire::FeedbackType::correction:
      case wire::FeedbackType::escalation:
        return 0;
    }
    return 0;
  }

  void remember(const std::string& response_id, Remembered answer) {
    responses_[response_id] = std::move(answer);
    response_order_.push_back(response_id);
    while (response_order_.size() > config_.remembered_responses_max) {
      responses_.erase(response_order_.front());
      response_order_.pop_front();
    }
  }

  Task<Result<ProfilePtr>> profile_of(UserKey user) {
    if (const auto known = cache_.find(user); known != cache_.end()) co_return known->second;
    using Text = std::optional<std::string>;
    degradation::Guard::Attempt<Text> attempt = [this, user](Time) {
      return ports_.store.load(user.first, user.second);
    };
    const Time deadline = Clock::now() + config_.budget;
    auto stored = co_await guard_.call<Text>(std::move(attempt), deadline);
    if (!stored) co_return stored.error();
    if (const auto known = cache_.find(user); known != cache_.end()) co_return known->second;
    auto profile = std::make_shared<Profile>();
    if (*stored) {
      auto decoded = wire::decode<Profile>(**stored);
      if (!decoded) co_return fail(Errc::corrupt, "A stored profile cannot be read.");
      *profile = std::move(decoded->message);
    }
    cache_[user] = profile;
    cache_order_.push_back(user);
    while (cache_order_.size() > config_.cached_profiles_max) {
      cache_.erase(cache_order_.front());
      cache_order_.pop_front();
    }
    co_return profile;
  }

  Task<Result<void>> save(UserKey user, ProfilePtr profile) {
    std::string json = wire::encode(*profile);
    co_return co_await ports_.store.save(user.first, user.second, std::move(json));
  }

  Task<void> teach(UserKey user, Subject subject, std::string choice, double votes) {
    auto profile = co_await profile_of(user);
    if (!profile) co_return;
    learn(**profile, subject, choice, votes, ports_.sources.wall.now());
    const Result<void> saved = co_await save(user, *profile);
    if (!saved) ports_.board.set(kName, degradation::Health::degraded, saved.error().detail);
  }

  Task<Result<edge::Reply>> show(edge::Call& call) {
    UserKey user(call.principal.tenant_id, call.principal.user_id);
    auto profile = co_await profile_of(std::move(user));
    if (!profile) co_return profile.error();
    ProfileView view{**profile, {}};
    for (const Subject subject : {Subject::chart, Subject::grain}) {
      auto sentence = explain(**profile, subject, ports_.sources.wall.now());
      if (!sentence.empty()) view.why.push_back(std::move(sentence));
    }
    co_return edge::reply(view);
  }

  Task<Result<edge::Reply>> change(edge::Call& call) {
    auto wanted = call.body<ProfileChange>();
    if (!wanted) co_return wanted.error();
    const UserKey user{call.principal.tenant_id, call.principal.user_id};
    auto profile = co_await profile_of(user);
    if (!profile) co_return profile.error();
    const auto take = [](std::optional<std::string>& to, const std::optional<std::string>& from) {
      if (from) to = from->empty() ? std::nullopt : from;
    };
    take((*profile)->set_chart_type, wanted->chart_type);
    take((*profile)->set_grain, wanted->grain);
    take((*profile)->set_response_style, wanted->response_style);
    take((*profile)->set_language_model, wanted->language_model);
    (*profile)->updated_at = ports_.sources.wall.now();
    const Result<void> saved = co_await save(user, *profile);
    if (!saved) co_return saved.error();
    co_return co_await show(call);
  }

  Task<Result<edge::Reply>> forget(edge::Call& call) {
    const UserKey user{call.principal.tenant_id, call.principal.user_id};
    const Result<void> gone = co_await ports_.store.forget(user.first, user.second);
    if (!gone) co_return gone.error();
    cache_.erase(user);
    std::erase(cache_order_, user);
    std::erase_if(responses_, [&](const auto& entry) { return entry.second.user == user; });
    Nothing nothing;
    co_return edge::reply(nothing);
  }

  PersonalizationConfig config_;
  Ports ports_;
  runtime::TaskGroup tasks_;
  degradation::Guard guard_;
  std::map<UserKey, ProfilePtr> cache_;
  std::deque<UserKey> cache_order_;
  std::map<std::string, Remembered> responses_;
  std::deque<std::string> response_order_;
};

void Service::add_routes(edge::Routes& routes) {
  const std::string path = "/api/v1/personalization/profile";
  edge::RouteSpec spec;
  spec.method = net::Method::get;
  spec.pattern = path;
  spec.right = security::Right::read;
  spec.action = "profile.read";
  spec.summary = "What was learnt of you, and why.";
  spec.resource_type = "profile";
  spec.response_schema = wire::inline_schema<ProfileView>();
  routes.add(spec, [this](edge::Call& call) { return show(call); });
  spec.method = net::Method::put;
  spec.right = security::Right::ask;
  spec.action = "profile.change";
  spec.summary = "Set preferences by hand; an empty string goes back to learning.";
  spec.request_schema = wire::inline_schema<ProfileChange>();
  routes.add(spec, [this](edge::Call& call) { return change(call); });
  spec.method = net::Method::delete_;
  spec.action = "profile.forget";
  spec.summary = "Forget everything that was learnt of you.";
  spec.request_schema.clear();
  spec.response_schema.clear();
  routes.add(spec, [this](edge::Call& call) { return forget(call); });
}

}  // namespace

std::unique_ptr<Personalization> make_personalization(PersonalizationConfig config, Ports ports) {
  ports.board.add(std::string(kName), "Answers keep their default chart and grain.",
                  config.enabled ? degradation::Health::up : degradation::Health::disabled);
  return std::make_unique<Service>(config, std::move(ports));
}

}  // namespace loquat::personalization

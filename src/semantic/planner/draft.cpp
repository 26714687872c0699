#include "semantic/planner/draft.hpp"

#include <algorithm>

namespace loquat::semantic::planner {
namespace {

/// Walks a path once; what was said just before decides what a name is said for.
class Drafter {
 public:
  Drafter(const Path& path, const std::vector<Token>& tokens) : tokens_(tokens) {
    draft_.score = path.score;
    draft_.path = path.edges;
  }

  Draft run() {
    for (const Token& token : tokens_) draft_.instead = draft_.instead || token.text == "instead";
    for (const Edge* edge : draft_.path) {
      note_use(*edge);
      if (replacing_ && edge->kind != EdgeKind::filler && edge->kind != EdgeKind::unknown &&
          edge->kind != EdgeKind::operation) {
        draft_.replaced.push_back(edge);
        replacing_ = false;
        continue;
      }
      switch (edge->kind) {
        case EdgeKind::metric:
          metric(*edge);
          break;
        case EdgeKind::dimension:
          dimension(*edge);
          break;
        case EdgeKind::value:
          // Routes without any cancelled flights: rows that are not there, no filter.
          if (none_ != nullptr && draft_.dangling == nullptr) draft_.dangling = none_;
          draft_.values.push_back({edge, excluding_});
          draft_.doubt += edge->doubt;
          settle(EdgeKind::value);
          break;
        case EdgeKind::time:
          counting_ = false;
          time(*edge);
          break;
        case EdgeKind::grain:
          if (excluding_ && !excluded_used_) draft_.dangling = edge;
          draft_.grains.push_back(edge);
          if (draft_.rank != nullptr) draft_.last_split_grain = edge;
          settle(EdgeKind::grain);
          break;
        case EdgeKind::date_part:
          draft_.excluded_parts = draft_.excluded_parts || (excluding_ && !excluded_used_);
          draft_.parts.push_back(edge);
          settle(EdgeKind::date_part);
          break;
        case EdgeKind::operation:
          operation(*edge);
          break;
        case EdgeKind::filler:
          if (tokens_[edge->begin].text == "and") joined_ = true;
          if (tokens_[edge->begin].text == "by" || tokens_[edge->begin].text == "per") open_ = edge;
          all_ = tokens_[edge->begin].text == "all";
          if (tokens_[edge->begin].text == "each" && edge->end == tokens_.size() &&
              draft_.rank != nullptr)
            draft_.dangling = edge;
          if (tokens_[edge->begin].text == "but") excluding_ = false;  // not X but Y
          break;
        case EdgeKind::unknown:
          draft_.unknown.push_back(edge->begin);
          break;
      }
    }
    if (draft_.dangling == nullptr) draft_.dangling = open_;
    // `top 3 each`, and no word of what.
    if (draft_.dangling == nullptr && each_ && draft_.rank != nullptr &&
        each_said_->begin > draft_.rank->begin)
      draft_.dangling = each_said_;
    return std::move(draft_);
  }

 private:
  /// A word that asks for a split or leaves something out has to find what it is about.
  void note_use(const Edge& edge) {
    if (edge.kind == EdgeKind::filler) return;
    if (edge.kind == EdgeKind::operation) {
      const bool opens = edge.op == Op::split || edge.op == Op::exclude || edge.op == Op::negate ||
                         edge.op == Op::in_place_of;
      const bool closes = edge.op == Op::query_part || edge.op == Op::threshold ||
                          edge.op == Op::in_total || edge.op == Op::share || edge.op == Op::only ||
                          edge.op == Op::running_total;
      if (opens)
        open_ = &edge;
      else if (closes)
        open_ = nullptr;
      return;
    }
    // `top 5 products by revenue` ranks by it; `orders by revenue` says nothing that holds.
    const bool by_metric = edge.kind == EdgeKind::metric && open_ != nullptr &&
                           open_->op == Op::split && draft_.rank == nullptr &&
                           draft_.sort == nullptr &&
                           (!draft_.metrics.empty() || draft_.dimensions.empty()) && !draft_.which;
    if (edge.kind == EdgeKind::metric && open_ != nullptr && open_->op == Op::split)
      draft_.by_metric = true;
    const bool by_time = edge.kind == EdgeKind::time && open_ != nullptr && open_->op == Op::split;
    if ((by_metric || by_time) && draft_.dangling == nullptr) draft_.dangling = open_;
    open_ = nullptr;
  }

  void settle(EdgeKind kind) {
    none_ = nullptr;
    last_ = kind;
    splitting_ = false;
    if (kind != EdgeKind::value && kind != EdgeKind::dimension) excluding_ = false;
    excluded_used_ = excluding_;
    joined_ = false;
    which_ = false;
    ranking_ = false;
    each_ = false;
    all_ = false;
  }

  /// `except July and August`: what is joined to a period left out is left out too.
  void time(const Edge& edge) {
    const bool comma = tokens_[edge.begin].before == ',';
    const bool goes_on =
        (joined_ || comma) && last_ == EdgeKind::time && !draft_.excluded_times.empty() &&
        (draft_.times.empty() || draft_.times.back()->begin < draft_.excluded_times.back()->begin);
    const bool excluded = (excluding_ && !excluded_used_) || goes_on;
    (excluded ? draft_.excluded_times : draft_.times).push_back(&edge);
    if (edge.weak) draft_.doubt += 0.1;
    settle(EdgeKind::time);
  }

  void metric(const Edge& edge) {
    counting_ = false;
    draft_.doubt += edge.doubt;
    if (excluding_ && !excluded_used_ && !draft_.remove) {
      draft_.excluded_metrics.push_back(&edge);
      settle(EdgeKind::metric);
      return;
    }
    // `top 3 episodes`: what is ranked is no figure.
    if (ranking_ && draft_.rank != nullptr && draft_.rank->number > 0 &&
        draft_.rank->end == edge.begin)
      draft_.score -= edge.missing > 0 ? 0.9 : 0.4;
    for (const Edge*& other : draft_.metrics)
      if (other->metric == edge.metric) {
        if (edge.missing < other->missing) other = &edge;
        settle(EdgeKind::metric);
        return;
      }
    const bool comma = edge.begin < tokens_.size() && tokens_[edge.begin].before == ',';
    if (!draft_.metrics.empty() && !joined_ && !comma && !draft_.compare)
      draft_.metrics_joined = false;
    draft_.metrics.push_back(&edge);
    settle(EdgeKind::metric);
  }

  void dimension(const Edge& edge) {
    const bool carried = joined_ && last_ == EdgeKind::dimension && !draft_.dimensions.empty() &&
                         draft_.dimensions.back().split;
    const bool comma = tokens_[edge.begin].before == ',' && last_ == EdgeKind::dimension &&
                       !draft_.dimensions.empty() && draft_.dimensions.back().split;
    DimensionSaid said{&edge,
                       splitting_ || which_ || ranking_ || each_ || carried || comma,
                       ranking_,
                       excluding_ != edge.negated,
                       per_,
                       all_,
                       draft_.metrics.empty(),
                       counting_ && !splitting_ && !which_ && !ranking_};
    if (ranking_ || which_) {
      const Token& last = tokens_[edge.end - 1];
      draft_.singular_rank = last.text == last.stem;
    }
    draft_.personal = draft_.personal || edge.personal;
    draft_.doubt += edge.doubt;
    draft_.dimensions.push_back(said);
    limit_before(edge);
    settle(EdgeKind::dimension);
    per_ = false;
  }

  /// `more than 5 credit points`: the number stands before what it is about.
  void limit_before(const Edge& edge) {
    if (draft_.thresholds.empty()) return;
    ThresholdSaid& last = draft_.thresholds.back();
    if (edge.begin == last.edge->end) last.dimension = &edge;
  }

  void operation(const Edge& edge) {
    switch (edge.op) {
      case Op::split:
        counting_ = false;
        if (excluded_used_) excluding_ = excluded_used_ = false;
        splitting_ = true;
        per_ = tokens_[edge.begin].text == "per" || tokens_[edge.begin].text == "for" ||
               tokens_[edge.begin].text == "in";
        break;
      case Op::each:
        each_said_ = &edge;
        draft_.each = true;
        each_ = true;
        per_ = true;
        break;
      case Op::conjoin:
        joined_ = true;
        break;
      case Op::rank:
        // The lowest of this and the most of that: two orders at once.
        if (draft_.rank != nullptr && draft_.rank->descending != edge.descending)
          draft_.dangling = &edge;
        if (draft_.rank == nullptr || draft_.rank->number == 0) draft_.rank = &edge;
        ranking_ = true;
        break;
      case Op::compare:
        draft_.compare = true;
        joined_ = true;
        break;
      case Op::threshold:
        threshold(edge);
        break;
      case Op::query_part:
        draft_.query_parts.push_back(edge.part);
        break;
      case Op::other_one:
        draft_.other_one = true;
        break;
      case Op::in_total:
        draft_.in_total = true;
        break;
      case Op::add:
        draft_.add = true;
        draft_.include = draft_.include || edge.part == "include";
        break;
      case Op::exclude:
      case Op::negate:
        // `routes that had no complaints` asks for what is not in the rows.
        // Unless it is a yes or no of theirs: the reader knows.
        if (tokens_[edge.begin].text == "no" && edge.begin > 0 &&
            (tokens_[edge.begin - 1].text == "had" || tokens_[edge.begin - 1].text == "has" ||
             tokens_[edge.begin - 1].text == "have" || tokens_[edge.begin - 1].text == "having"))
          draft_.dangling = &edge;
        if (edge.end < tokens_.size() && tokens_[edge.end].text == "any") none_ = &edge;
        excluded_used_ = false;
        excluding_ = true;
        draft_.excluded_something = true;
        break;
      case Op::which:
        which_ = tokens_[edge.begin].text == "which" || tokens_[edge.begin].text == "what";
        draft_.which = draft_.which || which_;
        break;
      case Op::sort:
        draft_.sort = &edge;
        splitting_ = false;
        break;
      case Op::how_many:
        draft_.how_many = true;
        count(edge);
        break;
      case Op::in_place_of:
        replacing_ = true;
        break;
      case Op::or_beyond:
        beyond(edge);
        break;
      default:
        flags(edge.op);
        break;
    }
  }

  /// `how many depots`, `number of depots`; also `depot count`.
  void count(const Edge& edge) {
    const bool after = last_ == EdgeKind::dimension && !draft_.dimensions.empty() &&
                       draft_.dimensions.back().edge->end == edge.begin &&
                       !draft_.dimensions.back().split && edge.end == edge.begin + 1;
    if (after)
      draft_.dimensions.back().counted = true;
    else
      counting_ = true;
  }

  void threshold(const Edge& edge) {
    const Edge* subject = nullptr;
    if (last_ == EdgeKind::dimension && !draft_.dimensions.empty()) {
      const DimensionSaid& said = draft_.dimensions.back();
      if (!said.split && edge.begin - said.edge->end <= 1) subject = said.edge;
    }
    draft_.thresholds.push_back({&edge, subject, edge.sign});
  }

  /// `3 nights or more`: the number that stands before its noun is where it begins.
  void beyond(const Edge& edge) {
    const bool counted = !draft_.thresholds.empty() && last_ == EdgeKind::dimension &&
                         draft_.thresholds.back().dimension == draft_.dimensions.back().edge &&
                         draft_.thresholds.back().edge->sign == "=" &&
                         draft_.dimensions.back().edge->end == edge.begin;
    if (counted)
      draft_.thresholds.back().sign = edge.sign;
    else if (draft_.dangling == nullptr)
      draft_.dangling = &edge;
  }

  void flags(Op op) {
    switch (op) {
      case Op::share:
        draft_.share = true;
        break;
      case Op::running_total:
        draft_.running_total = true;
        break;
      case Op::previous_period:
        draft_.previous_period = true;
        break;
      case Op::same_period_last_year:
        draft_.last_year = true;
        break;
      case Op::fill_gaps:
        draft_.fill_gaps = true;
        break;
      case Op::only:
        draft_.only = true;
        break;
      case Op::over_time:
        draft_.over_time = true;
        break;
      case Op::inventory:
        draft_.inventory = true;
        break;
      case Op::growth:
        draft_.growth = true;
        break;
      case Op::add:
        draft_.add = true;
        break;
      case Op::opener:
        draft_.opener = true;
        break;
      case Op::remove:
        draft_.remove = true;
        excluding_ = true;
        break;
      case Op::everything:
        draft_.everything = true;
        break;
      default:
        break;
    }
  }

  const std::vector<Token>& tokens_;
  Draft draft_;
  EdgeKind last_ = EdgeKind::filler;
  bool splitting_ = false, which_ = false, ranking_ = false, each_ = false, joined_ = false;
  bool replacing_ = false;  ///< after `instead of`: names what goes
  bool counting_ = false;   ///< since `how many`, until a metric or a split
  bool excluding_ = false, per_ = false, all_ = false, excluded_used_ = false;
  const Edge* open_ = nullptr;
  const Edge* each_said_ = nullptr;
  const Edge* none_ = nullptr;  ///< `without any`, until what is not there is named
};

}  // namespace

Draft draft_of(const Path& path, const std::vector<Token>& tokens) {
  return Drafter(path, tokens).run();
}

}  // namespace loquat::semantic::planner

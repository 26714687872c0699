#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/clock.hpp"
#include "loquat/base/enum_names.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/wire/answer.hpp"

/// What people taught: verified answers (a curator marked a question with its query) and memory
/// items (made of corrections, active only past a gate). Per tenant, versioned, reversible.
namespace loquat::contracts {

enum class LearntKind { verified, memory };
/// Only `active` items are ever used. Retired ones are kept: they can come back.
enum class LearntState { pending, active, retired };

/// What a query answers, as far as numbers and shape go: no text cells, so no personal data.
struct LearntEffect {
  std::string interpretation;
  std::optional<wire::QueryShape> query;
  std::vector<std::string> columns;
  std::int64_t row_count = 0;
  std::optional<double> value;  ///< the sum of the first metric's cells
  std::string error;            ///< why it did not run; empty if it ran
  template <class V>
  void fields(V& v) {
    v("interpretation", interpretation, "The query in words.", defaulted);
    v("query", query, "The metric query.");
    v("columns", columns, "Columns of the result.", defaulted);
    v("row_count", row_count, "Rows of the result.", defaulted);
    v("value", value, "Sum of the first metric over the rows.");
    v("error", error, "Why it did not run; empty if it ran.", defaulted);
  }
};
/// What one user said of an item, and by what: the item forgets it when that is taken back.
struct LearntStance {
  std::string event_id, user_id, response_id;
  std::string place;  ///< correction, thumbs or rating: of each a user has one for a response
  bool agrees = false;
  template <class V>
  void fields(V& v) {
    v("event_id", event_id, "The feedback event; empty: of before stances were kept.", defaulted);
    v("user_id", user_id, "Who.");
    v("response_id", response_id, "The answer that it was said of.", defaulted);
    v("place", place, "correction, thumbs or rating.", defaulted);
    v("agrees", agrees, "Says the same as the item, or otherwise.");
  }
};
struct LearntChange {
  std::int64_t version = 1;
  LearntState state = LearntState::pending;
  std::string by;  ///< a user, or `threshold`
  std::string why;
  WallTime at{};
  std::optional<wire::QueryShape> query_before;
  template <class V>
  void fields(V& v) {
    v("version", version, "Version that this change made.");
    v("state", state, "State from then on.");
    v("by", by, "Who: a user's id, or threshold.");
    v("why", why, "In words.");
    v("at", at, "When.");
    v("query_before", query_before, "The query until then, where this change put in another.");
  }
};
struct LearntItem {
  std::string id, tenant_id;
  LearntKind kind = LearntKind::memory;
  std::int64_t version = 1;
  LearntState state = LearntState::pending;
  std::string question, normal_form;
  std::optional<wire::QueryShape> query;  ///< absent: nothing modelled answers the correction
  bool is_period_fixed = false;  ///< the period is the query's own, not what the question says
  std::optional<wire::QueryShape> wrong_query;
  std::string source;  ///< by_hand, corrected_query, corrected_text, corrected_sql
  std::optional<std::string> corrected_sql, corrected_text;
  std::vector<std::string> source_event_ids;
  std::string author, note;
  std::vector<LearntStance> stances;  ///< oldest first; the users below follow from them
  std::vector<std::string> agreeing_users, contradicting_users;
  std::vector<std::string> problems;  ///< what speaks against it; empty: it may pass the threshold
  std::optional<LearntEffect> before, after;
  std::vector<LearntChange> history;
  WallTime created_at{}, updated_at{};
  std::int64_t used_count = 0;
  template <class V>
  void fields(V& v) {
    v("id", id, "ver- or mem- and a UUIDv7.");
    v("tenant_id", tenant_id, "Whose it is.");
    v("kind", kind, "verified or memory.");
    v("version", version, "Raised by each change.");
    v("state", state, "pending, active or retired; only active ones are used.");
    v("question", question, "The question it answers.");
    v("normal_form", normal_form, "The question's frame, with slots for values and the period.");
    v("query", query, "The metric query that answers it; absent: none could be found.");
    v("is_period_fixed", is_period_fixed, "True: the query's own period, always.", defaulted);
    v("wrong_query", wrong_query, "What was answered before.");
    v("source", source, "by_hand, corrected_query, corrected_text or corrected_sql.");
    v("corrected_sql", corrected_sql, "The SQL that the correction brought; it never answers.");
    v("corrected_text", corrected_text, "The correction in its author's words.");
    v("source_event_ids", source_event_ids, "Feedback events behind it.", defaulted);
    v("author", author, "Who taught it first.");
    v("note", note, "In the author's words.", defaulted);
    v("stances", stances, "What users said of it, oldest first.", defaulted);
    v("agreeing_users", agreeing_users, "Distinct users that said the same.", defaulted);
    v("contradicting_users", contradicting_users, "Distinct users that said otherwise.", defaulted);
    v("problems", problems, "What speaks against it; it then needs a person.", defaulted);
    v("before", before, "What was answered without it.");
    v("after", after, "What is answered with it.");
    v("history", history, "Every change of its state, oldest first.", defaulted);
    v("created_at", created_at, "When it was first taught.");
    v("updated_at", updated_at, "When it changed last.");
    v("used_count", used_count, "Answers that used it.", defaulted);
  }
};

}  // namespace loquat::contracts

namespace loquat {
LOQUAT_ENUM(contracts::LearntKind, 2,
            {{{contracts::LearntKind::verified, "verified"},
              {contracts::LearntKind::memory, "memory"}}});
LOQUAT_ENUM(contracts::LearntState, 3,
            {{{contracts::LearntState::pending, "pending"},
              {contracts::LearntState::active, "active"},
              {contracts::LearntState::retired, "retired"}}});
}  // namespace loquat

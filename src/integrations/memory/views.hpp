#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/contracts/learnt.hpp"

/// Bodies of the memory and verified routes.
namespace loquat::memory {

struct ItemView : contracts::LearntItem {
  std::optional<std::string> broken;
  template <class V>
  void fields(V& v) {
    contracts::LearntItem::fields(v);
    v("broken", broken, "Why the model in force cannot use it; it is not used.");
  }
};
struct ItemsView {
  std::vector<ItemView> items;
  std::int64_t broken_count = 0;
  std::optional<std::string> model_version;
  template <class V>
  void fields(V& v) {
    v("items", items, "Newest first.");
    v("broken_count", broken_count, "Items that the model in force cannot use.");
    v("model_version", model_version, "The model in force.");
  }
};
struct DecisionBody {
  std::optional<std::string> note;
  std::optional<wire::QueryShape> query;
  template <class V>
  void fields(V& v) {
    v("note", note, "Why; kept in the item's history.", len(0, 1'000));
    v("query", query, "activate: the query to use instead of, or for want of, the item's own.");
  }
};
struct VerifyBody {
  std::string question;
  std::optional<wire::QueryShape> query;
  std::optional<std::string> response_id, note;
  template <class V>
  void fields(V& v) {
    v("question", question, "The question as people ask it.", len(1, 4'096));
    v("query", query, "The metric query that answers it.");
    v("response_id", response_id, "Instead of query: an answer whose query is right.", len(1, 128));
    v("note", note, "Why it can be trusted.", len(0, 1'000));
  }
};
struct RemovedView {
  std::string id;
  template <class V>
  void fields(V& v) {
    v("id", id, "The item that is gone.");
  }
};

}  // namespace loquat::memory

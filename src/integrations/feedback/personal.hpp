#pragma once
#include "export.hpp"
#include "loquat/wire/events.hpp"

/// What leaves in events, without values of columns tagged as personal data. Pure.
namespace loquat::feedback {

/// Where an event names a tagged column, its texts may hold that column's values: answers in words
/// go whole, statements lose their literals, filters on tagged columns go, and what the user wrote
/// loses the literals. Elsewhere nothing changes. What was redacted teaches nothing that it should
/// not: a correction whose filter went is not repeated.
void strip_personal(wire::FeedbackEvent& event, const TaggedNames& tagged);
void strip_personal(wire::LearningSignal& signal, const TaggedNames& tagged);

}  // namespace loquat::feedback

#include "loquat/edge/routes.hpp"

namespace loquat::edge {

degradation::Work work_of(const RouteSpec& spec) noexcept {
  using degradation::Work;
  if (spec.work) return *spec.work;
  switch (spec.right) {
    case security::Right::open:
    case security::Right::read:
    case security::Right::respond:
      return Work::kept;
    case security::Right::ask:
      return Work::fresh;
    case security::Right::curate:
    case security::Right::operate:
      return Work::side;
  }
  return Work::side;
}

}  // namespace loquat::edge

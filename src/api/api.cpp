#include "loquat/api/api.hpp"

#include "groups.hpp"

namespace loquat::api {

void add_routes(const Ports& ports) {
  add_chat_routes(ports);
  add_stream_routes(ports);
  if (ports.semantic != nullptr) add_semantic_routes(ports);
  add_record_routes(ports);
  add_key_routes(ports);
  add_service_routes(ports);
}

}  // namespace loquat::api

#pragma once
#include "loquat/api/api.hpp"

/// The room's routes, by subject. Each group keeps a copy of the ports in its handlers.
namespace loquat::api {

/// `limit` of Call::paging by its defaults.
inline constexpr std::string_view kPageLimit = R"({"type":"integer","minimum":1,"maximum":500})";

using edge::Call;
using edge::Reply;
using edge::Task;

void add_chat_routes(const Ports& ports);
void add_stream_routes(const Ports& ports);
void add_semantic_routes(const Ports& ports);
void add_record_routes(const Ports& ports);
void add_service_routes(const Ports& ports);
void add_key_routes(const Ports& ports);

}  // namespace loquat::api

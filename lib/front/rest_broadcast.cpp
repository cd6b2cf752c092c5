// SPDX-License-Identifier: MIT
// The simplest way to a user whose server is not known: ask every server (the reference architecture's session
// broadcast).
#include <memory>

#include "base/text.hpp"
#include "front/answers.hpp"
#include "front/rest.hpp"

namespace wscluster::front {
namespace {

constexpr Duration broadcast_patience{5'000};
constexpr std::size_t max_text_bytes = 200;

/// What the servers said, until the last one has.
struct Round {
  struct Said {
    std::string id;
    unsigned status = 0;  ///< 0: nothing
    std::string problem;
  };
  std::vector<Said> servers;
  std::size_t open = 0;
};

std::string report(const std::string& service, const Round& round) {
  std::string body = R"({"schema":"wscluster/broadcast/v1","service":)";
  append_json_string(body, service);
  body += R"(,"instances":[)";
  for (const Round::Said& said : round.servers) {
    body += &said == &round.servers.front() ? R"({"id":)" : R"(,{"id":)";
    append_json_string(body, said.id);
    body += R"(,"status":)" + (said.status == 0 ? std::string("null") : std::to_string(said.status));
    if (!said.problem.empty()) {
      body += R"(,"error":)";
      append_json_string(body, said.problem);
    }
    body += '}';
  }
  return body + "]}";
}

}  // namespace

/// The body goes to ?path= of every server that is up, as it is; each answers for itself.
Result<> Rest::broadcast(const Call& call) {
  const auto service = percent_decode(call.names.front());
  const upstream::UpstreamState* state = service ? registrar_.upstream(*service) : nullptr;
  if (state == nullptr) return error(Errc::not_found, "no upstream service of this name here");
  const std::string path(call.request.parameter("path").value_or("/"));
  if (!path.starts_with('/') || path.find_first_of(" #\r\n") != std::string::npos)
    return error(Errc::invalid, "path must begin with '/' and hold no blank");
  const auto round = std::make_shared<Round>();
  for (const auto& [id, instance] : state->instances) {
    if (instance.is_up()) round->servers.push_back({id, 0, {}});
  }
  if (round->servers.empty()) return error(Errc::unavailable, "no server of this service is up");
  round->open = round->servers.size();
  for (std::size_t i = 0; i < round->servers.size(); ++i) {
    const upstream::Instance* instance = state->find(round->servers[i].id);
    net::HttpCall out;
    out.url = (instance->is_secure ? "https://" : "http://") + instance->address.to_string() + path;
    out.method = "POST";
    out.headers = {{"Content-Type", std::string(call.request.header("Content-Type").value_or("application/json"))}};
    out.body = call.request.body;
    out.deadline = broadcast_patience;
    broadcasts_.call(std::move(out),
                     [this, round, i, id = call.connection, name = *service](const Result<net::HttpAnswer>& answer) {
                       if (answer) {
                         round->servers[i].status = answer->status;
                       } else {
                         round->servers[i].problem = answer.error().message.substr(0, max_text_bytes);
                       }
                       if (--round->open == 0) edge_.respond(id, private_json(report(name, *round)));
                     });
  }
  return {};
}

}  // namespace wscluster::front

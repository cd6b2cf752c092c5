// SPDX-License-Identifier: MIT
#include "admin/server.hpp"

#include <algorithm>

#include "metrics/exposition.hpp"
#include "net/core.hpp"

namespace wscluster::admin {
namespace {

const Endpoint& loopback_only(const Endpoint& address) {
  if (address.is_loopback()) return address;
  throw Failure(
      ExitCode::config,
      "admin_listen " + address.to_string() + " is not loopback, and the admin listener knows no authentication",
      "use 127.0.0.1:PORT");
}

edge::Response text(unsigned status, std::string body) {
  edge::Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

}  // namespace

Server::Server(net::Core& core, const Endpoint& address, Sources sources)
    : sources_(std::move(sources)),
      edge_(core, options_, *this),
      listener_(core, loopback_only(address), [this](net::Accepted accepted) {
        edge_.adopt(accepted.descriptor, std::move(accepted.peer), accepted.is_loopback, false);
      }) {}

Server::~Server() = default;

edge::Response Server::readiness(const edge::Request& request) const {
  std::string verbose;
  bool is_ready = true;
  for (const Check& check : sources_.checks()) {
    const bool is_excluded = std::any_of(request.query.begin(), request.query.end(), [&](const auto& parameter) {
      return parameter.first == "exclude" && parameter.second == check.name;
    });
    is_ready = is_ready && (check.is_good || is_excluded);
    verbose += (check.is_good ? "[+]" : "[-]") + check.name + (check.is_good ? " ok" : " failed: " + check.why) +
               (is_excluded ? " (excluded)\n" : "\n");
  }
  if (request.parameter("verbose")) return text(is_ready ? 200 : 503, verbose + (is_ready ? "ready\n" : "not ready\n"));
  return text(is_ready ? 200 : 503, is_ready ? "ok\n" : verbose);
}

void Server::on_request(edge::ConnectionId id, edge::Request request) {
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  const bool is_known = request.path == "/livez" || request.path == "/readyz" || request.path == "/metrics";
  if (!is_known) {
    edge_.respond(id, text(404, "here are /livez, /readyz and /metrics\n"));
  } else if (!is_read) {
    edge::Response response = text(405, "use GET\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    edge_.respond(id, response);
  } else if (request.path == "/livez") {
    edge_.respond(id, text(200, "ok\n"));
  } else if (request.path == "/readyz") {
    edge_.respond(id, readiness(request));
  } else {
    sources_.metrics([this, id](std::string body) {
      edge::Response response;
      response.content_type = metrics::content_type;
      response.body = std::move(body);
      edge_.respond(id, response);
    });
  }
}

void Server::on_upgrade(edge::ConnectionId id, edge::Request) {
  edge_.respond(id, text(404, "no WebSocket here\n"));
}

}  // namespace wscluster::admin

// SPDX-License-Identifier: MIT
#include "admin/server.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "metrics/exposition.hpp"
#include "net/core.hpp"

namespace wscluster::admin {
namespace {

constexpr std::size_t max_reason_bytes = 200;

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
  std::vector<Check> checks = sources_.checks();
  checks.push_back({"manual", !failed_because_, failed_because_.value_or("")});
  for (const Check& check : checks) {
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

/// The reason is one line of /readyz, whatever was sent.
edge::Response Server::fail(const edge::Request& request) {
  if (request.method == "DELETE") {
    if (failed_because_) log::info("admin", "no longer failed by hand", {{"why", *failed_because_}});
    failed_because_.reset();
    return text(200, "ok\n");
  }
  std::string why = request.body.substr(0, max_reason_bytes);
  std::replace_if(
      why.begin(), why.end(), [](unsigned char c) { return c < ' ' || c >= 0x7F; }, ' ');
  why = std::string(trim(why));
  if (why.empty()) why = "by hand";
  log::warning("admin", "failed by hand: /readyz says 503 until DELETE /fail", {{"why", why}});
  failed_because_ = std::move(why);
  return text(200, "not ready: " + *failed_because_ + "\n");
}

void Server::on_request(edge::ConnectionId id, edge::Request request) {
  const bool is_order = request.path == "/fail";
  const bool is_known = is_order || request.path == "/livez" || request.path == "/readyz" || request.path == "/metrics";
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  const bool is_change = request.method == "PUT" || request.method == "DELETE";
  if (!is_known) {
    edge_.respond(id, text(404, "here are /livez, /readyz, /metrics and /fail\n"));
  } else if (is_order ? !is_change : !is_read) {
    const std::string allowed = is_order ? "PUT, DELETE" : "GET, HEAD";
    edge::Response response = text(405, "use " + allowed + "\n");
    response.headers.emplace_back("Allow", allowed);
    edge_.respond(id, response);
  } else if (is_order) {
    edge_.respond(id, fail(request));
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

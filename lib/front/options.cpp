// SPDX-License-Identifier: MIT
#include "front/options.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/names.hpp"
#include "base/units.hpp"
#include "front/origins.hpp"
#include "front/provenance.hpp"
#include "upstream/configured.hpp"

namespace wscluster::front {
namespace {

using Sentences = std::vector<std::string>;

constexpr std::uint64_t least_memory = 16U << 20U;

void check_paths(const ServiceDoor& door, std::map<std::string, std::string>& owner_of_path, Sentences& found) {
  const std::string key = "services." + door.service.name + ".paths";
  if (door.paths.empty()) found.push_back(key + " is empty; give a path such as /" + door.service.name);
  for (const auto& path : door.paths) {
    if (!path.starts_with('/') || path.find_first_of("?# ") != std::string::npos) {
      found.push_back(key + ": '" + path + "' is not a path; it begins with '/' and holds no '?', '#' or space");
    } else if (is_reserved_path(path)) {
      found.push_back(key + ": '" + path + "' is kept for REST calls; take another one");
    }
    const auto [at, is_new] = owner_of_path.emplace(path, door.service.name);
    if (is_new) continue;
    found.push_back(
        key + ": '" + path + "' " +
        (at->second == door.service.name ? "is written twice" : "belongs to the service '" + at->second + "' already"));
  }
}

void check_door(const ServiceDoor& door, const Options& options, Sentences& found) {
  const std::string name = "services." + door.service.name;
  for (auto& sentence : cluster::problems(door.service))
    found.push_back(std::move(sentence));
  for (const auto& sentence : webhook::problems(door.webhook, door.service.send_timeout))
    found.push_back(name + "." + sentence);
  if (door.auth == AuthMode::jwt && door.key_files.empty()) {
    found.push_back(name +
                    ": auth jwt needs an access key: add 'key_files: [FILE]' (or, for trials on loopback only, "
                    "'auth: insecure')");
  }
  if (door.auth == AuthMode::insecure) {
    for (const auto& [endpoint, key] :
         {std::pair{&options.listen, "listen"}, std::pair{&options.advertise, "advertise"}}) {
      if (endpoint->host.empty() || endpoint->is_loopback()) continue;
      found.push_back(name + ".auth is insecure, so " + key + " must be a loopback address, not " +
                      endpoint->to_string() + "; use auth: jwt to serve others");
    }
  }
  if (door.service.window_bytes > options.link.max_unsent_bytes) {
    found.push_back(name + ".window_bytes (" + format_size(door.service.window_bytes) +
                    ") must not exceed link.max_unsent (" + format_size(options.link.max_unsent_bytes) + ")");
  }
  if (door.service.outbox_bytes < options.edge.max_message_bytes) {
    found.push_back(name + ".outbox_bytes (" + format_size(door.service.outbox_bytes) +
                    ") must hold one message: at least limits.max_message_bytes (" +
                    format_size(options.edge.max_message_bytes) + ")");
  }
}

/// A browser sends cookies along whatever page opens the WebSocket.
void check_session_door(const ServiceDoor& door, const Options& options, Sentences& found) {
  if (door.auth != AuthMode::session) return;
  const std::string name = "services." + door.service.name;
  if (!options.http_session.is_on())
    found.push_back(name +
                    ".auth is session, so http_session.kind must say who writes the sessions: spring or generic");
  if (door.origins.empty() || door.missing_origin != MissingOrigin::refuse) {
    found.push_back(name +
                    ".auth is session, so pages of other sites could connect in the name of their visitors: set " +
                    name + ".origins to your pages and " + name + ".missing_origin to refuse");
  }
}

void check_members(const Options& options, Sentences& found) {
  if (const auto good = check_member_name(options.name); !good) found.push_back("node.name: " + good.error().message);
  if (const auto good = check_member_name(options.cluster); !good) {
    found.push_back("cluster.name: " + good.error().message);
  }
  if (options.cluster_key_file.empty() && !options.link.plain) {
    found.push_back(
        "cluster.key_file is missing: links need the cluster key (make one with 'openssl rand -base64 32'), or, "
        "where every address is loopback, link.plain: true");
  }
  if (options.cluster_key_file.empty() && !options.previous_cluster_key_file.empty()) {
    found.push_back("cluster.previous_key_file needs cluster.key_file beside it");
  }
  // A link frame names its core in one byte.
  if (options.cores > max_cores)
    found.push_back("cores is " + std::to_string(options.cores) + "; at most " + std::to_string(max_cores));
}

void check_tls(const Options& options, Sentences& found) {
  const bool has_certificate = !certificates_of(options).empty();
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    found.push_back(options.tls_key_file.empty() ? "tls.cert_file needs tls.key_file beside it"
                                                 : "tls.key_file needs tls.cert_file beside it");
  }
  if (options.tls.strict_sni && !has_certificate)
    found.push_back("tls.strict_sni needs a certificate: set tls.cert_file and tls.key_file, or tls.certificates");
  const bool asks = options.tls.client_auth != net::ClientAuth::off;
  if (asks && !has_certificate)
    found.push_back("tls.client_auth needs a certificate of ours: set tls.cert_file and tls.key_file");
  if (asks && options.tls.client_ca_file.empty())
    found.push_back("tls.client_auth needs tls.client_ca_file: the authorities whose certificates clients may have");
  if (!asks && !options.tls.client_ca_file.empty())
    found.push_back("tls.client_ca_file does nothing while tls.client_auth is off: set it to optional or required");
  if (!asks && !options.tls.client_crl_file.empty())
    found.push_back("tls.client_crl_file does nothing while tls.client_auth is off: set it to optional or required");
}

void check_origins(const ServiceDoor& door, Sentences& found) {
  const std::string name = "services." + door.service.name;
  for (const std::string& origin : door.origins) {
    if (const auto good = OriginList::check(origin); !good) found.push_back(name + ".origins: " + good.error().message);
  }
  if (door.origins.empty() && door.missing_origin == MissingOrigin::refuse)
    found.push_back(name + ".missing_origin refuses nobody without " + name + ".origins: list who may connect");
}

void check_upstreams(const Options& options, Sentences& found) {
  for (const UpstreamService& service : options.upstreams) {
    const std::string name = "upstreams." + service.name;
    if (std::any_of(options.services.begin(), options.services.end(),
                    [&](const ServiceDoor& door) { return door.service.name == service.name; })) {
      found.push_back(name + ": services." + service.name + " is one of nodes; a name stands for one of the two");
    }
    std::set<std::string> ids;
    for (const std::string& text : service.instances) {
      const auto instance = upstream::parse_configured(service.name, text);
      if (!instance) {
        found.push_back(name + ".instances: " + instance.error().message);
      } else if (!ids.insert(instance->id).second) {
        found.push_back(name + ".instances: '" + instance->id + "' stands there twice; give each a NAME=");
      }
    }
  }
  const EurekaOptions& eureka = options.eureka;
  if (!eureka.is_enabled && !(eureka.user.empty() && eureka.password_file.empty()))
    found.emplace_back("eureka.password_file and eureka.user do nothing without eureka.enabled: set it to true");
  if (!eureka.user.empty() && eureka.password_file.empty())
    found.emplace_back("eureka.user needs eureka.password_file beside it");
}

void check_listeners(const Options& options, Sentences& found) {
  if (options.listen.port != 0 && options.listen == options.admin_listen) {
    found.push_back("listen and admin_listen are the same address " + options.listen.to_string());
  }
  if (!options.admin_listen.is_loopback()) {
    found.push_back("admin_listen must be a loopback address, not " + options.admin_listen.to_string() +
                    ": it answers without authentication");
  }
  if (options.advertise.host.empty() && (options.listen.host == "0.0.0.0" || options.listen.host == "::")) {
    found.push_back("listen is " + options.listen.to_string() +
                    ", which no client can connect to: set advertise to the address that clients use");
  }
  if (options.memory && *options.memory != 0 && *options.memory < least_memory) {
    found.push_back("limits.memory (" + format_size(*options.memory) + ") must be at least " +
                    format_size(least_memory) + ", which a process needs without any client; or 0: no ceiling");
  }
  if (options.drain_rate <= 0) found.push_back("drain.rate must be more than 0/s");
  if (options.drain_grace.count() < 0) found.push_back("drain.grace must not be negative");
  if (options.drain_timeout.count() < 0) found.push_back("drain.timeout must not be negative");
}

}  // namespace

bool is_reserved_path(std::string_view path) noexcept {
  return path.starts_with("/api/") || path == "/api" || path == "/negotiate" || path.starts_with("/eureka/") ||
         path == "/eureka";
}

std::vector<net::CertificateFiles> certificates_of(const Options& options) {
  std::vector<net::CertificateFiles> all;
  if (!options.tls_cert_file.empty()) all.push_back({options.tls_cert_file, options.tls_key_file});
  all.insert(all.end(), options.tls_certificates.begin(), options.tls_certificates.end());
  return all;
}

std::vector<std::string> problems(const Options& options) {
  Sentences found;
  check_members(options, found);
  check_listeners(options, found);
  check_tls(options, found);
  for (auto& sentence : edge::problems(options.edge))
    found.push_back(std::move(sentence));
  for (auto& sentence : link::problems(options.link))
    found.push_back(std::move(sentence));
  for (auto& sentence : websession::problems(options.http_session))
    found.push_back(std::move(sentence));
  // A frame on a link is a message, of a client or of a REST call, and its head.
  const auto [bytes, key] = std::max(std::pair{options.edge.max_body_bytes, "limits.max_body_bytes"},
                                     std::pair{options.edge.max_message_bytes, "limits.max_message_bytes"},
                                     [](const auto& x, const auto& y) { return x.first <= y.first; });
  if (options.link.max_frame_bytes < bytes + 4096) {
    found.push_back("link.max_frame (" + format_size(options.link.max_frame_bytes) +
                    ") must be at least 4KiB more than " + key + " (" + format_size(bytes) + ")");
  }
  check_upstreams(options, found);
  for (const RouteOptions& route : options.routes) {
    for (std::string& sentence : problems(route, options.http_session.is_on()))
      found.push_back(std::move(sentence));
  }
  for (std::string& sentence : problems(options.locator, options.http_session.is_on()))
    found.push_back(std::move(sentence));
  for (const UpstreamService& service : options.upstreams) {
    for (const std::string& sentence : proxy::problems(service.proxy))
      found.push_back("upstreams." + service.name + "." + sentence);
  }
  for (const std::string& network : options.trusted_proxies) {
    if (const auto good = TrustedProxies::check(network); !good)
      found.push_back("trusted_proxies: " + good.error().message);
  }
  const bool has_routes = !options.routes.empty() || options.locator.is_enabled;
  if (options.services.empty() && options.upstreams.empty() && !options.eureka.is_enabled && !has_routes)
    found.push_back("no services configured: add 'services: {chat: {}}' and give it keys");
  std::map<std::string, std::string> owner_of_path;
  for (const auto& door : options.services) {
    check_door(door, options, found);
    check_paths(door, owner_of_path, found);
    check_origins(door, found);
    check_session_door(door, options, found);
  }
  return found;
}

}  // namespace wscluster::front

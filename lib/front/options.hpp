// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "cluster/options.hpp"
#include "edge/options.hpp"
#include "front/missing_origin.hpp"
#include "front/route_options.hpp"
#include "link/options.hpp"
#include "net/tls_options.hpp"
#include "proxy/options.hpp"
#include "webhook/options.hpp"
#include "websession/options.hpp"

namespace wscluster::front {

/// How clients of a service prove who they are.
enum class AuthMode : std::uint8_t {
  jwt,       ///< HS256 token of one of the access keys; `sub` is the uid
  insecure,  ///< ?uid= without proof; only on loopback
  session,   ///< who has logged in over HTTP, by the session of an application server
};

/// One service as clients and applications meet it: its paths and its keys.
struct ServiceDoor {
  cluster::ServiceOptions service;
  std::vector<std::string> paths;  ///< WebSocket paths, exact; default "/<name>"
  AuthMode auth = AuthMode::jwt;
  std::vector<std::string> key_files;  ///< access keys, newest first; each accepts clients' and applications' tokens
  webhook::Options webhook;            ///< the application that hears of its clients
  std::vector<std::string> origins;    ///< web pages that may connect: see OriginList; empty: all
  MissingOrigin missing_origin = MissingOrigin::allow;
};

/// Application servers that are no nodes: a service whose ring is of instances. They are named here, or register.
struct UpstreamService {
  std::string name;
  std::vector<std::string> instances;  ///< see upstream::parse_configured
  std::vector<std::string> key_files;  ///< access keys; each accepts tokens of those who register instances
  proxy::Options proxy{};
};

/// The calls of Eureka's clients, for application servers that register by themselves (gateways).
struct EurekaOptions {
  bool is_enabled = false;
  std::string user;           ///< of Basic auth; empty: any
  std::string password_file;  ///< empty: only this host may call
};

/// A link frame names its core in one byte.
inline constexpr unsigned max_cores = 250;

/// What gateway and node have in common: who they are, where they listen, what they serve.
struct Options {
  std::string name;  ///< of this member; default: the host's name
  std::string cluster = "default";
  std::string cluster_key_file;           ///< links and operators' tokens; required unless links are plain
  std::string previous_cluster_key_file;  ///< accepted as well, while keys are rotated
  Endpoint listen{"127.0.0.1", 8080};     ///< clients: WebSocket and REST
  Endpoint advertise;                     ///< what /negotiate tells clients; default: the listening address
  Endpoint admin_listen{"127.0.0.1", 0};  ///< /livez /readyz /metrics
  std::string tls_cert_file;              ///< empty: plain
  std::string tls_key_file;
  std::vector<net::CertificateFiles> tls_certificates;  ///< more, chosen by the name that a client asks for
  net::TlsOptions tls;
  unsigned cores = 0;                           ///< threads; 0: one per CPU
  std::string static_dir;                       ///< a folder that is served at /; empty: none
  std::uint64_t max_unsent_files = 64U << 20U;  ///< bytes of them that clients have not read yet
  std::string port_file;        ///< written when ready: lines "clients HOST:PORT", "links HOST:PORT", "admin HOST:PORT"
  Duration drain_grace{2'000};  ///< gateways: after SIGTERM not ready, but still serving everybody
  Duration drain_timeout{60'000};
  double drain_rate = 500;  ///< closes per second
  edge::Options edge;
  std::optional<std::uint64_t> memory;  ///< ceiling of the resident bytes; 0: none; empty: what the cgroup allows
  link::Options link;
  websession::Options http_session;
  std::vector<ServiceDoor> services;
  std::vector<UpstreamService> upstreams;       ///< gateways
  std::vector<RouteOptions> routes;             ///< gateways
  LocatorOptions locator;                       ///< gateways
  std::string user_header = "X-Wscluster-Uid";  ///< tells application servers whose a request is
  std::vector<std::string> trusted_proxies;     ///< see TrustedProxies
  EurekaOptions eureka;                         ///< gateways
};

/// Paths that gateway and node answer themselves.
[[nodiscard]] bool is_reserved_path(std::string_view path) noexcept;

/// Of the client listener, the default one first; empty: plain.
[[nodiscard]] std::vector<net::CertificateFiles> certificates_of(const Options& options);

/// Contradictions between fields, each a sentence; empty when usable. Does not open files.
[[nodiscard]] std::vector<std::string> problems(const Options& options);

}  // namespace wscluster::front

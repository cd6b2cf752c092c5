// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <iterator>

#include "config/application_server_settings.hpp"
#include "config/config.hpp"

namespace wscluster::config {
namespace {

using enum Roles;
using enum Type;

using Table = std::vector<Setting>;

void add_cluster(Table& t) {
  t.push_back(bind(
      Setting{.key = "cluster.name",
              .type = text,
              .text = "Name of the cluster: prefix of every key in Redis, so that one Redis can hold several",
              .flag = "cluster",
              .flag_value = "NAME",
              .env = "WSCLUSTER_CLUSTER"},
      [](auto& c) -> auto& { return c.node.front.cluster; }));
  t.push_back(bind(
      Setting{.key = "cluster.key_file",
              .type = file,
              .text = "File with the cluster key, which protects links and operators' tokens",
              .roles = servers,
              .flag = "cluster-key",
              .reloadable = true,
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.node.front.cluster_key_file; }));
  t.push_back(bind(
      Setting{.key = "cluster.previous_key_file",
              .type = file,
              .text = "File with a second cluster key that is accepted while keys are rotated: see wscluster(1)",
              .roles = servers,
              .reloadable = true,
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.node.front.previous_cluster_key_file; }));
}

void add_redis(Table& t) {
  t.push_back(bind(
      Setting{
          .key = "redis.url",
          .type = text,
          .text = "Redis: redis://HOST:PORT/DB, rediss:// (TLS), redis+sentinel://HOST:PORT,…/MASTER or unix:///PATH",
          .flag = "redis",
          .flag_value = "URL"},
      [](auto& c) -> auto& { return c.redis.url; }));
  t.push_back(bind(
      Setting{.key = "redis.username", .type = text, .text = "ACL user of Redis"},
      [](auto& c) -> auto& { return c.redis.username; }));
  t.push_back(bind(
      Setting{.key = "redis.password_file",
              .type = file,
              .text = "File with the password for Redis",
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.redis_password_file; }));
  t.push_back(bind(
      Setting{.key = "redis.sentinel_username", .type = text, .text = "ACL user of the sentinels"},
      [](auto& c) -> auto& { return c.redis.sentinel_username; }));
  t.push_back(bind(
      Setting{.key = "redis.sentinel_password_file",
              .type = file,
              .text = "File with the password for the sentinels",
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.redis_sentinel_password_file; }));
  t.push_back(bind(
      Setting{.key = "redis.min_replicas",
              .type = count,
              .text = "An epoch that fewer replicas acknowledge is written, with a warning and an alarm",
              .default_note = "1 with Sentinel, else 0"},
      [](auto& c) -> auto& { return c.redis.min_replicas; }));
  t.push_back(bind(
      Setting{.key = "redis.ca_file",
              .type = file,
              .text = "Certificate authorities (PEM) for TLS to Redis",
              .default_note = "the system's"},
      [](auto& c) -> auto& { return c.redis.ca_file; }));
  t.push_back(bind(
      Setting{.key = "redis.cert_file", .type = file, .text = "Our certificate (PEM) where Redis asks for one"},
      [](auto& c) -> auto& { return c.redis.cert_file; }));
  t.push_back(bind(
      Setting{.key = "redis.key_file",
              .type = file,
              .text = "Private key (PEM) of that certificate",
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.redis.key_file; }));
  t.push_back(bind(
      Setting{.key = "redis.insecure", .type = boolean, .text = "Do not check the certificate of Redis"},
      [](auto& c) -> auto& { return c.redis.insecure; }));
  t.push_back(bind(
      Setting{.key = "redis.heartbeat",
              .type = duration,
              .text = "How often a member renews its lease and looks for new epochs",
              .roles = servers},
      [](auto& c) -> auto& { return c.redis.heartbeat; }));
  t.push_back(bind(
      Setting{.key = "redis.lease", .type = duration, .text = "A member silent for so long is down", .roles = servers},
      [](auto& c) -> auto& { return c.redis.lease; }));
  t.push_back(bind(
      Setting{.key = "redis.timeout", .type = duration, .text = "Deadline of one command to Redis"},
      [](auto& c) -> auto& { return c.redis.timeout; }));
  t.push_back(bind(
      Setting{.key = "redis.wait",
              .type = duration,
              .text = "How long a server waits for Redis at its start",
              .roles = servers,
              .flag = "redis-wait"},
      [](auto& c) -> auto& { return c.redis.wait_at_start; }));
}

void add_members(Table& t) {
  t.push_back(bind(
      Setting{.key = "node.name",
              .type = text,
              .text = "Name of this node in the ring; its points come from it",
              .roles = node,
              .flag = "name",
              .flag_value = "NAME",
              .default_note = "the host's name"},
      [](auto& c) -> auto& { return c.node.front.name; }));
  t.push_back(bind(
      Setting{.key = "node.weight",
              .type = number,
              .text = "Share of the ring relative to the others when it joins by itself",
              .roles = node,
              .flag = "weight"},
      [](auto& c) -> auto& { return c.node.weight; }));
  t.push_back(bind(
      Setting{.key = "node.join",
              .type = boolean,
              .text = "Enter the ring by itself; with --standby wait for 'ring add'",
              .roles = node,
              .flag = "join",
              .negative_flag = "standby"},
      [](auto& c) -> auto& { return c.node.join; }));
  t.push_back(bind(
      Setting{.key = "node.max_sessions",
              .type = count,
              .text = "Sessions this node holds at most; beyond it new ones are refused",
              .roles = node,
              .flag = "max-sessions"},
      [](auto& c) -> auto& { return c.node.max_sessions; }));
  t.push_back(bind(
      Setting{.key = "node.link_listen",
              .type = endpoint,
              .text = "Where gateways and other nodes connect; port 0: the system chooses",
              .roles = node,
              .flag = "link-listen"},
      [](auto& c) -> auto& { return c.node.link_listen; }));
  t.push_back(bind(
      Setting{.key = "node.link_advertise",
              .type = endpoint,
              .text = "Link address written into the registration",
              .roles = node,
              .flag = "link-advertise",
              .default_note = "the listening address"},
      [](auto& c) -> auto& { return c.node.link_advertise; }));
  t.push_back(bind(
      Setting{.key = "gateway.name",
              .type = text,
              .text = "Name of this gateway",
              .roles = gateway,
              .flag = "name",
              .flag_value = "NAME",
              .default_note = "the host's name"},
      [](auto& c) -> auto& { return c.gateway.front.name; }));
}

void add_listeners(Table& t) {
  t.push_back(bind(
      Setting{.key = "listen",
              .type = endpoint,
              .text = "Clients: WebSocket and REST; port 0: the system chooses",
              .roles = servers,
              .flag = "listen"},
      [](auto& c) -> auto& { return c.node.front.listen; }));
  t.push_back(bind(
      Setting{.key = "advertise",
              .type = endpoint,
              .text = "Client address told by /negotiate",
              .roles = servers,
              .flag = "advertise",
              .default_note = "the listening address"},
      [](auto& c) -> auto& { return c.node.front.advertise; }));
  t.push_back(bind(
      Setting{.key = "admin_listen",
              .type = endpoint,
              .text = "Health and metrics: /livez /readyz /metrics; PUT and DELETE /fail",
              .roles = servers,
              .flag = "admin-listen"},
      [](auto& c) -> auto& { return c.node.front.admin_listen; }));
  t.push_back(bind(
      Setting{.key = "cores", .type = count, .text = "Threads; 0: one per CPU", .roles = servers, .flag = "cores"},
      [](auto& c) -> auto& { return c.node.front.cores; }));
  t.push_back(bind(
      Setting{.key = "port_file",
              .type = path,
              .text = "Written when ready: lines 'clients HOST:PORT', 'links HOST:PORT', 'admin HOST:PORT'",
              .roles = servers,
              .flag = "port-file"},
      [](auto& c) -> auto& { return c.node.front.port_file; }));
  t.push_back(bind(
      Setting{.key = "static_dir",
              .type = path,
              .text = "Folder whose files are served at / (GET, HEAD); read at the start and at SIGHUP, kept in memory",
              .roles = servers,
              .flag = "static-dir",
              .default_note = "none",
              .reloadable = true},
      [](auto& c) -> auto& { return c.node.front.static_dir; }));
  t.push_back(bind(
      Setting{.key = "tls.cert_file",
              .type = file,
              .text = "Certificate chain (PEM) of the client listener; without one the listener is plain",
              .roles = servers,
              .flag = "tls-cert",
              .reloadable = true},
      [](auto& c) -> auto& { return c.node.front.tls_cert_file; }));
  t.push_back(bind(
      Setting{.key = "tls.key_file",
              .type = file,
              .text = "Private key (PEM) of the certificate",
              .roles = servers,
              .flag = "tls-key",
              .reloadable = true,
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.node.front.tls_key_file; }));
  t.push_back(bind(
      Setting{.key = "tls.certificates",
              .type = certificates,
              .text = "More certificates, chosen by the name a client asks for: exact, then wildcard, else the first",
              .roles = servers,
              .default_note = "none",
              .reloadable = true,
              .is_secret_file = true},
      [](auto& c) -> auto& { return c.node.front.tls_certificates; }));
}

void add_tls(Table& t) {
  const auto tls = [&t](Setting setting, auto access) {
    setting.roles = servers;
    setting.reloadable = true;
    t.push_back(bind(std::move(setting), access));
  };
  tls(
      {.key = "tls.strict_sni",
       .type = boolean,
       .text = "Refuse clients that ask for no name, or for one without a certificate"},
      [](auto& c) -> auto& { return c.node.front.tls.strict_sni; });
  tls(
      {.key = "tls.min_version",
       .type = choice,
       .text = "Oldest TLS that clients may speak",
       .choices = {"1.2", "1.3"}},
      [](auto& c) -> auto& { return c.node.front.tls.min_version; });
  tls(
      {.key = "tls.client_auth",
       .type = choice,
       .text = "Certificates of clients: off does not ask; optional takes good ones; required lets nobody in without",
       .choices = {"off", "optional", "required"}},
      [](auto& c) -> auto& { return c.node.front.tls.client_auth; });
  tls(
      {.key = "tls.client_ca_file", .type = file, .text = "Authorities (PEM) whose certificates clients may have"},
      [](auto& c) -> auto& { return c.node.front.tls.client_ca_file; });
  tls(
      {.key = "tls.client_crl_file",
       .type = file,
       .text = "Revoked certificates of clients: one list (PEM) of each authority of the chain"},
      [](auto& c) -> auto& { return c.node.front.tls.client_crl_file; });
}

void add_limits(Table& t) {
  const auto limit = [&t](const char* name, Type type, const char* text, auto access, const char* flag = "") {
    t.push_back(
        bind(Setting{.key = std::string("limits.") + name, .type = type, .text = text, .roles = servers, .flag = flag},
             access));
  };
  limit(
      "max_connections", count,
      "Client sockets; fewer where descriptors or memory do not suffice; beyond it silent or new ones are closed",
      [](auto& c) -> auto& { return c.node.front.edge.max_connections; }, "max-connections");
  t.push_back(bind(
      Setting{
          .key = "limits.memory",
          .type = size_or_auto,
          .text =
              "Ceiling of resident memory: near it less is taken in, then idle clients go; auto: the cgroup's; 0: none",
          .roles = servers,
          .reloadable = true},
      [](auto& c) -> auto& { return c.node.front.memory; }));
  limit(
      "max_handshakes", count, "TLS handshakes at work per core; the others wait in the backlog",
      [](auto& c) -> auto& { return c.node.front.edge.max_handshakes; });
  limit(
      "max_open_handshakes", count, "With those that wait for their client, who is ended when he makes others wait",
      [](auto& c) -> auto& { return c.node.front.edge.max_open_handshakes; });
  limit(
      "max_head_bytes", size, "Request line and headers",
      [](auto& c) -> auto& { return c.node.front.edge.max_head_bytes; });
  limit(
      "max_body_bytes", size, "Body of an ordinary request",
      [](auto& c) -> auto& { return c.node.front.edge.max_body_bytes; });
  limit(
      "max_message_bytes", size, "One WebSocket message",
      [](auto& c) -> auto& { return c.node.front.edge.max_message_bytes; });
  limit(
      "max_unsent_files", size, "Static files that clients have asked for and not read yet; beyond it others get 503",
      [](auto& c) -> auto& { return c.node.front.max_unsent_files; });
  limit(
      "handshake_timeout", duration,
      "For the first byte of a TLS client, then for the handshake itself; waiting for its turn does not count",
      [](auto& c) -> auto& { return c.node.front.edge.handshake_timeout; });
  limit(
      "head_timeout", duration, "From the first byte to the end of the HTTP head",
      [](auto& c) -> auto& { return c.node.front.edge.head_timeout; });
  limit(
      "body_timeout", duration, "The whole body of an ordinary request",
      [](auto& c) -> auto& { return c.node.front.edge.body_timeout; });
  limit(
      "keep_alive_timeout", duration, "An idle HTTP connection between requests",
      [](auto& c) -> auto& { return c.node.front.edge.keep_alive_timeout; });
  limit(
      "ping_interval", duration, "Server ping on a silent WebSocket; 0: none",
      [](auto& c) -> auto& { return c.node.front.edge.ping_interval; });
  limit(
      "idle_timeout", duration, "No frame and no pong for so long: the client is dead; 0: never",
      [](auto& c) -> auto& { return c.node.front.edge.idle_timeout; });
  limit(
      "close_timeout", duration, "Waiting for the client's Close and, without TLS, for its end of stream",
      [](auto& c) -> auto& { return c.node.front.edge.close_timeout; });
  limit(
      "close_notify_flush_timeout", duration, "For the close_notify that ends TLS to leave",
      [](auto& c) -> auto& { return c.node.front.edge.close_notify_flush_timeout; });
  limit(
      "close_notify_read_timeout", duration, "Then waiting for the client's close_notify",
      [](auto& c) -> auto& { return c.node.front.edge.close_notify_read_timeout; });
  limit(
      "write_timeout", duration, "Output waiting without progress for so long: slow consumer",
      [](auto& c) -> auto& { return c.node.front.edge.write_timeout; });
  limit(
      "user_timeout", duration, "TCP_USER_TIMEOUT of client sockets",
      [](auto& c) -> auto& { return c.node.front.edge.user_timeout; });
}

void add_links(Table& t) {
  const auto link = [&t](const char* name, Type type, const char* text, auto access) {
    t.push_back(
        bind(Setting{.key = std::string("link.") + name, .type = type, .text = text, .roles = servers}, access));
  };
  link(
      "heartbeat", duration, "Sent on a link when nothing else was",
      [](auto& c) -> auto& { return c.node.front.link.heartbeat; });
  link(
      "dead_after", duration, "Nothing heard for so long: the link is broken",
      [](auto& c) -> auto& { return c.node.front.link.dead_after; });
  link(
      "connect_timeout", duration, "TCP, TLS and hello together",
      [](auto& c) -> auto& { return c.node.front.link.connect_timeout; });
  link(
      "max_frame", size, "One frame on a link; larger than any client message",
      [](auto& c) -> auto& { return c.node.front.link.max_frame_bytes; });
  link(
      "max_unsent", size, "A peer that reads so little is cut off",
      [](auto& c) -> auto& { return c.node.front.link.max_unsent_bytes; });
  link(
      "plain", boolean, "Links without TLS and without a cluster key; only where every address is loopback",
      [](auto& c) -> auto& { return c.node.front.link.plain; });
}

void add_operation(Table& t) {
  t.push_back(bind(
      Setting{
          .key = "drain.grace",
          .type = duration,
          .text = "After SIGTERM: time with /readyz off in which a gateway still serves, for load balancers to see it",
          .roles = gateway,
          .flag = "drain-grace",
          .reloadable = true},
      [](auto& c) -> auto& { return c.node.front.drain_grace; }));
  t.push_back(bind(
      Setting{.key = "drain.timeout",
              .type = duration,
              .text = "After SIGTERM: how long sessions may take to leave before the rest is closed",
              .roles = servers,
              .flag = "drain-timeout",
              .reloadable = true},
      [](auto& c) -> auto& { return c.node.front.drain_timeout; }));
  t.push_back(bind(
      Setting{.key = "drain.rate",
              .type = rate,
              .text = "After SIGTERM: sessions closed per second",
              .roles = servers,
              .flag = "drain-rate",
              .reloadable = true},
      [](auto& c) -> auto& { return c.node.front.drain_rate; }));
  t.push_back(bind(
      Setting{.key = "log.level",
              .type = choice,
              .text = "Least important lines that are written",
              .roles = servers,
              .choices = {"debug", "info", "warning", "error"},
              .flag = "log-level",
              .reloadable = true},
      [](auto& c) -> auto& { return c.log.level; }));
  t.push_back(bind(
      Setting{.key = "log.format",
              .type = choice,
              .text = "auto: text on a terminal, JSON lines otherwise",
              .roles = servers,
              .choices = {"auto", "text", "json"},
              .flag = "log-format"},
      [](auto& c) -> auto& { return c.log.format; }));
  t.push_back(bind(
      Setting{
          .key = "log.access",
          .type = choice,
          .text = "Lines about clients: websockets, each when it ends, with a letter for the cause; all, requests too",
          .roles = servers,
          .choices = {"off", "websockets", "all"}},
      [](auto& c) -> auto& { return c.node.front.edge.access; }));
  t.push_back(bind(
      Setting{.key = "client.url",
              .type = text,
              .text = "Gateway or node whose REST API client commands use: https://HOST:PORT",
              .roles = client,
              .flag = "url",
              .flag_value = "URL"},
      [](auto& c) -> auto& { return c.client.url; }));
  t.push_back(bind(
      Setting{.key = "client.ca_file",
              .type = file,
              .text = "Certificate authorities (PEM) that client commands trust",
              .roles = client,
              .flag = "tls-ca",
              .default_note = "the system's"},
      [](auto& c) -> auto& { return c.client.ca_file; }));
  t.push_back(bind(
      Setting{.key = "client.insecure",
              .type = boolean,
              .text = "Do not check the server's certificate",
              .roles = client,
              .flag = "insecure"},
      [](auto& c) -> auto& { return c.client.insecure; }));
}

template <class Record>
std::string default_of(const BasicSetting<Record>& setting) {
  static const Record untouched{};
  return setting.default_note.empty() ? setting.get(untouched, setting) : setting.default_note;
}

}  // namespace

std::string env_name_for(std::string_view key) {
  std::string name = "WSCLUSTER_";
  std::transform(key.begin(), key.end(), std::back_inserter(name),
                 [](unsigned char c) { return c == '.' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

const std::vector<Setting>& settings() {
  static const Table table = [] {
    Table t;
    add_cluster(t);
    add_redis(t);
    add_members(t);
    add_listeners(t);
    add_tls(t);
    add_limits(t);
    add_links(t);
    add_application_servers(t);
    add_operation(t);
    return t;
  }();
  return table;
}

const Setting* find_setting(std::string_view key) {
  const auto& all = settings();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.key == key; });
  return at == all.end() ? nullptr : &*at;
}

std::string env_name(const Setting& setting) {
  return setting.env.empty() ? env_name_for(setting.key) : setting.env;
}

std::string default_text(const Setting& setting) {
  return default_of(setting);
}
std::string default_text(const ServiceSetting& setting) {
  return default_of(setting);
}
std::string default_text(const UpstreamSetting& setting) {
  return default_of(setting);
}

std::string default_text(const RouteSetting& setting) {
  return default_of(setting);
}

}  // namespace wscluster::config

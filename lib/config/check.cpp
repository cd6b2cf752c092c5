// SPDX-License-Identifier: MIT
#include "config/check.hpp"

#include <sys/resource.h>

#include <set>

#include "base/names.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "front/connection_limit.hpp"
#include "front/memory_ceiling.hpp"
#include "front/process.hpp"
#include "front/static_files.hpp"
#include "net/tls.hpp"

namespace wscluster::config {
namespace {

/// A problem at the place where the key was set.
Problem problem_at(const Loaded& loaded, const std::string& key, std::string text) {
  Problem problem{Severity::error, "", 0, 0, key, std::move(text)};
  const auto at = loaded.origins.find(key);
  if (at == loaded.origins.end()) {
    problem.file = loaded.file;
    return problem;
  }
  problem.file = at->second.kind == Origin::Kind::environment ? "env" : at->second.name;
  if (at->second.kind == Origin::Kind::environment) problem.path = at->second.name;
  if (at->second.kind == Origin::Kind::flag) problem.path.clear();
  problem.line = at->second.line;
  problem.column = at->second.column;
  return problem;
}

void check_readable(Loaded& loaded, const std::string& key, const std::string& path, bool is_secret) {
  if (path.empty()) return;
  const auto content = is_secret ? read_secret(path) : read_file(path, 4U << 20U);
  if (!content) loaded.problems.push_back(problem_at(loaded, key, content.error().message));
}

void check_files(Loaded& loaded, Roles roles) {
  for (const auto& setting : settings()) {
    if (setting.type != Type::file || !any_of(setting.roles, roles)) continue;
    check_readable(loaded, setting.key, setting.get(loaded.config, setting), setting.is_secret_file);
  }
  if (!any_of(roles, Roles::servers)) return;
  for (const auto& door : loaded.config.node.front.services) {
    for (const auto& file : door.key_files) {
      check_readable(loaded, "services." + door.service.name + ".key_files", file, true);
    }
    check_readable(loaded, "services." + door.service.name + ".webhook_ca_file", door.webhook.ca_file, false);
  }
  for (const auto& service : loaded.config.node.front.upstreams) {
    for (const auto& file : service.key_files) {
      check_readable(loaded, "upstreams." + service.name + ".key_files", file, true);
    }
  }
}

/// A file may be named as one of several: where its key was set.
std::string tls_key_of(const Loaded& loaded, const std::string& message) {
  const auto& tls = loaded.config.node.front.tls;
  if (!tls.client_crl_file.empty() && message.starts_with(tls.client_crl_file)) return "tls.client_crl_file";
  if (!tls.client_ca_file.empty() && message.starts_with(tls.client_ca_file)) return "tls.client_ca_file";
  return loaded.config.node.front.tls_cert_file.empty() ? "tls.certificates" : "tls.cert_file";
}

void check_certificates(Loaded& loaded) {
  const auto& front = loaded.config.node.front;
  if (front.tls_cert_file.empty() != front.tls_key_file.empty()) return;  // a contradiction
  if (loaded.origins.contains("tls.certificates") && front.tls_certificates.empty()) {
    loaded.problems.push_back(problem_at(
        loaded, "tls.certificates", "the list is empty: give {cert_file: FILE, key_file: FILE} or remove the key"));
  }
  std::vector<net::Certificate> good;
  const auto all = front::certificates_of(front);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool is_single = i == 0 && !front.tls_cert_file.empty();
    if (is_single && (!read_file(all[i].certificate) || !read_secret(all[i].key))) continue;  // reported already
    const std::string key = is_single ? "tls.cert_file" : "tls.certificates";
    auto certificate = net::Certificate::from_files(all[i]);
    if (!certificate) {
      loaded.problems.push_back(problem_at(loaded, key, certificate.error().message));
      continue;
    }
    if (const auto sentence = net::expiry_warning(*certificate, WallClock::now())) {
      loaded.problems.push_back(problem_at(loaded, key, *sentence));
      loaded.problems.back().severity = Severity::warning;
    }
    good.push_back(std::move(*certificate));
  }
  const bool is_readable = loaded.usable() && !good.empty() && front::problems(front).empty();
  if (!is_readable) return;
  if (const auto server = net::TlsServer::make(good, front.tls); !server) {
    const std::string& message = server.error().message;
    loaded.problems.push_back(problem_at(loaded, tls_key_of(loaded, message), message));
  }
}

void check_static_files(Loaded& loaded) {
  const std::string& folder = loaded.config.node.front.static_dir;
  if (folder.empty()) return;
  const auto files = front::StaticFiles::read(folder);
  if (!files) loaded.problems.push_back(problem_at(loaded, "static_dir", files.error().message));
}

/// A number that somebody chose and will not get. (The default is lowered without a word.)
void check_max_connections(Loaded& loaded, Roles roles) {
  if (!loaded.origins.contains("limits.max_connections")) return;
  const front::Options& options = loaded.config.node.front;
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  const std::uint64_t memory = front::memory_ceiling(options.memory);
  const auto limit = front::connection_limit(options.edge.max_connections,
                                             {.descriptors = descriptors.rlim_max,  // servers raise theirs
                                              .cores = front::cores_of(options),
                                              .relays = any_of(roles, Roles::gateway) && front::relays_clients(options),
                                              .memory_ceiling = memory});
  if (limit.most == options.edge.max_connections) return;
  const bool is_memory = std::string_view(limit.because) == "limits.memory";
  loaded.problems.push_back(problem_at(
      loaded, "limits.max_connections",
      std::to_string(options.edge.max_connections) + " clients cannot be reached here: " +
          (is_memory ? format_size(memory) + " of memory hold "
                     : std::to_string(descriptors.rlim_max) + " descriptors are enough for ") +
          std::to_string(limit.most) + "; " +
          (is_memory ? "raise limits.memory" : "raise the hard limit of open files (ulimit -Hn, LimitNOFILE=)")));
  loaded.problems.back().severity = Severity::warning;
}

/// Whether the word stands alone in the sentence; where.
std::size_t find_word(const std::string& sentence, const std::string& word) {
  const auto at = sentence.find(word);
  if (at == std::string::npos) return at;
  const auto end = at + word.size();
  const bool begins = at == 0 || sentence[at - 1] == ' ' || sentence[at - 1] == '(';
  const bool ends = end == sentence.size() || std::string(" .,;:()'").find(sentence[end]) != std::string::npos;
  return begins && ends ? at : std::string::npos;
}

/// Sentences of the modules name keys or, within their `section`, fields; the first one that was set tells the place.
Problem contradiction(const Loaded& loaded, const std::string& section, const std::string& sentence) {
  Problem problem{Severity::error, loaded.file, 0, 0, "", sentence};
  std::size_t first = std::string::npos;
  for (const auto& [key, origin] : loaded.origins) {
    auto at = find_word(sentence, key);
    if (at == std::string::npos && key.starts_with(section + ".")) {
      at = find_word(sentence, key.substr(section.size() + 1));
    }
    if (at >= first) continue;
    first = at;
    problem = problem_at(loaded, key, sentence);
    problem.path.clear();
  }
  if (sentence.find(section) == std::string::npos) problem.path = section;
  return problem;
}

std::vector<std::string> node_problems(const node::Options& options) {
  std::vector<std::string> found;
  if (!(options.weight > 0) || options.weight > 1000) {
    found.emplace_back("node.weight must be above 0 and at most 1000; 'ring remove' empties a node");
  }
  // Where nothing at all is configured, that is said already.
  if (options.front.services.empty() && (!options.front.upstreams.empty() || options.front.eureka.is_enabled))
    found.emplace_back("a node needs a service: add 'services: {chat: {}}' and give it keys");
  if (options.max_sessions == 0) found.emplace_back("node.max_sessions must be at least 1");
  for (const auto& [endpoint, key] : {std::pair{&options.link_listen, "node.link_listen"},
                                      std::pair{&options.link_advertise, "node.link_advertise"}}) {
    if (!options.front.link.plain || endpoint->host.empty() || endpoint->is_loopback()) continue;
    found.push_back(std::string(key) + " must be a loopback address while link.plain is set, not " +
                    endpoint->to_string() + "; set cluster.key_file and remove link.plain");
  }
  const auto& listen = options.link_listen;
  if (options.link_advertise.host.empty() && (listen.host == "0.0.0.0" || listen.host == "::")) {
    found.push_back("node.link_listen is " + listen.to_string() +
                    ", which nobody can connect to: set node.link_advertise to this host's address");
  }
  return found;
}

void check_contradictions(Loaded& loaded, Roles roles) {
  const auto& config = loaded.config;
  std::set<std::string> seen;
  const auto report = [&](const std::string& section, const std::vector<std::string>& sentences) {
    for (const auto& sentence : sentences) {
      if (seen.insert(sentence).second) loaded.problems.push_back(contradiction(loaded, section, sentence));
    }
  };
  report("redis", registry::problems(config.redis));
  if (any_of(roles, Roles::servers)) {
    auto sentences = front::problems(config.node.front);
    // Those of the edge name its fields, which are the keys of `limits`.
    const auto of_edge = edge::problems(config.node.front.edge);
    report("limits", of_edge);
    report("", sentences);
    for (const auto& door : config.node.front.services) {
      if (door.service.raw != cluster::RawMode::event || door.webhook.is_on()) continue;
      Problem problem = problem_at(loaded, "services." + door.service.name + ".raw",
                                   "nobody is told of events: set webhook_url, or hold the sessions in programs that "
                                   "embed the application");
      problem.severity = Severity::warning;
      loaded.problems.push_back(std::move(problem));
    }
  }
  if (any_of(roles, Roles::gateway)) {
    if (const auto good = check_member_name(config.gateway.front.name); !good) {
      report("", {"gateway.name: " + good.error().message});
    }
  }
  if (any_of(roles, Roles::node)) report("", node_problems(config.node));
}

void read_redis_passwords(Loaded& loaded) {
  auto& config = loaded.config;
  for (const auto& [file, password] :
       {std::pair{&config.redis_password_file, &config.redis.password},
        std::pair{&config.redis_sentinel_password_file, &config.redis.sentinel_password}}) {
    if (file->empty()) continue;
    // A file that cannot be read is reported by check_files.
    if (const auto secret = read_secret(*file)) *password = *secret;
  }
  if (config.http_session_password_file.empty()) return;
  if (const auto secret = read_secret(config.http_session_password_file)) {
    for (front::Options* front : {&config.node.front, &config.gateway.front})
      front->http_session.redis_password = *secret;
  }
}

}  // namespace

void check_config(Loaded& loaded, Roles roles) {
  check_files(loaded, roles);
  if (any_of(roles, Roles::servers)) {
    check_certificates(loaded);
    check_static_files(loaded);
    check_max_connections(loaded, roles);
  }
  read_redis_passwords(loaded);
  // Fields that could not be read have their defaults: contradictions with those would mislead.
  if (loaded.usable()) check_contradictions(loaded, roles);
}

}  // namespace wscluster::config

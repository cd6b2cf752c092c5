// SPDX-License-Identifier: MIT
#include "front/client_tls.hpp"

#include <vector>

#include "auth/ticket_key.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace wscluster::front {
namespace {

net::TicketKeys::Derive tickets_of(auth::Secret secret) {
  return [secret = std::move(secret)](std::uint64_t period) {
    const auth::TicketKey key = auth::derive_ticket_key(secret, period);
    return net::TicketKey{key.name, key.cipher_key, key.mac_key};
  };
}

auth::Secret cluster_secret(const std::string& file, const char* setting) {
  const auto text = read_secret(file);
  if (!text) throw Failure(ExitCode::config, std::string(setting) + ": " + text.error().message);
  return auth::Secret(*text);
}

std::vector<net::TicketKeys::Derive> ticket_secrets(const Options& options) {
  constexpr std::size_t random_bytes = 32;
  if (options.cluster_key_file.empty()) return {tickets_of(auth::Secret(random_token(random_bytes)))};
  std::vector<net::TicketKeys::Derive> found{tickets_of(cluster_secret(options.cluster_key_file, "cluster.key_file"))};
  if (!options.previous_cluster_key_file.empty())
    found.push_back(tickets_of(cluster_secret(options.previous_cluster_key_file, "cluster.previous_key_file")));
  return found;
}

}  // namespace

std::shared_ptr<net::TicketKeys> make_ticket_keys(const Options& options) {
  return std::make_shared<net::TicketKeys>(ticket_secrets(options));
}

void renew_ticket_keys(net::TicketKeys& keys, const Options& options) {
  if (!options.cluster_key_file.empty()) keys.use_secrets(ticket_secrets(options));
}

std::unique_ptr<net::TlsServer> make_client_tls(const Options& options, std::shared_ptr<net::TicketKeys> tickets) {
  if (options.tls_cert_file.empty()) return nullptr;
  auto tls = net::TlsServer::from_files(options.tls_cert_file, options.tls_key_file);
  if (!tls) throw Failure(ExitCode::config, tls.error().message);
  tls->use_ticket_keys(std::move(tickets));
  return std::make_unique<net::TlsServer>(std::move(*tls));
}

}  // namespace wscluster::front

// SPDX-License-Identifier: MIT
#include "front/client_tls.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "auth/ticket_key.hpp"
#include "base/log.hpp"
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

ClientTls::ClientTls(const Options& options, std::shared_ptr<net::TicketKeys> tickets)
    : options_(options), tickets_(std::move(tickets)) {
  auto made = read();
  if (!made) throw Failure(ExitCode::config, made.error().message);
  presented_ = std::move(*made);
  warn_of_expiry();
}

Result<ClientTls::Presented> ClientTls::read() const {
  Presented made;
  for (const net::CertificateFiles& pair : certificates_of(options_)) {
    auto certificate = net::Certificate::from_files(pair);
    if (!certificate) return certificate.error();
    made.certificates.push_back(std::move(*certificate));
  }
  if (made.certificates.empty())
    return error(Errc::invalid, "no certificate is configured any more; TLS is switched off by a restart only");
  auto server = net::TlsServer::make(made.certificates, options_.tls);
  if (!server) return server.error();
  server->use_ticket_keys(tickets_);
  made.server = std::make_shared<const net::TlsServer>(std::move(*server));
  return made;
}

bool ClientTls::presents(const net::Certificate& certificate) const {
  return std::any_of(presented_.certificates.begin(), presented_.certificates.end(),
                     [&](const net::Certificate& other) { return other.fingerprint() == certificate.fingerprint(); });
}

bool ClientTls::reload() {
  auto made = read();
  for (std::size_t i = 0; made && i < made->certificates.size(); ++i) {
    const net::Certificate& certificate = made->certificates[i];
    if (certificate.expires() > WallClock::now() || presents(certificate)) continue;
    made = error(Errc::invalid, *net::expiry_warning(certificate, WallClock::now()));
  }
  if (!made) {
    ++failures_;
    log::error("process", "the TLS certificates were not taken over; those before stay",
               {{"err", made.error().message}});
    return false;
  }
  ++reloads_;
  presented_ = std::move(*made);
  log::info("process", "the TLS certificates were read again; new connections get them",
            {{"certificates", presented_.certificates.size()}});
  warn_of_expiry();
  return true;
}

void ClientTls::warn_of_expiry() const {
  for (const net::Certificate& certificate : presented_.certificates) {
    if (const auto sentence = net::expiry_warning(certificate, WallClock::now()))
      log::warning("process", "a TLS certificate ends", {{"err", *sentence}});
  }
}

std::vector<std::string> ClientTls::files() const {
  std::vector<std::string> found;
  for (const net::CertificateFiles& pair : certificates_of(options_))
    found.insert(found.end(), {pair.certificate, pair.key});
  for (const std::string& file : {options_.tls.client_ca_file, options_.tls.client_crl_file}) {
    if (!file.empty()) found.push_back(file);
  }
  return found;
}

void ClientTls::add_metrics(std::vector<metrics::Family>& families) const {
  using metrics::Family;
  Family reloads = Family::counter("wscluster_tls_reloads_total", "TLS certificates read again and taken over.");
  reloads.add(static_cast<double>(reloads_));
  Family failures = Family::counter("wscluster_tls_reload_failures_total",
                                    "TLS certificates read again and not taken over; those before stayed.");
  failures.add(static_cast<double>(failures_));
  Family ends = Family::gauge("wscluster_tls_certificate_expiry_timestamp_seconds",
                              "When the certificate that is presented for a name ends, in Unix time.");
  std::set<std::pair<std::string, std::string_view>> seen;
  for (const net::Certificate& certificate : presented_.certificates) {
    const auto end = std::chrono::duration_cast<std::chrono::seconds>(certificate.expires().time_since_epoch());
    for (const std::string& name : certificate.names()) {
      if (!seen.emplace(name, certificate.key_type()).second) continue;
      ends.add(static_cast<double>(end.count()), {{"sni", name}, {"key", std::string(certificate.key_type())}});
    }
  }
  for (Family* family : {&reloads, &failures, &ends})
    families.push_back(std::move(*family));
}

}  // namespace wscluster::front

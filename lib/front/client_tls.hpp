// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "front/options.hpp"
#include "metrics/exposition.hpp"
#include "net/certificate.hpp"
#include "net/ticket_keys.hpp"
#include "net/tls.hpp"

namespace wscluster::front {

/// Seals session tickets with keys derived from the cluster key, so that clients of a gateway that has gone resume at
/// any other one; without a cluster key, with random ones. Throws Failure that names the file.
[[nodiscard]] std::shared_ptr<net::TicketKeys> make_ticket_keys(const Options& options);
/// After the cluster key's files have changed. Throws Failure that names the file.
void renew_ticket_keys(net::TicketKeys& keys, const Options& options);

/// What the client listener presents: read from files, replaced as a whole or not at all. On one core; what it presents
/// may be used by all.
class ClientTls {
 public:
  /// The options name a certificate. Throws Failure that names the file.
  ClientTls(const Options& options, std::shared_ptr<net::TicketKeys> tickets);

  /// Reads the files that the options name now. On any problem, also a certificate that has expired and is not in use
  /// already, all stays as it was: false, an error in the log, and counted.
  [[nodiscard]] bool reload();

  [[nodiscard]] std::shared_ptr<const net::TlsServer> server() const noexcept { return presented_.server; }
  /// All files that decide what is presented.
  [[nodiscard]] std::vector<std::string> files() const;
  void add_metrics(std::vector<metrics::Family>& families) const;

 private:
  struct Presented {
    std::vector<net::Certificate> certificates;
    std::shared_ptr<const net::TlsServer> server;
  };
  [[nodiscard]] Result<Presented> read() const;
  [[nodiscard]] bool presents(const net::Certificate& certificate) const;
  void warn_of_expiry() const;

  const Options& options_;
  std::shared_ptr<net::TicketKeys> tickets_;
  Presented presented_;
  std::uint64_t reloads_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace wscluster::front

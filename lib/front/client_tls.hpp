// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "front/options.hpp"
#include "net/ticket_keys.hpp"
#include "net/tls.hpp"

namespace wscluster::front {

/// Seals session tickets with keys derived from the cluster key, so that clients of a gateway that has gone resume at
/// any other one; without a cluster key, with random ones. Throws Failure that names the file.
[[nodiscard]] std::shared_ptr<net::TicketKeys> make_ticket_keys(const Options& options);
/// After the cluster key's files have changed. Throws Failure that names the file.
void renew_ticket_keys(net::TicketKeys& keys, const Options& options);

/// What the client listener presents; null when it is plain. Throws Failure that names the file.
[[nodiscard]] std::unique_ptr<net::TlsServer> make_client_tls(const Options& options,
                                                              std::shared_ptr<net::TicketKeys> tickets);

}  // namespace wscluster::front

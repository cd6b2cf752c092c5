// SPDX-License-Identifier: MIT
// The certificates of the client listener: read at the start, and again when a file changes and at SIGHUP.
#include "base/log.hpp"
#include "front/process.hpp"
#include "front/unit.hpp"

namespace wscluster::front {

/// Before the cores start.
void Process::make_client_tls() {
  if (certificates_of(options_).empty()) return;
  client_tls_ = std::make_unique<ClientTls>(options_, ticket_keys_);
  for (const auto& unit : units_)
    unit->desk->edge().use_tls(client_tls_->server());
  tls_watch_ = std::make_unique<net::FileWatch>(core(0), [this] { reload_client_tls(); });
  tls_watch_->watch(client_tls_->files());
}

/// Core 0. Sockets that are open keep what they have.
void Process::reload_client_tls() {
  if (!client_tls_) {
    if (!certificates_of(options_).empty())
      log::warning("process", "a certificate is configured now; TLS is switched on by a restart only", {});
    return;
  }
  // Before they are read: what changes meanwhile is a change again.
  tls_watch_->watch(client_tls_->files());
  if (!client_tls_->reload()) return;
  for (const auto& unit : units_) {
    unit->core.post([desk = unit->desk.get(), server = client_tls_->server()] { desk->edge().use_tls(server); });
  }
}

}  // namespace wscluster::front

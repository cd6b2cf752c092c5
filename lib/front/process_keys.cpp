// SPDX-License-Identifier: MIT
// What is read at the start and again at SIGHUP: keys, certificates (also when a file changes) and static files.
// Nothing that is open is dropped for a new one.
#include <algorithm>

#include "auth/link_key.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "front/process.hpp"
#include "front/unit.hpp"

namespace wscluster::front {
namespace {

net::PskKey psk_of(const std::string& key_file, const char* setting) {
  auto text = read_secret(key_file);
  if (!text) throw Failure(ExitCode::config, std::string(setting) + ": " + text.error().message);
  auto key = auth::derive_link_key(auth::Secret(*text));
  return {key.identity, key.psk};
}

/// The one to dial with first.
std::vector<net::PskKey> link_keys(const Options& options) {
  std::vector<net::PskKey> keys{psk_of(options.cluster_key_file, "cluster.key_file")};
  if (!options.previous_cluster_key_file.empty())
    keys.push_back(psk_of(options.previous_cluster_key_file, "cluster.previous_key_file"));
  return keys;
}

bool are_same(const std::vector<net::PskKey>& a, const std::vector<net::PskKey>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const net::PskKey& x, const net::PskKey& y) { return x.key == y.key; });
}

}  // namespace

std::unique_ptr<Process::LinkTls> Process::make_link_tls() const {
  auto made = std::make_unique<LinkTls>();
  made->keys = link_keys(options_);
  made->server = std::make_unique<net::TlsServer>(net::TlsServer::psk(made->keys));
  for (std::size_t i = 0; i < hubs_.size(); ++i)
    made->clients.push_back(std::make_unique<net::TlsClient>(net::TlsClient::psk(made->keys.front())));
  return made;
}

void Process::make_links() {
  hubs_[0]->set_peer_listener(*this);
  if (options_.link.plain) return;
  link_tls_.push_back(make_link_tls());
  for (std::size_t i = 0; i < hubs_.size(); ++i)
    hubs_[i]->use_tls(link_tls_.back()->server.get(), link_tls_.back()->clients[i].get());
}

/// Core 0.
void Process::reload() {
  role_.reload();
  use_limits();
  try {
    reload_keys();
  } catch (const Failure& failure) {
    log::error("process", "the keys were not read again; those before stay", {{"err", failure.what()}});
  }
  reload_client_tls();
  try {
    reload_files();
  } catch (const Failure& failure) {
    log::error("process", "the static files were not read again; those before stay", {{"err", failure.what()}});
  }
}

void Process::reload_files() {
  const auto files = read_static_files(options_);
  for (const auto& unit : units_) {
    unit->core.post([desk = unit->desk.get(), files] { desk->use_files(files); });
  }
}

/// All of them, or none.
void Process::reload_keys() {
  const auto doors = std::make_shared<const Doors>(options_);
  const auto routes = std::make_shared<const Routes>(options_);
  std::unique_ptr<LinkTls> links;
  if (!options_.link.plain) {
    links = make_link_tls();
    if (are_same(links->keys, link_tls_.back()->keys)) links.reset();
  }
  renew_ticket_keys(*ticket_keys_, options_);
  doors_ = doors;
  for (const auto& unit : units_) {
    unit->core.post([desk = unit->desk.get(), doors, routes] {
      desk->use_doors(doors);
      desk->use_routes(routes);
    });
  }
  if (!links) return;
  // Links that are up, or shake hands now, still use the earlier one.
  link_tls_.push_back(std::move(links));
  const LinkTls& now = *link_tls_.back();
  for (std::size_t i = 0; i < units_.size(); ++i) {
    units_[i]->core.post(
        [hub = hubs_[i], server = now.server.get(), client = now.clients[i].get()] { hub->use_tls(server, client); });
  }
  log::info("process", "the cluster key was read again; new links use it", {{"key", now.keys.front().identity}});
}

/// Before the cores start.
void Process::make_client_tls() {
  if (certificates_of(options_).empty()) return;
  client_tls_ = std::make_unique<ClientTls>(options_, ticket_keys_);
  for (const auto& unit : units_)
    unit->desk->edge().use_tls(client_tls_->server());
  tls_watch_ = std::make_unique<net::FileWatch>(core(0).poller(), [this] { reload_client_tls(); });
  tls_watch_->watch(client_tls_->files());
}

/// Core 0. Sockets that are open keep what they have.
void Process::reload_client_tls() {
  if (!client_tls_) {
    if (!certificates_of(options_).empty())
      log::warning("process", "a certificate is configured now; TLS is switched on by a restart only");
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

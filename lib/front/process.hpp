// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "admin/server.hpp"
#include "front/client_tls.hpp"
#include "front/desk.hpp"
#include "front/doors.hpp"
#include "front/memory_watch.hpp"
#include "front/options.hpp"
#include "front/table_maker.hpp"
#include "link/hub.hpp"
#include "net/core.hpp"
#include "net/file_watch.hpp"
#include "net/listener.hpp"
#include "net/signals.hpp"
#include "net/ticket_keys.hpp"
#include "net/tls.hpp"
#include "registry/agent.hpp"
#include "topology/view_maker.hpp"
#include "websession/finder.hpp"

namespace wscluster::front {

/// What makes a node of it, or a gateway.
struct Role {
  bool is_gateway = true;
  Endpoint link_listen;     ///< nodes
  Endpoint link_advertise;  ///< nodes
  bool joins = true;        ///< nodes: enters the rings by itself
  double weight = 1;
  std::function<void()> reload = [] {};  ///< SIGHUP; on core 0, the only one that reads what may change
  /// Nodes: makes the sessions' part of a core. `is_suspended` may be called on that core at any time.
  std::function<std::unique_ptr<Holding>(Desk& desk, const link::Identity& identity,
                                         std::function<bool(TimePoint)> is_suspended)>
      make_holding;
};

/// Threads with clients of a process with these options.
[[nodiscard]] unsigned cores_of(const Options& options) noexcept;

enum class Ending : std::uint8_t {
  stopped,   ///< asked to
  expelled,  ///< the ring went on without this life: start again under a new one
};

/// One gateway or node: cores, listeners, links, registry. Core 0 also does what concerns the whole process.
class Process final : public link::PeerListener {
 public:
  /// Opens files and sockets; throws Failure that names place and remedy. The options outlive the process.
  Process(const Options& options, const registry::Options& registry, Role role);
  ~Process() override;

  /// Registers, serves, and returns when it has ended: after a drain (first SIGTERM/SIGINT), at once (second), or
  /// expelled. Throws Failure when it cannot start.
  [[nodiscard]] Ending run();

 private:
  struct Unit;

  // link::PeerListener, on core 0
  void on_peer_document(const link::Remote& peer, std::string_view service, std::uint64_t epoch,
                        std::string_view json) override;
  bool on_word_asked(const link::Remote& peer) override;
  void on_word_given(const link::Remote& peer, std::uint64_t question) override;
  void on_peer_up(const link::Remote& peer, const std::map<std::string, std::uint64_t, std::less<>>& epochs) override;

  /// The keys of links, with one client per core: an SSL_CTX keeps no state that cores would share.
  struct LinkTls {
    std::vector<net::PskKey> keys;  ///< the one to dial with first
    std::unique_ptr<net::TlsServer> server;
    std::vector<std::unique_ptr<net::TlsClient>> clients;
  };

  [[nodiscard]] std::unique_ptr<LinkTls> make_link_tls() const;
  void make_links();
  void make_sessions();
  void reload();
  void reload_keys();
  void reload_files();
  void make_client_tls();
  void reload_client_tls();
  void listen();
  void on_intake(bool is_full);
  void set_intake();
  void use_limits();
  void watch_memory(TimePoint now);
  void add_limits(std::vector<metrics::Family>& families, const CoreCounters& sum) const;
  void keep_instances();
  void write_port_file() const;
  void announce() const;
  void on_snapshot(std::shared_ptr<const registry::Snapshot> snapshot);
  void on_left(const std::string& service, bool was_planned);
  void tick(TimePoint now);
  void on_report(unsigned core, CoreReport report);
  void tell_registry();
  void drain();
  void continue_drain(TimePoint now);
  void continue_gateway_drain(TimePoint now);
  void close_gateway_clients(bool is_late);
  void end(Ending ending);
  void shut_down();
  [[nodiscard]] bool can_hand_over() const;
  [[nodiscard]] std::vector<admin::Check> checks() const;
  void gather_metrics(std::function<void(std::string)> done);
  [[nodiscard]] std::string render_metrics(const CoreCounters& sum) const;
  [[nodiscard]] net::Core& core(unsigned index);

  const Options& options_;
  const registry::Options& registry_options_;
  Role role_;
  std::shared_ptr<const Doors> doors_;  ///< core 0; each desk has it, too
  link::Identity identity_;
  std::shared_ptr<net::TicketKeys> ticket_keys_;
  std::unique_ptr<ClientTls> client_tls_;           ///< core 0; null: the listener is plain
  std::vector<std::unique_ptr<LinkTls>> link_tls_;  ///< the last is for new links; the streams of the others may live
  std::vector<link::Hub*> hubs_;
  std::vector<std::unique_ptr<Unit>> units_;  ///< by core
  std::vector<net::Core*> cores_;
  std::unique_ptr<websession::Finder> sessions_;  ///< null: no HTTP sessions are configured
  std::unique_ptr<net::FileWatch> tls_watch_;
  std::unique_ptr<net::Listener> client_listener_;
  std::unique_ptr<net::Listener> link_listener_;
  std::unique_ptr<admin::Server> admin_;
  std::unique_ptr<net::Signals> signals_;
  std::unique_ptr<registry::Agent> agent_;
  topology::ViewMaker view_maker_;  ///< on the registry's thread
  TableMaker table_maker_;          ///< on the registry's thread
  std::uint64_t generation_ = 0;    ///< on the registry's thread
  TimePoint started_ = Clock::now();

  // Core 0 only
  std::shared_ptr<const registry::Snapshot> snapshot_;
  std::shared_ptr<const cluster::View> view_;
  std::uint64_t view_generation_ = 0;
  std::vector<CoreReport> reports_;
  std::map<std::pair<std::string, std::uint64_t>, registry::ReceiverProgress> receivers_;
  std::map<std::pair<std::string, std::uint64_t>, registry::DonorProgress> donors_told_;
  std::map<std::pair<std::string, std::uint64_t>, TimePoint> donors_since_;
  TimePoint next_report_;
  unsigned full_edges_ = 0;  ///< cores whose handshakes wait
  MemoryWatch memory_;
  std::uint64_t max_connections_ = 0;    ///< of this process
  std::uint64_t resident_at_start_ = 0;  ///< bytes
  bool is_draining_ = false;
  TimePoint grace_end_;  ///< gateways: until then they serve as ever
  TimePoint drain_deadline_;
  bool was_member_ = false;       ///< of some ring, in this life
  bool hurries_clients_ = false;  ///< the deadline is over
  bool closes_clients_ = false;
  bool has_ended_ = false;
  std::promise<Ending> ended_;
};

}  // namespace wscluster::front

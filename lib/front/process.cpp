// SPDX-License-Identifier: MIT
// Start and end of a gateway or node.
#include "front/process.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <thread>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "front/unit.hpp"
#include "upstream/configured.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

/// A node that stops stays so long for closed clients that do not come back.
constexpr Duration drain_settle = 5s;

Endpoint advertised(const Endpoint& wanted, const Endpoint& bound) {
  if (wanted.host.empty()) return bound;
  return {wanted.host, wanted.port == 0 ? bound.port : wanted.port};
}

topology::ViewMaker make_view_maker(const Options& options, const link::Identity& identity) {
  std::set<std::string> broadcast;
  for (const ServiceDoor& door : options.services) {
    if (door.service.delivery == cluster::Delivery::broadcast) broadcast.insert(door.service.name);
  }
  std::optional<ring::Member> self;
  if (!identity.is_gateway) self = ring::Member{identity.name, identity.incarnation, 1.0, ring::MemberState::up};
  return {std::move(broadcast), std::move(self)};
}

}  // namespace

unsigned cores_of(const Options& options) noexcept {
  return options.cores != 0 ? options.cores : std::clamp(std::thread::hardware_concurrency(), 1U, max_cores);
}

Process::Process(const Options& options, const registry::Options& registry, Role role)
    : options_(options),
      registry_options_(registry),
      role_(std::move(role)),
      doors_(std::make_shared<const Doors>(options)),
      table_maker_(options) {
  const auto files = read_static_files(options_);
  const auto routes = std::make_shared<const Routes>(options_);
  const unsigned cores = cores_of(options_);
  identity_ = {options_.cluster, options_.name, random_id(), role_.is_gateway, cores, role_.is_gateway ? 0 : cores,
               WSCLUSTER_VERSION};
  view_maker_ = make_view_maker(options_, identity_);
  ticket_keys_ = make_ticket_keys(options_);
  hubs_.resize(cores);
  reports_.resize(cores);
  for (unsigned i = 0; i < cores; ++i) {
    units_.push_back(std::make_unique<Unit>(i));
    Unit& unit = *units_.back();
    cores_.push_back(&unit.core);
    unit.desk = std::make_unique<Desk>(unit.core, options_, doors_, identity_, hubs_);
    hubs_[i] = &unit.desk->hub();
    if (role_.make_holding) {
      unit.holding =
          role_.make_holding(*unit.desk, identity_, [this](TimePoint now) { return agent_->is_suspended(now); });
      unit.desk->set_holding(*unit.holding);
    }
    if (role_.is_gateway)
      unit.desk->register_instances_with([this](registry::InstanceCall call) { agent_->carry_out(std::move(call)); });
    unit.desk->use_files(files);
    unit.desk->use_routes(routes);
    unit.desk->use_table(table_maker_.make_first());
    unit.desk->start();
  }
  make_links();
  make_sessions();
  make_client_tls();
  use_limits();
  listen();
}

Process::~Process() = default;

void Process::make_sessions() {
  if (!options_.http_session.is_on()) return;
  sessions_ = std::make_unique<websession::Finder>(options_.http_session, registry_options_, cores_);
  for (const auto& unit : units_)
    unit->desk->use_sessions(sessions_->on(unit->core.index()));
}

net::Core& Process::core(unsigned index) {
  return units_[index]->core;
}

void Process::listen() {
  client_listener_ = std::make_unique<net::Listener>(
      core(0), options_.listen,
      net::distribute(cores_, [this, is_tls = client_tls_ != nullptr](net::Core& core, net::Accepted accepted) {
        units_[core.index()]->desk->edge().adopt(accepted.descriptor, std::move(accepted.peer), accepted.is_loopback,
                                                 is_tls);
      }));
  for (const auto& unit : units_) {
    unit->desk->edge().watch_intake([this](bool is_full) { core(0).post([this, is_full] { on_intake(is_full); }); });
  }
  if (!role_.is_gateway) {
    link_listener_ = std::make_unique<net::Listener>(
        core(0), role_.link_listen, net::distribute(cores_, [this](net::Core& core, net::Accepted accepted) {
          hubs_[core.index()]->adopt_accepted(accepted.descriptor);
        }));
  }
  admin_ = std::make_unique<admin::Server>(
      core(0), options_.admin_listen,
      admin::Sources{[this] { return checks(); },
                     [this](std::function<void(std::string)> done) { gather_metrics(std::move(done)); }});
  signals_ = std::make_unique<net::Signals>(
      core(0),
      net::Signals::Actions{[this](int) { drain(); }, [this](int) { end(Ending::stopped); }, [this] { reload(); }});
}

/// Who would only wait for a handshake waits in the kernel.
void Process::on_intake(bool is_full) {
  is_full ? ++full_edges_ : --full_edges_;
  set_intake();
}

void Process::set_intake() {
  if (!client_listener_) return;
  if (full_edges_ > 0 || memory_.level() >= Pressure::no_clients) {
    client_listener_->pause();
  } else {
    client_listener_->resume();
  }
}

Ending Process::run() {
  registry::Registration self;
  self.name = identity_.name;
  self.incarnation = identity_.incarnation;
  self.role = role_.is_gateway ? registry::Role::gateway : registry::Role::node;
  self.client_address = advertised(options_.advertise, client_listener_->local_endpoint()).to_string();
  self.client_tls = client_tls_ != nullptr;
  if (link_listener_)
    self.link_address = advertised(role_.link_advertise, link_listener_->local_endpoint()).to_string();
  self.admin_address = admin_->local_endpoint().to_string();
  self.cores = identity_.cores;
  self.shards = identity_.shards;
  self.version = identity_.software;
  self.is_standby = !role_.joins;
  self.weight = role_.weight;
  for (const Door& door : doors_->all())
    self.services.push_back(door.options.service.name);

  registry::Callbacks callbacks;
  callbacks.on_snapshot = [this](std::shared_ptr<const registry::Snapshot> snapshot) {
    on_snapshot(std::move(snapshot));
  };
  callbacks.on_left = [this](const std::string& service, bool planned) {
    core(0).post([this, service, planned] { on_left(service, planned); });
  };
  callbacks.on_name_taken = [this] {
    log::error("registry", "another process holds this name; suspended", {{"node", identity_.name}});
  };
  agent_ = std::make_unique<registry::Agent>(registry_options_, self, std::move(callbacks));
  keep_instances();
  for (const auto& unit : units_) {
    unit->core.on_tick([this, index = unit->core.index()](TimePoint) { agent_->core_ticked(index); });
  }
  core(0).on_tick([this](TimePoint now) { tick(now); });
  try {
    for (const auto& unit : units_)
      unit->core.start("core-" + std::to_string(unit->core.index()));
    agent_->start();
    if (sessions_) sessions_->start();
    resident_at_start_ = resident_bytes();
    write_port_file();
    announce();
    const Ending ending = ended_.get_future().get();
    shut_down();
    return ending;
  } catch (...) {
    shut_down();
    throw;
  }
}

/// Those of our configuration.
void Process::keep_instances() {
  if (!role_.is_gateway) return;
  for (const UpstreamService& service : options_.upstreams) {
    for (const std::string& text : service.instances) {
      if (auto instance = upstream::parse_configured(service.name, text)) agent_->keep_instance(std::move(*instance));
    }
  }
}

void Process::write_port_file() const {
  if (options_.port_file.empty()) return;
  // Written beside and renamed, so that a script that waits for it never reads half of it.
  const std::string draft = options_.port_file + ".tmp";
  {
    std::ofstream file(draft, std::ios::trunc);
    file << "clients " << client_listener_->local_endpoint().to_string() << "\n";
    if (link_listener_) file << "links " << link_listener_->local_endpoint().to_string() << "\n";
    file << "admin " << admin_->local_endpoint().to_string() << "\n";
    if (!file.flush()) throw Failure(ExitCode::cannot_create, options_.port_file + ": cannot be written");
  }
  if (std::rename(draft.c_str(), options_.port_file.c_str()) != 0)
    throw Failure(ExitCode::cannot_create, options_.port_file + ": cannot be written");
}

void Process::announce() const {
  log::info("process", role_.is_gateway ? "the gateway serves" : "the node serves",
            {{"name", identity_.name},
             {"clients", client_listener_->local_endpoint().to_string()},
             {"tls", client_tls_ != nullptr},
             {"admin", admin_->local_endpoint().to_string()},
             {"cores", identity_.cores},
             {"detection_s", seconds(registry::worst_case_detection(registry_options_))}});
}

void Process::drain() {
  if (is_draining_) return;
  is_draining_ = true;
  const TimePoint now = core(0).now();
  drain_deadline_ = now + options_.drain_timeout;
  grace_end_ = std::min(drain_deadline_, now + options_.drain_grace);
  log::info("process", "draining; a second signal stops at once", {{"timeout_s", seconds(options_.drain_timeout)}});
  if (role_.is_gateway) return;
  for (const auto& unit : units_) {
    unit->core.post([desk = unit->desk.get()] { desk->close_doors(); });
  }
  if (can_hand_over()) {
    registry::ChangePolicy policy;
    policy.rate = options_.drain_rate;
    policy.settle = drain_settle;
    agent_->leave(policy);
  }
}

/// There is a ring that we are in and somebody else who can take what we hold of it.
bool Process::can_hand_over() const {
  if (!view_) return false;
  return std::any_of(view_->services.begin(), view_->services.end(), [&](const auto& entry) {
    const cluster::ServiceView& service = *entry.second;
    const auto& members = service.ring.members();
    return service.has_member(identity_.name, identity_.incarnation) &&
           std::any_of(members.begin(), members.end(),
                       [&](const ring::Member& m) { return m.name != identity_.name && m.weight > 0; });
  });
}

void Process::on_left(const std::string& service, bool was_planned) {
  if (was_planned) {
    log::info("registry", "left the ring", {{"service", service}});
    return;
  }
  log::error("registry",
             is_draining_ ? "the ring went on without this process"
                          : "the ring went on without this process; starting again under a new incarnation",
             {{"service", service}});
  end(is_draining_ ? Ending::stopped : Ending::expelled);
}

void Process::continue_drain(TimePoint now) {
  if (role_.is_gateway) return continue_gateway_drain(now);
  const bool is_late = now >= drain_deadline_;
  if (can_hand_over() && !is_late) return;
  if (!closes_clients_ || (is_late && !hurries_clients_)) {
    closes_clients_ = true;
    hurries_clients_ = is_late;
    // Late: all at once, and a moment for the closes to be written and answered.
    const double rate = is_late ? 0 : options_.drain_rate / identity_.cores;
    for (const auto& unit : units_) {
      unit->core.post([desk = unit->desk.get(), rate] {
        desk->edge().drain(websocket::CloseCode::service_restart, "restart", rate);
      });
    }
    // The last reports are older than the clients that came since; only new ones may say that nobody is left.
    for (CoreReport& report : reports_)
      report.connections = std::numeric_limits<std::uint32_t>::max();
  }
  const bool is_empty =
      std::all_of(reports_.begin(), reports_.end(), [](const CoreReport& report) { return report.is_empty(); });
  if (is_empty || now >= drain_deadline_ + options_.edge.close_timeout) end(Ending::stopped);
}

void Process::end(Ending ending) {
  if (has_ended_) return;
  has_ended_ = true;
  ended_.set_value(ending);
}

void Process::shut_down() {
  agent_->stop();
  for (const auto& unit : units_) {
    unit->core.post([desk = unit->desk.get()] {
      desk->edge().abort();
      desk->hub().leave("stopping");
    });
    unit->core.stop();
  }
  for (const auto& unit : units_)
    unit->core.join();
}

}  // namespace wscluster::front

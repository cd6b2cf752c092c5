// SPDX-License-Identifier: MIT
// Readiness and metrics of a process.
#include <sys/resource.h>
#include <sys/stat.h>
#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/log.hpp"
#include "front/process.hpp"
#include "front/unit.hpp"
#include "front/upstream_metrics.hpp"
#include "metrics/exposition.hpp"

namespace wscluster::front {
namespace {

using metrics::Family;

template <class T>
void add_numbers(T& sum, const T& part) {
  constexpr std::size_t count = sizeof(T) / sizeof(std::uint64_t);
  static_assert(sizeof(T) % sizeof(std::uint64_t) == 0 && std::is_trivially_copyable_v<T>);
  auto* to = reinterpret_cast<std::uint64_t*>(&sum);
  const auto* from = reinterpret_cast<const std::uint64_t*>(&part);
  for (std::size_t i = 0; i < count; ++i)
    to[i] += from[i];
}

void add(CoreCounters& sum, const CoreCounters& part) {
  add_numbers(sum.edge, part.edge);
  add_numbers(sum.attachments, part.attachments);
  add_numbers(sum.holder, part.holder);
  add_numbers(sum.files, part.files);
  add_numbers(sum.http_sessions, part.http_sessions);
  sum.upgrade_times.merge(part.upgrade_times);
  merge_upstreams(sum, part);
  add_numbers(sum.instances, part.instances);
  sum.attached += part.attached;
  sum.open_sends += part.open_sends;
  sum.links += part.links;
  sum.sessions += part.sessions;
  sum.users += part.users;
  sum.misplaced += part.misplaced;
  sum.misplaced_times.merge(part.misplaced_times);
  sum.moves_pending += part.moves_pending;
  sum.closes_pending += part.closes_pending;
  for (const auto& [service, application] : part.applications) {
    auto& whole = sum.applications[service];
    add_numbers(whole.counters, application.counters);
    whole.open += application.open;
  }
}

Family counter(const char* name, const char* help, std::uint64_t value) {
  Family family = Family::counter(name, help);
  family.add(static_cast<double>(value));
  return family;
}

Family gauge(const char* name, const char* help, double value) {
  Family family = Family::gauge(name, help);
  family.add(value);
  return family;
}

/// Linux tells their number as the size of the folder since 6.2.
double open_descriptors() {
  struct stat folder {};
  if (stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0) return static_cast<double>(folder.st_size);
  std::error_code ignored;
  const std::filesystem::directory_iterator all("/proc/self/fd", ignored);
  return static_cast<double>(std::distance(all, std::filesystem::directory_iterator()));
}

void add_process(std::vector<Family>& families) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto time = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  Family cpu = Family::counter("process_cpu_seconds_total", "Processor time of this process.");
  cpu.add(time(usage.ru_utime) + time(usage.ru_stime));
  families.push_back(std::move(cpu));
  families.push_back(gauge("process_resident_memory_bytes", "Resident memory of this process.",
                           static_cast<double>(resident_bytes())));
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  families.push_back(gauge("process_max_fds", "Limit of open descriptors.", static_cast<double>(limit.rlim_cur)));
  families.push_back(gauge("process_open_fds", "Open descriptors of this process.", open_descriptors()));
}

void add_upgrades(std::vector<Family>& families, const CoreCounters& sum) {
  Family upgrades = Family::counter("wscluster_upgrades_total", "WebSocket upgrades by the status of their answer.");
  upgrades.add(static_cast<double>(sum.edge.upgrades), {{"status", "101"}});
  for (std::size_t i = 0; i < edge::upgrade_refusals.size(); ++i) {
    const unsigned status = edge::upgrade_refusals[i];
    upgrades.add(static_cast<double>(sum.edge.upgrades_refused[i]),
                 {{"status", status == 0 ? "other" : std::to_string(status)}});
  }
  families.push_back(std::move(upgrades));
  Family times = Family::histogram("wscluster_upgrade_seconds", "From the whole head of an upgrade to its 101.");
  times.add(sum.upgrade_times);
  families.push_back(std::move(times));
}

void add_files(std::vector<Family>& families, const FileCounters& sum) {
  Family files = Family::counter("wscluster_static_requests_total", "Requests for static files by result.");
  files.add(static_cast<double>(sum.sent), {{"result", "sent"}});
  files.add(static_cast<double>(sum.unchanged), {{"result", "unchanged"}});
  files.add(static_cast<double>(sum.missing), {{"result", "missing"}});
  files.add(static_cast<double>(sum.no_room), {{"result", "no_room"}});
  families.push_back(std::move(files));
}

void add_http_sessions(std::vector<Family>& families, const websession::Counters& sum) {
  Family lookups = Family::counter("wscluster_http_session_lookups_total", "Look-ups of HTTP sessions by result.");
  const auto add = [&](const char* result, std::uint64_t count) {
    lookups.add(static_cast<double>(count), {{"result", result}});
  };
  add("found", sum.found);
  add("nobody", sum.nobody);
  add("expired", sum.expired);
  add("unreadable", sum.unreadable);
  add("timed_out", sum.timed_out);
  add("unavailable", sum.unavailable);
  add("refused", sum.refused);
  families.push_back(std::move(lookups));
  Family cache = Family::counter("wscluster_http_session_cache_total", "Look-ups of HTTP sessions in the cache.");
  cache.add(static_cast<double>(sum.hits), {{"result", "hit"}});
  cache.add(static_cast<double>(sum.misses), {{"result", "miss"}});
  families.push_back(std::move(cache));
}

void add_instances(std::vector<Family>& families, const InstanceCounters& sum, const registry::Snapshot* snapshot) {
  Family calls = Family::counter("wscluster_instance_calls_total", "Calls for upstream instances by result.");
  calls.add(static_cast<double>(sum.registrations), {{"result", "registered"}});
  calls.add(static_cast<double>(sum.renewals), {{"result", "renewed"}});
  calls.add(static_cast<double>(sum.cancels), {{"result", "cancelled"}});
  calls.add(static_cast<double>(sum.changes), {{"result", "changed"}});
  calls.add(static_cast<double>(sum.unknown), {{"result", "unknown"}});
  calls.add(static_cast<double>(sum.refused), {{"result", "refused"}});
  calls.add(static_cast<double>(sum.away), {{"result", "away"}});
  families.push_back(std::move(calls));
  families.push_back(counter("wscluster_instances_expired_total", "Leases of upstream instances seen to end here.",
                             snapshot == nullptr ? 0 : snapshot->instances_expired));
  if (snapshot == nullptr || snapshot->upstreams.empty()) return;
  Family up = Family::gauge("wscluster_instances", "Registered instances of upstream services by status.");
  for (const auto& [service, state] : snapshot->upstreams) {
    std::map<std::string, double> counts;
    for (const auto& [id, instance] : state->instances)
      ++counts[upstream::to_string(instance.effective_status())];
    for (const auto& [status, count] : counts)
      up.add(count, {{"service", service}, {"status", status}});
  }
  families.push_back(std::move(up));
}

void add_applications(std::vector<Family>& families, const CoreCounters& sum) {
  if (sum.applications.empty()) return;
  Family calls = Family::counter("wscluster_webhook_calls_total", "Calls of applications by event and result.");
  Family open = Family::gauge("wscluster_webhook_calls_open", "Calls of applications that are not ended.");
  for (const auto& [service, application] : sum.applications) {
    for (std::size_t kind = 0; kind < webhook::call_kinds; ++kind) {
      for (std::size_t result = 0; result < webhook::call_results; ++result) {
        calls.add(static_cast<double>(application.counters.calls[kind][result]),
                  {{"service", service},
                   {"event", webhook::to_string(static_cast<webhook::CallKind>(kind))},
                   {"result", webhook::to_string(static_cast<webhook::CallResult>(result))}});
      }
    }
    open.add(static_cast<double>(application.open), {{"service", service}});
  }
  families.push_back(std::move(calls));
  families.push_back(std::move(open));
}

}  // namespace

std::vector<admin::Check> Process::checks() const {
  const bool has_redis = snapshot_ && snapshot_->redis_up;
  bool has_ring = view_ != nullptr;
  bool is_member = view_ != nullptr;
  for (const Door& door : doors_->all()) {
    const cluster::ServiceView* service = view_ ? view_->service(door.options.service.name) : nullptr;
    has_ring = has_ring && service != nullptr && !service->ring.is_empty();
    is_member = is_member && service != nullptr && service->has_member(identity_.name, identity_.incarnation);
  }
  std::vector<admin::Check> found{{"registered", snapshot_ != nullptr, "no answer from Redis yet"},
                                  {"ring", has_ring, "a service has no ring"},
                                  {"open", !is_draining_, "draining"}};
  // Redis away is no reason to send clients elsewhere: routing goes on. It is shown, and an alarm.
  found.push_back({"redis", has_redis || snapshot_ != nullptr, "never seen"});
  if (!role_.is_gateway) found.push_back({"member", is_member || !role_.joins, "not in the ring yet"});
  return found;
}

void Process::gather_metrics(std::function<void(std::string)> done) {
  struct Gathering {
    CoreCounters sum;
    std::size_t missing = 0;
    std::function<void(std::string)> done;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->missing = units_.size();
  gathering->done = std::move(done);
  for (const auto& unit : units_) {
    unit->core.post([this, gathering, desk = unit->desk.get()] {
      core(0).post([this, gathering, counters = desk->count()] {
        add(gathering->sum, counters);
        if (--gathering->missing == 0) gathering->done(render_metrics(gathering->sum));
      });
    });
  }
}

std::string Process::render_metrics(const CoreCounters& sum) const {
  std::vector<Family> families;
  Family build = Family::gauge("wscluster_build_info", "Version and role of this process.");
  build.add(
      1.0,
      {{"version", identity_.software}, {"role", role_.is_gateway ? "gateway" : "node"}, {"name", identity_.name}});
  families.push_back(std::move(build));
  families.push_back(
      gauge("wscluster_connections", "Open client connections.", static_cast<double>(sum.edge.open_connections)));
  families.push_back(gauge("wscluster_websockets", "Open WebSockets.", static_cast<double>(sum.edge.open_websockets)));
  families.push_back(
      counter("wscluster_connections_accepted_total", "Accepted client connections.", sum.edge.accepted));
  Family ended = Family::counter("wscluster_sessions_closed_total", "Ended client connections by reason.");
  for (std::size_t reason = 0; reason < std::size(sum.edge.ended); ++reason) {
    ended.add(static_cast<double>(sum.edge.ended[reason]),
              {{"reason", edge::to_string(static_cast<edge::CloseReason>(reason))}});
  }
  families.push_back(std::move(ended));
  Family handshakes = Family::counter("wscluster_tls_handshakes_total", "TLS handshakes of clients.");
  handshakes.add(static_cast<double>(sum.edge.handshakes_full), {{"kind", "full"}});
  handshakes.add(static_cast<double>(sum.edge.handshakes_resumed), {{"kind", "resumed"}});
  handshakes.add(static_cast<double>(sum.edge.handshakes_failed), {{"kind", "failed"}});
  families.push_back(std::move(handshakes));
  families.push_back(gauge("wscluster_tls_handshakes_in_flight", "TLS handshakes of clients that have begun.",
                           static_cast<double>(sum.edge.handshaking)));
  families.push_back(gauge("wscluster_tls_handshakes_waiting", "Clients beyond limits.max_handshakes in this process.",
                           static_cast<double>(sum.edge.handshakes_waiting)));
  if (client_tls_) client_tls_->add_metrics(families);
  add_upgrades(families, sum);
  add_limits(families, sum);
  families.push_back(counter("wscluster_messages_received_total", "Messages from clients.", sum.edge.messages_in));
  families.push_back(counter("wscluster_messages_sent_total", "Messages to clients.", sum.edge.messages_out));
  families.push_back(counter("wscluster_received_bytes_total", "Payload bytes from clients.", sum.edge.bytes_in));
  families.push_back(counter("wscluster_sent_bytes_total", "Payload bytes to clients.", sum.edge.bytes_out));
  families.push_back(counter("wscluster_http_requests_total", "Ordinary HTTP requests.", sum.edge.requests));
  families.push_back(
      gauge("wscluster_attached", "Client sockets attached to a session.", static_cast<double>(sum.attached)));
  families.push_back(
      counter("wscluster_attaches_total", "Attach requests to holders, repeats included.", sum.attachments.attaches));
  families.push_back(counter("wscluster_reattaches_total", "Attach requests of sockets that were attached before.",
                             sum.attachments.reattaches));
  families.push_back(gauge("wscluster_links", "Links that are up.", static_cast<double>(sum.links)));
  families.push_back(
      gauge("wscluster_open_sends", "Unicast messages waiting for a receipt.", static_cast<double>(sum.open_sends)));
  add_files(families, sum.files);
  if (sessions_) add_http_sessions(families, sum.http_sessions);
  add_applications(families, sum);
  if (role_.is_gateway) add_upstreams(families, sum);
  if (role_.is_gateway) add_instances(families, sum.instances, snapshot_.get());
  if (!role_.is_gateway) {
    Family unanswered = Family::counter("wscluster_events_refused_total", "Events of clients answered with an error.");
    unanswered.add(static_cast<double>(sum.holder.unhandled_events), {{"why", "unhandled"}});
    unanswered.add(static_cast<double>(sum.holder.failed_events), {{"why", "failed"}});
    families.push_back(std::move(unanswered));
    families.push_back(gauge("wscluster_sessions", "Sessions held by this node.", static_cast<double>(sum.sessions)));
    families.push_back(gauge("wscluster_users", "Users known to this node.", static_cast<double>(sum.users)));
    families.push_back(gauge("wscluster_misplaced_sessions", "Sessions held here and owned elsewhere.",
                             static_cast<double>(sum.misplaced)));
    Family misplaced_times = Family::histogram(
        "wscluster_misplaced_seconds", "How long sessions stayed here after a ring change gave them to another node.");
    misplaced_times.add(sum.misplaced_times);
    families.push_back(std::move(misplaced_times));
    families.push_back(gauge("wscluster_moves_pending", "Users that wait for their turn to move, or are on their way.",
                             static_cast<double>(sum.moves_pending)));
    families.push_back(gauge("wscluster_closes_pending", "Sockets of direct clients that a ring change will close.",
                             static_cast<double>(sum.closes_pending)));
    Family evictions = Family::counter("wscluster_evictions_total", "Sessions taken off this node by ring changes.");
    evictions.add(static_cast<double>(sum.holder.moved), {{"how", "moved"}});
    evictions.add(static_cast<double>(sum.holder.closed_for_change + sum.attachments.closed_for_change),
                  {{"how", "closed"}});
    families.push_back(std::move(evictions));
    families.push_back(counter("wscluster_operator_closes_total", "Sessions closed because an operator asked for it.",
                               sum.holder.closed_by_operator));
    families.push_back(counter("wscluster_handovers_total", "Users frozen and sent to their owner, repeats included.",
                               sum.holder.handovers));
    families.push_back(
        counter("wscluster_thaws_total", "Hand-overs that were declined or undone and go on here.", sum.holder.thaws));
    families.push_back(
        counter("wscluster_users_installed_total", "Users taken over from another node.", sum.holder.installed));
    families.push_back(counter("wscluster_snapshot_bytes_total", "Bytes of users' states sent to other nodes.",
                               sum.holder.snapshot_bytes));
    families.push_back(counter("wscluster_unreadable_snapshots_total",
                               "States of users that were declined because they cannot be read.",
                               sum.holder.unreadable_snapshots));
    families.push_back(counter("wscluster_unicasts_total", "Messages to users taken here.", sum.holder.unicasts));
    families.push_back(counter("wscluster_duplicates_total", "Repeats found by dedupe.", sum.holder.duplicates));
    families.push_back(
        counter("wscluster_refusals_total", "Messages refused because they belong elsewhere.", sum.holder.refusals));
    families.push_back(counter("wscluster_messages_dropped_total", "Messages dropped by the slow consumer policy.",
                               sum.holder.dropped));
    families.push_back(counter("wscluster_slow_consumers_total", "Sessions closed because the client did not read.",
                               sum.holder.slow_consumers));
    Family receipts = Family::counter("wscluster_receipts_total", "Receipts given by status.");
    for (std::size_t status = 1; status < std::size(sum.holder.receipts); ++status) {
      receipts.add(static_cast<double>(sum.holder.receipts[status]),
                   {{"status", cluster::to_string(static_cast<wire::ReceiptStatus>(status))}});
    }
    families.push_back(std::move(receipts));
  }
  Family epochs = Family::gauge("wscluster_epoch", "Epoch of the ring; where it differs, not all have adopted it.");
  Family digests = Family::gauge("wscluster_ring_digest_info", "1; of one epoch all processes must have one digest.");
  Family owned = Family::gauge("wscluster_ring_owned_ratio", "Share of the keys that this node owns.");
  if (view_) {
    for (const auto& [name, service] : view_->services) {
      epochs.add(static_cast<double>(service->epoch()), {{"service", name}});
      digests.add(1.0, {{"service", name}, {"digest", service->document->digest}});
      owned.add(service->ring.owned_ratio(identity_.name), {{"service", name}});
    }
  }
  families.push_back(std::move(epochs));
  families.push_back(std::move(digests));
  if (!role_.is_gateway) families.push_back(std::move(owned));
  families.push_back(gauge("wscluster_redis_up", "Redis answers.", snapshot_ && snapshot_->redis_up ? 1 : 0));
  families.push_back(gauge("wscluster_alarms", "Alarms of the registry.",
                           snapshot_ ? static_cast<double>(snapshot_->alarms.size()) : 0));
  Family kinds = Family::gauge("wscluster_registry_alarms", "Alarms of the registry by kind.");
  for (std::size_t kind = 0; kind < registry::alarm_kinds; ++kind) {
    kinds.add(snapshot_ ? static_cast<double>(snapshot_->alarm_counts[kind]) : 0,
              {{"kind", registry::to_string(static_cast<registry::AlarmKind>(kind))}});
  }
  families.push_back(std::move(kinds));
  families.push_back(counter("wscluster_registry_put_backs_total", "Rings put back into a Redis that had lost them.",
                             snapshot_ ? snapshot_->put_backs : 0));
  families.push_back(counter("wscluster_log_messages_dropped_total", "Log lines dropped because stderr was slow.",
                             log::dropped_lines()));
  add_process(families);
  return metrics::render(families);
}

}  // namespace wscluster::front

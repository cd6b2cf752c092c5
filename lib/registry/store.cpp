// SPDX-License-Identifier: MIT
#include "registry/store.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "base/units.hpp"
#include "registry/scripts.hpp"

namespace wscluster::registry {
namespace {

std::map<std::string, std::string> to_map(const Reply& pairs) {
  std::map<std::string, std::string> map;
  for (std::size_t i = 0; i + 1 < pairs.list.size(); i += 2)
    map.emplace(pairs.list[i].text, pairs.list[i + 1].text);
  return map;
}

std::uint64_t to_number(const std::string& text) {
  Reply reply;
  reply.text = text;
  return reply.number();
}

std::map<std::string, std::uint64_t> to_numbers(const Reply& pairs) {
  std::map<std::string, std::uint64_t> numbers;
  for (const auto& [name, text] : to_map(pairs))
    numbers.emplace(name, to_number(text));
  return numbers;
}

std::map<std::string, Head> to_heads(const Reply& pairs) {
  std::map<std::string, Head> heads;
  for (const auto& [service, text] : to_map(pairs)) {
    const auto parts = split(text, ' ');
    if (parts.size() != 3) continue;
    heads[service] = {to_number(text), std::string(parts[1]), std::string(parts[2])};
  }
  return heads;
}

std::string epoch_of(const ring::Document& document) {
  return "epoch " + std::to_string(document.epoch) + " of " + document.service + " is written, but acknowledged by ";
}

CommitOutcome outcome_of(const ring::Document& to, const Reply& reply) {
  using Kind = CommitOutcome::Kind;
  const std::string& word = reply.at(0).text;
  const Reply& detail = reply.at(1);
  const std::string ring = "ring of " + to.service + ": ";
  if (word == "ok") return {};
  if (word == "conflict") {
    return {Kind::conflict, {}, ring + "somebody else changed it; it is at epoch " + std::to_string(detail.number())};
  }
  if (word == "lineage") return {Kind::lineage, {}, ring + "Redis has a ring of another origin"};
  if (word == "limit") return {Kind::limit, {}, ring + "too many changes are running; wait until one is done"};
  if (word == "held") {
    const Duration wait(static_cast<std::int64_t>(detail.number()));
    return {Kind::held, wait, ring + "joined too often in a short time; held down for " + format_duration(wait)};
  }
  if (word == "alive") return {Kind::alive, {}, ring + detail.text + " is alive, or was until just now"};
  if (word == "majority") {
    return {Kind::majority,
            {},
            ring + std::to_string(reply.at(2).number()) + " of " + std::to_string(reply.at(3).number()) +
                " leases of epoch " + std::to_string(detail.number()) +
                " are gone; nobody is removed by itself ('ring remove --force' does it)"};
  }
  if (word == "history") {
    return {Kind::history,
            {},
            ring + "the members of epoch " + std::to_string(detail.number()) +
                " are not known any more; nobody is removed by itself ('ring remove --force' does it)"};
  }
  if (word == "behind") {
    return {Kind::behind,
            {},
            ring + "Redis has lost epochs: " + detail.text + " has adopted epoch " +
                std::to_string(reply.at(2).number()) +
                "; who holds it puts it back within a heartbeat, unless the ring has forked ('ring repair')"};
  }
  return {Kind::wrong, {}, ring + "refused: " + word + " " + detail.text};
}

void expect_nobody(std::vector<Change>& changes) {
  for (Change& change : changes) {
    change.donors_expected.clear();
    change.policy.settle = Duration(0);
  }
}

std::string word_of(RingOf ring_of) {
  return ring_of == RingOf::instances ? "instances" : "processes";
}

Result<CommitOutcome> outcome_or_error(const ring::Document& to, const Result<Reply>& reply) {
  if (!reply) return reply.error();
  return outcome_of(to, *reply);
}

}  // namespace

Result<> to_result(const CommitOutcome& outcome) {
  using Kind = CommitOutcome::Kind;
  switch (outcome.kind) {
    case Kind::written:
      return {};
    case Kind::wrong:
      return error(Errc::internal, outcome.text);
    default:
      return error(Errc::conflict, outcome.text);
  }
}

Store::Store(const Options& options, Duration timeout)
    : options_(options), keys_(options.cluster), connection_(options, timeout) {}

Result<> Store::check_server() {
  const auto reply = connection_.command({"INFO", "memory"});
  if (!reply) return reply.error();
  constexpr std::string_view field = "maxmemory_policy:";
  const auto start = reply->text.find(field);
  if (start == std::string::npos) return {};
  const auto end = reply->text.find_first_of("\r\n", start);
  const std::string policy = reply->text.substr(start + field.size(), end - start - field.size());
  if (policy == "noeviction") return {};
  return error(Errc::invalid, connection_.place() + ": maxmemory-policy is " + policy +
                                  ", which lets Redis throw leases and documents away; set it to noeviction");
}

Result<std::uint64_t> Store::wait_for_replicas(Duration patience) {
  // 0 would wait for ever.
  const auto reply = connection_.command(
      {"WAIT", std::to_string(options_.min_replicas), std::to_string(std::max<Duration::rep>(patience.count(), 1))});
  if (!reply) return reply.error();
  return reply->number();
}

/// An answer that does not come is none of a replica. The epoch is in the primary in any case and everybody sees it, so
/// it stays; who holds it puts it back if it gets lost.
std::string Store::shortfall(const std::string& what, Duration patience) {
  if (options_.min_replicas == 0) return {};
  const auto count = wait_for_replicas(patience);
  if (count && *count >= options_.min_replicas) return {};
  return connection_.place() + ": " + what + (count ? std::to_string(*count) : "an unknown number") + " of " +
         std::to_string(options_.min_replicas) +
         " wanted replicas (redis.min_replicas); if the primary is lost now, only the processes that hold the ring "
         "have "
         "it: bring replicas back";
}

Result<std::string> Store::check_replicas() {
  if (options_.min_replicas == 0) return std::string();
  if (!connection_.is_open()) return error(Errc::unavailable, connection_.place() + ": not connected");
  std::string text = shortfall("writes are acknowledged by ", Duration(1));
  if (!connection_.is_open()) return error(Errc::unavailable, text);
  return text;
}

Result<> Store::probe_write() {
  const auto reply = connection_.command({"SET", keys_.probe(), "1", "PX", "1000"});
  return reply ? Result<>() : Result<>(reply.error());
}

Result<Beat> Store::heartbeat(const Registration& self, const std::string& registration_json, const MemberStats& stats,
                              std::uint64_t latest_ms) {
  const auto reply = connection_.run(heartbeat_script, keys_.prefix(),
                                     {self.name, to_hex(self.incarnation), std::to_string(options_.lease.count()),
                                      std::to_string(latest_ms), registration_json, to_json(stats)});
  if (!reply) return reply.error();
  Beat beat;
  beat.redis_ms = reply->at(1).number();
  if (reply->at(0).text == "late") {
    beat.outcome = Beat::Outcome::late;
  } else if (reply->at(0).text == "conflict") {
    beat.outcome = Beat::Outcome::conflict;
    beat.holder = reply->at(2).text;
    beat.holder_left = Duration(static_cast<std::int64_t>(reply->at(3).number()));
  } else {
    beat.generation = reply->at(2).number();
    beat.heads = to_heads(reply->at(3));
    beat.done = to_numbers(reply->at(4));
    for (const Reply& name : reply->at(5).list)
      beat.expired.push_back(name.text);
    std::sort(beat.expired.begin(), beat.expired.end());
  }
  return beat;
}

Result<> Store::leave(const Registration& self) {
  Connection::Command arguments{self.name, to_hex(self.incarnation)};
  arguments.insert(arguments.end(), self.services.begin(), self.services.end());
  const auto reply = connection_.run(leave_script, keys_.prefix(), arguments);
  return reply ? Result<>() : Result<>(reply.error());
}

Result<CommitOutcome> Store::commit(const ring::Document* from, const ring::Document& to, const Change& change,
                                    const std::string& joiner, std::optional<std::uint64_t> instances) {
  auto outcome = outcome_or_error(
      to, connection_.run(
              commit_script, keys_.prefix(),
              {to.service, std::to_string(from == nullptr ? 0 : from->epoch),
               from == nullptr ? std::string() : from->digest, ring::to_json(to), record_to_json(change),
               std::to_string(max_planned_open), joiner, std::to_string(options_.flap_limit),
               std::to_string(options_.flap_window.count()), instances ? std::to_string(*instances) : std::string()}));
  if (outcome && outcome->is_written()) outcome->warning = shortfall(epoch_of(to), options_.timeout / 2);
  return outcome;
}

Result<CommitOutcome> Store::remove_dead(const ring::Document& from, const ring::Document& to, const Change& change) {
  auto outcome = outcome_or_error(
      to,
      connection_.run(remove_dead_script, keys_.prefix(),
                      {to.service, std::to_string(from.epoch), from.digest, ring::to_json(to), record_to_json(change),
                       std::to_string(ring::max_open_changes), std::to_string(options_.heartbeat.count())}));
  if (outcome && outcome->is_written()) outcome->warning = shortfall(epoch_of(to), options_.timeout / 2);
  return outcome;
}

Result<PutBackOutcome> Store::put_back(const ring::Document& document, const Heritage& heritage, RingOf ring_of) {
  using Kind = PutBackOutcome::Kind;
  std::vector<Change> changes = changes_to_restore(document, heritage);
  if (ring_of == RingOf::instances) expect_nobody(changes);
  const auto reply =
      connection_.run(put_back_script, keys_.prefix(),
                      {document.service, ring::to_json(document), std::to_string(options_.lease.count()),
                       to_json(heritage.history), restored_to_json(changes), std::to_string(heritage.done_through),
                       std::to_string(heritage.read_through), word_of(ring_of)});
  if (!reply) return reply.error();
  const std::string& word = reply->at(0).text;
  PutBackOutcome outcome{Kind::restored, reply->at(1).number(), {}};
  if (word == "same") outcome.kind = Kind::same;
  if (word == "newer") outcome.kind = Kind::newer;
  if (word == "fork") outcome.kind = Kind::fork;
  if (word == "lineage") outcome.kind = Kind::lineage;
  if (outcome.kind == Kind::restored) outcome.warning = shortfall(epoch_of(document), options_.timeout / 2);
  return outcome;
}

Result<> Store::ask_repair(RepairRequest request) {
  const auto time = connection_.command({"TIME"});
  if (!time) return time.error();
  request.asked_ms = time->at(0).number() * 1000 + time->at(1).number() / 1000;
  const auto asked = connection_.pipeline({{"HSET", keys_.repairs(), request.service, to_json(request)},
                                           {"INCR", keys_.generation()},
                                           {"PUBLISH", keys_.events(), "repair " + request.service}});
  return asked ? Result<>() : Result<>(asked.error());
}

Result<> Store::answer_repair(const RepairRequest& request) {
  const auto answered = connection_.command({"HSET", keys_.repairs(), request.service, to_json(request)});
  return answered ? Result<>() : Result<>(answered.error());
}

Result<std::optional<RepairRequest>> Store::load_repair(const std::string& service) {
  const auto reply = connection_.command({"HGET", keys_.repairs(), service});
  if (!reply) return reply.error();
  if (reply->is_nil()) return std::optional<RepairRequest>();
  auto request = parse_repair(reply->text);
  if (!request) return request.error();
  return std::optional<RepairRequest>(std::move(*request));
}

Result<> Store::withdraw_repair(const std::string& service) {
  const auto reply = connection_.command({"HDEL", keys_.repairs(), service});
  return reply ? Result<>() : Result<>(reply.error());
}

Result<bool> Store::repair(const RepairRequest& request, const Head& head, const ring::Document& next,
                           const Heritage& heritage, RingOf ring_of) {
  Heritage whole = heritage;
  whole.history[next.epoch] = history_entry(next);
  std::vector<Change> changes = changes_to_restore(next, whole);
  changes.back().action = Action::repair;
  changes.back().node = request.from;
  changes.back().by = request.by;
  if (ring_of == RingOf::instances) expect_nobody(changes);
  const auto reply =
      connection_.run(repair_script, keys_.prefix(),
                      {next.service, to_json(request), std::to_string(head.epoch), head.digest, ring::to_json(next),
                       std::to_string(options_.lease.count()), to_json(whole.history), restored_to_json(changes),
                       std::to_string(whole.done_through), std::to_string(whole.read_through), word_of(ring_of)});
  if (!reply) return reply.error();
  return reply->at(0).text == "ok";
}

Result<std::uint64_t> Store::progress(const std::string& service, const std::vector<Report>& reports) {
  Connection::Command arguments{service};
  for (const Report& report : reports) {
    arguments.push_back(std::to_string(report.epoch));
    arguments.push_back(report.field);
    arguments.push_back(report.json);
  }
  const auto reply = connection_.run(progress_script, keys_.prefix(), arguments);
  if (!reply) return reply.error();
  return reply->at(1).number();
}

Result<Contents> Store::load() {
  const auto replies = connection_.pipeline({{"TIME"},
                                             {"HGETALL", keys_.members()},
                                             {"HGETALL", keys_.stats()},
                                             {"HGETALL", keys_.holders()},
                                             {"ZRANGE", keys_.leases(), "0", "-1", "WITHSCORES"},
                                             {"HGETALL", keys_.epochs()},
                                             {"HGETALL", keys_.done()},
                                             {"HGETALL", keys_.repairs()},
                                             {"GET", keys_.put_back()},
                                             // After the epochs: no ring of instances is taken for one of nodes.
                                             {"HGETALL", keys_.instance_revisions()}});
  if (!replies) return replies.error();
  Contents contents;
  const Reply& time = replies->at(0);
  contents.redis_ms = time.at(0).number() * 1000 + time.at(1).number() / 1000;
  const auto stats = to_map(replies->at(2));
  const auto holders = to_map(replies->at(3));
  const auto ends = to_numbers(replies->at(4));
  contents.heads = to_heads(replies->at(5));
  contents.done = to_numbers(replies->at(6));
  for (const auto& [service, json] : to_map(replies->at(7))) {
    if (const auto request = parse_repair(json)) contents.repairs.emplace(service, *request);
  }
  contents.put_back_ms = replies->at(8).number();
  contents.instance_revisions = to_numbers(replies->at(9));
  for (const auto& [name, holder] : holders) {
    const auto end = ends.find(name);
    const auto incarnation = parse_hex(holder);
    if (incarnation && end != ends.end() && end->second > contents.redis_ms) contents.lives[name] = *incarnation;
  }
  for (const auto& [name, json] : to_map(replies->at(1))) {
    const auto registration = parse_registration(json);
    if (!registration) {
      contents.unreadable.push_back(name + ": " + registration.error().message);
      continue;
    }
    MemberRecord member;
    member.registration = *registration;
    if (const auto found = stats.find(name); found != stats.end()) {
      if (const auto parsed = parse_stats(found->second)) member.stats = *parsed;
    }
    const auto end = ends.find(name);
    const auto end_ms = static_cast<std::int64_t>(end == ends.end() ? 0 : end->second);
    const auto seen_ms = std::max<std::int64_t>(end_ms - options_.lease.count(), 0);
    const auto now_ms = static_cast<std::int64_t>(contents.redis_ms);
    member.is_alive = end_ms > now_ms;
    member.last_seen = WallClock::time_point(Duration(seen_ms));
    member.silence = Duration(std::max<std::int64_t>(now_ms - seen_ms, 0));
    contents.members.push_back(std::move(member));
  }
  return contents;
}

Result<ring::Document> Store::load_document(const std::string& service) {
  const auto reply = connection_.command({"GET", keys_.ring(service)});
  if (!reply) return reply.error();
  if (reply->is_nil()) return error(Errc::not_found, "service " + service + " has no ring yet");
  return ring::parse_document(reply->text);
}

Result<HistoryEntries> Store::load_history_entries(const std::string& service, std::uint64_t first,
                                                   std::uint64_t last) {
  Connection::Command command{"HMGET", keys_.history(service)};
  for (std::uint64_t epoch = first; epoch <= last; ++epoch)
    command.push_back(std::to_string(epoch));
  const auto reply = connection_.command(command);
  if (!reply) return reply.error();
  HistoryEntries history;
  for (std::uint64_t epoch = first; epoch <= last; ++epoch) {
    const Reply& entry = reply->at(static_cast<std::size_t>(epoch - first));
    if (!entry.text.empty()) history[epoch] = entry.text;
  }
  return history;
}

Result<std::vector<Change>> Store::load_running(const std::string& service) {
  const auto epochs = connection_.command({"SMEMBERS", keys_.running(service)});
  if (!epochs) return epochs.error();
  std::vector<Change> changes;
  for (const Reply& epoch : epochs->list) {
    auto change = load_change(service, epoch.number());
    if (!change && change.error().code == Errc::not_found) continue;
    if (!change) return change.error();
    changes.push_back(std::move(*change));
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.to_epoch < b.to_epoch; });
  return changes;
}

Result<Change> Store::load_change(const std::string& service, std::uint64_t epoch) {
  const auto reply = connection_.command({"HGETALL", keys_.change(service, epoch)});
  if (!reply) return reply.error();
  auto change = change_from_fields(to_map(*reply));
  if (!change && change.error().code == Errc::not_found) {
    return error(Errc::not_found, "ring of " + service + ": no change is known for epoch " + std::to_string(epoch));
  }
  return change;
}

Result<std::vector<Change>> Store::load_changes(const std::string& service, std::size_t count) {
  if (count == 0) return std::vector<Change>();
  const auto epochs = connection_.command({"LRANGE", keys_.changes(service), "0", std::to_string(count - 1)});
  if (!epochs) return epochs.error();
  std::vector<Change> changes;
  for (const Reply& epoch : epochs->list) {
    auto change = load_change(service, epoch.number());
    if (!change && change.error().code == Errc::not_found) continue;
    if (!change) return change.error();
    changes.push_back(std::move(*change));
  }
  return changes;
}

Result<History> Store::load_history(const std::string& service) {
  const auto reply = connection_.command({"HGETALL", keys_.history(service)});
  if (!reply) return reply.error();
  History history;
  for (const auto& [epoch, text] : to_map(*reply)) {
    std::vector<ring::Member>& members = history[to_number(epoch)];
    for (const auto word : split(text, ' ')) {
      const auto equals = word.find('=');
      const auto colon = word.find(':', equals);
      if (equals == std::string_view::npos || colon == std::string_view::npos) continue;
      ring::Member member;
      member.name = word.substr(0, equals);
      member.incarnation = parse_hex(word.substr(equals + 1, colon - equals - 1)).value_or(0);
      member.weight = std::strtod(std::string(word.substr(colon + 1)).c_str(), nullptr);
      ring::settle_weights(member);
      members.push_back(std::move(member));
    }
  }
  return history;
}

Result<ServerFacts> Store::measure() {
  constexpr int attempts = 5;
  ServerFacts facts;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const TimePoint start = Clock::now();
    const auto reply = connection_.command({"TIME"});
    const double latency = std::chrono::duration<double>(Clock::now() - start).count();
    if (!reply) return reply.error();
    if (attempt > 0 && latency >= facts.latency_seconds) continue;
    const double ours = std::chrono::duration<double>(WallClock::now().time_since_epoch()).count() - latency / 2;
    facts.latency_seconds = latency;
    facts.clock_ahead_seconds =
        static_cast<double>(reply->at(0).number()) + static_cast<double>(reply->at(1).number()) / 1e6 - ours;
  }
  return facts;
}

Result<std::vector<std::string>> Store::load_names() {
  const auto reply = connection_.command({"ZRANGE", keys_.leases(), "0", "-1"});
  if (!reply) return reply.error();
  std::vector<std::string> names;
  for (const Reply& name : reply->list)
    names.push_back(name.text);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace wscluster::registry

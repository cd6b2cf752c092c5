// SPDX-License-Identifier: MIT
#include "cluster/inquirer.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "session/session_id.hpp"

namespace wscluster::cluster {
namespace {

/// The number of a question is that of its list or search and, below, the shard.
constexpr unsigned shard_bits = 16;

std::uint64_t inquiry_of(std::uint64_t question) {
  return question >> shard_bits;
}

std::size_t shard_of_question(std::uint64_t question) {
  return question & ((std::uint64_t{1} << shard_bits) - 1);
}

/// To go through while some of them end.
template <class Inquiries>
std::vector<std::uint64_t> numbers_of(const Inquiries& inquiries) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, inquiry] : inquiries)
    numbers.push_back(number);
  return numbers;
}

}  // namespace

// ---- lists

void Inquirer::list(const ListRequest& request, TimePoint deadline, ListDone done) {
  const ServiceView* service = view_ ? view_->service(request.service) : nullptr;
  const std::uint64_t number = ++last_number_;
  List& list = lists_[number];
  list = {request.service, request.limit, deadline, std::move(done), {}};
  if (service != nullptr) {
    for (const ring::Member& member : service->document->members) {
      if (!request.node.empty() && member.name != request.node) continue;
      const Peer* peer = view_->peer(member.name, member.incarnation);
      const unsigned shards = peer == nullptr ? 1 : peer->shards;
      for (unsigned shard = 0; shard < shards; ++shard) {
        const wire::ListSessions question{number << shard_bits | list.shards.size(),
                                          request.service,
                                          request.after,
                                          request.prefix,
                                          request.limit,
                                          request.is_misplaced};
        const PathId path = peer == nullptr ? 0 : network_.path_to(peer->name, peer->incarnation, shard);
        list.shards.push_back({member.name, path != 0 && network_.send(path, question) ? path : 0, false, {}, {}});
      }
    }
  }
  finish_list(number);
}

/// If nobody is left to wait for.
void Inquirer::finish_list(std::uint64_t number) {
  List& list = lists_.at(number);
  const bool is_open = std::any_of(list.shards.begin(), list.shards.end(),
                                   [](const Shard& shard) { return shard.path != 0 && !shard.is_answered; });
  if (is_open) return;
  const ListDone done = std::move(list.done);
  SessionList result = put_together(list);
  lists_.erase(number);
  done(std::move(result));
}

/// Up to where all of those go that have more: behind it, users of some shards are missing.
SessionList Inquirer::put_together(List& list) const {
  const ServiceView* service = view_ ? view_->service(list.service) : nullptr;
  SessionList result;
  if (service == nullptr) return result;
  using Place = std::pair<std::uint64_t, std::string>;
  const auto place_of = [&](const std::string& uid) { return Place{service->hash_of(uid), uid}; };
  std::optional<Place> end;
  std::set<std::string> missing;
  std::vector<std::pair<Place, SessionFacts>> all;
  for (Shard& shard : list.shards) {
    if (!shard.is_answered) missing.insert(shard.node);
    if (!shard.through.empty()) end = end ? std::min(*end, place_of(shard.through)) : place_of(shard.through);
    for (SessionFacts& facts : shard.sessions)
      all.emplace_back(place_of(facts.uid), std::move(facts));
  }
  result.missing.assign(missing.begin(), missing.end());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.connection) < std::tie(b.first, b.second.connection);
  });
  for (auto& [place, facts] : all) {
    const bool is_new_user = result.sessions.empty() || result.sessions.back().uid != facts.uid;
    if (end && place > *end) break;
    if (is_new_user && result.sessions.size() >= list.limit) {
      end = place_of(result.sessions.back().uid);
      break;
    }
    // One that moved meanwhile was told by both of its holders.
    if (!is_new_user && result.sessions.back().connection == facts.connection) continue;
    result.sessions.push_back(std::move(facts));
  }
  if (end) result.next = end->second;
  return result;
}

// ---- one user

void Inquirer::show(std::string_view service, std::string_view uid, TimePoint deadline, UserDone done) {
  Search search;
  search.service = service;
  search.uid = uid;
  search.deadline = deadline;
  search.done = std::move(done);
  begin(std::move(search));
}

void Inquirer::evict(std::string_view service, std::string_view uid, std::uint16_t code, std::string_view text,
                     TimePoint deadline, UserDone done) {
  Search search;
  search.service = service;
  search.uid = uid;
  search.evicts = true;
  search.code = code;
  search.text = text;
  search.deadline = deadline;
  search.done = std::move(done);
  begin(std::move(search));
}

void Inquirer::begin(Search search) {
  const ServiceView* service = view_ ? view_->service(search.service) : nullptr;
  if (service != nullptr) {
    search.epoch = service->epoch();
    search.candidates = candidates_for(*service, service->hash_of(search.uid));
  }
  const std::uint64_t number = ++last_number_;
  searches_.emplace(number, std::move(search));
  ask(number);
}

std::vector<Inquirer::Candidate> Inquirer::candidates_for(const ServiceView& service, std::uint64_t hash) const {
  std::vector<Candidate> found;
  const auto add = [&](const ring::HashRing& ring) {
    const ring::Member* owner = ring.owner_of(hash);
    if (owner == nullptr || !service.has_member(owner->name, owner->incarnation)) return;
    const bool is_known = std::any_of(found.begin(), found.end(),
                                      [&](const Candidate& known) { return known.incarnation == owner->incarnation; });
    if (!is_known) found.push_back({owner->name, owner->incarnation});
  };
  add(service.ring);
  for (auto open = service.open.rbegin(); open != service.open.rend(); ++open)
    add(open->ring);
  if (found.size() > 1) found.push_back(Candidate(found.front()));
  return found;
}

void Inquirer::ask(std::uint64_t number) {
  Search& search = searches_.at(number);
  const ServiceView* service = view_ ? view_->service(search.service) : nullptr;
  if (service == nullptr || search.candidates.empty()) {
    finish(number, {});
    return;
  }
  const Candidate& candidate = search.candidates[search.step];
  const PathId path =
      path_to_shard(network_, view_->peer(candidate.node, candidate.incarnation), service->hash_of(search.uid));
  const std::uint64_t question = number << shard_bits;
  const bool is_sent =
      path != 0 &&
      (search.evicts
           ? network_.send(path, wire::EvictUser{question, search.service, search.uid, search.code, search.text})
           : network_.send(path, wire::ShowUser{question, search.service, search.uid}));
  search.path = path;
  if (!is_sent) finish(number, {});
}

void Inquirer::on_answer(std::uint64_t number, const wire::Sessions& answer) {
  Search& search = searches_.at(number);
  const bool is_last = search.step + 1 == search.candidates.size();
  search.newest_epoch = std::max(search.newest_epoch, answer.epoch);
  const std::string node = search.candidates[search.step].node;
  UserReport report;
  report.node = node;
  report.epoch = answer.epoch;
  switch (answer.finding) {
    case wire::Finding::done:
      report.status = UserReport::Status::done;
      report.sessions = facts_of(answer, search.uid, node);
      report.held = answer.held;
      report.held_bytes = answer.held_bytes;
      report.closed = answer.closed;
      finish(number, std::move(report));
      return;
    case wire::Finding::nobody:
    case wire::Finding::unresolved:
      if (!is_last) {
        ++search.step;
        ask(number);
        return;
      }
      // Under an epoch that we do not know, others may hold it.
      if (answer.finding == wire::Finding::nobody && search.newest_epoch <= search.epoch)
        report.status = UserReport::Status::nobody;
      finish(number, std::move(report));
      return;
    case wire::Finding::moving:
    case wire::Finding::forbidden:
      break;
  }
  finish(number, std::move(report));
}

void Inquirer::finish(std::uint64_t number, UserReport report) {
  const UserDone done = std::move(searches_.at(number).done);
  searches_.erase(number);
  done(std::move(report));
}

// ---- what comes back

std::vector<SessionFacts> Inquirer::facts_of(const wire::Sessions& answer, std::string_view uid,
                                             const std::string& node) const {
  std::vector<SessionFacts> all;
  for (const wire::SessionEntry& entry : answer.entries) {
    if (!entry.uid.empty()) uid = entry.uid;
    all.push_back(facts_of(entry, uid, node));
  }
  return all;
}

SessionFacts Inquirer::facts_of(const wire::SessionEntry& entry, std::string_view uid, const std::string& node) const {
  SessionFacts facts;
  facts.uid = uid;
  facts.connection = session::SessionId::from_bytes(entry.session).text();
  facts.node = node;
  if (const Peer* peer = view_->peer_of(entry.process)) {
    facts.edge = peer->name;
    facts.is_gateway = peer->is_gateway;
  }
  facts.owner = entry.owner;
  facts.misplaced_for = Duration(entry.misplaced_ms);
  facts.age = Duration(entry.age_ms);
  facts.is_detached = entry.is_detached;
  facts.detached_for = Duration(entry.detached_ms);
  facts.is_moving = entry.is_moving;
  facts.close_code = static_cast<std::uint16_t>(entry.close_code);
  facts.life = entry.life;
  facts.in_flight = entry.in_flight;
  facts.in_flight_bytes = entry.in_flight_bytes;
  facts.waiting = entry.waiting;
  facts.waiting_bytes = entry.waiting_bytes;
  return facts;
}

void Inquirer::on_sessions(PathId path, const wire::Sessions& answer) {
  const std::uint64_t number = inquiry_of(answer.number);
  if (const auto found = lists_.find(number); found != lists_.end()) {
    const std::size_t index = shard_of_question(answer.number);
    if (index >= found->second.shards.size()) return;
    Shard& shard = found->second.shards[index];
    if (shard.is_answered || link_of(shard.path) != link_of(path)) return;
    shard.is_answered = answer.finding == wire::Finding::done;
    if (!shard.is_answered) shard.path = 0;
    shard.through = answer.through;
    shard.sessions = facts_of(answer, {}, shard.node);
    finish_list(number);
  } else if (const auto search = searches_.find(number);
             search != searches_.end() && link_of(search->second.path) == link_of(path)) {
    on_answer(number, answer);
  }
}

void Inquirer::on_link_down(LinkId link) {
  for (const std::uint64_t number : numbers_of(lists_)) {
    for (Shard& shard : lists_.at(number).shards) {
      if (link_of(shard.path) == link) shard.path = 0;
    }
    finish_list(number);
  }
  for (const std::uint64_t number : numbers_of(searches_)) {
    if (link_of(searches_.at(number).path) == link) give_up(number);
  }
}

void Inquirer::tick(TimePoint now) {
  for (const std::uint64_t number : numbers_of(lists_)) {
    if (now < lists_.at(number).deadline) continue;
    for (Shard& shard : lists_.at(number).shards)
      shard.path = 0;
    finish_list(number);
  }
  for (const std::uint64_t number : numbers_of(searches_)) {
    if (now >= searches_.at(number).deadline) give_up(number);
  }
}

void Inquirer::give_up(std::uint64_t number) {
  UserReport report;
  report.status = UserReport::Status::unknown;
  finish(number, std::move(report));
}

}  // namespace wscluster::cluster

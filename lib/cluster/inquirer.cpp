// SPDX-License-Identifier: MIT
// One session or user, and what comes back.
#include "cluster/inquirer.hpp"

#include <algorithm>

#include "cluster/inquirer_numbers.hpp"

namespace wscluster::cluster {

// ---- one session or user

void Inquirer::order(Order order, TimePoint deadline, OrderDone done) {
  const std::uint64_t number = ++last_number_;
  if (order.uid.empty() && !order.session) {
    Everybody& all = everybody_[number];
    all.order = std::move(order);
    all.deadline = deadline;
    all.done = std::move(done);
    begin_round(number);
    return;
  }
  if (const ServiceView* ring = service(order.service); ring != nullptr && ring->is_broadcast) {
    begin_poll(number, std::move(order), deadline, std::move(done));
    return;
  }
  Search search;
  search.order = std::move(order);
  search.deadline = deadline;
  search.done = std::move(done);
  if (const ServiceView* ring = service(search.order.service)) {
    search.epoch = ring->epoch();
    search.candidates = candidates_for(*ring, hash_of(search.order, *ring));
  }
  searches_.emplace(number, std::move(search));
  ask(number);
}

std::uint64_t Inquirer::hash_of(const Order& order, const ServiceView& ring) {
  return order.session ? order.session->hash : ring.hash_of(order.uid);
}

std::vector<Inquirer::Candidate> Inquirer::candidates_for(const ServiceView& ring, std::uint64_t hash) {
  std::vector<Candidate> found;
  const auto add = [&](const ring::HashRing& of_epoch) {
    const ring::Member* owner = of_epoch.owner_of(hash);
    if (owner == nullptr || !ring.has_member(owner->name, owner->incarnation)) return;
    const bool is_known = std::any_of(found.begin(), found.end(),
                                      [&](const Candidate& known) { return known.incarnation == owner->incarnation; });
    if (!is_known) found.push_back({owner->name, owner->incarnation});
  };
  add(ring.ring);
  for (auto open = ring.open.rbegin(); open != ring.open.rend(); ++open)
    add(open->ring);
  if (found.size() > 1) found.push_back(Candidate(found.front()));
  return found;
}

void Inquirer::ask(std::uint64_t number) {
  Search& search = searches_.at(number);
  const ServiceView* ring = service(search.order.service);
  if (ring == nullptr || search.candidates.empty()) {
    finish_search(number, {});
    return;
  }
  const Candidate& candidate = search.candidates[search.step];
  search.path =
      path_to_shard(network_, view_->peer(candidate.node, candidate.incarnation), hash_of(search.order, *ring));
  if (search.path == 0 || !send(search.path, search.order, question_of(number))) finish_search(number, {});
}

bool Inquirer::send(PathId path, const Order& order, std::uint64_t question, std::string_view after) {
  wire::Order frame;
  frame.number = question;
  frame.service = order.service;
  frame.operation = order.operation;
  frame.uid = order.uid;
  if (order.session) frame.session = order.session->view();
  frame.after = after;
  frame.in_group = order.in_group;
  frame.filter = order.filter;
  std::string excluded;
  for (const session::SessionId& id : order.excluded)
    excluded += id.view();
  frame.excluded = excluded;
  for (const std::string& group : order.groups)
    frame.groups.push_back({group});
  frame.permission = static_cast<std::uint64_t>(order.permission);
  frame.code = order.code;
  frame.text = order.text;
  frame.origin = order.origin;
  frame.payload = order.payload;
  return network_.send(path, frame);
}

void Inquirer::on_search_answer(std::uint64_t number, const wire::Sessions& answer) {
  Search& search = searches_.at(number);
  const bool is_last = search.step + 1 == search.candidates.size();
  search.newest_epoch = std::max(search.newest_epoch, answer.epoch);
  OrderReport report;
  report.node = search.candidates[search.step].node;
  report.epoch = answer.epoch;
  switch (answer.finding) {
    case wire::Finding::done:
      report.status = OrderReport::Status::done;
      report.count = answer.count;
      report.refused = answer.refused;
      report.sessions = facts_of(answer, report.node);
      report.held = answer.held;
      report.held_bytes = answer.held_bytes;
      break;
    case wire::Finding::nobody:
    case wire::Finding::unresolved:
      if (!is_last) {
        ++search.step;
        ask(number);
        return;
      }
      // Under an epoch that we do not know, others may hold it.
      if (answer.finding == wire::Finding::nobody && search.newest_epoch <= search.epoch)
        report.status = OrderReport::Status::nobody;
      break;
    case wire::Finding::moving:
    case wire::Finding::forbidden:
      break;
  }
  finish_search(number, std::move(report));
}

void Inquirer::finish_search(std::uint64_t number, OrderReport report) {
  const OrderDone done = std::move(searches_.at(number).done);
  searches_.erase(number);
  done(std::move(report));
}

void Inquirer::give_up_search(std::uint64_t number) {
  OrderReport report;
  report.status = OrderReport::Status::unknown;
  finish_search(number, std::move(report));
}

// ---- what comes back

std::vector<SessionFacts> Inquirer::facts_of(const wire::Sessions& answer, const std::string& node) const {
  std::vector<SessionFacts> all;
  for (const wire::SessionEntry& entry : answer.entries)
    all.push_back(facts_of(entry, node));
  return all;
}

SessionFacts Inquirer::facts_of(const wire::SessionEntry& entry, const std::string& node) const {
  SessionFacts facts;
  facts.uid = entry.uid;
  facts.id = session::SessionId::from_bytes(entry.session);
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
  if (lists_.contains(number)) {
    on_list_answer(path, answer, number);
  } else if (everybody_.contains(number)) {
    on_part_answer(path, answer, number);
  } else if (polls_.contains(number)) {
    on_poll_answer(path, answer, number);
  } else if (const auto search = searches_.find(number);
             search != searches_.end() && link_of(search->second.path) == link_of(path)) {
    on_search_answer(number, answer);
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
    if (link_of(searches_.at(number).path) == link) give_up_search(number);
  }
  for (const std::uint64_t number : numbers_of(polls_)) {
    const auto& parts = polls_.at(number).parts;
    if (std::any_of(parts.begin(), parts.end(), [&](const Poll::Part& part) { return link_of(part.path) == link; }))
      finish_poll(number);
  }
  for (const std::uint64_t number : numbers_of(everybody_)) {
    const auto& parts = everybody_.at(number).parts;
    const bool is_cut = std::any_of(parts.begin(), parts.end(), [&](const Everybody::Part& part) {
      return !part.is_done && link_of(part.path) == link;
    });
    if (is_cut) finish_everybody(number, OrderReport::Status::unknown);
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
    if (now >= searches_.at(number).deadline) give_up_search(number);
  }
  for (const std::uint64_t number : numbers_of(polls_)) {
    if (now >= polls_.at(number).deadline) finish_poll(number);
  }
  for (const std::uint64_t number : numbers_of(everybody_))
    continue_everybody(now, number);
}

}  // namespace wscluster::cluster

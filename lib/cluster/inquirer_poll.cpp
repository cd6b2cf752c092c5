// SPDX-License-Identifier: MIT
// One session or user where nobody computes who has it: every node is asked at its shard, and what they say is put
// together.
#include <algorithm>

#include "cluster/inquirer.hpp"
#include "cluster/inquirer_numbers.hpp"

namespace wscluster::cluster {

void Inquirer::begin_poll(std::uint64_t number, Order order, TimePoint deadline, OrderDone done) {
  Poll& poll = polls_[number];
  poll.order = std::move(order);
  poll.deadline = deadline;
  poll.done = std::move(done);
  poll.report.status = OrderReport::Status::nobody;
  const ServiceView& ring = *service(poll.order.service);
  const std::uint64_t hash = hash_of(poll.order, ring);
  for (const ring::Member& member : ring.document->members) {
    const PathId path = path_to_shard(network_, view_->peer(member.name, member.incarnation), hash);
    poll.parts.push_back({member.name, path});
  }
  // As long as nothing was asked, nothing was done.
  const bool is_reachable =
      std::all_of(poll.parts.begin(), poll.parts.end(), [](const Poll::Part& part) { return part.path != 0; });
  if (poll.parts.empty() || !is_reachable) {
    poll.parts.clear();
    poll.report.status = OrderReport::Status::busy;
    finish_poll(number);
    return;
  }
  for (std::size_t i = 0; i < poll.parts.size(); ++i) {
    if (send(poll.parts[i].path, poll.order, question_of(number, i))) continue;
    finish_poll(number);
    return;
  }
}

void Inquirer::on_poll_answer(PathId path, const wire::Sessions& answer, std::uint64_t number) {
  Poll& poll = polls_.at(number);
  const auto part = std::find_if(poll.parts.begin(), poll.parts.end(),
                                 [&](const Poll::Part& one) { return link_of(one.path) == link_of(path); });
  if (part == poll.parts.end()) return;
  OrderReport& report = poll.report;
  report.epoch = std::max(report.epoch, answer.epoch);
  if (answer.finding == wire::Finding::done) {
    report.status = OrderReport::Status::done;
    report.node = part->node;
    report.count += answer.count;
    report.refused += answer.refused;
    report.held += answer.held;
    report.held_bytes += answer.held_bytes;
    for (SessionFacts& facts : facts_of(answer, part->node))
      report.sessions.push_back(std::move(facts));
  }
  poll.parts.erase(part);
  if (poll.parts.empty()) finish_poll(number);
}

/// Who has not answered may have the user.
void Inquirer::finish_poll(std::uint64_t number) {
  Poll& poll = polls_.at(number);
  const OrderDone done = std::move(poll.done);
  OrderReport report = std::move(poll.report);
  if (!poll.parts.empty()) report.status = OrderReport::Status::unknown;
  polls_.erase(number);
  done(std::move(report));
}

}  // namespace wscluster::cluster

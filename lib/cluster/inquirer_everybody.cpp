// SPDX-License-Identifier: MIT
// Orders for everybody. One round over all shards is enough when no change moves users. Else one may have gone from a
// shard that was not asked yet to one that had been; so rounds are repeated until two in a row passed nobody over and
// nobody has come to any shard between their answers. All orders for everybody may be repeated.
#include <algorithm>

#include "cluster/inquirer.hpp"
#include "cluster/inquirer_numbers.hpp"

namespace wscluster::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration between_rounds = 100ms;

}  // namespace

/// As long as nothing was asked, nothing was done.
void Inquirer::begin_round(std::uint64_t number) {
  Everybody& all = everybody_.at(number);
  const ServiceView* ring = service(all.order.service);
  all.parts = ring == nullptr ? std::vector<Everybody::Part>{} : parts_of(*ring);
  const bool is_reachable =
      std::all_of(all.parts.begin(), all.parts.end(), [](const Everybody::Part& part) { return part.path != 0; });
  if (all.parts.empty() || !is_reachable) {
    finish_everybody(number, all.has_begun ? OrderReport::Status::unknown : OrderReport::Status::busy);
    return;
  }
  all.has_begun = true;
  all.next_round = {};
  all.epoch = 0;
  all.is_still = true;
  all.is_complete = true;
  for (std::size_t i = 0; i < all.parts.size(); ++i) {
    if (send(all.parts[i].path, all.order, question_of(number, i))) continue;
    finish_everybody(number, OrderReport::Status::unknown);
    return;
  }
}

std::vector<Inquirer::Everybody::Part> Inquirer::parts_of(const ServiceView& ring) {
  std::vector<Everybody::Part> parts;
  for (const ring::Member& member : ring.document->members) {
    const Peer* peer = view_->peer(member.name, member.incarnation);
    const unsigned shards = peer == nullptr ? 1 : peer->shards;
    for (unsigned shard = 0; shard < shards; ++shard) {
      const PathId path = peer == nullptr ? 0 : network_.path_to(member.name, member.incarnation, shard);
      parts.push_back({member.incarnation, shard, path, false});
    }
  }
  return parts;
}

void Inquirer::on_part_answer(PathId path, const wire::Sessions& answer, std::uint64_t number) {
  Everybody& all = everybody_.at(number);
  const std::size_t index = shard_of_question(answer.number);
  if (index >= all.parts.size()) return;
  Everybody::Part& part = all.parts[index];
  if (part.is_done || link_of(part.path) != link_of(path)) return;
  if (answer.finding != wire::Finding::done) {
    finish_everybody(number, OrderReport::Status::unknown);
    return;
  }
  all.report.count += answer.count;
  all.report.refused += answer.refused;
  if (all.epoch == 0) all.epoch = answer.epoch;
  all.is_still = all.is_still && answer.is_settled && answer.epoch == all.epoch;
  const std::uint64_t came = all.came.try_emplace({part.incarnation, part.shard}, answer.came).first->second;
  all.is_complete = all.is_complete && answer.moving == 0 && answer.came == came;
  if (answer.through.empty()) {
    part.is_done = true;
    end_round(number);
  } else if (!send(part.path, all.order, answer.number, answer.through)) {
    finish_everybody(number, OrderReport::Status::unknown);
  }
}

/// When all parts are done.
void Inquirer::end_round(std::uint64_t number) {
  Everybody& all = everybody_.at(number);
  if (!std::all_of(all.parts.begin(), all.parts.end(), [](const Everybody::Part& part) { return part.is_done; }))
    return;
  const bool nobody_came = all.was_complete && all.came == all.came_before;
  if (all.is_complete && (all.is_still || nobody_came)) {
    finish_everybody(number, OrderReport::Status::done);
    return;
  }
  all.was_complete = all.is_complete;
  all.came_before = std::exchange(all.came, {});
  all.parts.clear();
}

void Inquirer::continue_everybody(TimePoint now, std::uint64_t number) {
  Everybody& all = everybody_.at(number);
  if (now >= all.deadline) {
    finish_everybody(number, OrderReport::Status::unknown);
  } else if (all.parts.empty() && all.next_round == TimePoint{}) {
    all.next_round = now + between_rounds;
  } else if (all.parts.empty() && now >= all.next_round) {
    begin_round(number);
  }
}

void Inquirer::finish_everybody(std::uint64_t number, OrderReport::Status status) {
  Everybody& all = everybody_.at(number);
  const OrderDone done = std::move(all.done);
  OrderReport report = std::move(all.report);
  report.status = status;
  everybody_.erase(number);
  done(std::move(report));
}

}  // namespace wscluster::cluster

// SPDX-License-Identifier: MIT
// Lists of sessions, put together of what the shards answer.
#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "cluster/inquirer.hpp"
#include "cluster/inquirer_numbers.hpp"

namespace wscluster::cluster {

void Inquirer::list(const ListRequest& request, TimePoint deadline, ListDone done) {
  const std::uint64_t number = ++last_number_;
  List& list = lists_[number];
  list = {request.service, request.limit, deadline, std::move(done), {}};
  if (const ServiceView* ring = service(request.service)) {
    for (const ring::Member& member : ring->document->members) {
      if (!request.node.empty() && member.name != request.node) continue;
      const Peer* peer = view_->peer(member.name, member.incarnation);
      const unsigned shards = peer == nullptr ? 1 : peer->shards;
      for (unsigned shard = 0; shard < shards; ++shard) {
        const wire::ListSessions question{question_of(number, list.shards.size()),
                                          request.service,
                                          request.after,
                                          request.prefix,
                                          request.limit,
                                          request.is_misplaced,
                                          request.in_group};
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
  const ServiceView* ring = service(list.service);
  SessionList result;
  if (ring == nullptr) return result;
  using Place = std::pair<std::uint64_t, std::string>;
  const auto place_of = [&](const std::string& uid) { return Place{ring->hash_of(uid), uid}; };
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
    return std::tie(a.first, a.second.id) < std::tie(b.first, b.second.id);
  });
  for (auto& [place, facts] : all) {
    const bool is_new_user = result.sessions.empty() || result.sessions.back().uid != facts.uid;
    if (end && place > *end) break;
    if (is_new_user && result.sessions.size() >= list.limit) {
      end = place_of(result.sessions.back().uid);
      break;
    }
    // One that moved meanwhile was told by both of its holders.
    if (!is_new_user && result.sessions.back().id == facts.id) continue;
    result.sessions.push_back(std::move(facts));
  }
  if (end) result.next = end->second;
  return result;
}

void Inquirer::on_list_answer(PathId path, const wire::Sessions& answer, std::uint64_t number) {
  List& list = lists_.at(number);
  const std::size_t index = shard_of_question(answer.number);
  if (index >= list.shards.size()) return;
  Shard& shard = list.shards[index];
  if (shard.is_answered || link_of(shard.path) != link_of(path)) return;
  shard.is_answered = answer.finding == wire::Finding::done;
  if (!shard.is_answered) shard.path = 0;
  shard.through = answer.through;
  shard.sessions = facts_of(answer, shard.node);
  finish_list(number);
}

}  // namespace wscluster::cluster

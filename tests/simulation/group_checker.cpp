// SPDX-License-Identifier: MIT
#include "group_checker.hpp"

#include <algorithm>

namespace wscluster::simulation {

void GroupChecker::joins(std::uint64_t session, const std::string& group, const std::string& name) {
  Member& member = members_[{group, session}];
  member.name = name;
  member.is_out = false;
  member.begin_anew();
}

void GroupChecker::joined(std::uint64_t session, const std::string& group) {
  Member& member = members_[{group, session}];
  member.stays.push_back({++now_, 0});
  member.begin_anew();
}

void GroupChecker::leaves(std::uint64_t session, const std::string& group) {
  Member& member = members_[{group, session}];
  ++now_;
  member.begin_anew();
  if (!member.stays.empty() && member.stays.back().leaves == 0) member.stays.back().leaves = now_;
}

void GroupChecker::left(std::uint64_t session, const std::string& group) {
  members_[{group, session}].is_out = true;
}

void GroupChecker::published(std::uint64_t number, std::uint64_t sender, const std::string& group,
                             std::uint64_t excluded) {
  publications_[number] = {sender, group, excluded, ++now_, 0};
}

void GroupChecker::answered(std::uint64_t number) {
  if (const auto found = publications_.find(number); found != publications_.end()) found->second.answered = ++now_;
}

void GroupChecker::read(std::uint64_t session, std::uint64_t number, const std::string& group) {
  ++reads_;
  const auto found = publications_.find(number);
  if (found == publications_.end()) return checker_.break_promise("a member read what nobody published", number);
  if (found->second.group != group)
    return checker_.break_promise("read in " + group + " instead of " + found->second.group, number);
  if (found->second.excluded == session) checker_.break_promise("its publisher reads it in spite of noEcho", number);
  Member& member = members_[{group, session}];
  if (member.is_out) checker_.break_promise("read by somebody who has left " + group, number);
  member.seen.insert(number);
  if (!member.seen_since.insert(number).second) {
    if (!checker_.may_count_twice(number)) checker_.break_promise("read twice by " + member.name, number);
    return;
  }
  member.order.push_back({number, ++now_});
}

void GroupChecker::finish(const std::set<std::uint64_t>& unknown) {
  std::set<std::string> groups;
  for (const auto& [key, member] : members_) {
    const auto& [group, session] = key;
    groups.insert(group);
    check_senders(member, unknown);
    if (!lost_.contains(session)) check_complete(session, group, member);
  }
  for (const std::string& group : groups)
    check_total_order(group);
}

bool GroupChecker::is_due(const Publication& publication, const Stay& stay, const Member& member) const {
  if (publication.begun < stay.joined) return false;
  if (stay.leaves == 0) return true;
  return std::any_of(member.order.begin(), member.order.end(), [&](const Reading& reading) {
    return reading.number != 0 && reading.at > stay.joined && reading.at < stay.leaves &&
           publications_.at(reading.number).begun > publication.answered;
  });
}

void GroupChecker::check_complete(std::uint64_t session, const std::string& group, const Member& member) {
  for (const auto& [number, publication] : publications_) {
    if (publication.group != group || publication.answered == 0 || publication.excluded == session) continue;
    const bool is_expected = std::any_of(member.stays.begin(), member.stays.end(),
                                         [&, &p = publication](const Stay& stay) { return is_due(p, stay, member); });
    if (is_expected && !member.seen.contains(number))
      checker_.break_promise(member.name + " in " + group + " never read it", number);
  }
}

void GroupChecker::check_senders(const Member& member, const std::set<std::uint64_t>& unknown) {
  std::map<std::uint64_t, std::uint64_t> newest;
  for (const auto& [number, at] : member.order) {
    if (number == 0) newest.clear();
    if (number == 0 || checker_.may_count_twice(number)) continue;
    std::uint64_t& before = newest[publications_.at(number).sender];
    if (number < before && !unknown.contains(number))
      checker_.break_promise("reordered in its group, after " + std::to_string(before), number);
    before = std::max(before, number);
  }
}

/// What each member has read in a row stands in one order for all, as far as it was answered with success.
void GroupChecker::check_total_order(const std::string& group) {
  std::map<std::uint64_t, std::set<std::uint64_t>> next;
  std::map<std::uint64_t, std::size_t> before;
  for (const auto& [key, member] : members_) {
    if (key.first != group) continue;
    std::uint64_t last = 0;
    for (const auto& [number, at] : member.order) {
      if (number == 0) last = 0;
      if (number == 0 || publications_.at(number).answered == 0 || checker_.may_count_twice(number)) continue;
      before.try_emplace(number, 0);
      if (last != 0 && next[last].insert(number).second) ++before[number];
      last = number;
    }
  }
  std::vector<std::uint64_t> free;
  for (const auto& [number, count] : before)
    if (count == 0) free.push_back(number);
  std::size_t placed = 0;
  for (; !free.empty(); ++placed) {
    const std::uint64_t number = free.back();
    free.pop_back();
    for (const std::uint64_t later : next[number])
      if (--before[later] == 0) free.push_back(later);
  }
  if (placed == before.size()) return;
  const auto first = std::find_if(before.begin(), before.end(), [](const auto& entry) { return entry.second > 0; });
  checker_.break_promise("members of " + group + " read publications in different orders", first->first);
}

}  // namespace wscluster::simulation

// SPDX-License-Identifier: MIT
#include "registry/heritage.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "registry/json.hpp"

namespace wscluster::registry {
namespace {

namespace json = boost::json;

/// The membership of an epoch as the document knows it. One that it keeps no longer open had the points of the next, or
/// nobody needs it any more.
ring::Document document_of(const ring::Document& newest, std::uint64_t epoch) {
  ring::Document document = newest;
  document.epoch = epoch;
  for (const ring::OpenMembership& open : newest.open) {
    if (open.epoch < epoch) continue;
    document.members = open.members;
    break;
  }
  return document;
}

std::string weight_text(double weight) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.14g", weight);
  return text.data();
}

Change change_to(const ring::Document& newest, std::uint64_t epoch) {
  const ring::Document from = document_of(newest, epoch - 1);
  const ring::Document to = document_of(newest, epoch);
  return describe_change(epoch == 1 ? nullptr : &from, to, Action::put_back, "", {}, newest.changed_by);
}

}  // namespace

std::string history_entry(const ring::Document& document) {
  std::string text = document.digest;
  for (const ring::Member& member : document.members)
    text += " " + member.name + "=" + to_hex(member.incarnation) + ":" + weight_text(member.weight);
  return text;
}

std::string_view digest_in(std::string_view history_entry) {
  const std::string_view word = history_entry.substr(0, history_entry.find(' '));
  return word.find('=') == std::string_view::npos ? word : std::string_view();
}

bool Heritage::is_final(std::uint64_t to_epoch) const {
  return to_epoch <= done_through && std::none_of(running.begin(), running.end(),
                                                  [&](const Change& change) { return change.to_epoch == to_epoch; });
}

std::vector<Change> changes_to_restore(const ring::Document& document, const Heritage& heritage) {
  std::vector<Change> changes = heritage.running;
  const auto is_known = [&](std::uint64_t epoch) {
    return std::any_of(changes.begin(), changes.end(), [&](const Change& change) { return change.to_epoch == epoch; });
  };
  const std::uint64_t oldest = document.epoch > remembered_epochs ? document.epoch - remembered_epochs : 0;
  for (std::uint64_t epoch = std::max(heritage.done_through, oldest) + 1; epoch <= document.epoch; ++epoch) {
    if (is_known(epoch)) continue;
    Change change = change_to(document, epoch);
    if (epoch <= heritage.read_through) change.state = ChangeState::done;
    changes.push_back(std::move(change));
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.to_epoch < b.to_epoch; });
  return changes;
}

std::string to_json(const HistoryEntries& history) {
  json::object object;
  for (const auto& [epoch, entry] : history)
    object[std::to_string(epoch)] = entry;
  return json::serialize(object);
}

std::string restored_to_json(const std::vector<Change>& changes) {
  json::array array;
  for (const Change& change : changes) {
    json::object progress;
    for (const auto& [name, donor] : change.donors)
      progress["donor:" + name] = to_json(donor);
    for (const auto& [name, receiver] : change.receivers)
      progress["receiver:" + name] = to_json(receiver);
    // An aborted one goes on under that mark; how far it was is seen again from its counters.
    const bool is_aborted = change.state == ChangeState::aborted;
    if (is_aborted) progress["aborted"] = std::to_string(change.aborted_by);
    array.push_back(json::object{{"epoch", change.to_epoch},
                                 {"state", to_string(is_aborted ? ChangeState::evicting : change.state)},
                                 {"record", record_to_json(change)},
                                 {"progress", std::move(progress)}});
  }
  return json::serialize(array);
}

}  // namespace wscluster::registry

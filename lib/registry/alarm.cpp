// SPDX-License-Identifier: MIT
#include "registry/alarm.hpp"

#include <algorithm>

namespace wscluster::registry {
namespace {

constexpr std::array<const char*, alarm_kinds> words{"fork",     "lineage", "rollback", "unreadable", "name",
                                                     "eviction", "memory",  "disk",     "replication"};
constexpr std::size_t most_texts = 16;

}  // namespace

const char* to_string(AlarmKind kind) noexcept {
  return words[static_cast<std::size_t>(kind)];
}

std::vector<std::string> texts_of(const std::vector<Alarm>& alarms) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < std::min(alarms.size(), most_texts); ++i)
    texts.push_back(alarms[i].text);
  if (alarms.size() > most_texts) texts.push_back("and " + std::to_string(alarms.size() - most_texts) + " more");
  return texts;
}

}  // namespace wscluster::registry

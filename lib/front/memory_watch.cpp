// SPDX-License-Identifier: MIT
#include "front/memory_watch.hpp"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "base/log.hpp"

namespace wscluster::front {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_interval = 250ms;
/// A trim walks through the whole heap.
constexpr Duration trim_interval = 10s;
/// What the closed ones had must go back soon, or more would be closed than is needed.
constexpr Duration trim_interval_of_shedding = 1s;

}  // namespace

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<Pressure> MemoryWatch::look(TimePoint now) {
  if (now < next_look_) return std::nullopt;
  next_look_ = now + look_interval;
  const Pressure before = guard_.level();
  if (guard_.ceiling() == 0 && before == Pressure::none) return std::nullopt;
  const std::uint64_t resident = resident_bytes();
  const Pressure level = guard_.look(resident);
  if (level != before) {
    log::write(level > before ? log::Level::warning : log::Level::info, "memory", "the level has changed",
               {{"level", to_string(level)},
                {"before", to_string(before)},
                {"resident_bytes", resident},
                {"ceiling_bytes", guard_.ceiling()}});
  }
  if (level != Pressure::shed) budget_ = 0;
  if (level >= Pressure::trim && now >= next_trim_) {
    next_trim_ = now + (level == Pressure::shed ? trim_interval_of_shedding : trim_interval);
    ++trims_;
    malloc_trim(0);
  }
  return level;
}

std::size_t MemoryWatch::portion(double rate) {
  budget_ += rate * seconds(look_interval);
  const auto whole = static_cast<std::size_t>(budget_);
  budget_ -= static_cast<double>(whole);
  return whole;
}

void MemoryWatch::add_metrics(std::vector<metrics::Family>& families) const {
  const auto add = [&](metrics::Family family, double value) {
    family.add(value);
    families.push_back(std::move(family));
  };
  add(metrics::Family::gauge("wscluster_memory_ceiling_bytes", "limits.memory as it is in force; 0: none."),
      static_cast<double>(guard_.ceiling()));
  add(metrics::Family::gauge("wscluster_memory_pressure",
                             "0 none, 1 the heap is trimmed, 2 no clients are accepted, 3 nor kept alive, 4 WebSockets "
                             "are closed."),
      static_cast<double>(guard_.level()));
  add(metrics::Family::counter("wscluster_memory_trims_total", "How often the heap was trimmed."),
      static_cast<double>(trims_));
}

}  // namespace wscluster::front

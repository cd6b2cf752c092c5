// SPDX-License-Identifier: MIT
#include "front/memory_guard.hpp"

namespace wscluster::front {
namespace {

constexpr double hysteresis = 0.05;

double begin_of(Pressure level) {
  constexpr double begins[] = {0, 0.80, 0.85, 0.90, 0.95};
  return begins[static_cast<unsigned>(level)];
}

Pressure stepped(Pressure level, int step) {
  return static_cast<Pressure>(static_cast<int>(level) + step);
}

}  // namespace

const char* to_string(Pressure level) noexcept {
  switch (level) {
    case Pressure::none:
      return "none";
    case Pressure::trim:
      return "trim";
    case Pressure::no_clients:
      return "no_clients";
    case Pressure::no_keep_alive:
      return "no_keep_alive";
    case Pressure::shed:
      return "shed";
  }
  return "none";
}

Pressure MemoryGuard::look(std::uint64_t resident_bytes) noexcept {
  if (ceiling_ == 0) return level_ = Pressure::none;
  const double used = static_cast<double>(resident_bytes) / static_cast<double>(ceiling_);
  while (level_ < Pressure::shed && used >= begin_of(stepped(level_, 1)))
    level_ = stepped(level_, 1);
  while (level_ > Pressure::none && used < begin_of(level_) - hysteresis)
    level_ = stepped(level_, -1);
  return level_;
}

}  // namespace wscluster::front

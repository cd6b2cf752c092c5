// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace wscluster::front {

/// How short memory is. Each level does what those before it do, and more; they are undone in reverse.
enum class Pressure : std::uint8_t {
  none,
  trim,           ///< from 80 %: what the heap can spare goes back to the system
  no_clients,     ///< from 85 %: no clients are accepted
  no_keep_alive,  ///< from 90 %: HTTP connections end as soon as they are idle
  shed,           ///< from 95 %: WebSockets are closed, those first that have been idle longest
};
[[nodiscard]] const char* to_string(Pressure level) noexcept;

/// Resident bytes against a ceiling → a level, which is left five points below where it begins.
class MemoryGuard {
 public:
  /// 0: none.
  void use_ceiling(std::uint64_t bytes) noexcept { ceiling_ = bytes; }
  [[nodiscard]] std::uint64_t ceiling() const noexcept { return ceiling_; }

  Pressure look(std::uint64_t resident_bytes) noexcept;
  [[nodiscard]] Pressure level() const noexcept { return level_; }

 private:
  std::uint64_t ceiling_ = 0;
  Pressure level_ = Pressure::none;
};

}  // namespace wscluster::front

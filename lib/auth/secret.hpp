// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace wscluster::auth {

/// The bytes of a key or password. Cannot be printed, and wipes what it held when it ends, is assigned or moved from.
/// Text that it is made from is the caller's to wipe.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// For the function that needs the key itself; never for a log.
  [[nodiscard]] std::string_view reveal() const noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  /// In a time that depends on the lengths only. An empty secret matches nothing.
  [[nodiscard]] bool matches(std::string_view candidate) const noexcept;

 private:
  void wipe() noexcept;

  std::string bytes_;
};

}  // namespace wscluster::auth

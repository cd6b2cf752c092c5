// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "proxy/table.hpp"

namespace wscluster::proxy {

/// Which application server of one service gets a request, as one core sees them. Never changes the ring: a server that
/// fails is left out for a while, and who belongs to it is told so. Pure.
class Balancer {
 public:
  /// Keeps what is known of the servers that stay.
  void adopt(std::shared_ptr<const Service> service);
  [[nodiscard]] const Service& service() const noexcept { return *service_; }

  /// For a request of nobody; null: none is usable. `tried` are left out.
  [[nodiscard]] const Target* pick(TimePoint now, const std::vector<std::string>& tried = {});
  /// For a user with this place on the ring. Null where the owner is not usable and the service's options say `fail`.
  [[nodiscard]] const Target* pick_for(std::uint64_t hash, TimePoint now,
                                       const std::vector<std::string>& tried = {}) const;
  /// Whatever its condition.
  [[nodiscard]] const Target* owner_of(std::uint64_t hash) const noexcept;
  [[nodiscard]] bool is_usable(const std::string& target, TimePoint now) const;

  void began(const std::string& target) { ++states_[target].open; }
  void ended(const std::string& target);
  /// It answered, whatever.
  void succeeded(const std::string& target);
  /// It could not be reached, broke off, said nonsense or a 502, 503 or 504. True: this took it out.
  bool failed(const std::string& target, TimePoint now);
  /// What a health check found; two of a kind in a row count. True: its condition has changed.
  bool checked(const std::string& target, bool is_well);

  [[nodiscard]] std::size_t ejected(TimePoint now) const;
  [[nodiscard]] std::size_t sick() const;
  [[nodiscard]] std::uint64_t open(const std::string& target) const;

 private:
  struct State {
    std::uint64_t open = 0;
    std::uint64_t failures = 0;   ///< in a row
    std::uint64_t ejections = 0;  ///< in a row
    TimePoint ejected_until = TimePoint::min();
    unsigned unlike = 0;  ///< checks in a row that say the contrary
    bool is_sick = false;
  };

  [[nodiscard]] bool may_take(const Target& target, TimePoint now, const std::vector<std::string>& tried) const;

  std::shared_ptr<const Service> service_ = std::make_shared<const Service>();
  std::map<std::string, State> states_;
  std::size_t next_ = 0;
};

}  // namespace wscluster::proxy

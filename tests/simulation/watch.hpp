// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wscluster::simulation {

class Core;
class World;

/// Looks after every turn who holds whom: at most one active holder of a user at any instant, and users move only where
/// an epoch made somebody else the owner.
class Watch {
 public:
  explicit Watch(World& world) : world_(world) {}

  void add_user(const std::string& service, const std::string& uid);
  void look(Core& core);
  /// It is dead.
  void forget(const Core& core);
  [[nodiscard]] std::uint64_t moves() const noexcept { return moves_; }

 private:
  struct User {
    std::string service;
    std::string uid;
    std::vector<Core*> holders;
    bool is_doubted = false;  ///< was held twice
    std::uint64_t last = 0;   ///< incarnation of the last active holder
  };
  [[nodiscard]] static bool is_active(const Core& core);
  void compare(User& user, Core& core);

  World& world_;
  std::vector<User> users_;
  std::uint64_t moves_ = 0;
};

}  // namespace wscluster::simulation

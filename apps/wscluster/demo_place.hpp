// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace wscluster::app {

/// The directory of one demo; a temporary one goes with it.
class DemoPlace {
 public:
  /// Empty: a temporary one. Throws Failure.
  explicit DemoPlace(const std::string& wanted);
  ~DemoPlace();
  DemoPlace(const DemoPlace&) = delete;
  DemoPlace& operator=(const DemoPlace&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string path() const { return path_.string(); }
  /// Of a member's port file: what stands behind "clients", "links" or "admin"; empty while there is none.
  [[nodiscard]] std::string port(const std::string& member, const std::string& kind) const;
  /// For this user's eyes only. Throws Failure.
  void write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
  bool is_temporary_ = false;
};

}  // namespace wscluster::app

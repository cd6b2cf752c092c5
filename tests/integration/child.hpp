// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::integration {

/// Every time of these tests is multiplied by WSCLUSTER_TEST_SLOWDOWN (sanitizers, busy machines).
[[nodiscard]] int slowdown();
template <class Rep, class Period>
[[nodiscard]] Duration scaled(std::chrono::duration<Rep, Period> time) {
  return std::chrono::duration_cast<Duration>(time) * slowdown();
}

/// The wscluster binary under test: WSCLUSTER_BINARY, else the one of this build.
[[nodiscard]] std::string binary();

[[nodiscard]] std::string content_of(const std::string& file);

/// One process, killed with this object, or by the kernel when the test program dies.
class Child {
 public:
  struct Options {
    std::vector<std::string> argv;
    std::map<std::string, std::string> environment;  ///< added to ours
    std::string input;                               ///< its stdin
    std::string output_file;
    std::string error_file;  ///< may be the same file
  };

  explicit Child(const Options& options);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  void signal(int number) const;
  /// Exit code, or 128 + signal, when it has ended.
  [[nodiscard]] std::optional<int> poll();
  /// The same, waiting for it; empty after the patience.
  [[nodiscard]] std::optional<int> wait(Duration patience);
  /// kill -9 and wait.
  void kill();

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_;
};

}  // namespace wscluster::integration

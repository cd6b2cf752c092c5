// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace wscluster::app {

/// A child process that ends with us: the kernel kills it when we are killed, the destructor stops it.
class Child {
 public:
  /// argv[0] is looked up in PATH. stdout and stderr go to `log_file` (empty: ours). Throws Failure.
  Child(std::string name, const std::vector<std::string>& argv, const std::string& log_file,
        const std::map<std::string, std::string>& environment = {});
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& log_file() const noexcept { return log_file_; }
  /// Its exit code (128 + signal when killed) once it has ended.
  [[nodiscard]] std::optional<int> poll();
  [[nodiscard]] int wait();
  void signal(int number) const;
  /// SIGTERM, again after `patience` (servers then stop at once), SIGKILL after another.
  void stop(Duration patience);

 private:
  std::string name_;
  std::string log_file_;
  pid_t pid_ = -1;
  std::optional<int> exit_;
};

}  // namespace wscluster::app

// SPDX-License-Identifier: MIT
#include "demo_place.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/error.hpp"

namespace wscluster::app {

namespace fs = std::filesystem;

DemoPlace::DemoPlace(const std::string& wanted) {
  if (!wanted.empty()) {
    path_ = fs::absolute(wanted);
    fs::create_directories(path_);
    return;
  }
  std::string pattern = (fs::temp_directory_path() / "wscluster-demo-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw Failure(ExitCode::cannot_create, pattern + ": " + std::strerror(errno));
  path_ = pattern;
  is_temporary_ = true;
}

DemoPlace::~DemoPlace() {
  std::error_code ignored;
  if (is_temporary_) fs::remove_all(path_, ignored);
}

std::string DemoPlace::port(const std::string& member, const std::string& kind) const {
  std::ifstream ports(file(member + ".ports"));
  std::string key;
  std::string value;
  while (ports >> key >> value) {
    if (key == kind) return value;
  }
  return {};
}

void DemoPlace::write(const std::string& name, const std::string& content) const {
  const fs::path path = path_ / name;
  std::ofstream file(path, std::ios::trunc);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  file << content;
  if (!file.flush()) throw Failure(ExitCode::cannot_create, path.string() + ": cannot be written");
}

}  // namespace wscluster::app

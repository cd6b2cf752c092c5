// SPDX-License-Identifier: MIT
#include "classroom.hpp"

#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace wscluster::app {
namespace {

namespace fs = std::filesystem;

/// Beside the sources that this program was built from, or where it was installed.
fs::path find_example() {
  const fs::path self = fs::read_symlink("/proc/self/exe");
  for (fs::path folder = self.parent_path(); folder != folder.parent_path(); folder = folder.parent_path()) {
    for (const char* place : {"examples/classroom", "share/doc/wscluster/examples/classroom"}) {
      if (fs::exists(folder / place / "prepare")) return folder / place;
    }
  }
  throw Failure(ExitCode::unavailable, "examples/classroom is neither beside the sources nor installed",
                "install with 'cmake --install', which puts it into share/doc/wscluster");
}

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path == nullptr ? "" : path, ':')) {
    if (access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

Child prepare_classroom(const std::string& place) {
  for (const char* program : {"node", "npm"}) {
    if (!is_in_path(program))
      throw Failure(ExitCode::unavailable, std::string(program) + " is not installed, and the classroom needs it",
                    "apt-get install nodejs npm");
  }
  return {"preparing the classroom",
          {(find_example() / "prepare").string(), place + "/classroom"},
          place + "/classroom.log"};
}

Child serve_classroom(const std::string& place, const std::string& door) {
  return {
      "classroom",
      {"node", place + "/classroom/server.cjs", "--site", place + "/classroom/site", "--key-file",
       place + "/access.key", "--cluster", place + "/" + door + ".ports", "--port-file", place + "/classroom.ports"},
      place + "/classroom.log"};
}

ClassroomConfig classroom_config(const std::string& place, const std::string& application) {
  return {"    webhook_url: http://" + application + "/events/\n", "static_dir: " + place + "/classroom/site\n"};
}

}  // namespace wscluster::app

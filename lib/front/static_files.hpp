// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "edge/edge.hpp"

namespace wscluster::front {

/// The files of a folder, all of them in memory. A request's path is looked up among the names that were found, so no
/// path leads out of the folder and no core waits for a disk. Immutable; the cores share it. Made for a page and what
/// belongs to it: each answer is a copy.
class StaticFiles {
 public:
  struct Limits {
    std::size_t file_bytes = 4U << 20U;
    std::size_t total_bytes = 32U << 20U;
    std::size_t files = 4096;
  };

  /// Names that begin with a dot are left out. An error names the file: one over a limit, a link that leaves the folder
  /// or leads to a folder, what is no file, a name that is kept for REST calls.
  [[nodiscard]] static Result<StaticFiles> read(const std::string& folder, const Limits& limits);
  [[nodiscard]] static Result<StaticFiles> read(const std::string& folder) { return read(folder, Limits()); }

  /// Nothing when there is no such file. A folder is its index.html.
  [[nodiscard]] std::optional<edge::Response> answer(const edge::Request& request) const;
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }

 private:
  struct File {
    std::string body;
    std::string_view content_type;
    std::string tag;
  };
  class Reader;

  std::map<std::string, File, std::less<>> files_;   ///< by path: "/index.html"
  std::set<std::string, std::less<>> folders_{"/"};  ///< by path: "/images/"
};

struct Options;
/// Of options.static_dir; none when it is empty. Throws Failure that names the file.
[[nodiscard]] std::shared_ptr<const StaticFiles> read_static_files(const Options& options);

}  // namespace wscluster::front

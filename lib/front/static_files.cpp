// SPDX-License-Identifier: MIT
#include "front/static_files.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "base/units.hpp"
#include "front/answers.hpp"
#include "front/options.hpp"

namespace wscluster::front {
namespace {

namespace fs = std::filesystem;

std::string_view content_type_of(const fs::path& file) {
  using namespace std::string_view_literals;
  static constexpr std::array types{
      std::pair{".html"sv, "text/html; charset=utf-8"sv},
      std::pair{".htm"sv, "text/html; charset=utf-8"sv},
      std::pair{".css"sv, "text/css; charset=utf-8"sv},
      std::pair{".js"sv, "text/javascript; charset=utf-8"sv},
      std::pair{".mjs"sv, "text/javascript; charset=utf-8"sv},
      std::pair{".json"sv, "application/json"sv},
      std::pair{".map"sv, "application/json"sv},
      std::pair{".webmanifest"sv, "application/manifest+json"sv},
      std::pair{".wasm"sv, "application/wasm"sv},
      std::pair{".txt"sv, "text/plain; charset=utf-8"sv},
      std::pair{".xml"sv, "application/xml"sv},
      std::pair{".pdf"sv, "application/pdf"sv},
      std::pair{".svg"sv, "image/svg+xml"sv},
      std::pair{".png"sv, "image/png"sv},
      std::pair{".jpg"sv, "image/jpeg"sv},
      std::pair{".jpeg"sv, "image/jpeg"sv},
      std::pair{".gif"sv, "image/gif"sv},
      std::pair{".webp"sv, "image/webp"sv},
      std::pair{".avif"sv, "image/avif"sv},
      std::pair{".ico"sv, "image/x-icon"sv},
      std::pair{".woff"sv, "font/woff"sv},
      std::pair{".woff2"sv, "font/woff2"sv},
      std::pair{".ttf"sv, "font/ttf"sv},
  };
  const std::string extension = to_lower(file.extension().string());
  const auto* const found =
      std::find_if(types.begin(), types.end(), [&](const auto& type) { return type.first == extension; });
  return found == types.end() ? "application/octet-stream" : found->second;
}

/// The same for the same content at every gateway of the same build; another build makes browsers load it once more.
std::string tag_of(std::string_view body) {
  return '"' + to_hex(std::hash<std::string_view>()(body)) + '-' + std::to_string(body.size()) + '"';
}

/// Decoded segment by segment, of a path that begins with a slash: an encoded slash is no slash. Nothing for a broken
/// escape.
std::optional<std::string> decode_path(std::string_view path) {
  std::string decoded;
  for (const std::string_view segment : split(path.substr(1), '/')) {
    const auto text = percent_decode(segment);
    if (!text || text->find('/') != std::string::npos) return std::nullopt;
    decoded.append("/").append(*text);
  }
  return decoded;
}

/// RFC 9110 section 13.1.2, with the weak comparison.
bool names_tag(std::string_view header, std::string_view tag) {
  for (std::string_view item : split(header, ',')) {
    item = trim(item);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == "*" || item == tag) return true;
  }
  return false;
}

}  // namespace

class StaticFiles::Reader {
 public:
  Reader(const fs::path& folder, const Limits& limits) : root_(fs::canonical(folder)), limits_(limits) {}

  Result<> run() {
    for (fs::recursive_directory_iterator at(root_), end; at != end; ++at) {
      if (at->path().filename().string().starts_with('.')) {
        at.disable_recursion_pending();
        continue;
      }
      if (const auto added = add(*at); !added) return added;
    }
    return {};
  }
  StaticFiles take() { return std::move(files_); }

 private:
  static Error refusal(const fs::path& path, const std::string& text) {
    return error(Errc::invalid, path.string() + ": " + text);
  }

  Result<> add(const fs::directory_entry& entry) {
    const std::string name = "/" + entry.path().lexically_relative(root_).generic_string();
    if (is_reserved_path(name)) return refusal(entry.path(), "'" + name + "' is kept for REST calls; rename it");
    if (entry.is_directory() && !entry.is_symlink()) {
      files_.folders_.insert(name + "/");
      return {};
    }
    const fs::path target = fs::canonical(entry.path());
    if (std::mismatch(root_.begin(), root_.end(), target.begin(), target.end()).first != root_.end())
      return refusal(entry.path(), "this link leaves the folder; put a copy in its place");
    if (!fs::is_regular_file(target))
      return refusal(entry.path(), entry.is_symlink() ? "a link to a folder is not followed; put a copy in its place"
                                                      : "this is neither a file nor a folder");
    return read(entry.path(), name);
  }

  Result<> read(const fs::path& path, const std::string& name) {
    if (files_.files_.size() >= limits_.files)
      return refusal(root_, "the folder holds more than " + std::to_string(limits_.files) + " files");
    auto body = read_file(path.string(), limits_.file_bytes);
    if (!body) return body.error();
    total_ += body->size();
    if (total_ > limits_.total_bytes)
      return refusal(root_, "the folder holds more than " + format_size(limits_.total_bytes));
    std::string tag = tag_of(*body);
    files_.files_.emplace(name, File{std::move(*body), content_type_of(path), std::move(tag)});
    return {};
  }

  fs::path root_;
  Limits limits_;
  std::size_t total_ = 0;
  StaticFiles files_;
};

Result<StaticFiles> StaticFiles::read(const std::string& folder, const Limits& limits) {
  try {
    if (!fs::is_directory(folder)) return error(Errc::not_found, folder + ": there is no such folder");
    Reader reader(folder, limits);
    if (const auto done = reader.run(); !done) return done.error();
    return reader.take();
  } catch (const fs::filesystem_error& failed) {
    return error(Errc::invalid, failed.path1().string() + ": " + failed.code().message());
  }
}

std::shared_ptr<const StaticFiles> read_static_files(const Options& options) {
  if (options.static_dir.empty()) return std::make_shared<const StaticFiles>();
  auto files = StaticFiles::read(options.static_dir);
  if (!files) throw Failure(ExitCode::config, "static_dir: " + files.error().message);
  return std::make_shared<const StaticFiles>(std::move(*files));
}

std::optional<edge::Response> StaticFiles::answer(const edge::Request& request) const {
  auto path = request.path.starts_with('/') ? decode_path(request.path) : std::nullopt;
  if (!path) return std::nullopt;
  edge::Response response;
  if (folders_.contains(*path + "/")) {
    response.status = 301;
    response.headers.emplace_back("Location", request.path + "/" + request.target.substr(request.path.size()));
    return response;
  }
  if (path->ends_with('/')) *path += "index.html";
  const auto found = files_.find(*path);
  if (found == files_.end()) return std::nullopt;
  const File& file = found->second;
  if (request.method != "GET" && request.method != "HEAD") return wrong_method("GET, HEAD");
  // A browser asks each time, and mostly hears 304: what was put in place is seen at once.
  response.headers = {{"ETag", file.tag}, {"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}};
  if (names_tag(request.header("If-None-Match").value_or(""), file.tag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.content_type;
  response.body = file.body;
  return response;
}

}  // namespace wscluster::front

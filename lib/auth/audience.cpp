// SPDX-License-Identifier: MIT
#include "auth/audience.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace wscluster::auth {
namespace {

std::string_view without_query(std::string_view target) {
  return target.substr(0, target.find_first_of("?#"));
}

std::optional<std::string_view> path_of(std::string_view url) {
  url = without_query(url);
  if (url.starts_with('/')) return url;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const auto slash = url.find('/', scheme_end + 3);
  return slash == std::string_view::npos ? std::string_view("/") : url.substr(slash);
}

bool same_segment(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto decoded = percent_decode(a);
  return decoded && decoded == percent_decode(b);
}

}  // namespace

bool audience_matches(std::string_view audience, std::string_view path) {
  if (audience.empty()) return true;
  const auto signed_path = path_of(audience);
  return signed_path && std::ranges::equal(split(*signed_path, '/'), split(without_query(path), '/'), same_segment);
}

}  // namespace wscluster::auth

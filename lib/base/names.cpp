// SPDX-License-Identifier: MIT
#include "base/names.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace wscluster {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_mark(char c) {
  return c == '_' || c == '.' || c == '-';
}

}  // namespace

Result<> check_service_name(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= 63 && is_lower(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_lower(c) || is_digit(c) || is_mark(c); });
  if (good) return {};
  return error(Errc::invalid, "'" + std::string(name) +
                                  "' is not a service name: lower-case letter first, then letters, digits, '_', '.', "
                                  "'-', at most 63 characters");
}

Result<> check_member_name(std::string_view name) {
  const auto is_alnum = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); };
  const bool good = !name.empty() && name.size() <= 63 && is_alnum(name.front()) &&
                    std::all_of(name.begin(), name.end(), [&](char c) { return is_alnum(c) || is_mark(c); });
  if (good) return {};
  return error(Errc::invalid,
               "'" + std::string(name) +
                   "' is not a name: letter or digit first, then letters, digits, '_', '.', '-', at most "
                   "63 characters");
}

Result<> check_uid(std::string_view uid) {
  if (uid.empty()) return error(Errc::invalid, "the uid is empty");
  if (uid.size() > max_uid_bytes) {
    return error(Errc::invalid, "the uid has " + std::to_string(uid.size()) + " bytes; at most " +
                                    std::to_string(max_uid_bytes) + " are allowed");
  }
  if (!is_valid_utf8(uid)) return error(Errc::invalid, "the uid is not UTF-8");
  if (std::any_of(uid.begin(), uid.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    return error(Errc::invalid, "the uid contains a control character");
  }
  return {};
}

}  // namespace wscluster

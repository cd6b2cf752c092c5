// SPDX-License-Identifier: MIT
#include "protocol/names.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/names.hpp"
#include "base/text.hpp"

namespace wscluster::protocol {
namespace {

constexpr std::size_t max_ascii_name = 128;

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A letter, then letters, digits and `marks`.
bool is_ascii_name(std::string_view name, std::string_view marks) noexcept {
  return !name.empty() && name.size() <= max_ascii_name && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [marks](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
         });
}

std::size_t count_characters(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// What `\s` means in the SDKs' own check of names: Unicode's spaces and line ends.
bool is_all_space(std::string_view text) noexcept {
  constexpr std::string_view ascii = " \t\n\v\f\r";
  constexpr std::array<std::string_view, 19> others{
      "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84",
      "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
      "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"};
  while (!text.empty()) {
    if (ascii.find(text.front()) != std::string_view::npos) {
      text.remove_prefix(1);
      continue;
    }
    const auto space =
        std::find_if(others.begin(), others.end(), [text](std::string_view s) { return text.starts_with(s); });
    if (space == others.end()) return false;
    text.remove_prefix(space->size());
  }
  return true;
}

}  // namespace

Result<> check_hub_name(std::string_view name) {
  if (is_ascii_name(name, "_`,.[]")) return {};
  return error(Errc::invalid,
               "the hub's name must begin with a letter and go on with letters, digits, '_', '`', ',', '.', '[', ']', "
               "at most 128 characters");
}

Result<> check_group_name(std::string_view name) {
  if (name.empty()) return error(Errc::invalid, "the group's name is empty");
  if (!is_valid_utf8(name)) return error(Errc::invalid, "the group's name is not UTF-8");
  if (name.size() > max_group_characters && count_characters(name) > max_group_characters)
    return error(Errc::invalid, "the group's name has more than 1024 characters");
  if (is_all_space(name)) return error(Errc::invalid, "the group's name is nothing but white space");
  if (const auto uid = user_of_group(name); uid) {
    if (auto checked = check_uid(*uid); !checked)
      return error(Errc::invalid, "the group's name begins with 'user:', but " + checked.error().message);
  }
  return {};
}

Result<> check_event_name(std::string_view name) {
  if (is_ascii_name(name, "_.-")) return {};
  return error(Errc::invalid,
               "the event's name must begin with a letter and go on with letters, digits, '_', '.', '-', at most 128 "
               "characters");
}

std::optional<std::string_view> user_of_group(std::string_view group) noexcept {
  if (!group.starts_with(user_group_prefix)) return std::nullopt;
  return group.substr(user_group_prefix.size());
}

}  // namespace wscluster::protocol

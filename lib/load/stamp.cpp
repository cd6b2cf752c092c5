// SPDX-License-Identifier: MIT
#include "load/stamp.hpp"

#include <algorithm>
#include <charconv>

namespace wscluster::load {
namespace {

constexpr std::size_t word_digits = 8;
constexpr std::size_t time_digits = 11;  // 200 days of microseconds

void append_hex(std::string& out, std::uint64_t value, std::size_t digits) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  for (std::size_t i = digits; i-- > 0;)
    out.push_back(alphabet[value >> (4 * i) & 15U]);
  out.push_back('.');
}

template <class T>
bool take_hex(std::string_view& text, std::size_t digits, T& value) {
  if (text.size() <= digits || text[digits] != '.') return false;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + digits, value, 16);
  if (ec != std::errc{} || end != text.data() + digits) return false;
  text.remove_prefix(digits + 1);
  return true;
}

static_assert(stamp_bytes == 4 * (word_digits + 1) + 2 * (time_digits + 1));

}  // namespace

void append_payload(std::string& out, const Stamp& stamp, std::size_t size_bytes) {
  append_hex(out, stamp.run, word_digits);
  append_hex(out, stamp.sender, word_digits);
  append_hex(out, stamp.recipient, word_digits);
  append_hex(out, stamp.sequence, word_digits);
  append_hex(out, stamp.planned_us, time_digits);
  append_hex(out, stamp.sent_us, time_digits);
  out.append(std::max(size_bytes, stamp_bytes) - stamp_bytes, 'x');
}

std::optional<Stamp> parse_stamp(std::string_view payload) {
  Stamp stamp;
  const bool ok = take_hex(payload, word_digits, stamp.run) && take_hex(payload, word_digits, stamp.sender) &&
                  take_hex(payload, word_digits, stamp.recipient) && take_hex(payload, word_digits, stamp.sequence) &&
                  take_hex(payload, time_digits, stamp.planned_us) && take_hex(payload, time_digits, stamp.sent_us);
  if (!ok) return std::nullopt;
  return stamp;
}

}  // namespace wscluster::load

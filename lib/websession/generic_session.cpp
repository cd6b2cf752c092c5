// SPDX-License-Identifier: MIT
#include "websession/generic_session.hpp"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "base/text.hpp"

namespace wscluster::websession {
namespace {

namespace json = boost::json;

/// Null when the path leads nowhere.
const json::value* at_path(const json::value& root, std::string_view path) {
  const json::value* at = &root;
  for (const std::string_view step : split(path, '.')) {
    const auto* object = at->if_object();
    at = object != nullptr ? object->if_contains({step.data(), step.size()}) : nullptr;
    if (at == nullptr) return nullptr;
  }
  return at;
}

Reading nobody() {
  Reading reading;
  reading.verdict = Verdict::nobody;
  return reading;
}

Reading user_at(const json::value* value, std::optional<WallClock::time_point> expires) {
  if (value == nullptr || value->is_null()) return nobody();
  if (const auto* text = value->if_string()) return user(std::string(text->data(), text->size()), expires);
  if (value->is_int64()) return user(std::to_string(value->get_int64()), expires);
  return unreadable("http_session.json_path leads to what is neither a text nor a whole number");
}

Reading read_json(const std::string& text, std::string_view path, WallClock::time_point now) {
  json::error_code ec;
  const json::value root = json::parse(text, ec);
  if (ec) return unreadable("not JSON");
  std::optional<WallClock::time_point> expires;
  if (const auto* end = at_path(root, "cookie.expires"); end != nullptr && !end->is_null()) {
    if (const auto* written = end->if_string()) expires = parse_javascript_time(std::string(*written));
    if (!expires) return unreadable("cookie.expires is not a time");
    if (now >= *expires) {
      Reading reading;
      reading.verdict = Verdict::expired;
      return reading;
    }
  }
  return user_at(at_path(root, path), expires);
}

}  // namespace

std::optional<WallClock::time_point> parse_javascript_time(const std::string& text) {
  namespace chrono = std::chrono;
  int year = 0;
  std::array<unsigned, 6> part{};  // month, day, hour, minute, second, millisecond
  int length = 0;
  const int count = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u.%3uZ%n", &year, &part[0], &part[1], &part[2],
                                &part[3], &part[4], &part[5], &length);
  const chrono::year_month_day date{chrono::year(year), chrono::month(part[0]), chrono::day(part[1])};
  const bool is_good =
      count == 7 && length == 24 && text.size() == 24 && date.ok() && part[2] < 24 && part[3] < 60 && part[4] < 60;
  // What the clock, which counts nanoseconds, can hold.
  if (!is_good || year < 1970 || year > 2200) return std::nullopt;
  return WallClock::time_point(chrono::sys_days(date)) + chrono::hours(part[2]) + chrono::minutes(part[3]) +
         chrono::seconds(part[4]) + chrono::milliseconds(part[5]);
}

std::string generic_key(const Options& options, const std::string& id) {
  std::string key = options.key;
  return key.replace(key.find("{id}"), 4, id);
}

Reading read_generic_session(const Options& options, const std::optional<std::string>& value,
                             WallClock::time_point now) {
  if (!value) return {};
  if (value->empty()) return nobody();
  if (options.json_path.empty()) return user(*value, std::nullopt);
  return read_json(*value, options.json_path, now);
}

}  // namespace wscluster::websession

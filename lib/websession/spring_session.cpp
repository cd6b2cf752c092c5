// SPDX-License-Identifier: MIT
#include "websession/spring_session.hpp"

#include <algorithm>
#include <array>

#include "websession/spring_user.hpp"

namespace wscluster::websession {
namespace {

/// Persistent: Spring Session's names.
constexpr std::string_view attribute_prefix = "sessionAttr:";
constexpr std::string_view principal_attribute =
    "org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME";
constexpr std::string_view security_attribute = "SPRING_SECURITY_CONTEXT";
constexpr std::array time_fields{"creationTime", "lastAccessedTime", "maxInactiveInterval"};

struct Times {
  std::int64_t last_accessed_ms = 0;
  std::int64_t max_inactive_s = 0;
};

Result<Times> read_times(const Fields& fields) {
  std::array<std::int64_t, time_fields.size()> numbers{};
  for (std::size_t i = 0; i < time_fields.size(); ++i) {
    const std::string name = time_fields[i];
    if (!fields[i]) return error(Errc::invalid, name + " is missing");
    const auto number = read_integer(*fields[i]);
    if (!number) return error(Errc::invalid, name + ": " + number.error().message);
    if (!*number) return error(Errc::invalid, name + " is null");
    numbers[i] = **number;
  }
  return Times{numbers[1], numbers[2]};
}

/// Empty: never. What is centuries away is never, too: the clock, which counts nanoseconds, cannot hold it.
Result<std::optional<WallClock::time_point>> end_of(const Times& times) {
  constexpr std::int64_t century_s = 100LL * 366 * 86'400;
  std::optional<WallClock::time_point> end;
  if (times.max_inactive_s < 0 || times.max_inactive_s > century_s) return end;
  if (times.last_accessed_ms < 0 || times.last_accessed_ms > 1500 * century_s)
    return error(Errc::invalid, "lastAccessedTime is no time of our days");
  end = WallClock::time_point(std::chrono::milliseconds(times.last_accessed_ms) +
                              std::chrono::seconds(times.max_inactive_s));
  return end;
}

Result<std::optional<std::string>> read_user(const Options& options, const Fields& fields) {
  const auto text_at = [&](std::size_t index) {
    return std::string_view(fields[index] ? *fields[index] : std::string_view());
  };
  const std::size_t first = time_fields.size();
  if (!options.attribute.empty()) return read_text(text_at(first));
  auto principal = read_text(text_at(first));
  if (!principal || *principal) return principal;
  return read_security_context(text_at(first + 1));
}

}  // namespace

std::string spring_key(const Options& options, const std::string& id) {
  return options.name_space + ":sessions:" + id;
}

std::vector<std::string> spring_fields(const Options& options) {
  std::vector<std::string> names(time_fields.begin(), time_fields.end());
  const auto add = [&](std::string_view attribute) {
    names.push_back(std::string(attribute_prefix) + std::string(attribute));
  };
  if (!options.attribute.empty()) {
    add(options.attribute);
  } else {
    add(principal_attribute);
    add(security_attribute);
  }
  return names;
}

Reading read_spring_session(const Options& options, const Fields& fields, WallClock::time_point now) {
  if (std::none_of(fields.begin(), fields.end(), [](const auto& field) { return field.has_value(); })) return {};
  const auto times = read_times(fields);
  if (!times) return unreadable(times.error().message);
  const auto end = end_of(*times);
  if (!end) return unreadable(end.error().message);
  Reading reading;
  if (*end && now >= **end) {
    reading.verdict = Verdict::expired;
    return reading;
  }
  auto uid = read_user(options, fields);
  if (!uid) return unreadable(uid.error().message);
  if (*uid) return user(std::move(**uid), *end);
  reading.verdict = Verdict::nobody;
  return reading;
}

}  // namespace wscluster::websession

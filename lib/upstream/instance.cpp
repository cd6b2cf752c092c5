// SPDX-License-Identifier: MIT
#include "upstream/instance.hpp"

#include <algorithm>
#include <array>

#include "base/names.hpp"
#include "base/text.hpp"
#include "ring/key.hpp"

namespace wscluster::upstream {
namespace {

constexpr std::array status_words{"UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN"};
constexpr std::array origin_words{"configured", "rest", "eureka"};
constexpr std::array action_words{"ADDED", "MODIFIED", "DELETED"};

constexpr std::size_t hash_digits = 32;
constexpr std::size_t kept_of_id = 30;
constexpr double largest_weight = 1000;
constexpr Duration shortest_lease{1'000};
constexpr Duration longest_lease{86'400'000};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

/// Such an id gets another name, so that it cannot be taken for the name of a hashed one.
bool looks_hashed(std::string_view id) {
  if (id.size() <= hash_digits) return false;
  const std::string_view digits = id.substr(id.size() - hash_digits);
  return id[id.size() - hash_digits - 1] == '.' && digits.find_first_not_of("0123456789abcdef") == digits.npos;
}

Result<> check_text(const char* field, std::string_view text) {
  if (text.size() > max_text_bytes) {
    return error(Errc::invalid, std::string(field) + " is longer than " + std::to_string(max_text_bytes) + " bytes");
  }
  if (!is_valid_utf8(text)) return error(Errc::invalid, std::string(field) + " is not UTF-8");
  return {};
}

Result<> check_metadata(const std::map<std::string, std::string>& metadata) {
  if (metadata.size() > max_metadata) {
    return error(Errc::invalid, "metadata has more than " + std::to_string(max_metadata) + " entries");
  }
  for (const auto& [key, value] : metadata) {
    if (key.empty()) return error(Errc::invalid, "metadata has an empty key");
    for (const std::string* text : {&key, &value}) {
      if (const auto good = check_text("metadata", *text); !good) return good;
    }
  }
  return {};
}

}  // namespace

const char* to_string(Status status) noexcept {
  return status_words[static_cast<std::size_t>(status)];
}
const char* to_string(Origin origin) noexcept {
  return origin_words[static_cast<std::size_t>(origin)];
}
const char* to_string(Action action) noexcept {
  return action_words[static_cast<std::size_t>(action)];
}

Result<Status> parse_status(std::string_view text) {
  const auto found =
      std::find_if(status_words.begin(), status_words.end(), [&](const char* word) { return iequals(word, text); });
  if (found != status_words.end()) return static_cast<Status>(found - status_words.begin());
  return error(Errc::invalid, "'" + std::string(text) +
                                  "' is not a status: UP, DOWN, STARTING, OUT_OF_SERVICE or UNKNOWN is expected");
}

Result<> check_instance_id(std::string_view id) {
  if (id.empty()) return error(Errc::invalid, "the instance's id is empty");
  if (id.size() > max_id_bytes) {
    return error(Errc::invalid, "the instance's id is longer than " + std::to_string(max_id_bytes) + " bytes");
  }
  const bool is_plain = std::none_of(id.begin(), id.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
  if (is_plain && is_valid_utf8(id)) return {};
  return error(Errc::invalid, "the instance's id must be UTF-8 without blanks and control characters");
}

Result<> check_instance(const Instance& instance) {
  if (const auto good = check_service_name(instance.service); !good) return good;
  if (const auto good = check_instance_id(instance.id); !good) return good;
  if (instance.address.host.empty() || instance.address.port == 0) {
    return error(Errc::invalid, "the instance has no address with a port above 0");
  }
  if (!(instance.weight >= 0.001 && instance.weight <= largest_weight)) {
    return error(Errc::invalid, "weight must be from 0.001 to 1000");
  }
  if (instance.lease < shortest_lease || instance.lease > longest_lease) {
    return error(Errc::invalid, "the lease must be from 1 second to 1 day");
  }
  const EurekaFacts& eureka = instance.eureka;
  for (const auto& [field, text] :
       {std::pair("host", &instance.address.host), std::pair("hostName", &eureka.host_name),
        std::pair("ipAddr", &eureka.ip_addr), std::pair("vipAddress", &eureka.vip_address),
        std::pair("secureVipAddress", &eureka.secure_vip_address), std::pair("homePageUrl", &eureka.home_page_url),
        std::pair("statusPageUrl", &eureka.status_page_url), std::pair("healthCheckUrl", &eureka.health_check_url),
        std::pair("secureHealthCheckUrl", &eureka.secure_health_check_url),
        std::pair("appGroupName", &eureka.app_group_name), std::pair("asgName", &eureka.asg_name),
        std::pair("dataCenterInfo", &eureka.data_center)}) {
    if (const auto good = check_text(field, *text); !good) return good;
  }
  return check_metadata(instance.metadata);
}

std::string member_name(std::string_view id) {
  if (check_member_name(id) && !looks_hashed(id)) return std::string(id);
  std::string name(id);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_character(c); }, '-');
  // Marks are no beginning of a name.
  if (check_member_name(name.substr(0, 1)).has_error()) name.insert(name.begin(), 'i');
  return name.substr(0, kept_of_id) + "." + to_hex(ring::hash_uid(id, 0)) + to_hex(ring::hash_uid(id, 1));
}

std::uint64_t incarnation_of(const Instance& instance) noexcept {
  const std::uint64_t hash = ring::hash_uid(instance.id, instance.registered_ms);
  return hash == 0 ? 1 : hash;
}

}  // namespace wscluster::upstream

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/state.hpp"

/// What Eureka's clients read. Application names are upper case there, whatever was registered.
namespace wscluster::upstream {

/// XML is what Netflix's server writes to clients that do not ask for JSON.
enum class EurekaFormat : std::uint8_t { json, xml };

/// Those of several services; by service.
using Instances = std::map<std::string, std::vector<const Instance*>, std::less<>>;

/// All that are registered, whatever their status.
[[nodiscard]] Instances all_instances(const Upstreams& upstreams);
/// The last change of each instance within the retention, also of those that have left.
[[nodiscard]] Instances changed_instances(const Upstreams& upstreams, std::uint64_t now_ms);
/// By vipAddress or secureVipAddress; both are lists with commas.
[[nodiscard]] Instances instances_of_vip(const Upstreams& upstreams, std::string_view vip, bool is_secure);

/// "DOWN_1_UP_2_" of the whole registry; empty when it is.
[[nodiscard]] std::string hash_code(const Upstreams& upstreams);

/// `hash` is of the whole registry, also when only changes are told.
[[nodiscard]] std::string eureka_applications(const Instances& instances, std::string_view hash, EurekaFormat format);
[[nodiscard]] std::string eureka_application(std::string_view service, const std::vector<const Instance*>& instances,
                                             EurekaFormat format);
[[nodiscard]] std::string eureka_instance(const Instance& instance, EurekaFormat format);

}  // namespace wscluster::upstream

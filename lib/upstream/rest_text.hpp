// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "upstream/state.hpp"

/// Bodies of our own calls for instances. The errors are for the caller, Errc::invalid.
namespace wscluster::upstream {

/// {"url":"http://HOST:PORT","weight":1,"lease":30,"status":"UP","metadata":{…}}; only url must be there, the lease is
/// in seconds.
[[nodiscard]] Result<Instance> parse_rest_registration(const std::string& service, const std::string& id,
                                                       std::string_view body);
/// {"status":"OUT_OF_SERVICE"}
[[nodiscard]] Result<Status> parse_rest_status(std::string_view body);

[[nodiscard]] std::string rest_instance(const Instance& instance);
/// Sorted by id.
[[nodiscard]] std::string rest_instances(std::string_view service, const UpstreamState& state);

}  // namespace wscluster::upstream

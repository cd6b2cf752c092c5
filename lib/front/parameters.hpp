// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "edge/edge.hpp"
#include "front/provenance.hpp"
#include "protocol/data_type.hpp"
#include "session/session_id.hpp"

/// What the parameters, headers and body of a REST call say. The errors are for the application, Errc::invalid
/// where nothing else is said.
namespace wscluster::front {

/// A number from `least` to `most`.
[[nodiscard]] Result<std::uint64_t> number_parameter(const edge::Request& request, std::string_view name,
                                                     std::uint64_t fallback, std::uint64_t least, std::uint64_t most);
/// All values of a parameter that may stand several times.
[[nodiscard]] std::vector<std::string> all_parameters(const edge::Request& request, std::string_view name);
/// `excluded`; an id that is none of ours excludes nobody.
[[nodiscard]] std::vector<session::SessionId> excluded_sessions(const edge::Request& request);
/// `filter`, checked; empty: none.
[[nodiscard]] Result<std::string> filter_parameter(const edge::Request& request);
/// `messageTtlSeconds`, at most five minutes; nothing when the service's rules are to hold.
[[nodiscard]] Result<std::optional<Duration>> message_lifetime(const edge::Request& request);
/// x-ms-client-request-id: repeats of one call have the same. Empty when the call has none.
[[nodiscard]] Result<std::string_view> request_id(const edge::Request& request);

/// By Content-Type; Errc::protocol for one that is not sent on. Without one it is text.
[[nodiscard]] Result<protocol::DataType> type_of_body(const edge::Request& request);

/// SCHEME://HOST as the application sees us, maybe through proxies of ours.
[[nodiscard]] std::string origin_of(const edge::Request& request, const TrustedProxies& trusted);

}  // namespace wscluster::front

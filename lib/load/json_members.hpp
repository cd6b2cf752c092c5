// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string_view>

namespace wscluster::load {

/// A member that is a string, as long as the object lives; empty when there is none.
[[nodiscard]] std::string_view text_of(const boost::json::object& object, std::string_view name);
/// A member that is a number and not below zero; 0 when there is none.
[[nodiscard]] std::uint64_t number_of(const boost::json::object& object, std::string_view name);

}  // namespace wscluster::load

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "protocol/data_type.hpp"

/// The bodies in which applications send and get what is the data of a message.
namespace wscluster::protocol {

/// Of a Content-Type, whatever its parameters; nothing for one that names no type of ours.
[[nodiscard]] std::optional<DataType> type_of_content(std::string_view content_type) noexcept;
[[nodiscard]] std::string_view content_type_of(DataType type) noexcept;

/// Text must be UTF-8 and JSON be JSON; Errc::invalid says what is wrong and where.
[[nodiscard]] Result<> check_content(DataType type, std::string_view body);

}  // namespace wscluster::protocol

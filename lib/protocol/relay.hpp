// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

/// The JSON of clients without a subprotocol in a service with `raw: relay`, and of REST receipts.
namespace wscluster::protocol {

/// {"to":"bob","data":…,"id":…}: `data` is any JSON value, `id` (optional, string or number) comes back in the receipt.
struct RelayRequest {
  std::string to;
  std::string data;  ///< JSON text
  std::string id;    ///< JSON text, empty when absent
};

/// Fails with a sentence for the client: not JSON, no object, a missing or bad field, nested too deeply.
[[nodiscard]] Result<RelayRequest> parse_relay(std::string_view text);

/// Fate of a message as people and programs read it.
struct ReceiptText {
  std::string_view to;
  std::string_view status;  ///< delivered, queued, offline, expired, unknown
  std::uint64_t sessions = 0;
  std::string_view node;
  std::uint64_t epoch = 0;
  double latency_seconds = 0;
  bool is_duplicate = false;  ///< REST: of an earlier call with the same request id
};

/// What the sender gets: {"receipt":{"id":…,"to":…,"status":…,…}}
[[nodiscard]] std::string relay_receipt(std::string_view id_json, const ReceiptText& receipt);
/// Answer to a frame that could not be read: {"error":{"code":"invalid","message":…}}
[[nodiscard]] std::string relay_error(std::string_view code, std::string_view message);
/// Body of a REST answer: {"schema":"wscluster/receipt/v1",…}
[[nodiscard]] std::string rest_receipt(const ReceiptText& receipt);
/// Body of a REST error as in PROTOCOL.md B.6: {"code":…,"message":…,"target":null,"details":[],"inner":{}}
[[nodiscard]] std::string rest_error(std::string_view code, std::string_view message);

}  // namespace wscluster::protocol

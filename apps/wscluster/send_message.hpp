// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "interrupt.hpp"
#include "invocation.hpp"
#include "rest_client.hpp"

namespace wscluster::app {

struct Message {
  enum class Kind : std::uint8_t { text, binary, json };

  std::string content;
  Kind kind = Kind::text;
};

/// Who is to get a message: a user, or all members of a group.
struct Recipient {
  std::string name;
  bool is_group = false;
  std::vector<std::string> except = {};  ///< connections of the group that are not meant
};

/// What a send knows.
struct Receipt {
  Recipient to;
  std::string status;  ///< delivered, queued, offline, expired, unknown; accepted with --wait none
  std::string node;
  std::uint64_t sessions = 0;
  std::uint64_t epoch = 0;
  double latency_seconds = 0;
};

/// Sends over the REST API of client.url with tokens of the service's access key.
class Sender {
 public:
  /// Throws Failure without a usable URL or key.
  Sender(const Invocation& invocation, const config::Config& config);

  /// Blocks until the receipt or the time-out. A place that says "not executed" (503) is asked again until then
  /// or until a signal. Throws
  /// Failure for everything that is not a receipt.
  [[nodiscard]] Receipt send(const Recipient& to, const Message& message, const Interrupt& interrupt) const;

  [[nodiscard]] const std::string& place() const noexcept { return client_.place(); }

 private:
  RestClient client_;
  std::string wait_;
  Duration timeout_;
};

/// Throws Failure (data) for what cannot be a uid or the name of a group.
void check_recipient(const Recipient& to);

}  // namespace wscluster::app

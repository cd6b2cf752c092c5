// SPDX-License-Identifier: MIT
#include "load/target.hpp"

#include <algorithm>
#include <charconv>

#include "auth/token.hpp"
#include "base/text.hpp"
#include "load/run_result.hpp"

namespace wscluster::load {
namespace {

bool fits_request_line(std::string_view path) {
  return std::ranges::all_of(path, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

}  // namespace

Result<Target> Target::parse(std::string_view url) {
  const auto bad = [&](const std::string& why) {
    return error(Errc::invalid, "'" + std::string(url) + "' " + why + " (example: ws://127.0.0.1:8080/hubs/chat)");
  };
  Target target;
  std::string_view rest = url;
  if (rest.starts_with("ws://")) {
    rest.remove_prefix(5);
  } else if (rest.starts_with("wss://")) {
    target.is_tls = true;
    rest.remove_prefix(6);
  } else {
    return bad("does not begin with ws:// or wss://");
  }
  const auto slash = rest.find_first_of("/?#");
  target.authority = rest.substr(0, slash);
  target.path = slash == std::string_view::npos ? "/" : rest.substr(slash);
  if (target.path.front() == '?') target.path.insert(0, "/");
  if (target.authority.find('@') != std::string::npos) return bad("must not contain a user name");
  if (!fits_request_line(target.path)) return bad("has characters in its path that must be percent-encoded");
  std::string address = target.authority;
  const bool has_port = address.find(':', address.starts_with('[') ? address.find(']') : 0) != std::string::npos;
  if (!has_port) address += target.is_tls ? ":443" : ":80";
  const auto endpoint = Endpoint::parse(address);
  if (!endpoint) return bad("is not usable: " + endpoint.error().message);
  if (endpoint->port == 0) return bad("has port 0");
  target.endpoint = *endpoint;
  return target;
}

struct Identity::Key {
  auth::Secret secret;
};

Identity::Identity(const Options& options, const Target& target)
    : prefix_(options.uid_prefix), start_(options.uid_start), path_(target.path) {
  if (speaks_subprotocol(options)) roles_ = {"webpubsub.joinLeaveGroup", "webpubsub.sendToGroup"};
  if (options.access_key_file.empty()) return;
  auto text = read_secret(options.access_key_file);
  if (!text) throw Failure(text.error());
  key_ = std::make_unique<const Key>(Key{auth::Secret(*text)});
}

Identity::~Identity() = default;

std::string Identity::uid(std::uint64_t connection) const {
  return prefix_ + std::to_string(start_ + connection);
}

bool Identity::is_uid(std::string_view uid, std::uint64_t connection) const noexcept {
  if (!uid.starts_with(prefix_)) return false;
  uid.remove_prefix(prefix_.size());
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(uid.data(), uid.data() + uid.size(), number);
  return ec == std::errc{} && end == uid.data() + uid.size() && number == start_ + connection;
}

std::string Identity::request_target(std::uint64_t connection) const {
  if (key_) return path_;
  return path_ + (path_.find('?') == std::string::npos ? "?uid=" : "&uid=") + percent_encode(uid(connection));
}

std::string Identity::recovery_target(std::uint64_t connection, std::string_view connection_id,
                                      std::string_view reconnection_token) const {
  std::string target = request_target(connection);
  target += target.find('?') == std::string::npos ? "?" : "&";
  return target + "awps_connection_id=" + percent_encode(connection_id) +
         "&awps_reconnection_token=" + percent_encode(reconnection_token);
}

std::string Identity::authorization(std::uint64_t connection, Duration lifetime) const {
  if (!key_) return {};
  auth::Claims claims;
  claims.subject = uid(connection);
  claims.roles = roles_;
  claims.issued_at = WallClock::now();
  claims.expires = *claims.issued_at + lifetime;
  return "Bearer " + auth::make_token(claims, key_->secret);
}

}  // namespace wscluster::load

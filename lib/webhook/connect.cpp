// SPDX-License-Identifier: MIT
#include "webhook/connect.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/names.hpp"
#include "base/text.hpp"
#include "protocol/names.hpp"
#include "session/permissions.hpp"

namespace wscluster::webhook {
namespace {

namespace json = boost::json;

/// An access token in the URL or a header would let its reader act as the client.
bool is_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 4> names{"authorization", "cookie", "access_token",
                                                         "proxy-authorization"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view secret) { return iequals(secret, name); });
}

void add(json::object& map, std::string_view name, std::string_view value) {
  json::value& list = map[name];
  if (!list.is_array()) list = json::array();
  list.get_array().emplace_back(value);
}

json::object lists_of(const net::HttpFields& fields) {
  json::object map;
  for (const auto& [name, value] : fields) {
    if (!is_secret(name) && is_valid_utf8(name) && is_valid_utf8(value)) add(map, name, value);
  }
  return map;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

json::object claims_of(std::string_view text) {
  json::object map;
  json::error_code failed;
  const json::value claims = json::parse(json::string_view(text), failed);
  if (failed || !claims.is_object()) return map;
  for (const auto& [name, value] : claims.get_object()) {
    if (!value.is_array()) {
      add(map, name, text_of(value));
      continue;
    }
    for (const json::value& entry : value.get_array())
      add(map, name, text_of(entry));
  }
  return map;
}

Error wrong(std::string_view field, std::string_view why) {
  return error(Errc::protocol, "the application's answer to connect: " + std::string(field) + " " + std::string(why));
}

/// Absent and null are the same.
Result<> read_text(const json::object& body, std::string_view name, std::optional<std::string>& out) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) return wrong(name, "is not a string");
  out = std::string(value->get_string());
  return {};
}

Result<> read_texts(const json::object& body, std::string_view name, std::vector<std::string>& out) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_array()) return wrong(name, "is not a list");
  for (const json::value& entry : value->get_array()) {
    if (!entry.is_string()) return wrong(name, "holds something that is not a string");
    out.emplace_back(entry.get_string());
  }
  return {};
}

Result<> check(const ConnectAnswer& answer, const ConnectQuestion& question) {
  if (answer.user) {
    if (const auto good = check_uid(*answer.user); !good) return wrong("userId", good.error().message);
  }
  for (const std::string& group : answer.groups) {
    if (const auto good = protocol::check_group_name(group); !good) return wrong("groups", good.error().message);
  }
  session::Permissions permissions;
  for (const std::string& role : answer.roles) {
    if (const auto good = permissions.add_role(role); !good) return wrong("roles", good.error().message);
  }
  const auto& offered = question.subprotocols;
  if (answer.subprotocol && std::find(offered.begin(), offered.end(), *answer.subprotocol) == offered.end())
    return wrong("subprotocol", "is none that the client offers");
  return {};
}

}  // namespace

std::string connect_body(const ConnectQuestion& question) {
  json::object body;
  body["claims"] = claims_of(question.claims_json);
  body["query"] = lists_of(question.query);
  body["headers"] = lists_of(question.headers);
  body["subprotocols"] = json::array(question.subprotocols.begin(), question.subprotocols.end());
  json::array certificates;
  if (question.certificate) {
    certificates.push_back({{"thumbprint", question.certificate->fingerprint}, {"content", question.certificate->pem}});
  }
  body["clientCertificates"] = std::move(certificates);
  return json::serialize(body);
}

Result<ConnectAnswer> parse_connect_answer(unsigned status, const net::HttpFields& headers, std::string_view text,
                                           const ConnectQuestion& question) {
  ConnectAnswer answer;
  if (const std::string* state = net::find_header(headers, "ce-connectionState")) answer.state = *state;
  if (status == 204 || trim(text).empty()) return answer;
  json::error_code failed;
  const json::value value = json::parse(json::string_view(text), failed);
  if (failed || !value.is_object()) return wrong("the body", "is not a JSON object");
  const json::object& body = value.get_object();
  for (const Result<>& read :
       {read_text(body, "userId", answer.user), read_text(body, "subprotocol", answer.subprotocol),
        read_texts(body, "groups", answer.groups), read_texts(body, "roles", answer.roles)}) {
    if (!read) return read.error();
  }
  if (answer.user && answer.user->empty()) answer.user.reset();
  if (answer.subprotocol && answer.subprotocol->empty()) answer.subprotocol.reset();
  if (const auto good = check(answer, question); !good) return good.error();
  return answer;
}

}  // namespace wscluster::webhook

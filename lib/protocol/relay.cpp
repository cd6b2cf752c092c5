// SPDX-License-Identifier: MIT
#include "protocol/relay.hpp"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "base/names.hpp"
#include "base/text.hpp"

namespace wscluster::protocol {
namespace json = boost::json;
namespace {

void append_number(std::string& out, double value) {
  std::array<char, 40> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 6);
  out.append(text.data(), ec == std::errc{} ? end : text.data());
}

void append_receipt_fields(std::string& out, const ReceiptText& receipt) {
  out += R"("to":)";
  append_json_string(out, receipt.to);
  out += R"(,"status":)";
  append_json_string(out, receipt.status);
  out += R"(,"sessions":)" + std::to_string(receipt.sessions) + R"(,"node":)";
  if (receipt.node.empty()) {
    out += "null";
  } else {
    append_json_string(out, receipt.node);
  }
  out += R"(,"epoch":)" + std::to_string(receipt.epoch) + R"(,"latency_seconds":)";
  append_number(out, receipt.latency_seconds);
}

// The text is known to be valid JSON from here on.

std::size_t skip_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

/// Behind the closing quote of the string that begins at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

std::size_t skip_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
    } else if (c == '{' || c == '[') {
      ++depth, ++at;
    } else if (c == '}' || c == ']') {
      --depth, ++at;
    } else if (depth == 0) {
      return std::min(text.find_first_of(",}] \t\r\n", at), text.size());
    } else {
      ++at;
    }
  } while (depth > 0 && at < text.size());
  return at;
}

/// The value of a member exactly as it was written: numbers would not survive being read and written again. Empty when
/// the name is not written plainly.
std::string_view raw_member(std::string_view text, std::string_view name) {
  std::string_view found;
  std::size_t at = skip_space(text, skip_space(text, 0) + 1);
  while (at < text.size() && text[at] == '"') {
    const std::size_t key_end = skip_string(text, at);
    const std::string_view key = text.substr(at + 1, key_end - at - 2);
    const std::size_t begin = skip_space(text, skip_space(text, key_end) + 1);
    if (begin >= text.size()) break;
    const std::size_t end = skip_value(text, begin);
    if (key == name) found = text.substr(begin, end - begin);
    at = skip_space(text, skip_space(text, end) + 1);
  }
  return found;
}

}  // namespace

Result<RelayRequest> parse_relay(std::string_view text) {
  std::array<unsigned char, 4096> buffer{};
  json::monotonic_resource memory(buffer.data(), buffer.size());
  json::parse_options options;
  options.max_depth = 32;
  boost::system::error_code ec;
  const json::value value = json::parse({text.data(), text.size()}, ec, &memory, options);
  if (ec) return error(Errc::invalid, "not JSON: " + ec.message());
  const auto* object = value.if_object();
  if (object == nullptr) return error(Errc::invalid, R"(not an object; write {"to":"uid","data":…})");
  const auto* to = object->if_contains("to");
  if (to == nullptr || !to->is_string()) return error(Errc::invalid, R"(field "to" must be a string)");
  const auto* data = object->if_contains("data");
  if (data == nullptr) return error(Errc::invalid, R"(field "data" is missing)");
  RelayRequest request;
  request.to = std::string(std::string_view(to->get_string()));
  if (auto checked = check_uid(request.to); !checked)
    return error(Errc::invalid, R"(field "to": )" + checked.error().message);
  request.data = raw_member(text, "data");
  if (request.data.empty()) return error(Errc::invalid, R"(write the name "data" without escapes)");
  if (const auto* id = object->if_contains("id"); id != nullptr) {
    if (!id->is_string() && !id->is_number()) return error(Errc::invalid, R"(field "id" must be a string or a number)");
    request.id = raw_member(text, "id");
    if (request.id.size() > 256) return error(Errc::invalid, R"(field "id" is longer than 256 bytes)");
  }
  return request;
}

std::string relay_receipt(std::string_view id_json, const ReceiptText& receipt) {
  std::string out = R"({"receipt":{)";
  if (!id_json.empty()) {
    out += R"("id":)";
    out += id_json;
    out.push_back(',');
  }
  append_receipt_fields(out, receipt);
  out += "}}";
  return out;
}

std::string relay_error(std::string_view code, std::string_view message) {
  std::string out = R"({"error":{"code":)";
  append_json_string(out, code);
  out += R"(,"message":)";
  append_json_string(out, message);
  out += "}}";
  return out;
}

std::string rest_receipt(const ReceiptText& receipt) {
  std::string out = R"({"schema":"wscluster/receipt/v1",)";
  append_receipt_fields(out, receipt);
  out += receipt.is_duplicate ? R"(,"duplicate":true})" : R"(,"duplicate":false})";
  return out;
}

std::string rest_error(std::string_view code, std::string_view message) {
  std::string out = R"({"code":)";
  append_json_string(out, code);
  out += R"(,"message":)";
  append_json_string(out, message);
  out += R"(,"target":null,"details":[],"inner":{}})";
  return out;
}

}  // namespace wscluster::protocol

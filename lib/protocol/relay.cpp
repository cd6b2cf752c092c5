// SPDX-License-Identifier: MIT
#include "protocol/relay.hpp"

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
  request.data = json::serialize(*data);
  if (const auto* id = object->if_contains("id"); id != nullptr) {
    if (!id->is_string() && !id->is_number()) return error(Errc::invalid, R"(field "id" must be a string or a number)");
    request.id = json::serialize(*id);
    if (request.id.size() > 256) return error(Errc::invalid, R"(field "id" is longer than 256 bytes)");
  }
  return request;
}

std::string relay_message(std::string_view from, std::string_view data_json) {
  std::string out = R"({"from":)";
  append_json_string(out, from);
  out += R"(,"data":)";
  out += data_json;
  out.push_back('}');
  return out;
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
  out.push_back('}');
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

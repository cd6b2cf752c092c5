// SPDX-License-Identifier: MIT
#include "protocol/groups_request.hpp"

#include "base/text.hpp"
#include "protocol/filter.hpp"
#include "protocol/json_scanner.hpp"
#include "protocol/names.hpp"

namespace wscluster::protocol {
namespace {

using Kind = JsonValue::Kind;

constexpr unsigned max_depth = 16;

std::string text_of(const JsonValue& value) {
  std::string text;
  append_unescaped(text, value.content());
  return text;
}

/// One pass; `wrong` is the first rule that was broken, when it is not one of JSON.
class GroupsRequestReader {
 public:
  explicit GroupsRequestReader(std::string_view body) : scanner_(body, max_depth) {}

  Result<GroupsRequest> read() {
    const bool is_read = scanner_.read_members([this](const JsonValue& key) { return read_member(text_of(key)); });
    if (!wrong_.empty()) return error(Errc::invalid, wrong_);
    if (!is_read || !scanner_.read_end()) {
      return error(Errc::invalid,
                   "the body at byte " + std::to_string(scanner_.position() + 1) + ": " + scanner_.what());
    }
    if (request_.groups.empty()) return error(Errc::invalid, R"("groups" must be an array with at least one group)");
    return std::move(request_);
  }

 private:
  bool refuse(std::string wrong) {
    wrong_ = std::move(wrong);
    return false;
  }

  bool read_member(std::string_view name) {
    if (name == "groups") {
      request_.groups.clear();
      return scanner_.read_elements([this] { return read_group(); });
    }
    JsonValue value;
    if (!scanner_.read_value(value)) return false;
    return name != "filter" || take_filter(value);
  }

  bool read_group() {
    JsonValue value;
    if (!scanner_.read_value(value)) return false;
    if (value.kind != Kind::string) return refuse(R"("groups" must hold nothing but texts)");
    if (request_.groups.size() == max_groups_in_request)
      return refuse(R"("groups" holds more than )" + std::to_string(max_groups_in_request) + " groups");
    std::string group = text_of(value);
    if (const auto checked = check_group_name(group); !checked)
      return refuse("group " + std::to_string(request_.groups.size() + 1) + ": " + checked.error().message);
    request_.groups.push_back(std::move(group));
    return true;
  }

  bool take_filter(const JsonValue& value) {
    request_.filter.clear();
    if (value.kind == Kind::null) return true;
    if (value.kind != Kind::string) return refuse(R"("filter" must be a text)");
    request_.filter = text_of(value);
    const auto filter = Filter::parse(request_.filter);
    return filter ? true : refuse(filter.error().message);
  }

  JsonScanner scanner_;
  std::string wrong_;
  GroupsRequest request_;
};

}  // namespace

Result<GroupsRequest> parse_groups_request(std::string_view body) {
  if (!is_valid_utf8(body)) return error(Errc::invalid, "the body is not UTF-8");
  return GroupsRequestReader(body).read();
}

}  // namespace wscluster::protocol

// SPDX-License-Identifier: MIT
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "ring/document.hpp"
#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

namespace json = boost::json;

// Written by hand because the library prints 1.0 as 1E0, which people read in `redis-cli` too.
class Writer {
 public:
  void open(char bracket) {
    separate();
    text_.push_back(bracket);
    first_ = true;
  }
  void close(char bracket) {
    text_.push_back(bracket);
    first_ = false;
  }
  void name(std::string_view name) {
    separate();
    text_.append(1, '"').append(name).append("\":");
    first_ = true;
  }
  void field(std::string_view key, std::string_view value) {
    name(key);
    text_ += json::serialize(json::string_view(value.data(), value.size()));
    first_ = false;
  }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void field(std::string_view key, Number value) {
    name(key);
    std::array<char, 32> digits{};
    text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
    first_ = false;
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_.push_back(',');
    first_ = false;
  }

  std::string text_;
  bool first_ = true;
};

void write_members(Writer& writer, const std::vector<Member>& members) {
  writer.name("members");
  writer.open('[');
  for (const Member& member : members) {
    writer.open('{');
    writer.field("name", member.name);
    writer.field("incarnation", to_hex(member.incarnation));
    writer.field("weight", member.weight);
    writer.field("state", std::string_view(to_string(member.state)));
    if (member.state == MemberState::drained) writer.field("resume_weight", member.resume_weight);
    writer.close('}');
  }
  writer.close(']');
}

/// The fields of one object. The first problem of a whole document is kept in `problem`; values read after it mean
/// nothing, so that the caller tests once.
class Fields {
 public:
  Fields(const json::value& value, std::string place, std::string& problem)
      : object_(value.if_object()), place_(std::move(place)), problem_(problem) {
    if (object_ == nullptr) report("", "an object is expected");
  }

  [[nodiscard]] std::string text(std::string_view name, bool required = true) {
    const json::value* value = find(name, required);
    if (value == nullptr) return {};
    if (const auto* string = value->if_string()) return {string->data(), string->size()};
    report(name, "a string is expected");
    return {};
  }
  [[nodiscard]] std::uint64_t id(std::string_view name) {
    const std::string digits = text(name);
    const auto value = parse_hex(digits);
    if (value && digits.size() == 16) return *value;
    report(name, "a string of 16 hex digits is expected");
    return 0;
  }
  [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t most, bool required = true) {
    const json::value* value = find(name, required);
    if (value == nullptr) return 0;
    // A number that fits into int64 is always int64 there.
    if (const auto* number = value->if_int64(); number != nullptr && *number >= 0) {
      if (static_cast<std::uint64_t>(*number) <= most) return static_cast<std::uint64_t>(*number);
    }
    report(name, "a whole number from 0 to " + std::to_string(most) + " is expected");
    return 0;
  }
  [[nodiscard]] double weight(std::string_view name, bool required = true) {
    const json::value* value = find(name, required);
    if (value == nullptr) return 0;
    json::error_code ec;
    const double number = value->to_number<double>(ec);
    if (ec) report(name, "a number is expected");
    return number;
  }
  [[nodiscard]] const json::array& list(std::string_view name, bool required) {
    static const json::array none;
    const json::value* value = find(name, required);
    if (value == nullptr) return none;
    if (const auto* array = value->if_array()) return *array;
    report(name, "an array is expected");
    return none;
  }
  [[nodiscard]] std::string place_of(std::string_view name, std::size_t index) const {
    return place_ + std::string(name) + "[" + std::to_string(index) + "]";
  }
  void report(std::string_view name, const std::string& problem) {
    if (problem_.empty()) problem_ = place_ + std::string(name) + ": " + problem;
  }

 private:
  const json::value* find(std::string_view name, bool required) {
    const json::value* value = object_ == nullptr ? nullptr : object_->if_contains({name.data(), name.size()});
    if (value == nullptr && required) report(name, "missing");
    return value;
  }

  const json::object* object_;
  std::string place_;
  std::string& problem_;
};

std::vector<Member> read_members(Fields& parent, const std::string& place, std::string& problem) {
  std::vector<Member> members;
  const json::array& list = parent.list("members", true);
  for (std::size_t i = 0; i < list.size() && i <= max_members && problem.empty(); ++i) {
    Fields fields(list[i], place + "members[" + std::to_string(i) + "].", problem);
    Member member;
    member.name = fields.text("name");
    member.incarnation = fields.id("incarnation");
    member.weight = fields.weight("weight");
    if (const auto state = parse_member_state(fields.text("state"))) {
      member.state = *state;
    } else {
      fields.report("state", state.error().message);
    }
    member.resume_weight = fields.weight("resume_weight", false);
    members.push_back(std::move(member));
  }
  return members;
}

// Boost 1.81 may miss a decimal fraction by one bit; thousandths make every reader see the same double.
void settle_weights(std::vector<Member>& members) {
  for (Member& member : members)
    ring::settle_weights(member);
}

Document read_document(Fields& fields, std::string& problem) {
  Document document;
  document.lineage = fields.id("lineage");
  document.service = fields.text("service");
  document.epoch = fields.number("epoch", max_epoch);
  document.digest = fields.text("digest");
  document.predecessor = fields.text("predecessor", false);
  document.algorithm = fields.text("algorithm");
  document.hash = fields.text("hash");
  document.seed = fields.id("seed");
  document.points_per_weight = static_cast<unsigned>(fields.number("points_per_weight", UINT32_MAX));
  document.members = read_members(fields, "", problem);
  const json::array& open = fields.list("open", false);
  for (std::size_t i = 0; i < open.size() && i <= max_open_changes; ++i) {
    const std::string place = "open[" + std::to_string(i) + "].";
    Fields entry(open[i], place, problem);
    const std::uint64_t epoch = entry.number("epoch", max_epoch);
    document.open.push_back({epoch, read_members(entry, place, problem)});
  }
  document.changed_at = fields.text("changed_at", false);
  document.changed_by = fields.text("changed_by", false);
  document.why = fields.text("why", false);
  document.repaired = fields.number("repaired", max_epoch, false);
  return document;
}

}  // namespace

std::string to_json(const Document& document) {
  Writer writer;
  writer.open('{');
  writer.field("schema", document.schema);
  writer.field("lineage", to_hex(document.lineage));
  writer.field("service", document.service);
  writer.field("epoch", document.epoch);
  writer.field("digest", document.digest);
  writer.field("predecessor", document.predecessor);
  writer.field("algorithm", document.algorithm);
  writer.field("hash", document.hash);
  writer.field("seed", to_hex(document.seed));
  writer.field("points_per_weight", document.points_per_weight);
  write_members(writer, document.members);
  writer.name("open");
  writer.open('[');
  for (const OpenMembership& open : document.open) {
    writer.open('{');
    writer.field("epoch", open.epoch);
    write_members(writer, open.members);
    writer.close('}');
  }
  writer.close(']');
  writer.field("changed_at", document.changed_at);
  writer.field("changed_by", document.changed_by);
  writer.field("why", document.why);
  if (document.repaired != 0) writer.field("repaired", document.repaired);
  writer.close('}');
  return writer.take();
}

Result<Document> parse_document(std::string_view text) {
  if (text.size() > max_document_bytes) {
    return error(Errc::limit, "ring document: " + std::to_string(text.size()) + " bytes, at most " +
                                  std::to_string(max_document_bytes) + " are allowed");
  }
  json::parse_options options;
  options.max_depth = 16;
  json::error_code ec;
  const json::value value = json::parse({text.data(), text.size()}, ec, {}, options);
  if (ec) return error(Errc::invalid, "ring document: not JSON: " + ec.message());

  std::string problem;
  Fields fields(value, "", problem);
  const std::uint64_t schema = fields.number("schema", INT32_MAX);
  if (problem.empty() && schema > document_schema) {
    return error(Errc::protocol, "ring document: schema " + std::to_string(schema) + " is newer than " +
                                     std::to_string(document_schema) + ", the newest known here; upgrade this process");
  }
  Document document = read_document(fields, problem);
  document.schema = static_cast<int>(schema);
  if (!problem.empty()) return error(Errc::invalid, "ring document: " + problem);
  if (const auto good = check_document(document); !good) return good.error();
  settle_weights(document.members);
  for (OpenMembership& open : document.open)
    settle_weights(open.members);
  if (const std::string digest = digest_of(document); digest != document.digest) {
    return error(Errc::invalid, "ring document: digest: the content has " + digest + ", the field says otherwise");
  }
  return document;
}

}  // namespace wscluster::ring

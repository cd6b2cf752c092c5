// SPDX-License-Identifier: MIT
#include "protocol/filter.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wscluster::protocol {
namespace {

constexpr std::string_view spaces = " \t";
constexpr const char* what_may_stand = "userId, connectionId or a text in quotes followed by 'in groups' is expected";

bool is_word_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

/// By recursive descent; the first fault ends it.
class FilterParser {
 public:
  explicit FilterParser(std::string_view text) : text_(text) {}

  Result<Filter> parse() {
    if (text_.size() > max_filter_bytes)
      return error(Errc::invalid, "the filter is longer than " + std::to_string(max_filter_bytes) + " bytes");
    if (!is_valid_utf8(text_)) return error(Errc::invalid, "the filter is not UTF-8");
    if (text_.empty()) return Filter{};
    skip_spaces();
    read_alternatives();
    if (what_ == nullptr && at_ < text_.size()) fail("'and', 'or' or the end is expected");
    if (what_ != nullptr)
      return error(Errc::invalid, "the filter at character " + std::to_string(place()) + ": " + what_);
    return std::move(filter_);
  }

 private:
  using Kind = Filter::Kind;

  bool fail(const char* what) {
    if (what_ == nullptr) what_ = what;
    return false;
  }
  /// As people count.
  [[nodiscard]] std::size_t place() const {
    const std::string_view before = text_.substr(0, at_);
    return 1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(), [](char c) {
             return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
           }));
  }

  void skip_spaces() { at_ = std::min(text_.find_first_not_of(spaces, at_), text_.size()); }
  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    skip_spaces();
    return true;
  }
  [[nodiscard]] std::string_view next_word() const {
    std::size_t end = at_;
    while (end < text_.size() && is_word_letter(text_[end]))
      ++end;
    return text_.substr(at_, end - at_);
  }
  bool take(std::string_view word) {
    if (next_word() != word) return false;
    at_ += word.size();
    skip_spaces();
    return true;
  }
  /// Names of fields are read in any case, as the SDKs' own servers do.
  bool take_field(std::string_view name) {
    if (!iequals(next_word(), name)) return false;
    at_ += name.size();
    skip_spaces();
    return true;
  }
  [[nodiscard]] bool stands_alone(std::size_t end) const {
    return end == text_.size() || text_[end] == ')' || spaces.find(text_[end]) != std::string_view::npos;
  }
  bool read_text(std::string& out) {
    if (at_ >= text_.size() || text_[at_] != '\'') return fail("a text in single quotes is expected");
    if (at_ > 0 && is_word_letter(text_[at_ - 1])) return fail("a space is expected before the text");
    std::size_t end = at_ + 1;
    for (;; ++end) {
      const std::size_t quote = text_.find('\'', end);
      if (quote == std::string_view::npos) return fail("this text does not end");
      out.append(text_.substr(end, quote - end));
      end = quote + 1;
      if (end == text_.size() || text_[end] != '\'') break;
      out.push_back('\'');
    }
    at_ = end;
    if (!stands_alone(end)) return fail("a space is expected behind the text");
    skip_spaces();
    return true;
  }

  std::size_t open(Kind kind) {
    filter_.nodes_.push_back({kind, 0, {}});
    return filter_.nodes_.size() - 1;
  }
  void close(std::size_t node) { filter_.nodes_[node].end = filter_.nodes_.size(); }
  bool add(Kind kind, std::string text) {
    const std::size_t node = open(kind);
    filter_.nodes_[node].text = std::move(text);
    close(node);
    return true;
  }

  bool read_alternatives() {
    const std::size_t node = open(Kind::any);
    do {
      if (!read_conjunction()) return false;
    } while (take("or"));
    close(node);
    return true;
  }
  bool read_conjunction() {
    const std::size_t node = open(Kind::all);
    do {
      if (!read_term()) return false;
    } while (take("and"));
    close(node);
    return true;
  }
  bool read_term() {
    if (++depth_ > max_filter_depth) return fail("the filter is nested too deeply");
    const bool is_good = read_negation_or_group();
    --depth_;
    return is_good;
  }
  bool read_negation_or_group() {
    if (take("not")) {
      const std::size_t node = open(Kind::none);
      if (!read_term()) return false;
      close(node);
      return true;
    }
    if (!take('(')) return read_comparison();
    return read_alternatives() && (take(')') || fail("')' is expected"));
  }
  bool read_comparison() {
    if (at_ < text_.size() && text_[at_] == '\'') {
      std::string group;
      if (!read_text(group)) return false;
      if (!take("in")) return fail("'in groups' is expected");
      return (take_field("groups") || fail("'groups' is expected")) && add(Kind::group, std::move(group));
    }
    if (take_field("userId")) return read_operand(Kind::user);
    if (take_field("connectionId")) return read_operand(Kind::connection);
    return fail(what_may_stand);
  }
  bool read_operand(Kind kind) {
    if (take("ne")) {
      const std::size_t node = open(Kind::none);
      if (!read_value(kind)) return false;
      close(node);
      return true;
    }
    return (take("eq") || fail("'eq' or 'ne' is expected")) && read_value(kind);
  }
  bool read_value(Kind kind) {
    if (kind == Kind::user && take("null")) return add(Kind::anonymous, {});
    std::string text;
    return read_text(text) && add(kind, std::move(text));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  const char* what_ = nullptr;
  Filter filter_;
};

Result<Filter> Filter::parse(std::string_view text) {
  return FilterParser(text).parse();
}

bool Filter::fits(std::string_view user_id, std::string_view connection_id, const IsInGroup& is_in_group) const {
  return nodes_.empty() || fits(0, {user_id, connection_id, is_in_group});
}

bool Filter::fits(std::size_t at, const Session& session) const {
  const Node& node = nodes_[at];
  switch (node.kind) {
    case Kind::any:
      return has_inside(at, session, true);
    case Kind::all:
      return !has_inside(at, session, false);
    case Kind::none:
      return !has_inside(at, session, true);
    case Kind::user:
      return !session.user_id.empty() && session.user_id == node.text;
    case Kind::anonymous:
      return session.user_id.empty();
    case Kind::connection:
      return session.connection_id == node.text;
    case Kind::group:
      return session.is_in_group(node.text);
  }
  return false;
}

bool Filter::has_inside(std::size_t at, const Session& session, bool wanted) const {
  for (std::size_t child = at + 1; child < nodes_[at].end; child = nodes_[child].end) {
    if (fits(child, session) == wanted) return true;
  }
  return false;
}

}  // namespace wscluster::protocol

// SPDX-License-Identifier: MIT
#include "session/group_pattern.hpp"

#include <array>

#include "protocol/names.hpp"

namespace wscluster::session {
namespace {

constexpr std::size_t none = std::string_view::npos;

struct Token {
  enum class Kind { literal, one, star, double_star };

  Kind kind;
  char literal;
  std::size_t end;  ///< where the next one begins
};

Token token_at(std::string_view pattern, std::size_t at) noexcept {
  switch (pattern[at]) {
    case '?':
      return {Token::Kind::one, 0, at + 1};
    case '\\':
      return {Token::Kind::literal, pattern[at + 1], at + 2};
    case '*': {
      std::size_t end = at + 1;
      while (end < pattern.size() && pattern[end] == '*')
        ++end;
      return {end == at + 1 ? Token::Kind::star : Token::Kind::double_star, 0, end};
    }
    default:
      return {Token::Kind::literal, pattern[at], at + 1};
  }
}

/// Behind the character at `at`.
std::size_t next_character(std::string_view utf8, std::size_t at) noexcept {
  ++at;
  while (at < utf8.size() && (static_cast<unsigned char>(utf8[at]) & 0xC0U) == 0x80U)
    ++at;
  return at;
}

/// A star that can take more characters. Only the last `*` and the last `**` before the place reached ever need to:
/// what an earlier one could take, they can take as well, because the dots between them stand in the pattern.
struct Star {
  std::size_t after = none;  ///< where the pattern goes on
  std::size_t taken = 0;     ///< where the name goes on
  std::size_t ordinal = 0;   ///< how many `*` stand before it

  [[nodiscard]] bool is_set() const noexcept { return after != none; }
};

class Match {
 public:
  Match(std::string_view pattern, std::string_view group) noexcept : pattern_(pattern), group_(group) {}

  bool run() noexcept {
    while (at_ < pattern_.size() || reached_ < group_.size()) {
      if (!step() && !give_more()) return false;
    }
    return true;
  }

 private:
  bool step() noexcept;
  bool give_more() noexcept;
  bool give_more_to(Star& star) noexcept;

  std::string_view pattern_;
  std::string_view group_;
  std::size_t at_ = 0;       ///< in the pattern
  std::size_t reached_ = 0;  ///< in the name
  std::size_t stars_ = 0;    ///< `*` before at_
  Star star_;
  Star double_star_;
  /// For each `*`: from here backwards it was tried in vain, so that nothing is tried twice under another `**`.
  std::array<std::size_t, GroupPattern::max_stars> in_vain_{};
};

bool Match::step() noexcept {
  if (at_ == pattern_.size()) return false;
  const Token token = token_at(pattern_, at_);
  switch (token.kind) {
    case Token::Kind::literal:
      if (reached_ == group_.size() || group_[reached_] != token.literal) return false;
      ++reached_;
      break;
    case Token::Kind::one:
      if (reached_ == group_.size() || group_[reached_] == '.') return false;
      reached_ = next_character(group_, reached_);
      break;
    case Token::Kind::star:
      if (reached_ < in_vain_[stars_]) return false;
      star_ = {token.end, reached_, stars_++};
      break;
    case Token::Kind::double_star:
      star_ = {};
      double_star_ = {token.end, reached_, stars_};
      break;
  }
  at_ = token.end;
  return true;
}

bool Match::give_more() noexcept {
  if (star_.is_set()) {
    if (star_.taken < group_.size() && group_[star_.taken] != '.') {
      stars_ = star_.ordinal + 1;
      return give_more_to(star_);
    }
    in_vain_[star_.ordinal] = star_.taken + 1;
    star_ = {};
  }
  if (!double_star_.is_set() || double_star_.taken == group_.size()) return false;
  stars_ = double_star_.ordinal;
  return give_more_to(double_star_);
}

bool Match::give_more_to(Star& star) noexcept {
  star.taken = next_character(group_, star.taken);
  reached_ = star.taken;
  at_ = star.after;
  return true;
}

}  // namespace

Result<GroupPattern> GroupPattern::parse(std::string_view text) {
  if (text.empty()) return error(Errc::invalid, "the pattern is empty");
  if (text.size() > 2 * protocol::max_group_bytes) return error(Errc::invalid, "the pattern is too long");
  std::size_t stars = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '*') ++stars;
    if (text[at] != '\\') continue;
    ++at;
    if (at == text.size() || std::string_view("\\*?").find(text[at]) == std::string_view::npos)
      return error(Errc::invalid, R"(the pattern has a backslash before none of '*', '?' and '\')");
  }
  if (stars > max_stars) return error(Errc::invalid, "the pattern has more than five '*'");
  return GroupPattern(text);
}

bool GroupPattern::matches(std::string_view group) const noexcept {
  return Match(text_, group).run();
}

}  // namespace wscluster::session

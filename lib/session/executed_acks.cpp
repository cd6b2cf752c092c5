// SPDX-License-Identifier: MIT
#include "session/executed_acks.hpp"

#include <algorithm>
#include <utility>

#include "base/varint.hpp"

namespace wscluster::session {
namespace {

constexpr std::uint64_t executed_schema = 1;
/// No configured depth is larger; a snapshot that says more is broken.
constexpr std::uint64_t most_executed = std::uint64_t{1} << 32U;

}  // namespace

bool ExecutedAcks::contains(std::uint64_t ack_id) const noexcept {
  return current_.contains(ack_id) || previous_.contains(ack_id);
}

void ExecutedAcks::add(std::uint64_t ack_id) {
  if (current_.contains(ack_id)) return;
  if (current_.count >= depth_) previous_ = std::exchange(current_, {});
  current_.add(ack_id);
}

bool ExecutedAcks::Generation::contains(std::uint64_t id) const noexcept {
  const auto behind =
      std::upper_bound(runs.begin(), runs.end(), id, [](std::uint64_t i, const Run& run) { return i < run.first; });
  return behind != runs.begin() && id <= (behind - 1)->last;
}

void ExecutedAcks::Generation::add(std::uint64_t id) {
  const auto behind =
      std::upper_bound(runs.begin(), runs.end(), id, [](std::uint64_t i, const Run& run) { return i < run.first; });
  const bool follows = behind != runs.begin() && (behind - 1)->last + 1 == id;
  const bool precedes = behind != runs.end() && id + 1 == behind->first;
  ++count;
  if (follows && precedes) {
    (behind - 1)->last = behind->last;
    runs.erase(behind);
  } else if (follows) {
    (behind - 1)->last = id;
  } else if (precedes) {
    behind->first = id;
  } else {
    runs.insert(behind, Run{id, id});
  }
}

void ExecutedAcks::Generation::append_to(std::string& out) const {
  append_varint(out, runs.size());
  std::uint64_t before = 0;
  for (const Run& run : runs) {
    append_varint(out, run.first - before);
    append_varint(out, run.last - run.first);
    before = run.last;
  }
}

bool ExecutedAcks::Generation::take_from(std::string_view& bytes) {
  const auto size = take_varint(bytes);
  if (!size) return false;
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < *size; ++i) {
    const auto gap = take_varint(bytes);
    const auto more = take_varint(bytes);
    if (!gap || !more || *gap > UINT64_MAX - before || *more > UINT64_MAX - before - *gap) return false;
    if (i > 0 && *gap < 2) return false;
    runs.push_back({before + *gap, before + *gap + *more});
    before = runs.back().last;
    if (*more >= most_executed || (count += *more + 1) > most_executed) return false;
  }
  return true;
}

std::string ExecutedAcks::encode() const {
  std::string out;
  if (current_.count == 0) return out;
  append_varint(out, executed_schema);
  previous_.append_to(out);
  current_.append_to(out);
  return out;
}

std::optional<ExecutedAcks> ExecutedAcks::decode(std::string_view bytes, std::size_t depth) {
  ExecutedAcks acks(depth);
  if (bytes.empty()) return acks;
  if (take_varint(bytes) != executed_schema) return std::nullopt;
  if (!acks.previous_.take_from(bytes) || !acks.current_.take_from(bytes) || !bytes.empty()) return std::nullopt;
  return acks;
}

}  // namespace wscluster::session

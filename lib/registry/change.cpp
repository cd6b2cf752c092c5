// SPDX-License-Identifier: MIT
#include "registry/change.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "registry/json.hpp"
#include "ring/hash_ring.hpp"
#include "ring/plan.hpp"

namespace wscluster::registry {
namespace {

namespace json = boost::json;

constexpr std::array evict_words{"moved", "all", "none"};
constexpr std::array action_words{"add",   "remove", "weight",  "join",     "leave",  "left",     "dead",
                                  "abort", "drain",  "undrain", "put-back", "repair", "instances"};
constexpr std::array state_words{"evicting", "settling", "done", "aborted"};

template <class Enum, std::size_t N>
void read_word(const json::object& object, std::string_view name, const std::array<const char*, N>& words, Enum& into) {
  std::string text;
  read(object, name, text);
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) into = static_cast<Enum>(found - words.begin());
}

json::object object_of(const DonorProgress& progress) {
  return {{"planned", progress.planned}, {"moved", progress.moved},     {"closed", progress.closed},
          {"gone", progress.gone},       {"forced", progress.forced},   {"done", progress.done},
          {"seconds", progress.seconds}, {"closing", progress.closing}, {"incarnation", to_hex(progress.incarnation)}};
}

json::object object_of(const ReceiverProgress& progress) {
  // Most buckets are empty: [index, count] pairs.
  json::array gaps;
  for (std::size_t i = 0; i < GapHistogram::buckets; ++i) {
    if (progress.gaps.counts[i] != 0) gaps.push_back(json::array{i, progress.gaps.counts[i]});
  }
  return {{"returned", progress.returned}, {"gap_max_seconds", progress.gaps.max_seconds}, {"gaps", std::move(gaps)}};
}

json::object object_of_record(const Change& change) {
  json::array donors;
  for (const Donor& donor : change.donors_expected) {
    donors.push_back(json::object{{"name", donor.name}, {"incarnation", to_hex(donor.incarnation)}});
  }
  return {{"service", change.service},
          {"from_epoch", change.from_epoch},
          {"to_epoch", change.to_epoch},
          {"action", to_string(change.action)},
          {"node", change.node},
          {"evict", to_string(change.policy.evict)},
          {"rate", change.policy.rate},
          {"close_code", change.policy.close_code},
          {"close_reason", change.policy.close_reason},
          {"deadline_ms", change.policy.deadline.count()},
          {"settle_ms", change.policy.settle.count()},
          {"lb_wait_ms", change.policy.lb_wait.count()},
          {"by", change.by},
          {"aborts", change.aborts},
          {"donors_expected", std::move(donors)},
          {"receivers_expected", to_array(change.receivers_expected)}};
}

DonorProgress donor_of(const json::object& object) {
  DonorProgress progress;
  read(object, "planned", progress.planned);
  read(object, "moved", progress.moved);
  read(object, "closed", progress.closed);
  read(object, "gone", progress.gone);
  read(object, "forced", progress.forced);
  read(object, "done", progress.done);
  read(object, "seconds", progress.seconds);
  read(object, "closing", progress.closing);
  read_id(object, "incarnation", progress.incarnation);
  return progress;
}

ReceiverProgress receiver_of(const json::object& object) {
  ReceiverProgress progress;
  read(object, "returned", progress.returned);
  read(object, "gap_max_seconds", progress.gaps.max_seconds);
  const auto* gaps = object.if_contains("gaps");
  if (gaps == nullptr || !gaps->is_array()) return progress;
  for (const json::value& item : gaps->get_array()) {
    const auto* pair = item.if_array();
    if (pair == nullptr || pair->size() != 2 || !pair->at(0).is_int64() || !pair->at(1).is_int64()) continue;
    const auto index = static_cast<std::uint64_t>(pair->at(0).get_int64());
    if (index < GapHistogram::buckets)
      progress.gaps.counts[index] = static_cast<std::uint64_t>(pair->at(1).get_int64());
  }
  return progress;
}

Change record_of(const json::object& object) {
  Change change;
  read(object, "service", change.service);
  read(object, "from_epoch", change.from_epoch);
  read(object, "to_epoch", change.to_epoch);
  read_word(object, "action", action_words, change.action);
  read(object, "node", change.node);
  read_word(object, "evict", evict_words, change.policy.evict);
  read(object, "rate", change.policy.rate);
  read(object, "close_code", change.policy.close_code);
  read(object, "close_reason", change.policy.close_reason);
  std::int64_t deadline = 0;
  std::int64_t settle = change.policy.settle.count();
  read(object, "deadline_ms", deadline);
  read(object, "settle_ms", settle);
  change.policy.deadline = Duration(deadline);
  change.policy.settle = Duration(settle);
  std::int64_t lb_wait = 0;
  read(object, "lb_wait_ms", lb_wait);
  change.policy.lb_wait = Duration(lb_wait);
  read(object, "by", change.by);
  read(object, "aborts", change.aborts);
  read(object, "receivers_expected", change.receivers_expected);
  const auto* donors = object.if_contains("donors_expected");
  if (donors == nullptr || !donors->is_array()) return change;
  for (const json::value& item : donors->get_array()) {
    if (!item.is_object()) continue;
    Donor donor;
    read(item.get_object(), "name", donor.name);
    read_id(item.get_object(), "incarnation", donor.incarnation);
    change.donors_expected.push_back(std::move(donor));
  }
  return change;
}

std::optional<Duration> time_of(const std::map<std::string, std::string>& fields, const char* name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return std::nullopt;
  return Duration(std::strtoll(found->second.c_str(), nullptr, 10));
}

std::string text_of(std::optional<Duration> time) {
  return time ? format_rfc3339(WallClock::time_point(*time)) : std::string();
}

}  // namespace

const char* to_string(Evict value) noexcept {
  return evict_words[static_cast<std::size_t>(value)];
}
const char* to_string(Action value) noexcept {
  return action_words[static_cast<std::size_t>(value)];
}
const char* to_string(ChangeState value) noexcept {
  return state_words[static_cast<std::size_t>(value)];
}

void GapHistogram::add(double seconds) {
  const double position = seconds <= 0.001 ? 0 : std::ceil(2 * std::log2(seconds / 0.001));
  ++counts[std::min(static_cast<std::size_t>(position), buckets - 1)];
  max_seconds = std::max(max_seconds, seconds);
}

void GapHistogram::add(const GapHistogram& other) {
  for (std::size_t i = 0; i < buckets; ++i)
    counts[i] += other.counts[i];
  max_seconds = std::max(max_seconds, other.max_seconds);
}

std::uint64_t GapHistogram::total() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts)
    sum += count;
  return sum;
}

double GapHistogram::quantile(double share) const noexcept {
  const std::uint64_t all = total();
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    sum += counts[i];
    if (sum >= wanted && counts[i] != 0) {
      return i + 1 == buckets ? max_seconds : std::min(0.001 * std::exp2(static_cast<double>(i) / 2), max_seconds);
    }
  }
  return max_seconds;
}

DonorProgress Change::donor_total() const {
  DonorProgress total;
  total.done = true;
  for (const auto& [name, progress] : donors) {
    total.planned += progress.planned;
    total.moved += progress.moved;
    total.closed += progress.closed;
    total.gone += progress.gone;
    total.forced += progress.forced;
    total.closing += progress.closing;
    total.done = total.done && progress.done;
    total.seconds = std::max(total.seconds, progress.seconds);
  }
  return total;
}

ReceiverProgress Change::receiver_total() const {
  ReceiverProgress total;
  for (const auto& [name, progress] : receivers) {
    total.returned += progress.returned;
    total.gaps.add(progress.gaps);
  }
  return total;
}

Change describe_change(const ring::Document* from, const ring::Document& to, Action action, std::string node,
                       ChangePolicy policy, std::string by) {
  Change change;
  change.service = to.service;
  change.from_epoch = to.epoch - 1;
  change.to_epoch = to.epoch;
  change.action = action;
  change.node = std::move(node);
  change.policy = std::move(policy);
  change.by = std::move(by);
  if (from == nullptr) return change;
  const ring::HashRing before(*from);
  const ring::HashRing after(to);
  const ring::Plan plan = ring::plan(before, after);
  std::set<std::string> donors;
  std::set<std::string> receivers;
  for (const auto& move : plan.moves()) {
    donors.insert(plan.name(move.from));
    receivers.insert(plan.name(move.to));
  }
  for (const std::string& name : donors) {
    // Who is no longer in the document, or there in another life, has nothing left to move.
    const ring::Member* member = after.find(name);
    if (member != nullptr && member->incarnation == before.find(name)->incarnation) {
      change.donors_expected.push_back({name, member->incarnation});
    }
  }
  receivers.erase("");
  change.receivers_expected.assign(receivers.begin(), receivers.end());
  return change;
}

std::string record_to_json(const Change& change) {
  return json::serialize(object_of_record(change));
}

Result<Change> parse_record(std::string_view text) {
  const auto object = parse_object("change record", text);
  if (!object) return object.error();
  return record_of(*object);
}

std::string to_json(const DonorProgress& progress) {
  return json::serialize(object_of(progress));
}
std::string to_json(const ReceiverProgress& progress) {
  return json::serialize(object_of(progress));
}

Result<DonorProgress> parse_donor(std::string_view text) {
  const auto object = parse_object("donor progress", text);
  if (!object) return object.error();
  return donor_of(*object);
}

Result<ReceiverProgress> parse_receiver(std::string_view text) {
  const auto object = parse_object("receiver progress", text);
  if (!object) return object.error();
  return receiver_of(*object);
}

std::string to_json(const Change& change) {
  json::object object = object_of_record(change);
  object["state"] = to_string(change.state);
  object["started_at"] = change.started_at;
  object["finished_at"] = change.finished_at;
  object["took_ms"] = change.took.count();
  object["aborted_by"] = change.aborted_by;
  json::object donors;
  for (const auto& [name, progress] : change.donors)
    donors[name] = object_of(progress);
  json::object receivers;
  for (const auto& [name, progress] : change.receivers)
    receivers[name] = object_of(progress);
  object["donors"] = std::move(donors);
  object["receivers"] = std::move(receivers);
  return json::serialize(object);
}

Result<Change> parse_change(std::string_view text) {
  const auto object = parse_object("change", text);
  if (!object) return object.error();
  Change change = record_of(*object);
  read_word(*object, "state", state_words, change.state);
  read(*object, "started_at", change.started_at);
  read(*object, "finished_at", change.finished_at);
  std::int64_t took = 0;
  read(*object, "took_ms", took);
  change.took = Duration(took);
  read(*object, "aborted_by", change.aborted_by);
  if (const auto* donors = object->if_contains("donors"); donors != nullptr && donors->is_object()) {
    for (const auto& [name, value] : donors->get_object()) {
      if (value.is_object()) change.donors[std::string(name)] = donor_of(value.get_object());
    }
  }
  if (const auto* receivers = object->if_contains("receivers"); receivers != nullptr && receivers->is_object()) {
    for (const auto& [name, value] : receivers->get_object()) {
      if (value.is_object()) change.receivers[std::string(name)] = receiver_of(value.get_object());
    }
  }
  return change;
}

Result<Change> change_from_fields(const std::map<std::string, std::string>& fields) {
  const auto record = fields.find("record");
  if (record == fields.end()) return error(Errc::not_found, "there is no such change");
  auto change = parse_record(record->second);
  if (!change) return change.error();
  for (const auto& [field, value] : fields) {
    if (field.starts_with("donor:")) {
      const auto progress = parse_donor(value);
      if (!progress) return progress.error();
      change->donors[field.substr(6)] = *progress;
    } else if (field.starts_with("receiver:")) {
      const auto progress = parse_receiver(value);
      if (!progress) return progress.error();
      change->receivers[field.substr(9)] = *progress;
    } else if (field == "state") {
      const auto found = std::find(state_words.begin(), state_words.end(), value);
      if (found != state_words.end()) change->state = static_cast<ChangeState>(found - state_words.begin());
    }
  }
  if (const auto aborted = fields.find("aborted"); aborted != fields.end()) {
    change->aborted_by = std::strtoull(aborted->second.c_str(), nullptr, 10);
    change->state = ChangeState::aborted;
  }
  const auto started = time_of(fields, "started");
  const auto finished = time_of(fields, "finished");
  change->started_at = text_of(started);
  change->finished_at = text_of(finished);
  if (started && finished) change->took = *finished - *started;
  return change;
}

}  // namespace wscluster::registry

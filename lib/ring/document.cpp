// SPDX-License-Identifier: MIT
#include "ring/document.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "base/names.hpp"
#include "base/text.hpp"
#include "ring/key.hpp"

namespace wscluster::ring {
namespace {

constexpr std::size_t max_remark_bytes = 1024;
constexpr unsigned max_points_per_weight = 65536;
constexpr double max_weight = 1000;

Error broken(const std::string& place, const std::string& problem, Errc code = Errc::invalid) {
  return error(code, "ring document: " + place + ": " + problem);
}

bool is_digest(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<> check_weight(const std::string& place, double weight) {
  if (!std::isfinite(weight) || weight < 0 || weight > max_weight) {
    return broken(place, "a weight is a number from 0 to 1000");
  }
  if (weight > 0 && thousandths(weight) == 0) return broken(place, "the smallest weight above 0 is 0.001");
  return {};
}

/// What a drained member comes back with; the others have nothing to come back with.
Result<> check_resume_weight(const std::string& place, const Member& member) {
  const bool is_drained = member.state == MemberState::drained;
  if (is_drained && member.weight != 0) return broken(place + ".weight", "a drained member has weight 0");
  if (is_drained != (member.resume_weight != 0)) {
    return broken(place + ".resume_weight", "a drained member has one above 0, and no other member has one");
  }
  return check_weight(place + ".resume_weight", member.resume_weight);
}

Result<> check_members(const std::string& place, const std::vector<Member>& members, unsigned points_per_weight) {
  if (members.size() > max_members) {
    return broken(place, "more than " + std::to_string(max_members) + " members", Errc::limit);
  }
  std::uint64_t points = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string here = place + "[" + std::to_string(i) + "]";
    const Member& member = members[i];
    if (const auto good = check_member_name(member.name); !good) return broken(here + ".name", good.error().message);
    if (i > 0 && members[i - 1].name == member.name)
      return broken(here + ".name", "'" + member.name + "' stands twice");
    if (i > 0 && members[i - 1].name > member.name) return broken(here + ".name", "members must be sorted by name");
    if (const auto good = check_weight(here + ".weight", member.weight); !good) return good;
    if (const auto good = check_resume_weight(here, member); !good) return good;
    points += point_count(member.weight, points_per_weight);
  }
  if (points > max_points) {
    return broken(place,
                  "the weights need " + std::to_string(points) + " points, at most " + std::to_string(max_points) +
                      " are allowed: use smaller weights",
                  Errc::limit);
  }
  return {};
}

Result<> check_open(const Document& document) {
  if (document.open.size() > max_open_changes) {
    return broken("open", "more than " + std::to_string(max_open_changes) + " changes", Errc::limit);
  }
  std::uint64_t earlier = 0;
  for (std::size_t i = 0; i < document.open.size(); ++i) {
    const std::string here = "open[" + std::to_string(i) + "]";
    const OpenMembership& open = document.open[i];
    if (open.epoch <= earlier || open.epoch >= document.epoch) {
      return broken(here + ".epoch", "epochs must ascend and be below the document's");
    }
    earlier = open.epoch;
    if (const auto good = check_members(here + ".members", open.members, document.points_per_weight); !good) {
      return good;
    }
  }
  return {};
}

Result<> check_head(const Document& document) {
  if (document.schema != document_schema) {
    return broken("schema", std::to_string(document.schema) + " is not known here; upgrade this process",
                  document.schema > document_schema ? Errc::protocol : Errc::invalid);
  }
  if (document.lineage == 0) return broken("lineage", "0 is not allowed");
  if (const auto good = check_service_name(document.service); !good) return broken("service", good.error().message);
  if (document.epoch == 0 || document.epoch > max_epoch) return broken("epoch", "must be at least 1 and below 2^53");
  if (document.epoch == 1 && !document.predecessor.empty()) return broken("predecessor", "epoch 1 has none");
  if (document.epoch > 1 && !is_digest(document.predecessor))
    return broken("predecessor", "32 hex digits are expected");
  if (document.algorithm != "ring") {
    return broken("algorithm", "'" + document.algorithm + "' is not known here; upgrade this process", Errc::protocol);
  }
  if (document.hash != "xxh3-64") {
    return broken("hash", "'" + document.hash + "' is not known here; upgrade this process", Errc::protocol);
  }
  if (document.repaired > document.epoch) return broken("repaired", "must not be above the epoch");
  if (document.points_per_weight == 0 || document.points_per_weight > max_points_per_weight) {
    return broken("points_per_weight", "must be from 1 to " + std::to_string(max_points_per_weight));
  }
  return {};
}

Result<> check_remark(const std::string& place, const std::string& text) {
  if (text.size() > max_remark_bytes) {
    return broken(place, "longer than " + std::to_string(max_remark_bytes) + " bytes", Errc::limit);
  }
  if (!is_valid_utf8(text)) return broken(place, "not UTF-8");
  return {};
}

class CanonicalForm {
 public:
  void add(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      bytes_.push_back(static_cast<char>(number >> shift & 0xFFU));
  }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    bytes_.append(text);
  }
  void add(const std::vector<Member>& members) {
    add(std::uint64_t{members.size()});
    for (const Member& member : members) {
      add(member.name);
      add(member.incarnation);
      add(thousandths(member.weight));
      add(std::string_view(to_string(member.state)));
      if (member.state == MemberState::drained) add(thousandths(member.resume_weight));
    }
  }
  [[nodiscard]] std::string digest() const {
    const XXH128_hash_t hash = XXH3_128bits(bytes_.data(), bytes_.size());
    return to_hex(hash.high64) + to_hex(hash.low64);
  }

 private:
  std::string bytes_;
};

Result<Document> finish(Document document) {
  if (const auto good = check_document(document); !good) return good.error();
  for (Member& member : document.members)
    settle_weights(member);
  document.digest = digest_of(document);
  const std::size_t bytes = to_json(document).size();
  if (bytes > max_document_bytes) {
    return broken("size",
                  std::to_string(bytes) + " bytes, at most " + std::to_string(max_document_bytes) +
                      " are allowed; wait until the running changes are done",
                  Errc::limit);
  }
  return document;
}

void sort_by_name(std::vector<Member>& members) {
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.name < b.name; });
}

}  // namespace

Result<> check_document(const Document& document) {
  if (const auto good = check_head(document); !good) return good;
  if (const auto good = check_members("members", document.members, document.points_per_weight); !good) return good;
  if (const auto good = check_open(document); !good) return good;
  if (const auto good = check_remark("changed_at", document.changed_at); !good) return good;
  if (const auto good = check_remark("changed_by", document.changed_by); !good) return good;
  return check_remark("why", document.why);
}

std::string digest_of(const Document& document) {
  CanonicalForm form;
  form.add(static_cast<std::uint64_t>(document.schema));
  form.add(document.lineage);
  form.add(document.service);
  form.add(document.epoch);
  form.add(document.predecessor);
  form.add(document.algorithm);
  form.add(document.hash);
  form.add(document.seed);
  form.add(std::uint64_t{document.points_per_weight});
  form.add(document.members);
  form.add(std::uint64_t{document.open.size()});
  for (const OpenMembership& open : document.open) {
    form.add(open.epoch);
    form.add(open.members);
  }
  form.add(document.changed_at);
  form.add(document.changed_by);
  form.add(document.why);
  if (document.repaired != 0) form.add(document.repaired);
  return form.digest();
}

Result<Document> first_document(std::string service, std::uint64_t seed, std::uint64_t lineage,
                                std::vector<Member> members, std::string changed_by, std::string why,
                                std::string changed_at) {
  Document document;
  document.lineage = lineage;
  document.service = std::move(service);
  document.seed = seed;
  document.members = std::move(members);
  sort_by_name(document.members);
  document.changed_by = std::move(changed_by);
  document.why = std::move(why);
  document.changed_at = std::move(changed_at);
  return finish(std::move(document));
}

Result<Document> next_document(const Document& current, std::vector<Member> members, std::string changed_by,
                               std::string why, std::string changed_at, std::uint64_t done_through) {
  if (done_through > current.epoch) {
    return error(Errc::invalid, "the change to epoch " + std::to_string(done_through) + " cannot be done in epoch " +
                                    std::to_string(current.epoch));
  }
  sort_by_name(members);
  Document next = current;
  next.epoch = current.epoch + 1;
  next.predecessor = current.digest;
  next.members = std::move(members);
  next.changed_by = std::move(changed_by);
  next.why = std::move(why);
  next.changed_at = std::move(changed_at);
  // The counts of points of unchecked members mean nothing.
  if (const auto good = check_members("members", next.members, next.points_per_weight); !good) return good.error();
  std::erase_if(next.open, [&](const OpenMembership& open) { return open.epoch + 1 <= done_through; });
  // A new life of an owner has nothing of what the earlier one had: it must be asked about, too.
  const bool has_new_life = std::any_of(current.members.begin(), current.members.end(), [&](const Member& old) {
    return old.weight > 0 && std::any_of(next.members.begin(), next.members.end(), [&](const Member& member) {
             return member.name == old.name && member.incarnation != old.incarnation;
           });
  });
  if (has_new_life || !have_same_points(current.members, next.members, next.points_per_weight)) {
    next.open.push_back({current.epoch, current.members});
  }
  if (next.open.size() > max_open_changes) {
    return error(Errc::conflict, "service '" + current.service + "': " + std::to_string(max_open_changes) +
                                     " changes of the ring are still running; wait until one of them is done");
  }
  return finish(std::move(next));
}

Result<Document> repaired_document(const Document& held, const Document* fork, std::uint64_t epoch,
                                   std::string changed_by, std::string why, std::string changed_at) {
  if (epoch <= held.epoch || (fork != nullptr && epoch <= fork->epoch)) {
    return error(Errc::invalid, "a repaired document needs an epoch above all others");
  }
  Document next = held;
  next.epoch = epoch;
  next.predecessor = held.digest;
  next.repaired = epoch;
  next.changed_by = std::move(changed_by);
  next.why = std::move(why);
  next.changed_at = std::move(changed_at);
  if (fork != nullptr && fork->seed == held.seed &&
      !have_same_points(fork->members, held.members, held.points_per_weight)) {
    // The oldest goes: a repair must not fail because of changes that hang.
    if (next.open.size() == max_open_changes) next.open.erase(next.open.begin());
    next.open.push_back({epoch - 1, fork->members});
  }
  return finish(std::move(next));
}

bool have_same_points(const std::vector<Member>& a, const std::vector<Member>& b, unsigned points_per_weight) {
  const auto next_owner = [&](auto at, auto end) {
    return std::find_if(at, end, [&](const Member& m) { return point_count(m.weight, points_per_weight) > 0; });
  };
  auto x = next_owner(a.begin(), a.end());
  auto y = next_owner(b.begin(), b.end());
  while (x != a.end() && y != b.end()) {
    if (x->name != y->name) return false;
    if (point_count(x->weight, points_per_weight) != point_count(y->weight, points_per_weight)) return false;
    x = next_owner(x + 1, a.end());
    y = next_owner(y + 1, b.end());
  }
  return x == a.end() && y == b.end();
}

}  // namespace wscluster::ring

// SPDX-License-Identifier: MIT
// Balance of the ring, price of a look-up beside binary search over the same points, and what a change moves.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "ring/hash_ring.hpp"
#include "ring/key.hpp"
#include "ring/plan.hpp"

namespace {

using namespace std::chrono;
using wscluster::ring::hash_uid;
using wscluster::ring::HashRing;
using wscluster::ring::Member;
using wscluster::ring::Plan;

constexpr std::uint64_t seed = 0x2a;
constexpr std::size_t key_bytes = 16;
constexpr std::size_t key_count = 2'000'000;
constexpr int rounds = 7;

/// Results end here, so that nothing is optimised away.
std::uint64_t checksum = 0;

std::vector<Member> nodes(std::size_t count) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < count; ++i)
    members.push_back({"node-" + std::to_string(i), 1, 1, {}});
  return members;
}

/// 16-byte keys one after the other, all different, in no order of the circle.
std::string make_keys() {
  std::string keys;
  keys.reserve(key_count * key_bytes);
  // An odd factor makes a permutation of the 64-bit numbers.
  for (std::uint64_t i = 0; i < key_count; ++i)
    keys += wscluster::to_hex(i * 0x9E37'79B9'7F4A'7C15U);
  return keys;
}

std::string_view key_at(const std::string& keys, std::size_t i) {
  return {keys.data() + i * key_bytes, key_bytes};
}

struct Times {
  std::vector<double> values;

  void print(const char* label, const char* unit) {
    std::sort(values.begin(), values.end());
    std::printf("  %-34s %9.2f [%.2f-%.2f] %s\n", label, values[values.size() / 2], values.front(), values.back(),
                unit);
  }
};

template <class Work>
double nanoseconds(Work work) {
  const auto begin = steady_clock::now();
  work();
  return duration<double, std::nano>(steady_clock::now() - begin).count();
}

/// The owner by binary search: the first point at or after the key is the one behind the last point before it.
std::uint32_t owner_by_search(const HashRing& ring, std::uint64_t hash) {
  const auto& points = ring.points();
  const auto end = points.begin() + static_cast<std::ptrdiff_t>(ring.point_total());
  const auto at = std::upper_bound(
      points.begin(), end, hash, [](std::uint64_t key, const HashRing::Point& point) { return key <= point.position; });
  return at == end ? points.front().member : at->member;
}

void measure_look_up(const std::string& keys, std::size_t count) {
  const HashRing ring(nodes(count), seed);
  Times ours;
  Times search;
  Times hash_only;
  std::array<std::uint64_t, 3> sums{};
  for (int round = 0; round < rounds; ++round) {
    sums = {};
    ours.values.push_back(nanoseconds([&] {
                            for (std::size_t i = 0; i < key_count; ++i)
                              sums[0] += ring.owner_index_of(hash_uid(key_at(keys, i), seed));
                          }) /
                          key_count);
    search.values.push_back(nanoseconds([&] {
                              for (std::size_t i = 0; i < key_count; ++i)
                                sums[1] += owner_by_search(ring, hash_uid(key_at(keys, i), seed));
                            }) /
                            key_count);
    hash_only.values.push_back(nanoseconds([&] {
                                 for (std::size_t i = 0; i < key_count; ++i)
                                   sums[2] += hash_uid(key_at(keys, i), seed);
                               }) /
                               key_count);
    checksum += sums[2];
  }
  std::printf("%zu nodes, %zu points%s\n", count, ring.point_total(),
              sums[0] == sums[1] ? "" : "   THE TWO LOOK-UPS DISAGREE");
  ours.print("owner_of, hash included", "ns");
  search.print("std::upper_bound, hash included", "ns");
  hash_only.print("hash alone", "ns");

  std::vector<std::uint64_t> held(count);
  for (std::size_t i = 0; i < key_count; ++i)
    ++held[ring.owner_index_of(hash_uid(key_at(keys, i), seed))];
  double largest_share = 0;
  for (const Member& member : ring.members())
    largest_share = std::max(largest_share, ring.owned_ratio(member.name));
  const double mean = static_cast<double>(key_count) / static_cast<double>(count);
  std::printf("  %-34s %9.3f by keys, %.3f by key space\n", "peak/mean",
              static_cast<double>(*std::max_element(held.begin(), held.end())) / mean,
              largest_share * static_cast<double>(count));
}

void measure_move(const std::string& keys, std::size_t before) {
  const HashRing from(nodes(before), seed);
  const HashRing to(nodes(before + 1), seed);
  const Plan changes = plan(from, to);
  std::size_t moved = 0;
  for (std::size_t i = 0; i < key_count; ++i)
    moved += changes.contains(hash_uid(key_at(keys, i), seed)) ? 1U : 0U;
  std::printf("  %4zu -> %-4zu  moved %6.2f%% of keys, %6.2f%% of key space, 1/N %6.2f%%, %zu arcs\n", before,
              before + 1, 100.0 * static_cast<double>(moved) / key_count, 100 * changes.share(),
              100.0 / static_cast<double>(before + 1), changes.arcs().size());
}

void measure_plan() {
  Times build;
  Times planning;
  const HashRing from(nodes(1000), seed);
  for (int round = 0; round < rounds; ++round) {
    build.values.push_back(nanoseconds([] { checksum += HashRing(nodes(1001), seed).point_total(); }) / 1e6);
    const HashRing to(nodes(1001), seed);
    planning.values.push_back(nanoseconds([&] { checksum += plan(from, to).arcs().size(); }) / 1e6);
  }
  std::printf("1000 nodes\n");
  build.print("build a ring", "ms");
  planning.print("plan 1000 -> 1001", "ms");
}

}  // namespace

int main() {
  std::printf("%zu distinct keys of %zu bytes, %d interleaved rounds, median [min-max]\n\n", key_count, key_bytes,
              rounds);
  const std::string keys = make_keys();
  for (const std::size_t count : {3U, 10U, 100U, 1000U})
    measure_look_up(keys, count);
  std::printf("\nadding one node\n");
  for (const std::size_t count : {3U, 10U, 100U})
    measure_move(keys, count);
  std::printf("\n");
  measure_plan();
  return checksum == 0 ? 1 : 0;
}

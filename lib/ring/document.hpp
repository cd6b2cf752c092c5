// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "ring/member.hpp"

namespace wscluster::ring {

inline constexpr int document_schema = 1;
inline constexpr std::size_t max_document_bytes = 1U << 20U;
inline constexpr std::size_t max_members = 4096;
inline constexpr std::size_t max_open_changes = 8;
/// Of one membership, so that no document can make a process build a ring beyond its memory.
inline constexpr std::uint64_t max_points = 1U << 22U;
inline constexpr unsigned default_points_per_weight = 512;
/// Epochs stay exact in JSON numbers and in Redis scripts.
inline constexpr std::uint64_t max_epoch = (std::uint64_t{1} << 53U) - 1;

/// The members of an earlier epoch, kept while the change that left it (epoch -> epoch + 1) is not done.
struct OpenMembership {
  std::uint64_t epoch = 0;
  std::vector<Member> members;  ///< sorted by name

  friend bool operator==(const OpenMembership&, const OpenMembership&) = default;
};

/// One epoch of one service's ring: all that is needed to compute the owner of a key. Made by first_document,
/// next_document or parse_document; these never return one that breaks a rule.
struct Document {
  int schema = document_schema;
  std::uint64_t lineage = 0;  ///< made once with the first epoch; never 0
  std::string service;
  std::uint64_t epoch = 1;
  std::string digest;       ///< 32 hex digits, see digest_of
  std::string predecessor;  ///< digest of epoch - 1; empty in epoch 1
  std::string algorithm = "ring";
  std::string hash = "xxh3-64";
  std::uint64_t seed = 0;
  unsigned points_per_weight = default_points_per_weight;
  std::vector<Member> members;       ///< sorted by name
  std::vector<OpenMembership> open;  ///< ascending epochs, all below `epoch`; at most max_open_changes
  std::string changed_at;            ///< RFC 3339, for people
  std::string changed_by;
  std::string why;
  std::uint64_t repaired = 0;  ///< the epoch an operator's repair wrote: whoever holds an older one follows, whatever
                               ///< its origin and digest; handed on by all epochs after it; 0: there was none

  friend bool operator==(const Document&, const Document&) = default;
};

/// Every rule but the digest; the message names the field. Errc::limit for sizes, otherwise Errc::invalid or
/// Errc::protocol (an algorithm or hash that we do not know).
[[nodiscard]] Result<> check_document(const Document& document);

/// XXH3-128 as 32 hex digits over a canonical form of all fields but the digest itself: integers as 8 bytes little
/// endian, weights in thousandths, texts and lists with their length before them, in the order of the struct;
/// resume_weight only of a drained member, `repaired` only where there was a repair.
[[nodiscard]] std::string digest_of(const Document& document);

[[nodiscard]] std::string to_json(const Document& document);

/// Skips fields that it does not know. A schema newer than ours is Errc::protocol; a damaged digest is Errc::invalid.
[[nodiscard]] Result<Document> parse_document(std::string_view text);

/// Epoch 1. Sorts the members; fails when they break a rule.
[[nodiscard]] Result<Document> first_document(std::string service, std::uint64_t seed, std::uint64_t lineage,
                                              std::vector<Member> members, std::string changed_by = {},
                                              std::string why = {}, std::string changed_at = {});

/// The next epoch with these members. The change that led to epoch e is done for every e <= done_through, so `open`
/// forgets the memberships before them; the current one joins it if the points differ. Errc::conflict when more than
/// max_open_changes would be open.
[[nodiscard]] Result<Document> next_document(const Document& current, std::vector<Member> members,
                                             std::string changed_by, std::string why, std::string changed_at,
                                             std::uint64_t done_through);

/// `held` again, as the document that everybody follows from `epoch` on, which is above all that anybody has. `fork`
/// (or null): what stands in its place now and is of the same seed; its members may hold users, so its membership stays
/// open.
[[nodiscard]] Result<Document> repaired_document(const Document& held, const Document* fork, std::uint64_t epoch,
                                                 std::string changed_by, std::string why, std::string changed_at);

/// Whether both compute the same owner (by name) for every key: states and incarnations do not matter.
[[nodiscard]] bool have_same_points(const std::vector<Member>& a, const std::vector<Member>& b,
                                    unsigned points_per_weight);

}  // namespace wscluster::ring

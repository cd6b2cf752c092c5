// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wscluster::registry {

/// The names of everything we keep in Redis: wscluster:{CLUSTER}:… Persistent, do not rename.
///
/// The hash tag is the cluster, not the service, because one heartbeat reads the leases and the epochs of all services
/// in one step; so a cluster lives in one slot of a Redis Cluster. That is no bottleneck: Redis is beside the data
/// path.
///
///   leases               sorted set   member -> end of its lease, ms of Redis TIME
///   holders              hash         member -> incarnation, 16 hex digits
///   members              hash         member -> Registration, JSON
///   stats                hash         member -> MemberStats, JSON
///   generation           integer      grows whenever a member, document or change should be read again
///   epochs               hash         service -> "EPOCH DIGEST LINEAGE" of its document
///   done                 hash         service -> the changes up to this epoch need no `open` any more
///   ring:SERVICE         string       ring::Document, JSON
///   history:SERVICE      hash         epoch -> "DIGEST NAME=INCARNATION:WEIGHT …", the last 64
///   change:SERVICE:EPOCH hash         record (JSON), state, started, settling, finished (ms of Redis TIME),
///                                     aborted (the epoch that took it back), donor:NAME and receiver:NAME
///                                     (JSON counters); the last 64
///   changes:SERVICE      list         the last 64 epochs, newest first
///   running:SERVICE      set          epochs whose change is not done
///   joins:SERVICE:NAME   list         times of the last joins by itself; expires
///   repairs              hash         service -> RepairRequest, JSON; gone when it was carried out
///   put-back             integer      ms of Redis TIME of the last put-back; expires after two leases, while which
///                                     nobody changes a ring by itself
///   probe                string       written to see whether Redis takes writes again; expires
///   instances:SERVICE    hash         id -> upstream::Instance, JSON; one that has left stays for three minutes
///   instance-leases      sorted set   "SERVICE ID" -> end of its lease, ms of Redis TIME
///   instance-revisions   hash         upstream service -> grows with every write of one of its instances but renewals
///   events               channel      "ring SERVICE EPOCH", "change SERVICE EPOCH", "member NAME",
///                                     "repair SERVICE", "instances SERVICE": hints only
///
/// The ring of an upstream service has instances in place of nodes. Gateways write it (and whatever is under
/// instance…); its members have no lease in `leases`. A gateway that reads a lower revision than it has seen knows that
/// Redis has lost instances and puts back what it holds, each with a full lease.
///
/// After a flush, a start from an older snapshot or a failover to a replica that was behind, whoever holds a newer
/// document puts it back in one step (scripts/put_back.lua), with what it has read: ring, epochs, history, done, the
/// changes that are not final with their counters, and a full lease for every member that has none, because its holder
/// still counts on the one that was lost. What it cannot know it makes anew: records of changes whose memberships the
/// document keeps open (action "put-back", default policy; the donors write their counters again). Not put back:
/// registrations and stats (each process writes its own with its next heartbeat), joins (a member that flapped starts
/// from zero) and records of finished changes. While a living process has adopted a newer epoch than Redis has, no
/// script writes another one.
///
/// A minimal ACL user (Redis 6 and newer; clients of Redis 6 spell the channel rule the same way):
///
///   ACL SETUSER wscluster on >PASSWORD resetkeys ~wscluster:{CLUSTER}:* resetchannels &wscluster:{CLUSTER}:events
///     -@all +auth +ping +select +info +role +wait +time +eval +evalsha +subscribe +publish +get +set +del +exists
///     +incr +pexpire +hget +hset +hsetnx +hincrby +hdel +hgetall +hmget +zadd +zrem +zscore +zcard +zrange
///     +zrangebyscore +sadd +srem +smembers +sismember +lpush +lrange +lindex +ltrim
///
/// Size: about 1.5 KiB per process; per service and node about 90 bytes in the document, the same for each open change,
/// 40 bytes in each of 64 epochs of history and 250 bytes in each of 64 changes: 100 nodes are about 2 MiB per service.
/// Load: one script of some 20 µs per process and heartbeat.
class Keys {
 public:
  explicit Keys(std::string_view cluster) : prefix_("wscluster:{" + std::string(cluster) + "}:") {}

  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
  [[nodiscard]] std::string leases() const { return prefix_ + "leases"; }
  [[nodiscard]] std::string holders() const { return prefix_ + "holders"; }
  [[nodiscard]] std::string members() const { return prefix_ + "members"; }
  [[nodiscard]] std::string stats() const { return prefix_ + "stats"; }
  [[nodiscard]] std::string epochs() const { return prefix_ + "epochs"; }
  [[nodiscard]] std::string done() const { return prefix_ + "done"; }
  [[nodiscard]] std::string ring(std::string_view service) const { return prefix_ + "ring:" + std::string(service); }
  [[nodiscard]] std::string running(std::string_view service) const {
    return prefix_ + "running:" + std::string(service);
  }
  [[nodiscard]] std::string changes(std::string_view service) const {
    return prefix_ + "changes:" + std::string(service);
  }
  [[nodiscard]] std::string history(std::string_view service) const {
    return prefix_ + "history:" + std::string(service);
  }
  [[nodiscard]] std::string change(std::string_view service, std::uint64_t epoch) const {
    return prefix_ + "change:" + std::string(service) + ":" + std::to_string(epoch);
  }
  [[nodiscard]] std::string generation() const { return prefix_ + "generation"; }
  [[nodiscard]] std::string repairs() const { return prefix_ + "repairs"; }
  [[nodiscard]] std::string put_back() const { return prefix_ + "put-back"; }
  [[nodiscard]] std::string probe() const { return prefix_ + "probe"; }
  [[nodiscard]] std::string instances(std::string_view service) const {
    return prefix_ + "instances:" + std::string(service);
  }
  [[nodiscard]] std::string instance_leases() const { return prefix_ + "instance-leases"; }
  [[nodiscard]] std::string instance_revisions() const { return prefix_ + "instance-revisions"; }
  [[nodiscard]] std::string events() const { return prefix_ + "events"; }

 private:
  std::string prefix_;
};

}  // namespace wscluster::registry

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "cluster/network.hpp"
#include "cluster/options.hpp"
#include "cluster/view.hpp"

namespace wscluster::cluster {

/// How far a session is in a group: it has got everything of the term up to `last`.
struct GroupPosition {
  std::uint64_t term = 0;  ///< 0: it has not joined yet
  std::uint64_t last = 0;
};

/// Whose sessions are members. A member is the holder's reference of a session.
class MembershipSink {
 public:
  virtual ~MembershipSink() = default;
  /// It gets what is published from now on.
  virtual void on_joined(TimePoint now, std::uint64_t member, std::string_view group) = 0;
  /// Something was published that it will not get: it must not go on as if nothing were missing.
  virtual void on_missed(TimePoint now, std::uint64_t member, std::string_view group) = 0;
  /// Published, for these members. Returns how many got it.
  virtual std::size_t on_copy(TimePoint now, const std::vector<std::uint64_t>& members, const wire::Copy& copy) = 0;
};

/// The subscriber's side of groups (DESIGN section 6), of one service on one shard: which sessions are in which group,
/// and how far each of them is. One subscription at the sequencer for all members; copies are taken strictly in
/// sequence. A member that is behind (it came from another holder, or was frozen for a while) gets what it lacks by
/// subscribing again from there: a copy goes only to those whose next one it is. Pure.
class Memberships {
 public:
  Memberships(Network& network, std::string service, std::uint64_t incarnation, unsigned shard, MembershipSink& sink,
              Mutations mutations);
  ~Memberships();

  /// True when it is a member at once; else on_joined() follows. One that comes from another holder brings its
  /// position, and is a member in any case.
  bool join(TimePoint now, std::uint64_t member, std::string_view group, GroupPosition position = {});
  void leave(TimePoint now, std::uint64_t member, std::string_view group);
  void leave_all(TimePoint now, std::uint64_t member);
  /// Its state is on the way to another holder: copies pass it by until it goes on here.
  void hold(std::uint64_t member);
  void resume(TimePoint now, std::uint64_t member);
  void rename(std::uint64_t before, std::uint64_t after);

  [[nodiscard]] bool is_member(std::uint64_t member, std::string_view group) const;
  /// Those that wait to be joined, too.
  [[nodiscard]] std::vector<std::uint64_t> members(std::string_view group) const;
  [[nodiscard]] std::size_t groups_of(std::uint64_t member) const;
  [[nodiscard]] std::vector<std::pair<std::string_view, GroupPosition>> positions(std::uint64_t member) const;

  void adopt(TimePoint now, std::shared_ptr<const View> view);
  void on_subscribed(TimePoint now, PathId path, const wire::Subscribed& subscribed);
  void on_refused(TimePoint now, const wire::SubscribeRefused& refused);
  void on_ask_interest(TimePoint now, const wire::AskInterest& ask);
  void on_copy(TimePoint now, PathId path, const wire::Copy& copy);
  void on_link_down(TimePoint now, LinkId link);
  /// About every 10 ms.
  void tick(TimePoint now);

 private:
  enum class Standing : std::uint8_t {
    joining,  ///< waits for the subscription
    level,    ///< as far as the group's cursor
    apart,    ///< its own position counts
  };
  struct Member {
    std::uint64_t ref = 0;
    Standing standing = Standing::joining;
    bool is_held = false;
    GroupPosition position;  ///< when it is apart
  };
  struct Group;

  [[nodiscard]] Group* find(std::string_view group) const;
  [[nodiscard]] static Member* member_of(Group& group, std::uint64_t ref);
  Group& make(std::string_view name);
  void forget(Group& group, std::uint64_t ref, TimePoint now);
  void subscribe(TimePoint now, Group& group);
  void subscribe_at(Group& group, TimePoint when);
  void lose_path(TimePoint now, Group& group);
  [[nodiscard]] bool is_of_other_term(const Group& group, const Member& member) const;
  void level_out(const Group& group, Member& member) const;
  [[nodiscard]] static GroupPosition lowest_position(const Group& group);

  Network& network_;
  const std::string service_name_;
  const std::uint64_t incarnation_;
  const unsigned shard_;
  MembershipSink& sink_;
  const Mutations mutations_;
  std::shared_ptr<const View> view_;
  const ServiceView* service_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_;
  std::unordered_map<std::uint64_t, std::vector<Group*>> by_member_;
  std::vector<std::string> due_;   ///< groups that have to subscribe
  std::vector<std::string> idle_;  ///< groups without members
  std::uint64_t last_number_ = 0;
};

}  // namespace wscluster::cluster

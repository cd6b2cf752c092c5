// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agenda.hpp"
#include "checker.hpp"
#include "client.hpp"
#include "evictions.hpp"
#include "group_checker.hpp"
#include "links.hpp"
#include "process.hpp"
#include "redis.hpp"
#include "story.hpp"
#include "watch.hpp"

namespace wscluster::simulation {

/// What a run was about, for the summary.
struct Figures {
  std::uint64_t messages = 0;
  std::uint64_t unknown = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t epochs = 0;
  std::uint64_t moves = 0;  ///< of users, seen as a new active holder
  std::uint64_t deaths = 0;
};

/// A whole cluster of the pure core in one process, playing one story.
/// Everybody connects, before a story begins.
inline constexpr Duration overture{700};

class World {
 public:
  explicit World(const Story& story, bool is_telling = false);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Plays all of it and looks at what must be true at the end.
  void play();

  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
  [[nodiscard]] Figures figures() const;
  [[nodiscard]] const Checker& checker() const noexcept { return checker_; }

  // ---- for the parts of the world
  [[nodiscard]] Agenda& agenda() noexcept { return agenda_; }
  [[nodiscard]] Links& links() noexcept { return links_; }
  [[nodiscard]] Redis& redis() noexcept { return redis_; }
  [[nodiscard]] Checker& checker() noexcept { return checker_; }
  [[nodiscard]] GroupChecker& groups() noexcept { return groups_; }
  [[nodiscard]] Evictions& evictions() noexcept { return evictions_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return story_.seed; }
  [[nodiscard]] const std::vector<cluster::ServiceOptions>& services() const noexcept { return services_; }
  [[nodiscard]] Duration heartbeat() const noexcept { return story_.heartbeat; }
  [[nodiscard]] Duration lease() const noexcept { return story_.lease; }
  [[nodiscard]] Duration dead_after() const noexcept { return 4 * story_.heartbeat; }
  [[nodiscard]] TimePoint started() const noexcept { return started_; }
  [[nodiscard]] std::uint64_t new_socket() noexcept { return ++sockets_; }
  [[nodiscard]] std::uint64_t new_sender() noexcept { return ++senders_; }
  [[nodiscard]] std::uint64_t next_generation() noexcept { return ++generations_; }
  [[nodiscard]] std::vector<std::unique_ptr<Client>>& clients() noexcept { return clients_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Process>>& processes() const noexcept { return processes_; }
  [[nodiscard]] std::vector<Process*> living() const;
  [[nodiscard]] Process* find(const std::string& name) const;
  [[nodiscard]] bool is_lossless() const noexcept { return story_.promises.is_lossless; }
  [[nodiscard]] Core* edge_for(const Device& device, Random& random) const;

  /// Runs code of that core and lets what it wrote leave.
  template <class F>
  void turn(Core& core, F f) {
    f(core);
    links_.flush();
    core.work_late(core.process().turn_time());
    links_.flush();
    watch_.look(core);
  }
  /// A frame arrives. True: it is lost, because of what happens at this moment.
  bool on_frame(Process& from, Process& to, const Link& link, wire::FrameType type, bool is_after);
  void give_to_process(Process& to, Process& from, cluster::LinkId link, const wire::Raw& raw);
  void send_document(Process& from, cluster::PathId path, const ring::Document& document);
  [[nodiscard]] DocumentPtr document(const std::string& digest) const;
  [[nodiscard]] Result<ring::Document> first_document(const std::string& service,
                                                      std::vector<ring::Member> members) const;
  [[nodiscard]] registry::ChangePolicy policy(double rate) const;
  [[nodiscard]] bool reaches_redis(const Process& process) const;
  /// Another number: connections made before are broken.
  [[nodiscard]] std::uint64_t redis_connection() const noexcept { return redis_connection_; }
  [[nodiscard]] bool loses_reply(const Process& process) const;
  /// Mutations of the registry's side.
  [[nodiscard]] bool trusts_itself_always() const noexcept;
  [[nodiscard]] bool never_waits_to_remove() const noexcept;
  [[nodiscard]] bool forgets_reports() const noexcept;
  [[nodiscard]] bool never_puts_back() const noexcept;

  void on_dead(Process& process, bool is_killed);
  void start_again(const Process& dead, Duration delay);
  /// Whether some epoch made somebody else the owner.
  [[nodiscard]] bool has_owner_changed(const std::string& service, const std::string& uid) const;
  /// A reliable client does not come back to a session, and nobody told its holder.
  void on_abandoned() noexcept { ++abandoned_; }
  void on_client_closed(const Client& client, std::uint16_t code);
  void note(std::string text) {
    if (is_telling_) write_note(std::move(text));
  }
  void tell_frame(const Process& from, const Process& to, const wire::Raw& raw) {
    if (is_telling_) write_frame(from, to, raw);
  }
  void tell_message(const char* what, std::string_view payload, const Core& core);

 private:
  void write_note(std::string text);
  void write_frame(const Process& from, const Process& to, const wire::Raw& raw);
  Process& add_process(const Cast& cast, bool is_standby);
  void form_ring();
  void play_actions();
  void do_action(const Action& action, const Process* sender, const Process* receiver);
  void apply(const Action& action);
  [[nodiscard]] std::string name_of_role(const std::string& role, const Process* sender, const Process* receiver) const;
  void change_ring(const std::vector<std::string>& owners, const registry::ChangePolicy& policy, unsigned attempts);
  void abort_change();
  void send_under_id(Process& who, const Action& action);
  void write_ring(const std::string& service, const DocumentPtr& from, std::vector<ring::Member> members,
                  registry::Action action, const registry::ChangePolicy& policy, const std::function<void()>& retry);
  void stop_for(const std::string& name, Duration lasting);
  void on_document_written(const DocumentPtr& before, const DocumentPtr& now, registry::Action action);
  void settle();
  [[nodiscard]] bool is_quiet() const;
  [[nodiscard]] bool are_views_equal() const;
  void end_all_faults();
  void check_end();
  void check_counts();
  void check_empty();

  const Story story_;
  const bool is_telling_;
  std::vector<cluster::ServiceOptions> services_;
  Agenda agenda_;
  const TimePoint started_;
  Checker checker_;
  GroupChecker groups_;
  Evictions evictions_;
  Redis redis_;
  Links links_;
  Watch watch_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Client>> clients_;
  Random random_;
  std::map<std::string, std::vector<DocumentPtr>> written_;  ///< by service, all that ever were
  std::map<std::string, DocumentPtr> by_digest_;
  TimePoint redis_away_until_;
  std::uint64_t redis_connection_ = 1;
  std::map<std::string, TimePoint> redis_cut_until_;
  std::map<std::string, TimePoint> redis_deaf_until_;
  struct Trigger {
    Action action;
    std::uint64_t seen = 0;
    bool is_spent = false;
  };
  std::vector<Trigger> triggers_;
  std::set<std::uint64_t> lost_;               ///< incarnations that ended without having handed over
  std::map<std::uint64_t, TimePoint> deaths_;  ///< incarnation of a killed node -> when
  std::uint64_t incarnations_ = 1000;
  std::uint64_t sockets_ = 0;
  std::uint64_t senders_ = 0;
  std::uint64_t generations_ = 0;
  std::uint64_t killed_ = 0;
  std::uint64_t abandoned_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace wscluster::simulation

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core.hpp"
#include "random.hpp"
#include "registrar.hpp"

namespace wscluster::simulation {

class World;

/// One life of one gateway or node: its cores, its registry, and what core 0 does for all of them. The world keeps it
/// after its death.
class Process {
 public:
  enum class Phase : std::uint8_t { running, stopped, dead };
  using Task = std::function<void()>;

  Process(World& world, std::size_t index, registry::Registration self);
  ~Process();

  void start();
  /// At once, with nothing said to anybody; what was sent may get lost.
  void kill();
  /// As SIGSTOP and SIGCONT: whatever should happen meanwhile happens after it, in order, and the first of it in a turn
  /// that began before.
  void stop();
  void resume();
  /// As SIGTERM.
  void drain(double rate);
  /// The ring went on without it: it starts again under a new incarnation.
  void on_left(bool was_planned);

  /// Now, after resume(), or never.
  void when_running(Task task);
  void post_view(std::shared_ptr<const cluster::View> view, std::uint64_t generation);
  /// Frames for the process, not for a core.
  void on_document(const wire::Document& document);
  void on_word(cluster::LinkId link, const Process& peer, const wire::Word& word);
  void share_documents(cluster::LinkId link);

  /// Held against the clock itself, not against the turn's time.
  [[nodiscard]] bool is_suspended();
  /// Of the present turn.
  [[nodiscard]] TimePoint turn_time();
  [[nodiscard]] bool every_core_ticked() const;
  void take_ticks();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint64_t incarnation() const noexcept { return incarnation_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] bool is_gateway() const noexcept { return is_gateway_; }
  [[nodiscard]] bool is_running() const noexcept { return phase_ == Phase::running; }
  [[nodiscard]] bool is_dead() const noexcept { return phase_ == Phase::dead; }
  [[nodiscard]] bool takes_clients() const noexcept { return phase_ != Phase::dead && view_ && !is_closed_; }
  [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
  /// The ring went on without it.
  [[nodiscard]] bool is_expelled() const noexcept { return is_expelled_; }
  [[nodiscard]] std::vector<std::unique_ptr<Core>>& cores() noexcept { return cores_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Core>>& cores() const noexcept { return cores_; }
  [[nodiscard]] Registrar& registrar() noexcept { return registrar_; }
  [[nodiscard]] const std::shared_ptr<const cluster::View>& view() const noexcept { return view_; }
  [[nodiscard]] Random& random() noexcept { return random_; }

  Duration lag{0};  ///< its cores get views so much later

 private:
  void tick_core(unsigned index);
  void look_around();
  void report();
  void report_changes();
  void ask_for_words();
  void continue_drain();
  void end();
  [[nodiscard]] bool can_hand_over() const;
  [[nodiscard]] bool is_fully_linked() const;

  World& world_;
  const std::size_t index_;
  const std::string name_;
  const std::uint64_t incarnation_;
  const bool is_gateway_;
  Random random_;
  Phase phase_ = Phase::running;
  std::vector<std::unique_ptr<Core>> cores_;
  Registrar registrar_;
  std::vector<Task> postponed_;
  TimePoint stopped_at_;
  unsigned stale_tasks_ = 0;
  std::vector<bool> ticked_;
  std::vector<TimePoint> last_posts_;          ///< of views, to each core
  std::shared_ptr<const cluster::View> view_;  ///< as core 0 has it
  std::uint64_t generation_ = 0;
  std::vector<std::uint64_t> generations_;  ///< of each core
  std::map<std::pair<std::string, std::uint64_t>, registry::DonorProgress> told_;
  std::map<std::pair<std::string, std::uint64_t>, registry::ReceiverProgress> received_;
  TimePoint next_report_;
  TimePoint next_question_;
  bool was_suspended_ = false;
  bool is_draining_ = false;
  bool is_expelled_ = false;
  bool is_closed_ = false;
  bool closes_clients_ = false;
  TimePoint drain_deadline_;
};

}  // namespace wscluster::simulation

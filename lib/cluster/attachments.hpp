// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "cluster/close_pace.hpp"
#include "cluster/counts.hpp"
#include "cluster/network.hpp"
#include "cluster/options.hpp"
#include "cluster/view.hpp"
#include "session/frame_queue.hpp"
#include "session/session_id.hpp"
#include "session/slots.hpp"

namespace wscluster::cluster {

/// The client sockets of one core as Attachments sees them. `socket` is whatever the owner gave to open().
class Sockets {
 public:
  virtual ~Sockets() = default;
  /// The holder has taken the session: complete the upgrade. Once per socket.
  virtual void on_attached(std::uint64_t socket) = 0;
  enum class Refusal : std::uint8_t {
    no_owner,
    full,
    timed_out,
    gone,  ///< the session that the client wants back is no more
  };
  /// Nobody takes it: answer the upgrade with an error. The last call for this socket.
  virtual void on_refused(std::uint64_t socket, Refusal reason) = 0;
  /// One message; its payload is the two put together.
  virtual void deliver(std::uint64_t socket, bool is_binary, std::string_view head, std::string_view payload) = 0;
  /// Write what was delivered, then close. closed() follows from the socket's side.
  virtual void close(std::uint64_t socket, std::uint16_t code, std::string_view text) = 0;
  /// Too much is on its way to the holder: stop and continue reading this client.
  virtual void pause(std::uint64_t socket, bool is_paused) = 0;
};

/// Who a client is, as its URL and its token say.
struct ClientInfo {
  std::string uid;
  session::SessionId id;  ///< new, or of the session that it wants back
  std::string profile;    ///< wire::ClientProfile; empty: like all others without a subprotocol
  std::string token;      ///< with which a reliable client comes back
  bool recovers = false;  ///< it has come back
};

struct AttachmentCounters {
  std::uint64_t attaches = 0;    ///< sent, repeats included
  std::uint64_t reattaches = 0;  ///< of sockets that were attached before
  std::uint64_t refused = 0;
  std::uint64_t closed_for_change = 0;
};

/// The edge's side of sessions, on one core (DESIGN section 6): ties each client socket to its holder, keeps what the
/// holder has not answered, counts what the kernel has written, and attaches again (same counters, higher number) after
/// a broken link, a refusal or a move. A direct client whose user has moved away stays attached to the new owner until
/// its turn to be closed comes. Pure.
class Attachments {
 public:
  Attachments(Network& network, Sockets& sockets, std::pmr::memory_resource& pool);
  ~Attachments();
  Attachments(const Attachments&) = delete;
  Attachments& operator=(const Attachments&) = delete;

  /// So that holders can tell where a socket is.
  void set_process(std::uint64_t incarnation) { process_ = incarnation; }

  using Ref = std::uint64_t;
  /// Starts to attach; on_attached() or on_refused() follows, by `deadline` at the latest. The options outlive the
  /// attachment. Returns its reference, 0 when the service has no view here (then nothing follows).
  Ref open(TimePoint now, std::uint64_t socket, const ServiceOptions& options, ClientInfo client, TimePoint deadline);
  /// A client's message.
  void on_frame(TimePoint now, Ref ref, bool is_binary, std::string_view payload);
  /// How many delivered frames the kernel has taken whole, cumulative for this socket.
  void on_written(Ref ref, std::uint64_t frames);
  /// The socket is gone; forgets the attachment.
  void on_closed(TimePoint now, Ref ref, std::uint16_t code);

  void adopt(TimePoint now, std::shared_ptr<const View> view);
  void on_attached(TimePoint now, PathId path, const wire::Attached& attached);
  void on_refused(TimePoint now, PathId path, const wire::Refused& refused);
  void on_down(TimePoint now, PathId path, const wire::Down& down);
  void on_fan(PathId path, const wire::Fan& fan);
  void on_answered(TimePoint now, PathId path, const wire::Answered& answered);
  void on_detached(TimePoint now, PathId path, const wire::Detached& detached);
  void on_close(TimePoint now, PathId path, const wire::Close& close);
  void on_moved(TimePoint now, PathId path, const wire::Moved& moved);
  void on_link_down(TimePoint now, LinkId link);
  /// About every 10 ms.
  void tick(TimePoint now);

  /// Those whose socket is gone and whose holder does not know it yet included.
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
  /// Sockets that are attached to a session now.
  [[nodiscard]] std::size_t attached() const noexcept { return attached_; }
  /// Sockets that a change closes and whose turn has not come.
  [[nodiscard]] std::size_t closes_pending() const noexcept;
  /// What was closed here for changes, by service and epoch. `planned` is the holders'.
  [[nodiscard]] const std::map<std::pair<std::string, std::uint64_t>, DonorCount>& donated() const noexcept {
    return donated_;
  }
  [[nodiscard]] const AttachmentCounters& counters() const noexcept { return counters_; }

 private:
  struct Attachment;

  void attach(TimePoint now, Attachment& a);
  void retry_at(Attachment& a, TimePoint when);
  void lose(TimePoint now, Attachment& a);
  void send_waiting(Attachment& a);
  void forget_answered(Attachment& a, std::uint64_t answered);
  void tell_progress(Attachment& a);
  void later(Attachment& a);
  void detached(Attachment& a);
  void close_in_turn(TimePoint now);
  void evict(const Attachment& a);
  void forget_done_closings();
  Attachment* find(Ref ref, std::uint64_t number, PathId path) const;
  void deliver(Attachment& a, bool is_binary, std::uint64_t head, std::string_view payload);

  Network& network_;
  Sockets& sockets_;
  std::pmr::memory_resource& pool_;
  std::uint64_t process_ = 0;
  std::shared_ptr<const View> view_;
  session::Slots<Attachment> slots_;
  std::vector<Ref> retrying_;
  std::vector<Ref> lazy_;
  /// Sockets of one service that the change to one epoch closes.
  struct Closing {
    ClosePace pace;
    std::vector<Ref> queue;
  };
  std::map<std::pair<std::string, std::uint64_t>, Closing> closings_;
  std::map<std::pair<std::string, std::uint64_t>, DonorCount> donated_;
  std::size_t attached_ = 0;
  TimePoint next_lazy_;
  std::uint64_t jitter_;  ///< state of a small generator, for hints to clients only
  std::string head_;      ///< of the frame that is delivered now
  AttachmentCounters counters_;
};

}  // namespace wscluster::cluster

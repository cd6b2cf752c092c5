// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "proxy/outgoing.hpp"

namespace wscluster::proxy {

/// One request of a client and its answer, both passing in pieces: neither is ever held whole.
class Exchange final : public Outgoing {
 public:
  Exchange(Pool& pool, edge::Edge& edge, std::shared_ptr<Group> group, Call call);

  /// Of the client.
  void on_body(std::string_view bytes, bool is_last);
  void on_drained();
  void tick(TimePoint now) override;

 private:
  void on_reached() override;
  void on_bytes(std::span<char> bytes) override;
  void on_ended(std::string_view why) override;
  void on_flushed() override;

  void pass_body(std::string_view bytes, bool is_last);
  void read_answer(std::string_view bytes);
  /// False: the end.
  bool take_interim();
  void begin_answer();
  void pass_answer();
  void finish_answer();
  void fail(unsigned status, std::string_view text);
  [[nodiscard]] bool may_repeat() const;
  void await_answer();

  std::optional<net::ResponseParser> parser_;
  std::string early_body_;  ///< came before there was a connection
  bool has_whole_body_ = false;
  bool is_reached_ = false;
  bool has_heard_ = false;  ///< the server has said something
  bool has_begun_ = false;  ///< the client has the head of the answer
};

}  // namespace wscluster::proxy

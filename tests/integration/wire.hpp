// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace wscluster::integration {

/// A socket for bytes that no decent client sends. Blocking, with deadlines.
class Wire {
 public:
  /// To HOST:PORT; a failed connection is a test failure.
  explicit Wire(const std::string& address);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// False when the other side is gone.
  bool write(std::string_view bytes) const;
  /// All that comes until the other side ends; a test failure when it does not end.
  std::string read_to_end() const;
  /// What comes until the text was seen, or the end.
  std::string read_until(std::string_view text) const;
  /// Upgrades by hand and drops the answer's head.
  void upgrade(const std::string& target, const std::string& token) const;

 private:
  int descriptor_;
};

/// One client frame. Masked with zeros, so that the payload can be read here.
[[nodiscard]] std::string client_frame(unsigned opcode, std::string_view payload, bool is_masked = true);
/// The code in the Close frame that ends these bytes, 0 when none does.
[[nodiscard]] unsigned close_code_in(std::string_view bytes);

}  // namespace wscluster::integration

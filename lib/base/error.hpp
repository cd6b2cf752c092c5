// SPDX-License-Identifier: MIT
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace wscluster {

/// Why an expected operation did not succeed. What to do about it is the caller's decision; `Error::message` is for
/// people.
enum class Errc : std::uint8_t {
  invalid = 1,  ///< the input breaks a rule
  not_found,    ///< no such node, service, file, key
  unavailable,  ///< a peer or Redis cannot be reached now
  timed_out,    ///< a deadline passed
  conflict,     ///< somebody else changed it meanwhile
  permission,   ///< authentication or authorisation failed
  protocol,     ///< the peer does not speak as agreed
  limit,        ///< a configured limit is exceeded
  io,           ///< the operating system refused
  closed,       ///< the other side is gone
  internal,     ///< a bug
};

[[nodiscard]] const char* to_string(Errc code) noexcept;

/// A code for programs and one line for people that names the place and, where there is one, the remedy.
struct Error {
  Errc code = Errc::internal;
  std::string message;
};

/// Used by boost::system::result when `value()` is called on an error: that is a bug of ours.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& location);

/// Expected failures. Always test it; `value()` on an error throws.
template <class T = void>
using Result = boost::system::result<T, Error>;

[[nodiscard]] inline Error error(Errc code, std::string message) {
  return Error{code, std::move(message)};
}

/// Exit codes of the binary. One table for all commands; persistent, do not renumber (scripts test them).
enum class ExitCode : int {
  ok = 0,
  negative = 1,        ///< it was done and the answer is no
  usage = 64,          ///< bad flag or argument
  data = 65,           ///< bad uid, message or input data
  no_input = 66,       ///< file missing
  no_session = 67,     ///< `send`: the user is not connected
  no_node = 68,        ///< the node is not known
  unavailable = 69,    ///< Redis or a node cannot be reached
  software = 70,       ///< a bug
  os_error = 71,       ///< cannot bind, too few descriptors
  cannot_create = 73,  ///< an output file cannot be written
  temp_fail = 75,      ///< time-out, unknown result, or the ring changed meanwhile
  protocol = 76,       ///< versions do not match
  no_permission = 77,  ///< authentication refused
  config = 78,         ///< the configuration is invalid
  interrupted = 130,
  terminated = 143,
};

[[nodiscard]] ExitCode exit_code_for(Errc code) noexcept;

/// Thrown only while starting or by a client command: ends the process with one line on stderr and an exit code.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode exit, const std::string& message, std::string hint = {})
      : std::runtime_error(message), exit_(exit), hint_(std::move(hint)) {}
  explicit Failure(const Error& error) : Failure(exit_code_for(error.code), error.message) {}

  [[nodiscard]] ExitCode exit() const noexcept { return exit_; }
  /// What the user can do, or empty.
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  ExitCode exit_;
  std::string hint_;
};

}  // namespace wscluster

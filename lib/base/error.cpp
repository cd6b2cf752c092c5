// SPDX-License-Identifier: MIT
#include "base/error.hpp"

namespace wscluster {

const char* to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid:
      return "invalid";
    case Errc::not_found:
      return "not_found";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timed_out:
      return "timed_out";
    case Errc::conflict:
      return "conflict";
    case Errc::permission:
      return "permission";
    case Errc::protocol:
      return "protocol";
    case Errc::limit:
      return "limit";
    case Errc::io:
      return "io";
    case Errc::closed:
      return "closed";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

ExitCode exit_code_for(Errc code) noexcept {
  switch (code) {
    case Errc::invalid:
      return ExitCode::data;
    case Errc::not_found:
      return ExitCode::no_input;
    case Errc::unavailable:
    case Errc::closed:
      return ExitCode::unavailable;
    case Errc::timed_out:
    case Errc::conflict:
      return ExitCode::temp_fail;
    case Errc::permission:
      return ExitCode::no_permission;
    case Errc::protocol:
      return ExitCode::protocol;
    case Errc::limit:
      return ExitCode::data;
    case Errc::io:
      return ExitCode::os_error;
    case Errc::internal:
      return ExitCode::software;
  }
  return ExitCode::software;
}

void throw_exception_from_error(const Error& error, const boost::source_location& location) {
  throw std::logic_error(std::string(location.file_name()) + ":" + std::to_string(location.line()) +
                         ": unchecked error: " + error.message);
}

}  // namespace wscluster

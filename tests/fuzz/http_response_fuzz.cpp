// SPDX-License-Identifier: MIT
// What an application server might answer, whole and in two halves, to GET and to HEAD: the same answer either way, and
// a body only where one may be.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/http.hpp"

using namespace wscluster::net;

namespace {

using State = ResponseParser::State;

struct Read {
  State state;
  std::string body;
  std::string rest;
};

Read read(std::string_view first, std::string_view second, bool is_head) {
  ResponseParser parser(2048, is_head);
  parser.feed(first);
  if (parser.state() != State::failed && !second.empty()) parser.feed(second);
  const State before_end = parser.state();
  if (parser.end() == State::failed && before_end == State::failed && parser.failure().empty()) std::abort();
  const std::string body = parser.take_body();
  const bool may_have_one = parser.head().framing != Framing::none;
  if (parser.state() == State::done && !body.empty() && !may_have_one) std::abort();
  if (parser.state() == State::done && parser.head().framing == Framing::length && body.size() != parser.head().length)
    std::abort();
  return {parser.state(), body, parser.state() == State::done ? parser.take_rest() : std::string()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool is_head : {false, true}) {
    const Read whole = read(text, {}, is_head);
    const Read halves = read(text.substr(0, size / 2), text.substr(size / 2), is_head);
    if (whole.state != halves.state) std::abort();
    if (whole.state == State::done && (whole.body != halves.body || whole.rest != halves.rest)) std::abort();
  }
  return 0;
}

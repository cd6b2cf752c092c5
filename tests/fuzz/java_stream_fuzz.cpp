// SPDX-License-Identifier: MIT
// A session as anybody who can write into that Redis may leave it: as Java's serialisation, and as what else a Spring
// or an express session holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/names.hpp"
#include "base/text.hpp"
#include "websession/generic_session.hpp"
#include "websession/java_stream.hpp"
#include "websession/spring_session.hpp"
#include "websession/spring_user.hpp"

namespace {

using namespace wscluster;
using namespace wscluster::websession;

const WallClock::time_point now{std::chrono::seconds(1'795'340'000)};

void demand(bool condition) {
  if (!condition) std::abort();
}

void check(const Reading& reading) {
  demand((reading.verdict == Verdict::found) == !reading.uid.empty());
  demand(reading.uid.empty() || check_uid(reading.uid).has_value());
  demand((reading.verdict == Verdict::unreadable) == !reading.why.empty());
  demand(reading.verdict != Verdict::found || !reading.expires || *reading.expires > now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string value(reinterpret_cast<const char*>(data), size);
  if (const auto stream = JavaStream::parse(value); stream && stream->root().is_text())
    demand(is_valid_utf8(stream->root().text));

  Options options;
  options.kind = Kind::spring;
  check(read_spring_session(options, {"1", "1795340000000", "-1", std::nullopt, value}, now));
  check(read_spring_session(options, {"1", value, value, "\"alice\"", std::nullopt}, now));
  options.attribute = "user";
  check(read_spring_session(options, {"1", "1795340000000", "60", value}, now));

  options.kind = Kind::generic;
  options.json_path = "passport.user";
  check(read_generic_session(options, value, now));
  options.json_path.clear();
  check(read_generic_session(options, value, now));
  return 0;
}

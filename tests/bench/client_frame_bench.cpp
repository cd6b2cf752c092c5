// SPDX-License-Identifier: MIT
// Price of reading a client's frame and of writing the message it becomes, with the allocations of one round.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/client_frame.hpp"
#include "protocol/server_frames.hpp"

#include "../counting_new.hpp"

namespace {

using namespace std::chrono;
using namespace wscluster::protocol;

constexpr std::size_t frames_per_round = 200'000;
constexpr std::size_t rounds = 7;

/// Results end here, so that nothing is optimised away.
std::size_t checksum = 0;

template <class Work>
void measure(const char* label, Work work) {
  std::array<double, rounds> times{};
  std::size_t allocated = 0;
  work();
  for (double& time : times) {
    const std::size_t before = allocations;
    const auto begin = steady_clock::now();
    for (std::size_t i = 0; i < frames_per_round; ++i)
      work();
    time = duration<double, std::nano>(steady_clock::now() - begin).count() / frames_per_round;
    allocated = allocations - before;
  }
  std::sort(times.begin(), times.end());
  std::printf("  %-40s %8.1f [%.1f-%.1f] ns, %zu allocations in %zu\n", label, times[rounds / 2], times.front(),
              times.back(), allocated, frames_per_round);
}

std::string frame_of(std::size_t size, std::string_view group) {
  const std::string head = R"({"type":"sendToGroup","group":")" + std::string(group) +
                           R"(","ackId":1234567,"dataType":"json","noEcho":true,"data":{"user":"alice","text":")";
  return head + std::string(size - head.size() - 3, 'x') + "\"}}";
}

}  // namespace

int main() {
  ClientFrameParser parser;
  const auto read = [&](const std::string& text) {
    const auto frame = parser.parse(text);
    checksum += frame ? frame->data.size() : 0;
  };
  const std::string small = frame_of(200, "room-42");
  const std::string escaped = frame_of(200, R"(r\u006fom-42 with a long name)");
  const std::string large = frame_of(16384, "room-42");
  std::string out;
  measure("read a sendToGroup of 200 bytes", [&] { read(small); });
  measure("the same with an escape in the group", [&] { read(escaped); });
  measure("read a sendToGroup of 16 KiB", [&] { read(large); });
  measure("write the tail of a message", [&] {
    out.clear();
    append_group_tail(out, "room-42", DataType::json, R"({"user":"alice","text":"one hundred bytes, more or less"})",
                      "alice");
    checksum += out.size();
  });
  measure("write the head of one session", [&] {
    out.clear();
    append_message_head(out, 1'234'567);
    checksum += out.size();
  });
  std::printf("checksum %zu\n", checksum);
  return 0;
}

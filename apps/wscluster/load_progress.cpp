// SPDX-License-Identifier: MIT
#include "load_progress.hpp"

#include <boost/json/object.hpp>

#include "base/units.hpp"
#include "load/text.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

const char* stage_word(load::Progress::Stage stage) {
  switch (stage) {
    case load::Progress::Stage::connecting:
      return "connecting";
    case load::Progress::Stage::warmup:
      return "warm-up";
    case load::Progress::Stage::running:
      return "running";
    case load::Progress::Stage::settling:
      return "settling";
    case load::Progress::Stage::closing:
      return "closing";
  }
  return "";
}

}  // namespace

void show_progress(Progress& line, const load::Progress& now) {
  std::string text = std::string(stage_word(now.stage)) + " " + load::format_minutes(now.elapsed_seconds);
  if (now.total_seconds > 0) text += "/" + load::format_minutes(now.total_seconds);
  text += "  conns " + format_count(now.connected) + "/" + format_count(now.connections);
  if (now.asked_rate > 0 && now.sent > 0) {
    text += "  " + load::format_per_second(now.sent_rate) + "/s of " + load::format_per_second(now.asked_rate) +
            "/s  p50 " + load::format_time(now.p50) + " p99 " + load::format_time(now.p99) + " max " +
            load::format_time(now.max);
  }
  if (now.closed > 0) text += "  closed " + format_count(now.closed) + " away " + format_count(now.away);
  text += "  err " + format_count(now.errors);
  if (now.sent > 0) text += "  lag " + load::format_time(now.lag_p99);
  line.show(text, text,
            {{"stage", stage_word(now.stage)},
             {"elapsed_seconds", now.elapsed_seconds},
             {"total_seconds", now.total_seconds},
             {"connected", now.connected},
             {"sent", now.sent},
             {"sent_rate", now.sent_rate},
             {"latency_seconds", json::object{{"p50", now.p50}, {"p99", now.p99}, {"max", now.max}}},
             {"lag_seconds", json::object{{"p99", now.lag_p99}}},
             {"closed", now.closed},
             {"away", now.away},
             {"errors", now.errors}});
}

}  // namespace wscluster::app

// SPDX-License-Identifier: MIT
#include <boost/json.hpp>
#include <functional>
#include <iostream>

#include "base/text.hpp"
#include "base/units.hpp"
#include "commands.hpp"
#include "interrupt.hpp"
#include "send_message.hpp"
#include "service_key.hpp"
#include "session/session_id.hpp"

namespace wscluster::app {
namespace {

namespace json = boost::json;

std::string all_of_stdin() {
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

ExitCode exit_of(const Receipt& receipt) {
  if (receipt.status == "delivered" || receipt.status == "queued" || receipt.status == "accepted") return ExitCode::ok;
  return receipt.status == "offline" ? ExitCode::no_session : ExitCode::temp_fail;
}

json::object json_of(const Receipt& receipt) {
  return {{receipt.to.is_group ? "group" : "to", receipt.to.name},
          {"status", receipt.status},
          {"node", receipt.node.empty() ? json::value(nullptr) : json::value(receipt.node)},
          {"sessions", receipt.sessions},
          {"epoch", receipt.epoch},
          {"latency_seconds", receipt.latency_seconds}};
}

/// "delivered to 2 sessions", "queued for 40 sessions" of a group, "queued"
std::string outcome_text(const Receipt& receipt) {
  const std::string sessions = format_count(receipt.sessions) + (receipt.sessions == 1 ? " session" : " sessions");
  if (receipt.status == "delivered") return "delivered to " + sessions;
  return receipt.status == "queued" && receipt.to.is_group ? "queued for " + sessions : receipt.status;
}

std::string milliseconds_text(double time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", time * 1000);
  return text.data();
}

/// Collects receipts, prints them as they come where the form allows it.
class Report {
 public:
  explicit Report(const Output& output) : output_(output) {}

  void add(const Receipt& receipt) {
    const auto exit = exit_of(receipt);
    (exit == ExitCode::ok ? good_ : bad_) += 1;
    if (exit != ExitCode::ok) worst_ = worst_ == ExitCode::ok || worst_ == exit ? exit : ExitCode::temp_fail;
    if (output_.format == Format::jsonl) print(one_line(json_of(receipt)));
    if (output_.format == Format::json) results_.push_back(json_of(receipt));
    if (output_.format == Format::table) say(receipt, exit);
    table_.add({receipt.to.name, receipt.status, receipt.node.empty() ? "-" : receipt.node,
                std::to_string(receipt.sessions), milliseconds_text(receipt.latency_seconds)});
  }

  [[nodiscard]] bool is_empty() const { return good_ + bad_ == 0; }

  int finish() {
    if (output_.format == Format::json) {
      print(render_json(json::object{{"schema", "wscluster/send/v1"},
                                     {"delivered", good_},
                                     {"failed", bad_},
                                     {"results", std::move(results_)}},
                        output_));
    } else if (output_.format != Format::jsonl && output_.format != Format::table) {
      print(table_.render(output_));
    }
    if (bad_ > 0 && good_ > 0) return static_cast<int>(ExitCode::negative);
    return static_cast<int>(worst_);
  }

 private:
  void say(const Receipt& receipt, ExitCode exit) const {
    const std::string& to = receipt.to.name;
    if (exit == ExitCode::no_session) {
      print_error("wscluster: " + (receipt.to.is_group ? "nobody is in the group " + to : to + " has no session") +
                  "\n");
    } else if (exit != ExitCode::ok) {
      print_error("wscluster: " + to + ": " + receipt.status + " (" +
                  (receipt.status == "expired" ? "its time was over before it could be delivered"
                                               : "no answer in time; it may have arrived") +
                  ")\n");
    } else if (!output_.is_quiet) {
      const std::string node = receipt.node.empty() ? "" : " on " + receipt.node;
      print(to + ": " + outcome_text(receipt) + node + " in " + milliseconds_text(receipt.latency_seconds) + "\n");
    }
  }

  const Output& output_;
  std::uint64_t good_ = 0;
  std::uint64_t bad_ = 0;
  ExitCode worst_ = ExitCode::ok;
  json::array results_;
  Table table_{{{"TO"}, {"STATUS"}, {"NODE"}, {"SESSIONS", true}, {"LATENCY", true}}};
};

using Deliver = std::function<void(const Recipient& to, const Message& message)>;

/// {"to":"alice","message":"hi"}, or "group" for "to": a text is sent as it is, anything else as JSON.
void read_json_line(const std::string& line, std::size_t number, bool is_binary, const Deliver& deliver) {
  const auto bad = [&](const std::string& why) {
    return Failure(ExitCode::data, "stdin:" + std::to_string(number) + ": " + why,
                   "Form: {\"to\":\"alice\",\"message\":\"hi\"}");
  };
  boost::system::error_code ec;
  const auto value = json::parse(line, ec);
  if (ec || !value.is_object()) throw bad("not a JSON object");
  const auto* to = value.get_object().if_contains("to");
  const auto* group = value.get_object().if_contains("group");
  const auto* message = value.get_object().if_contains("message");
  if (to != nullptr && group != nullptr) throw bad("\"to\" and \"group\" contradict each other");
  const auto* name = group != nullptr ? group : to;
  if (name == nullptr || !name->is_string())
    throw bad(group != nullptr ? "\"group\" is not a text" : "\"to\" is missing or not a text");
  if (message == nullptr) throw bad("\"message\" is missing");
  const auto* text = message->if_string();
  const auto kind = text == nullptr ? Message::Kind::json : is_binary ? Message::Kind::binary : Message::Kind::text;
  deliver({std::string(name->get_string()), group != nullptr},
          {text == nullptr ? json::serialize(*message) : std::string(*text), kind});
}

std::vector<Recipient> recipients_of(const Invocation& invocation) {
  std::vector<Recipient> recipients;
  for (auto& uid : invocation.texts("to"))
    recipients.push_back({std::move(uid)});
  for (auto& group : invocation.texts("group"))
    recipients.push_back({std::move(group), true, invocation.texts("except")});
  return recipients;
}

void read_messages(const Invocation& invocation, const Deliver& deliver) {
  const auto recipients = recipients_of(invocation);
  const bool is_binary = invocation.has("binary");
  const auto kind = is_binary ? Message::Kind::binary : Message::Kind::text;
  const auto to_all = [&](std::string content) {
    for (const auto& to : recipients)
      deliver(to, {content, kind});
  };
  if (invocation.has("message")) return to_all(invocation.text("message"));
  if (invocation.has("stdin")) return to_all(all_of_stdin());
  if (invocation.has("file")) {
    const auto content = read_file(invocation.text("file"));
    if (!content) throw Failure(content.error());
    return to_all(*content);
  }
  std::size_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    if (line.empty()) continue;
    if (invocation.has("jsonl")) {
      read_json_line(line, number, is_binary, deliver);
    } else {
      to_all(line);
    }
  }
}

void check_flags(const Invocation& invocation) {
  int ways = 0;
  for (const auto* flag : {"message", "file", "stdin", "lines", "jsonl"})
    ways += invocation.has(flag) ? 1 : 0;
  if (ways != 1) {
    throw Failure(ExitCode::usage, "exactly one of --message, --file, --stdin, --lines and --jsonl is needed",
                  "Example: wscluster send --to alice --message hello");
  }
  const auto recipients = recipients_of(invocation);
  if (invocation.has("jsonl") != recipients.empty()) {
    throw Failure(ExitCode::usage,
                  invocation.has("jsonl") ? "--jsonl names the recipients itself; leave --to and --group out"
                                          : "--to is missing: who shall get the message?",
                  invocation.has("jsonl") ? "" : "Or a group: --group NAME");
  }
  if (invocation.has("except") && !invocation.has("group"))
    throw Failure(ExitCode::usage, "--except goes with --group");
  for (const auto& id : invocation.texts("except")) {
    if (!session::SessionId::parse(id)) {
      throw Failure(ExitCode::data, "--except: '" + id + "' is no connection id",
                    "Ids: wscluster session list --group GROUP -o wide");
    }
  }
  if (invocation.has("wait") && invocation.has("group")) {
    throw Failure(ExitCode::usage, "--wait does not go with --group",
                  "What is sent to a group is queued when every node with members has it");
  }
  for (const auto& to : recipients)
    check_recipient(to);
}

}  // namespace

int run_send(const Invocation& invocation) {
  check_flags(invocation);
  const auto config = invocation.load_config();
  const Sender sender(invocation, config);
  Report report(invocation.output());
  const auto repeats = invocation.value<std::uint64_t>("repeat");
  const auto interval = invocation.value<Duration>("interval");
  const Interrupt interrupt;
  std::vector<std::pair<Recipient, Message>> sent;
  const auto deliver = [&](const Recipient& to, const Message& message) {
    if (interrupt.is_requested()) return;
    check_recipient(to);
    if (invocation.has("dry-run")) {
      print("would send " + std::to_string(message.content.size()) + " bytes to " + (to.is_group ? "the group " : "") +
            to.name + " by " + sender.place() + "\n");
      return;
    }
    report.add(sender.send(to, message, interrupt));
    if (repeats > 1) sent.emplace_back(to, message);
  };
  try {
    read_messages(invocation, deliver);
  } catch (const Failure&) {
    // What was sent before it is known and must not be lost.
    if (!report.is_empty()) static_cast<void>(report.finish());
    throw;
  }
  const auto again = std::move(sent);
  sent.clear();
  for (std::uint64_t i = 1; i < repeats && !invocation.has("dry-run") && !interrupt.is_requested(); ++i) {
    interrupt.sleep_for(interval);
    for (const auto& [to, message] : again) {
      if (!interrupt.is_requested()) report.add(sender.send(to, message, interrupt));
    }
  }
  const int code = report.finish();
  return interrupt.is_requested() ? interrupt.exit_code() : code;
}

}  // namespace wscluster::app

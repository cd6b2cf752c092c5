// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "commands.hpp"
#include "completion_scripts.hpp"
#include "man.hpp"
#include "reference.hpp"

namespace wscluster::app {
namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw Failure(ExitCode::cannot_create, file.string() + ": cannot be written");
}

int run_generate(const Invocation& invocation) {
  const std::filesystem::path root = invocation.arguments().front();
  write(root / "completions" / "wscluster.bash", completion_script("bash"));
  write(root / "completions" / "_wscluster", completion_script("zsh"));
  write(root / "completions" / "wscluster.fish", completion_script("fish"));
  for (const auto& page : man_pages())
    write(root / "man" / page.file, page.text);
  const auto readme = root / "README.md";
  if (!std::filesystem::exists(readme)) return 0;
  const auto text = read_file(readme.string());
  if (!text) throw Failure(text.error());
  const auto with_commands = with_reference(*text, "commands", commands_reference());
  const auto complete = with_reference(with_commands, "config", config_reference());
  if (complete != *text) write(readme, complete);
  return 0;
}

}  // namespace

Command generate_command() {
  return {.path = "__generate",
          .summary = "Write completions, man pages and the README's tables into a source tree",
          .examples = {{"wscluster __generate .", ""}},
          .arguments = {{.name = "DIR", .text = "Root of the tree", .complete = Complete::files}},
          .is_hidden = true,
          .run = run_generate};
}

}  // namespace wscluster::app

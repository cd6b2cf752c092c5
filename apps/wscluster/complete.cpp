// SPDX-License-Identifier: MIT
#include "complete.hpp"

#include <algorithm>
#include <set>

namespace wscluster::app {
namespace {

const Command& program() {
  static const Command root{};
  return root;
}

/// bash splits at '=': "--color" "=" "al" are one flag and its value.
void drop_equal_signs(std::vector<std::string>& words) {
  if (words.size() >= 2 && words.back() == "=") words.back().clear();
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] == "=" && words[i - 1].starts_with("--"))
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i--));
  }
}

class Walk {
 public:
  Completion run(std::vector<std::string> words) {
    if (words.empty()) words.emplace_back();
    drop_equal_signs(words);
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
      step(words[i]);
    finish(words.back());
    return std::move(result_);
  }

 private:
  const Flag* flag_of(const std::string& word) const {
    if (word.starts_with("--")) return find_flag(*command_, word.substr(2, word.find('=') - 2));
    return word.size() == 2 ? find_flag(*command_, word[1]) : nullptr;
  }

  void step(const std::string& word) {
    if (pending_ != nullptr) {
      pending_ = nullptr;
    } else if (word == "--" || only_words_) {
      only_words_ = true;
      arguments_ += word != "--" ? 1 : 0;
    } else if (word.starts_with('-') && word.size() > 1) {
      const auto* flag = flag_of(word);
      if (flag == nullptr) return;
      used_.insert(flag->name);
      const bool takes_next = !flag->is_switch() && flag->implied.empty();
      if (takes_next && word.find('=') == std::string::npos) pending_ = flag;
    } else if (const auto* child = find_command(path_.empty() ? word : path_ + " " + word);
               child != nullptr && arguments_ == 0) {
      command_ = child;
      path_ = child->path;
    } else {
      ++arguments_;
    }
  }

  void finish(const std::string& word) {
    result_.prefix = word;
    if (pending_ != nullptr) return values_of(*pending_);
    if (!only_words_ && word.starts_with("--") && word.find('=') != std::string::npos) {
      const auto* flag = flag_of(word);
      if (flag == nullptr || flag->is_switch()) return;
      result_.lead = word.substr(0, word.find('=') + 1);
      result_.prefix = word.substr(result_.lead.size());
      return values_of(*flag);
    }
    if (!only_words_ && word.starts_with('-')) return offer_flags();
    if (command_->run == nullptr) return offer_children(path_);
    offer_argument();
  }

  void add(const std::string& value, const std::string& text) {
    if (value.starts_with(result_.prefix)) result_.candidates.push_back({result_.lead + value, text});
  }

  void values_of(const Flag& flag) {
    if (flag.type == config::Type::boolean) add("true", ""), add("false", "");
    for (const auto choice : flag.choices)
      add(std::string(choice), "");
    result_.wants_files = flag.complete == Complete::files;
    result_.wants_nodes = flag.complete == Complete::nodes;
  }

  void offer_flags() {
    for (const auto* flags : {&command_->flags, &global_flags()}) {
      for (const auto& flag : *flags) {
        if ((used_.contains(flag.name) && !flag.repeats) || find_flag(*command_, flag.name) != &flag) continue;
        add("--" + flag.name, flag.text);
      }
    }
  }

  void offer_children(const std::string& path) {
    for (const auto* child : children_of(path))
      add(child->name(), child->summary);
  }

  void offer_argument() {
    if (command_->arguments.empty()) return;
    const auto& list = command_->arguments;
    const auto& argument = list[std::min<std::size_t>(arguments_, list.size() - 1)];
    if (argument.most != 0 && arguments_ >= list.size()) return;
    switch (argument.complete) {
      case Complete::nothing:
        break;
      case Complete::files:
        result_.wants_files = true;
        break;
      case Complete::nodes:
        result_.wants_nodes = true;
        break;
      case Complete::shells:
        for (const auto* shell : {"bash", "zsh", "fish"})
          add(shell, "");
        break;
      case Complete::roles:
        for (const auto* role : {"gateway", "node", "client"})
          add(role, "");
        break;
      case Complete::commands:
        offer_children("");
        break;
    }
  }

  const Command* command_ = &program();
  std::string path_;
  const Flag* pending_ = nullptr;
  std::set<std::string> used_;
  std::size_t arguments_ = 0;
  bool only_words_ = false;
  Completion result_;
};

}  // namespace

Completion complete(std::vector<std::string> words) {
  return Walk().run(std::move(words));
}

}  // namespace wscluster::app

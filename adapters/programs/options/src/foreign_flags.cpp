#include "foreign_flags.hpp"

#include <algorithm>
#include <utility>

#include "rankmesh/topology/closest_matches.hpp"

namespace rankmesh::cli {
namespace {

bool is_flag(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

/// Whether a word is several flags: `'--tensor-model-parallel-size 8 ...'`.
bool is_text_of_flags(const std::string& word) {
  const std::size_t blank = word.find_first_of(" \n");
  return word.starts_with("--") && blank != std::string::npos && word.find('=') > blank;
}

std::string in_quotes(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\n'\"$`\\;&|<>()#*?[]{}~!") == std::string::npos) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

class Taker {
 public:
  Taker(const Command& command, std::vector<std::string>& words)
      : command_(command),
        words_(std::move(words)) {
    for (const Option* option : command.options()) {
      if (!option->is_argument()) own_.push_back(option->name());
    }
    has_foreign_ =
        std::any_of(words_.begin(), words_.end(), [&](const std::string& word) { return is_known(word); });
  }

  std::string run(std::vector<std::string>& kept) {
    std::string flags;
    for (std::size_t i = 0; i < words_.size();) {
      const std::string& word = words_[i++];
      if (!is_text_of_flags(word) && !is_taken(word)) {
        kept.push_back(word);
        // The value of an option of one's own stays with it.
        if (i < words_.size() && takes_value(word)) kept.push_back(words_[i++]);
        continue;
      }
      flags += (flags.empty() ? "" : " ") + (is_text_of_flags(word) ? word : in_quotes(word));
      if (is_text_of_flags(word) || word.find('=') != std::string::npos) continue;
      while (i < words_.size() && !is_flag(words_[i])) flags += " " + in_quotes(words_[i++]);
    }
    return flags;
  }

 private:
  static std::string name_of(const std::string& word) { return word.substr(0, word.find('=')); }
  [[nodiscard]] bool is_own(const std::string& word) const {
    return std::find(own_.begin(), own_.end(), name_of(word)) != own_.end();
  }
  [[nodiscard]] bool is_known(const std::string& word) const {
    return is_flag(word) && !is_own(word) && command_.is_foreign(name_of(word));
  }
  [[nodiscard]] bool is_taken(const std::string& word) const {
    if (!has_foreign_ || !is_flag(word) || is_own(word)) return false;
    return is_known(word) || (word.starts_with("--") && closest_matches(name_of(word), own_).empty() &&
                              command_.explanation(name_of(word)).empty());
  }
  [[nodiscard]] bool takes_value(const std::string& word) const {
    const auto options = command_.options();
    return std::any_of(options.begin(), options.end(), [&](const Option* option) {
      return option->name() == word && !option->is_argument() && option->takes_value();
    });
  }

  const Command& command_;
  std::vector<std::string> words_;
  std::vector<std::string> own_;
  bool has_foreign_ = false;
};

}  // namespace

std::string take_foreign_flags(const Command& command, std::vector<std::string>& words) {
  if (command.flags_argument().empty()) return "";
  std::vector<std::string> kept;
  std::string flags = Taker(command, words).run(kept);
  words = std::move(kept);
  return flags;
}

}  // namespace rankmesh::cli

// The settings of the commands in a shell script.

#include <algorithm>
#include <utility>

#include "rankmesh/files/error.hpp"
#include "rankmesh/topology/text.hpp"
#include "settings.hpp"
#include "shell/reader.hpp"

namespace rankmesh::launch {
namespace {

using shell::Text;

/// `--nnodes`, `-tp`, but not `-1`, which is a value.
bool is_flag(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9') && word != "--" &&
         word[1] != '.';
}

/// `model.tp=4`, `+trainer.nodes=2`: a key with dots and its value.
bool is_override(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  const std::string_view key = word.substr(0, equals);
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._+~-/@").find(c) != std::string_view::npos;
  });
}

class CommandSettings {
 public:
  CommandSettings(const shell::Script& script, std::string source) : script_(script) {
    settings_.source = std::move(source);
  }

  Settings of(const shell::Command& command) {
    settings_.line = command.words.front().place.line;
    for (const Text& word : command.words) settings_.words.push_back(word.text);
    for (const auto& [name, value] : command.variables) add("$", name, name, {value});
    for (const auto& [name, value] : script_.directives) add("#SBATCH", name, "#SBATCH --" + name, {value});
    const auto& words = command.words;
    for (std::size_t i = 0; i < words.size();) {
      if (is_flag(words[i].text)) {
        i = add_flag(words, i);
        continue;
      }
      if (is_override(words[i].text)) add_override(words[i]);
      ++i;
    }
    return std::move(settings_);
  }

 private:
  [[nodiscard]] SourcePlace place_of(shell::Place place) const {
    return {.source = settings_.source, .line = place.line, .column = place.column};
  }

  void add(const std::string& parent, std::string_view key, std::string name,
           const std::vector<Text>& values) {
    Setting setting{.parent = parent, .key = canonical(key), .name = std::move(name)};
    if (parent == "$") setting.key = key;
    for (const Text& value : values) setting.list.push_back(value.text);
    if (!values.empty()) {
      setting.text = values.front().text;
      setting.place = place_of(values.front().place);
      if (const shell::Unknown* open = script_.unknown_in(*setting.text)) {
        setting.open = open->text;
        setting.open_place = place_of(open->place);
      }
    }
    settings_.items.push_back(std::move(setting));
  }

  /// Adds a flag with the words behind it, up to the next flag. Returns the index of that.
  std::size_t add_flag(const std::vector<Text>& words, std::size_t index) {
    const Text& flag = words[index];
    const std::size_t equals = flag.text.find('=');
    std::string name = flag.text.substr(0, equals);
    std::vector<Text> values;
    std::size_t next = index + 1;
    if (equals != std::string::npos) {
      values.push_back({flag.text.substr(equals + 1), flag.place});
      values.back().place.column += static_cast<int>(equals) + 1;
    } else {
      while (next < words.size() && !is_flag(words[next].text) &&
             (next == index + 1 || !is_override(words[next].text)))
        values.push_back(words[next++]);
    }
    const std::string path = name.substr(std::min(name.find_first_not_of('-'), name.size()));
    const std::size_t dot = path.rfind('.');
    const std::string parent = dot == std::string::npos ? "" : path.substr(0, dot);
    add(parent, dot == std::string::npos ? path : path.substr(dot + 1), name, values);
    if (values.empty()) settings_.items.back().place = place_of(flag.place);
    return next;
  }

  void add_override(const Text& word) {
    const std::size_t equals = word.text.find('=');
    std::string name = word.text.substr(0, equals);
    name.erase(0, name.find_first_not_of("+~") == std::string::npos ? 0 : name.find_first_not_of("+~"));
    const std::size_t dot = name.rfind('.');
    Text value{word.text.substr(equals + 1), word.place};
    value.place.column += static_cast<int>(equals) + 1;
    // NAME=value in front of a program, behind env or sbatch.
    const std::string parent = dot == std::string::npos ? "" : name.substr(0, dot);
    add(parent, dot == std::string::npos ? name : name.substr(dot + 1), name, {value});
  }

  const shell::Script& script_;
  Settings settings_;
};

}  // namespace

std::vector<Settings> settings_of_script(std::string_view text, const std::string& source) {
  try {
    const shell::Script script = shell::read_script(text);
    std::vector<Settings> result;
    for (const shell::Command& command : script.commands)
      result.push_back(CommandSettings(script, source).of(command));
    return result;
  } catch (const shell::SyntaxError& error) {
    throw files::FileError({.source = source, .line = error.place.line, .column = error.place.column},
                           error.rule);
  }
}

}  // namespace rankmesh::launch

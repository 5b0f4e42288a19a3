#include "description.hpp"

#include <algorithm>

#include "rankmesh/options/suggestions.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

std::vector<std::string> spellings(const Option& option) {
  if (option.is_argument()) return {};
  std::vector<std::string> result;
  if (option.spec().letter != 0) result.push_back(std::string("-") + option.spec().letter);
  result.push_back(option.name());
  return result;
}

std::string value_name(const Option& option) {
  if (option.is_argument()) return option.name();
  const OptionSpec& spec = option.spec();
  return spec.value_name.empty() ? joined(words_of(spec.choices), "|") : spec.value_name;
}

std::vector<std::string> completed_words(const Option& option) {
  const OptionSpec& spec = option.spec();
  return spec.choices.empty() ? spec.suggestions : words_of(spec.choices);
}

std::string brief(const Option& option) {
  const std::string& description = option.spec().description;
  if (description.empty()) return alternatives(words_of(option.spec().choices));
  return description.substr(0, description.find('\n'));
}

std::string explained(const Option& option) {
  const OptionSpec& spec = option.spec();
  std::string text = spec.description;
  const bool are_in_value_name = spec.value_name.empty() && !option.is_argument();
  if (!spec.choices.empty() && !are_in_value_name && !has_explained_choices(option)) {
    text += (text.empty() ? "" : ": ") + alternatives(words_of(spec.choices));
  }
  if (!option.is_argument()) {
    if (spec.is_repeatable) text += "; may be repeated";
    const std::string& otherwise = spec.default_value;
    if (!otherwise.empty() || spec.is_required)
      text += " [" + (otherwise.empty() ? "required" : otherwise) + "]";
  }
  return has_explained_choices(option) ? text + ":" : text;
}

bool has_explained_choices(const Option& option) {
  const std::vector<Choice>& choices = option.spec().choices;
  return std::any_of(choices.begin(), choices.end(), [](const Choice& c) { return !c.description.empty(); });
}

std::vector<HeadedOptions> options_by_heading(const Command& command) {
  std::vector<HeadedOptions> result;
  for (const Option* option : command.options()) {
    const auto same_heading = [&](const HeadedOptions& h) { return h.heading == option->spec().heading; };
    auto place = std::find_if(result.begin(), result.end(), same_heading);
    if (place == result.end()) place = result.insert(result.end(), {option->spec().heading, {}});
    place->options.push_back(option);
  }
  const auto rank = [&](const HeadedOptions& headed) {
    const auto is_argument = [](const Option* option) { return option->is_argument(); };
    if (std::any_of(headed.options.begin(), headed.options.end(), is_argument)) return 0;
    return headed.options.back()->name() == "--help" ? 2 : 1;
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](const HeadedOptions& a, const HeadedOptions& b) { return rank(a) < rank(b); });
  return result;
}

std::vector<const Command*> visible_commands_of(const Command& command) {
  const auto* program = dynamic_cast<const Program*>(&command);
  return program == nullptr ? std::vector<const Command*>{} : program->visible_commands();
}

}  // namespace rankmesh::cli

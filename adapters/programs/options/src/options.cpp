#include "rankmesh/options/options.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <charconv>

#include "rankmesh/options/parts.hpp"
#include "rankmesh/options/suggestions.hpp"

namespace rankmesh::cli {
namespace {

/// An option has no place for its choices but the name of a validator, which refuses nothing here: that is
/// for those who read the option, who collect everything that is wrong.
void set_choices(CLI::Option& option, const OptionText& text) {
  std::string names;
  for (const std::string& choice : text.choices) names.append(names.empty() ? "" : "|").append(choice);
  if (names.empty() && text.value_name.find('|') != std::string::npos) names = text.value_name;
  if (names.empty()) return;
  CLI::Validator validator;
  option.check(validator.name(names));
}

CLI::Option* add(CLI::App& app, const OptionText& text) {
  // The words are read from the option itself.
  CLI::Option* option = app.add_option(
      text.name, [](const CLI::results_t&) { return true; }, text.description);
  set_choices(*option, text);
  return option->type_name(text.value_name)
      ->group(text.group)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text.append(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ").append(words[i]);
  }
  return text;
}

bool looks_like_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

/// What to say of an option that other programs of the field have.
std::string known_elsewhere(const std::string& name) {
  if (name == "--dp") return "; the data parallel size is what the others leave of the world size";
  return "";
}

std::string unknown_option(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) known.push_back(option->get_name());
  }
  const std::string hint = known_elsewhere(name);
  return "unknown option " + name + (hint.empty() ? did_you_mean(name, known) : hint);
}

/// Describes the words that an application did not take. A word right behind an unknown option is its value.
void describe_extras(const CLI::App& app, std::span<const std::string> args, Problems& problems) {
  auto next = args.begin();
  auto value = args.end();
  for (const std::string& word : app.remaining()) {
    const auto place = std::find(next, args.end(), word);
    const bool is_option = looks_like_option(word);
    if (is_option) problems.push_back(unknown_option(app, word));
    if (!is_option && (place == args.end() || place != value)) {
      problems.push_back("unexpected word \"" + word + "\"");
    }
    next = place == args.end() ? place : std::next(place);
    value = is_option && word.find('=') == std::string::npos ? next : args.end();
  }
}

/// Describes the words before the command, which no option took since they all belong to commands.
void describe_early_words(const CLI::App& app, const CLI::App& command, Problems& problems) {
  bool is_value = false;
  for (const std::string& word : app.remaining()) {
    const bool is_option = looks_like_option(word);
    if (is_option || !is_value) {
      problems.push_back("\"" + word + "\" must come after the command " + command.get_name());
    }
    is_value = is_option;
  }
}

void allow_extras(CLI::App& app) {
  app.allow_extras();
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) command->allow_extras();
}

std::string in_words(std::int64_t number) {
  return std::to_string(number);
}
std::string in_words(double number) {
  return decimal_text(number);
}

/// What to say of a text that is no number, and of one too large for its type.
struct NumberRules {
  const char* unreadable;
  const char* too_large;
};

template <typename Number, typename Range>
std::optional<Number> parsed(const CLI::Option& option, const Range& range, NumberRules rules,
                             Problems& problems) {
  const auto text = value_of(option, problems);
  if (!text) return std::nullopt;
  const auto refuse = [&](const std::string& rule) {
    problems.push_back(option.get_name() + ": " + *text + " " + rule);
    return std::nullopt;
  };
  Number number{};
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc::result_out_of_range) return refuse(rules.too_large);
  if (error != std::errc() || stop != end) return refuse(rules.unreadable);
  // Not a number is below and above nothing.
  if (!(number >= range.min)) return refuse("is below " + in_words(range.min));
  if (!(number <= range.max)) return refuse("is above " + in_words(range.max));
  return number;
}

}  // namespace

CLI::Option* add_value(CLI::App& app, const OptionText& text) {
  // An option that lacks its value is a problem like others, and must not end the parsing.
  const bool is_positional = !text.name.starts_with('-');
  return add(app, text)->expected(is_positional ? 1 : 0, 1);
}

CLI::Option* add_values(CLI::App& app, const OptionText& text) {
  return add(app, text)->allow_extra_args(true)->expected(1, -1);
}

std::vector<CLI::App*> visible_commands(const CLI::App& app) {
  std::vector<CLI::App*> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    // The application hands out what may be changed to those who may change it.
    if (!command->get_group().empty()) commands.push_back(app.get_subcommand(command->get_name()));
  }
  return commands;
}

CLI::Option* add_switch(CLI::App& app, const OptionText& text) {
  return add(app, text)->expected(0, 0);
}

std::vector<std::string> choices_of(CLI::Option& option) {
  try {
    return parts_of(option.get_validator(0)->get_name(), '|');
  } catch (const CLI::OptionNotFound&) {
    return {};
  }
}

std::optional<std::string> value_of(const CLI::Option& option, Problems& problems) {
  if (option.count() == 0) return std::nullopt;
  if (option.count() > 1) {
    problems.push_back(option.get_name() + " is given " +
                       (option.count() == 2 ? "twice" : std::to_string(option.count()) + " times"));
    return std::nullopt;
  }
  const std::vector<std::string> values = values_of(option, problems);
  return values.empty() ? std::nullopt : std::optional(values.front());
}

std::vector<std::string> values_of(const CLI::Option& option, Problems& problems) {
  std::vector<std::string> values;
  for (const std::string& value : option.results()) {
    if (value.empty()) {
      problems.push_back(option.get_name() + " has no value");
    } else {
      values.push_back(value);
    }
  }
  return values;
}

bool is_given(const CLI::Option& option, Problems& problems) {
  if (option.count() > 0 && !option.results().front().empty()) {
    problems.push_back(option.get_name() + " takes no value");
  }
  return option.count() > 0;
}

std::optional<std::int64_t> number_of(const CLI::Option& option, NumberRange range, Problems& problems) {
  return parsed<std::int64_t>(option, range, {"is not a whole number", "is beyond 64 bits"}, problems);
}

std::optional<double> decimal_of(const CLI::Option& option, DecimalRange range, Problems& problems) {
  return parsed<double>(option, range, {"is not a number", "is beyond what a double holds"}, problems);
}

std::string decimal_text(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

std::optional<std::size_t> choice_of(const CLI::Option& option, std::span<const std::string_view> choices,
                                     Problems& problems) {
  const auto text = value_of(option, problems);
  if (!text) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), *text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  problems.push_back(option.get_name() + ": \"" + *text + "\" is not " + join(choices));
  return std::nullopt;
}

Parsed parse(CLI::App& app, std::span<const std::string> args) {
  Parsed parsed;
  allow_extras(app);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    parsed.answer = app.help();
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    parsed.answer = std::string(version.what()) + "\n";
    return parsed;
  } catch (const CLI::ParseError& error) {
    parsed.problems.emplace_back(error.what());
  }
  const auto commands = app.get_subcommands();
  if (commands.empty()) {
    describe_extras(app, args, parsed.problems);
    return parsed;
  }
  describe_early_words(app, *commands.front(), parsed.problems);
  describe_extras(*commands.front(), args, parsed.problems);
  return parsed;
}

}  // namespace rankmesh::cli

// The only source that includes CLI11, which takes seconds to compile.

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iterator>

#include "foreign_flags.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/options/pages.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "rankmesh/topology/closest_matches.hpp"

namespace rankmesh::cli {
namespace {

/// Makes an option known to CLI11. CLI11 stops at the first mistake, so it is told to accept every use of the
/// option: missing values, repetitions, any word.
CLI::Option& declare(CLI::App& app, const Option& option) {
  CLI::Option* declared = app.add_option(option.name(), [](const CLI::results_t&) { return true; });
  declared->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
  if (!option.takes_value()) {
    declared->expected(0, 0);
  } else if (!option.is_argument()) {
    declared->expected(0, 1);
  } else if (option.spec().is_repeatable) {
    declared->allow_extra_args(true)->expected(1, -1);
  } else {
    declared->expected(1, 1);
  }
  return *declared;
}

/// A command as CLI11 has it.
struct Declared {
  Command& command;
  CLI::App& app;
  std::vector<CLI::Option*> options{};

  Declared(Command& of, CLI::App& as) : command(of), app(as) {
    app.allow_extras();
    app.set_help_flag("-h,--help");
    for (const Option& option : command.added_options()) options.push_back(&declare(app, option));
  }

  void take_words() {
    auto declared = options.begin();
    for (Option& option : command.added_options()) option.set_words((*declared++)->results());
  }
};

bool looks_like_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

/// The message about an unknown option. Marks the options that it may stand for.
std::string unknown_option(Command& command, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const std::string explanation = command.explanation(name);
  if (!explanation.empty()) return "unknown option " + name + "; " + explanation;
  std::vector<std::string> known;
  for (const Option* option : command.options()) {
    if (!option->is_argument()) known.push_back(option->name());
  }
  const std::vector<std::string> meant = closest_matches(name, known);
  for (Option& option : command.added_options()) {
    if (std::find(meant.begin(), meant.end(), option.name()) != meant.end()) option.set_misspelt();
  }
  return "unknown option " + name + rankmesh::did_you_mean(meant);
}

/// Reports the words that belong to no option. A word right behind an unknown option is taken for its value.
void report_unknown_words(const Declared& declared, std::span<const std::string> args, Problems& problems) {
  auto next = args.begin();
  auto value = args.end();
  for (const std::string& word : declared.app.remaining()) {
    const auto place = std::find(next, args.end(), word);
    const bool is_option = looks_like_option(word);
    if (is_option) problems.push_back(unknown_option(declared.command, word));
    if (!is_option && (place == args.end() || place != value)) {
      problems.push_back("unexpected word \"" + word + "\"");
    }
    next = place == args.end() ? place : std::next(place);
    value = is_option && word.find('=') == std::string::npos ? next : args.end();
  }
}

/// A word right behind an unknown option is taken for its value, not for an argument that may be absent.
void drop_values_of_unknown(const Declared& declared, std::span<const std::string> args) {
  const std::vector<std::string> unknown = declared.app.remaining();
  for (auto word = args.begin(); word != args.end() && std::next(word) != args.end(); ++word) {
    const std::string& value = *std::next(word);
    const bool has_value = looks_like_option(*word) && word->find('=') == std::string::npos &&
                           !looks_like_option(value) &&
                           std::find(unknown.begin(), unknown.end(), *word) != unknown.end();
    if (!has_value) continue;
    for (Option& option : declared.command.added_options()) {
      std::vector<std::string> words = option.words();
      if (option.spec().is_required || !option.is_argument()) continue;
      const auto taken = std::find(words.begin(), words.end(), value);
      if (taken != words.end()) words.erase(taken);
      option.set_words(std::move(words));
    }
  }
}

/// Reports the words before the command: all options belong to commands.
void report_early_words(const CLI::App& program, const Command& command, Problems& problems) {
  bool is_value = false;
  for (const std::string& word : program.remaining()) {
    const bool is_option = looks_like_option(word);
    if (is_option || !is_value) {
      problems.push_back("\"" + word + "\" must come after the command " + command.name());
    }
    is_value = is_option;
  }
}

/// The message for a command line without a command.
std::string missing_command(const Program& program, const CLI::App& app) {
  std::vector<std::string> known;
  for (const Command* command : program.visible_commands()) known.push_back(command->name());
  bool is_value = false;
  for (const std::string& word : app.remaining()) {
    const bool is_option = word.starts_with('-');
    if (!is_option && !is_value) {
      return "there is no command \"" + word + "\": " + alternatives(known) + did_you_mean(word, known);
    }
    is_value = is_option;
  }
  return "a command is missing: " + alternatives(known);
}

void report_missing_options(Command& command, Problems& problems) {
  for (const Option& option : command.added_options()) {
    if (!option.spec().is_required || option.count() > 0 || option.is_misspelt()) continue;
    const std::vector<std::string> choices = words_of(option.spec().choices);
    const std::vector<std::string>& examples = command.spec().examples;
    std::string hint;
    if (!choices.empty()) {
      hint = ": " + alternatives(choices);
    } else if (!examples.empty()) {
      hint = "; for example: " + examples.front();
    }
    problems.push_back(option.name() + " is missing" + hint);
  }
}

}  // namespace

Parsed parse(Program& program, std::span<const std::string> all_args) {
  std::vector<std::string> args(all_args.begin(), all_args.end());
  std::string flags;
  const auto named =
      std::find_if(program.commands().begin(), program.commands().end(),
                   [&](const Command* command) { return !args.empty() && command->name() == args.front(); });
  if (named != program.commands().end()) {
    std::vector<std::string> words(args.begin() + 1, args.end());
    flags = take_foreign_flags(**named, words);
    args.resize(1);
    args.insert(args.end(), words.begin(), words.end());
  }
  CLI::App app;
  if (!program.version().empty()) app.set_version_flag("--version", program.name() + " " + program.version());
  app.require_subcommand(0, 1);
  std::deque<Declared> declared;
  declared.emplace_back(program, app);
  // CLI11 compares each option with all others, so commands that no word names stay unknown to it.
  for (Command* command : program.commands()) {
    if (std::find(args.begin(), args.end(), command->name()) == args.end()) continue;
    declared.emplace_back(*command, *app.add_subcommand(command->name()));
  }
  const auto chosen = [&]() -> Declared& {
    const auto commands = app.get_subcommands();
    if (commands.empty()) return declared.front();
    return *std::find_if(declared.begin(), declared.end(),
                         [&](const Declared& d) { return &d.app == commands.front(); });
  };

  Parsed parsed;
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    parsed.answer = help_text(chosen().command);
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    parsed.answer = std::string(version.what()) + "\n";
    return parsed;
  } catch (const CLI::ParseError& error) {
    parsed.problems.emplace_back(error.what());
  }
  for (Declared& each : declared) each.take_words();
  if (!flags.empty()) {
    for (Option& option : (*named)->added_options()) {
      if (option.name() != (*named)->flags_argument()) continue;
      std::vector<std::string> words = option.words();
      words.push_back(flags);
      option.set_words(std::move(words));
    }
  }
  Declared& given = chosen();
  if (&given.command != &program) {
    parsed.command = &given.command;
    report_early_words(app, given.command, parsed.problems);
  } else if (!program.commands().empty()) {
    parsed.problems = {missing_command(program, app)};
    return parsed;
  }
  drop_values_of_unknown(given, args);
  report_unknown_words(given, args, parsed.problems);
  report_missing_options(given.command, parsed.problems);
  return parsed;
}

}  // namespace rankmesh::cli

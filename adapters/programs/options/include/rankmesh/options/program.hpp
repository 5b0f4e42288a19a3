#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// @file
/// A program, its commands and their options as data. Parsing, help texts, man pages and completions are all
/// made from these descriptions.

namespace rankmesh::cli {

/// One of the words that an option takes.
struct Choice {
  /// Implicit, so that a list of choices can be written as a list of words.
  template <typename Name>
  requires std::is_convertible_v<Name, std::string_view> Choice(const Name& word,
                                                                std::string_view meaning = {})
      : name(std::string_view(word)),
        description(meaning) {}

  /// The word.
  std::string name;
  /// What the word means; may be empty.
  std::string description;
};

/// The description of an option (`--tp N`), a switch (`--fp8`) or an argument (`RANK`).
struct OptionSpec {
  /// `--tp`; an argument has a name without dashes, `RANK`.
  std::string name{};
  /// The letter of the short form, `h` for `-h`; 0 if there is none.
  char letter = 0;
  /// What stands for the value in the help text, `N`. An option with neither a value name nor choices is a
  /// switch. Where it is empty, the choices stand for the value: `text|json`.
  std::string value_name{};
  /// A phrase without a full stop.
  std::string description{};
  /// Sentences, shown below the description in help text and man page.
  std::string details{};
  /// The heading of the help text under which the option is listed.
  std::string heading = "Options";
  /// All words that the option takes; empty if it takes others too.
  std::vector<Choice> choices{};
  /// Words that completion offers for an option that takes others too.
  std::vector<std::string> suggestions{};
  /// What applies if the option is not given, as shown in the help text.
  std::string default_value{};
  /// Several values: an option may be given several times, an argument has several words.
  bool is_repeatable = false;
  /// The value is the name of a file.
  bool takes_file = false;
  /// `parse` reports that the option is missing.
  bool is_required = false;
};

/// An option of a command. Holds the words of a command line after `parse`.
class Option {
 public:
  /// An option that was not given.
  explicit Option(OptionSpec spec) : spec_(std::move(spec)) {}

  /// How the option is described.
  [[nodiscard]] const OptionSpec& spec() const noexcept { return spec_; }
  /// `--tp`, `RANK`
  [[nodiscard]] const std::string& name() const noexcept { return spec_.name; }
  /// An argument has no name on the command line.
  [[nodiscard]] bool is_argument() const noexcept { return !spec_.name.starts_with('-'); }
  /// Whether a value follows the name of the option.
  [[nodiscard]] bool takes_value() const noexcept {
    return is_argument() || !spec_.value_name.empty() || !spec_.choices.empty();
  }

  /// How often the option was given.
  [[nodiscard]] std::size_t count() const noexcept { return words_.size(); }
  /// The value of each time it was given; empty where the value is missing, and for a switch.
  [[nodiscard]] const std::vector<std::string>& words() const noexcept { return words_; }
  /// For `parse`.
  void set_words(std::vector<std::string> words) { words_ = std::move(words); }

  /// Whether the command line has an unknown option that this one may stand for: it is not missing then.
  [[nodiscard]] bool is_misspelt() const noexcept { return is_misspelt_; }
  /// For `parse`.
  void set_misspelt() noexcept { is_misspelt_ = true; }

 private:
  OptionSpec spec_;
  std::vector<std::string> words_;
  bool is_misspelt_ = false;
};

/// A paragraph below the options in a help text, with a table of terms.
struct Note {
  /// The paragraph.
  std::string text{};
  /// Each term with its meaning.
  std::vector<std::pair<std::string, std::string>> terms{};
};

/// The description of a command, or of a program.
struct CommandSpec {
  /// `groups`
  std::string name{};
  /// One phrase or sentence, without a full stop at the end of a phrase.
  std::string summary{};
  /// What else a user has to know before the options.
  std::string description{};
  /// What else a user has to know about the options.
  std::vector<Note> notes{};
  /// Whole command lines.
  std::vector<std::string> examples{};
  /// What the exit status means: `0 if ..., 2 if ...`, a sentence without its subject.
  std::string exit_status{};
  /// A hidden command is in no help text, man page or completion.
  bool is_hidden = false;
};

class Program;

/// A command of a program, or a program without commands, with its options.
class Command {
 public:
  /// A command with the options that every command has.
  explicit Command(CommandSpec spec);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  /// Adds an option, which lives as long as the command.
  Option& add(OptionSpec spec) { return options_.emplace_back(std::move(spec)); }
  /// What to tell a user who gives an option that other programs of the field have and this one does not.
  void explain_unknown(const std::string& option, std::string explanation) {
    explanations_[option] = std::move(explanation);
  }

  /// Flags of another program on the command line become the value of an argument, as one text in the syntax
  /// of a shell. Once such a flag is given, every unknown flag that resembles no option counts as one.
  /// @param argument the name of the argument
  /// @param is_foreign whether a word `--flag` is one of the other program's
  void take_flags(std::string argument, std::function<bool(std::string_view)> is_foreign) {
    flags_argument_ = std::move(argument);
    is_foreign_ = std::move(is_foreign);
  }
  /// The argument for flags of another program; empty if there is none.
  [[nodiscard]] const std::string& flags_argument() const noexcept { return flags_argument_; }
  /// Whether a word is a flag of the other program.
  [[nodiscard]] bool is_foreign(std::string_view word) const { return is_foreign_ && is_foreign_(word); }

  /// How the command is described.
  [[nodiscard]] const CommandSpec& spec() const noexcept { return spec_; }
  /// `groups`
  [[nodiscard]] const std::string& name() const noexcept { return spec_.name; }
  /// The program of a command; null for a program.
  [[nodiscard]] const Program* program() const noexcept { return program_; }
  /// `rankmesh groups`
  [[nodiscard]] std::string full_name() const;
  /// The options that were added, and behind them those that every command has: `--help`, and `--version` if
  /// the program has a version.
  [[nodiscard]] std::vector<const Option*> options() const;
  /// The explanation of an unknown option; empty if there is none.
  [[nodiscard]] std::string explanation(const std::string& option) const;
  /// The options that were added, for `parse`.
  [[nodiscard]] std::deque<Option>& added_options() noexcept { return options_; }

 private:
  friend class Program;

  CommandSpec spec_;
  std::deque<Option> options_;
  /// Those that every command has.
  std::deque<Option> common_options_;
  std::map<std::string, std::string> explanations_;
  std::string flags_argument_;
  std::function<bool(std::string_view)> is_foreign_;
  const Program* program_ = nullptr;
};

/// A program. One that has commands requires one of them in each command line.
class Program : public Command {
 public:
  /// @param version what `--version` prints behind the name, `0.1.0`; without, there is no such option
  explicit Program(CommandSpec spec, std::string version = {});

  /// Adds a command, which must outlive the program.
  void add_command(Command& command) {
    command.program_ = this;
    commands_.push_back(&command);
  }

  /// All commands.
  [[nodiscard]] const std::vector<Command*>& commands() const noexcept { return commands_; }
  /// The commands but for hidden ones.
  [[nodiscard]] std::vector<const Command*> visible_commands() const;
  /// `0.1.0`, or empty.
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

 private:
  std::string version_;
  std::vector<Command*> commands_;
};

}  // namespace rankmesh::cli

#include <algorithm>

#include "description.hpp"
#include "rankmesh/options/pages.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// The name of a function for a program: `_rankmesh_bringup`.
std::string function_name(const Program& program) {
  std::string name = "_" + program.name();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::vector<std::string> command_names(const Program& program) {
  std::vector<std::string> names;
  for (const Command* command : program.visible_commands()) names.push_back(command->name());
  return names;
}

/// In single quotes for a shell.
std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// bash

/// The patterns of `case` and what to complete for each option that takes a value.
std::string bash_values(const Command& command, const std::string& indent) {
  std::string text;
  for (const Option* option : command.options()) {
    if (option->is_argument() || !option->takes_value()) continue;
    text += indent + joined(spellings(*option), "|") + ") ";
    text += option->spec().takes_file
                ? "files=yes; values=yes"
                : "words=" + single_quoted(joined(completed_words(*option), " ")) + "; values=yes";
    text += " ;;\n";
  }
  return text.empty() ? "" : indent + "case $previous in\n" + text + indent + "esac\n";
}

/// The words that may stand where no option asks for a value.
std::string bash_words(const Command& command, const std::string& indent) {
  std::vector<std::string> words;
  std::string files;
  for (const Option* option : command.options()) {
    const std::vector<std::string> more =
        option->is_argument() ? completed_words(*option) : spellings(*option);
    words.insert(words.end(), more.begin(), more.end());
    if (option->is_argument() && option->spec().takes_file) files = "; [[ $current == -* ]] || files=yes";
  }
  return indent + "options=" + single_quoted(joined(words, " ")) + files + "\n";
}

std::string bash(const Program& program) {
  const std::string function = function_name(program);
  const auto commands = program.visible_commands();
  std::string text =
      "# Completion of " + program.name() + " for bash, made from its options.\n\n" + function +
      "() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous= command= options= words= values= files=\n"
      "  [[ $COMP_CWORD -gt 0 ]] && previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  # The equals sign of --option=value is a word of its own.\n"
      "  if [[ $current == = ]]; then\n"
      "    current=\n"
      "  elif [[ $previous == = && $COMP_CWORD -gt 1 ]]; then\n"
      "    previous=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  fi\n";
  if (commands.empty()) {
    text += bash_words(program, "  ") + bash_values(program, "  ");
  } else {
    text += "  [[ $COMP_CWORD -gt 1 ]] && command=${COMP_WORDS[1]}\n  case $command in\n    '')\n" +
            bash_words(program, "      ") +
            "      options+=" + single_quoted(" " + joined(command_names(program), " ")) + "\n      ;;\n";
    for (const Command* command : commands) {
      text += "    " + command->name() + ")\n" + bash_words(*command, "      ") +
              bash_values(*command, "      ") + "      ;;\n";
    }
    text += "  esac\n";
  }
  return text +
         "  [[ -z $values ]] && words=$options\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ -n $files ]]; then\n"
         "    local IFS=$'\\n'\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    COMPREPLY+=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n\ncomplete -F " +
         function + " " + program.name() + "\n";
}

// zsh

/// A text inside a specification of _arguments, where brackets and colons mean something.
std::string in_specification(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

/// `:FORMAT:(text json csv)`
std::string zsh_value(const Option& option) {
  const std::vector<std::string> words = completed_words(option);
  const std::string action = option.spec().takes_file ? "_files"
                             : words.empty()          ? ""
                                                      : "(" + joined(words, " ") + ")";
  return ":" + in_specification(value_name(option)) + ":" + action;
}

std::string zsh_options(const Command& command, const std::string& indent) {
  std::string text;
  for (const Option* option : command.options()) {
    // Where an argument may be absent and has no words to offer, zsh would offer no options either.
    const bool has_words = option->spec().takes_file || !completed_words(*option).empty();
    if (option->is_argument() && !option->spec().is_required && !has_words) continue;
    text += " \\\n" + indent;
    const std::string repeats = option->spec().is_repeatable ? "*" : "";
    if (option->is_argument()) {
      text += single_quoted(repeats + zsh_value(*option));
      continue;
    }
    const std::vector<std::string> names = spellings(*option);
    const std::string value = option->takes_value() ? "=" : "";
    const std::string rest = value + "[" + in_specification(brief(*option)) + "]" +
                             (option->takes_value() ? zsh_value(*option) : "");
    if (names.size() == 1) {
      text += single_quoted(repeats + names.front() + rest);
    } else {
      text += single_quoted("(" + joined(names, " ") + ")") + "{" + joined(names, ",") + "}" +
              single_quoted(rest);
    }
  }
  return text;
}

std::string zsh(const Program& program) {
  const std::string function = function_name(program);
  const auto commands = program.visible_commands();
  std::string text = "#compdef " + program.name() + "\n# Completion of " + program.name() +
                     " for zsh, made from its options.\n\n" + function + "() {\n";
  if (commands.empty()) {
    text += "  _arguments" + zsh_options(program, "    ") + "\n";
  } else {
    text +=
        "  local context state state_descr line\n  typeset -A opt_args\n  _arguments -C" +
        zsh_options(program, "    ") +
        " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n    command)\n"
        "      local -a commands=(\n";
    for (const Command* command : commands) {
      text += "        " + single_quoted(command->name() + ":" + command->spec().summary) + "\n";
    }
    text += "      )\n      _describe command commands\n      ;;\n    argument)\n      case $words[1] in\n";
    for (const Command* command : commands) {
      text += "        " + command->name() + ")\n          _arguments" +
              zsh_options(*command, "            ") + "\n          ;;\n";
    }
    text += "      esac\n      ;;\n  esac\n";
  }
  return text + "}\n\nif [ \"$funcstack[1]\" = " + single_quoted(function) + " ]; then\n  " + function +
         " \"$@\"\nelse\n  compdef " + function + " " + program.name() + "\nfi\n";
}

// fish

std::string fish_options(const Command& command, const std::string& start) {
  std::string text;
  for (const Option* option : command.options()) {
    const OptionSpec& spec = option->spec();
    const std::string choices = joined(completed_words(*option), " ");
    const std::string words = choices.empty() ? "" : " -a " + single_quoted(choices);
    if (option->is_argument()) {
      if (spec.takes_file) text += start + " -F\n";
      if (!words.empty()) text += start + words + "\n";
      continue;
    }
    std::string line = start;
    if (spec.letter != 0) line += std::string(" -s ") + spec.letter;
    line += " -l " + option->name().substr(2);
    if (option->takes_value()) line += spec.takes_file ? " -r -F" : " -x" + words;
    text += line + " -d " + single_quoted(brief(*option)) + "\n";
  }
  return text;
}

std::string fish(const Program& program) {
  const std::string start = "complete -c " + program.name();
  std::string text =
      "# Completion of " + program.name() + " for fish, made from its options.\n\n" + start + " -f\n";
  const auto commands = program.visible_commands();
  if (commands.empty()) return text + fish_options(program, start);
  text += fish_options(program, start + " -n __fish_use_subcommand");
  for (const Command* command : commands) {
    text += "\n" + start + " -n __fish_use_subcommand -a " + command->name() + " -d " +
            single_quoted(command->spec().summary) + "\n" +
            fish_options(*command,
                         start + " -n " + single_quoted("__fish_seen_subcommand_from " + command->name()));
  }
  return text;
}

}  // namespace

std::string completion(const Program& program, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash(program);
    case Shell::zsh:
      return zsh(program);
    case Shell::fish:
      return fish(program);
  }
  return "";
}

}  // namespace rankmesh::cli

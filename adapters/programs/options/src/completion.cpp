#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "rankmesh/options/pages.hpp"
#include "walk.hpp"

namespace rankmesh::cli {
namespace {

/// The name of a function for a program: `_rankmesh_bringup`.
std::string function_name(const CLI::App& program) {
  std::string name = "_" + program.get_name();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::vector<std::string> command_names(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : visible_commands(program)) names.push_back(command->get_name());
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
std::string bash_values(CLI::App& app, const std::string& indent) {
  std::string text;
  for (CLI::Option* option :
       app.get_options([](CLI::Option* o) { return is_named(*o) && takes_value(*o); })) {
    const std::vector<std::string> choices = choices_of(*option);
    text += indent + joined(names_of(*option), "|") + ") ";
    text += takes_file(*option) ? "files=yes; values=yes"
                                : "words=" + single_quoted(joined(choices, " ")) + "; values=yes";
    text += " ;;\n";
  }
  return text.empty() ? "" : indent + "case $previous in\n" + text + indent + "esac\n";
}

/// What stands where no option asks for a value.
std::string bash_words(CLI::App& app, const std::string& indent) {
  std::vector<std::string> words;
  std::string files;
  for (CLI::Option* option : app.get_options([](CLI::Option*) { return true; })) {
    const std::vector<std::string> more = is_named(*option) ? names_of(*option) : choices_of(*option);
    words.insert(words.end(), more.begin(), more.end());
    if (!is_named(*option) && takes_file(*option)) files = "; [[ $current == -* ]] || files=yes";
  }
  return indent + "options=" + single_quoted(joined(words, " ")) + files + "\n";
}

std::string bash(CLI::App& program) {
  const std::string function = function_name(program);
  const auto commands = visible_commands(program);
  std::string text =
      "# Completion of " + program.get_name() + " for bash, made from its options.\n\n" + function +
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
    for (CLI::App* command : commands) {
      text += "    " + command->get_name() + ")\n" + bash_words(*command, "      ") +
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
         function + " " + program.get_name() + "\n";
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
std::string zsh_value(CLI::Option& option) {
  const std::vector<std::string> choices = choices_of(option);
  const std::string name = is_named(option) ? option.get_type_name() : option.get_name(true);
  const std::string action = takes_file(option) ? "_files"
                             : choices.empty()  ? ""
                                                : "(" + joined(choices, " ") + ")";
  return ":" + in_specification(name) + ":" + action;
}

std::string zsh_options(CLI::App& app, const std::string& indent) {
  std::string text;
  for (CLI::Option* option : app.get_options([](CLI::Option*) { return true; })) {
    text += " \\\n" + indent;
    if (!is_named(*option)) {
      text += single_quoted((option->get_expected_max() > 1 ? "*" : "") + zsh_value(*option));
      continue;
    }
    const std::vector<std::string> names = names_of(*option);
    const std::string value = takes_value(*option) ? "=" : "";
    const std::string rest = value + "[" + in_specification(first_line(option->get_description())) + "]" +
                             (takes_value(*option) ? zsh_value(*option) : "");
    if (names.size() == 1) {
      text += single_quoted((may_repeat(*option) ? "*" : "") + names.front() + rest);
    } else {
      text += single_quoted("(" + joined(names, " ") + ")") + "{" + joined(names, ",") + "}" +
              single_quoted(rest);
    }
  }
  return text;
}

std::string zsh(CLI::App& program) {
  const std::string function = function_name(program);
  const auto commands = visible_commands(program);
  std::string text = "#compdef " + program.get_name() + "\n# Completion of " + program.get_name() +
                     " for zsh, made from its options.\n\n" + function + "() {\n";
  if (commands.empty()) {
    text += "  _arguments" + zsh_options(program, "    ") + "\n";
  } else {
    text +=
        "  local context state state_descr line\n  typeset -A opt_args\n  _arguments -C" +
        zsh_options(program, "    ") +
        " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n    command)\n"
        "      local -a commands=(\n";
    for (const CLI::App* command : commands) {
      text += "        " + single_quoted(command->get_name() + ":" + first_line(command->get_description())) +
              "\n";
    }
    text += "      )\n      _describe command commands\n      ;;\n    argument)\n      case $words[1] in\n";
    for (CLI::App* command : commands) {
      text += "        " + command->get_name() + ")\n          _arguments" +
              zsh_options(*command, "            ") + "\n          ;;\n";
    }
    text += "      esac\n      ;;\n  esac\n";
  }
  return text + "}\n\nif [ \"$funcstack[1]\" = " + single_quoted(function) + " ]; then\n  " + function +
         " \"$@\"\nelse\n  compdef " + function + " " + program.get_name() + "\nfi\n";
}

// fish

std::string fish_options(CLI::App& app, const std::string& start) {
  std::string text;
  for (CLI::Option* option : app.get_options([](CLI::Option*) { return true; })) {
    const std::vector<std::string> choices = choices_of(*option);
    std::string line = start;
    for (const std::string& name : option->get_snames()) line += " -s " + name;
    for (const std::string& name : option->get_lnames()) line += " -l " + name;
    const std::string words = choices.empty() ? "" : " -a " + single_quoted(joined(choices, " "));
    if (!is_named(*option)) {
      if (takes_file(*option)) text += start + " -F\n";
      if (!words.empty()) text += start + words + "\n";
      continue;
    }
    if (takes_value(*option)) line += takes_file(*option) ? " -r -F" : " -x" + words;
    text += line + " -d " + single_quoted(first_line(option->get_description())) + "\n";
  }
  return text;
}

std::string fish(CLI::App& program) {
  const std::string start = "complete -c " + program.get_name();
  std::string text =
      "# Completion of " + program.get_name() + " for fish, made from its options.\n\n" + start + " -f\n";
  const auto commands = visible_commands(program);
  if (commands.empty()) return text + fish_options(program, start);
  text += fish_options(program, start + " -n __fish_use_subcommand");
  for (CLI::App* command : commands) {
    text += "\n" + start + " -n __fish_use_subcommand -a " + command->get_name() + " -d " +
            single_quoted(first_line(command->get_description())) + "\n" +
            fish_options(*command, start + " -n " +
                                       single_quoted("__fish_seen_subcommand_from " + command->get_name()));
  }
  return text;
}

}  // namespace

std::string completion(CLI::App& program, Shell shell) {
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

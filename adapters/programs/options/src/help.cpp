#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "description.hpp"
#include "rankmesh/options/pages.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::size_t line_width = 100;
/// Where descriptions begin.
constexpr std::size_t column = 30;

/// `  --tp N          tensor parallel size`, with further lines below the first. A name that is too long has
/// a line of its own.
std::string entry(const std::string& name, const std::vector<std::string>& lines) {
  const std::string next_line = "\n" + std::string(column, ' ');
  const std::string start = "  " + name;
  const std::string gap = start.size() + 2 > column ? next_line : std::string(column - start.size(), ' ');
  return start + gap + joined(lines, next_line) + "\n";
}

/// Terms and their meanings in two columns, each line indented.
std::vector<std::string> two_columns(const std::vector<std::pair<std::string, std::string>>& terms,
                                     std::size_t gap, std::size_t width) {
  std::size_t widest = 0;
  for (const auto& [term, meaning] : terms) widest = std::max(widest, term.size());
  std::vector<std::string> lines;
  for (const auto& [term, meaning] : terms) {
    std::string start = term + std::string(widest + gap - term.size(), ' ');
    for (const std::string& line : wrapped(meaning, width - widest - gap)) {
      lines.push_back(start + line);
      start.assign(widest + gap, ' ');
    }
  }
  return lines;
}

std::string option_entry(const Option& option) {
  std::string name = option.is_argument() ? option.name() : joined(spellings(option), ", ");
  if (!option.is_argument() && option.takes_value()) name += " " + value_name(option);
  constexpr std::size_t width = line_width - column;
  std::vector<std::string> lines = wrapped(explained(option), width);
  const auto append = [&](const std::vector<std::string>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
  };
  if (has_explained_choices(option)) {
    std::vector<std::pair<std::string, std::string>> terms;
    for (const Choice& choice : option.spec().choices) terms.emplace_back(choice.name, choice.description);
    append(two_columns(terms, 2, width));
  }
  if (!option.spec().details.empty()) append(wrapped(option.spec().details, width));
  return entry(name, lines);
}

std::string paragraph(std::string_view text) {
  return joined(wrapped(text, line_width), "\n") + "\n";
}

std::string usage(const Command& command) {
  std::string text = "Usage: " + command.full_name();
  for (const Option* option : command.options()) {
    if (!option->is_argument()) continue;
    const std::string name = option->name() + (option->spec().is_repeatable ? "..." : "");
    text += option->spec().is_required ? " " + name : " [" + name + "]";
  }
  return text + (visible_commands_of(command).empty() ? " [options]\n" : " <command> [options]\n");
}

}  // namespace

std::string help_text(const Command& command) {
  const CommandSpec& spec = command.spec();
  std::string text = paragraph(spec.summary) + "\n";
  if (!spec.description.empty()) text += paragraph(spec.description) + "\n";
  text += usage(command);

  const auto commands = visible_commands_of(command);
  if (!commands.empty()) text += "\nCommands\n";
  for (const Command* each : commands) {
    text += entry(each->name(), wrapped(each->spec().summary, line_width - column));
  }
  for (const auto& [heading, options] : options_by_heading(command)) {
    text += "\n" + heading + "\n";
    for (const Option* option : options) text += option_entry(*option);
  }
  for (const Note& note : spec.notes) {
    text += "\n" + paragraph(note.text);
    for (const std::string& line : two_columns(note.terms, 4, line_width - 2)) text += "  " + line + "\n";
  }
  if (!spec.examples.empty()) text += "\nExamples\n";
  for (const std::string& example : spec.examples) text += "  " + example + "\n";
  if (!spec.exit_status.empty()) text += "\n" + paragraph("Exit status: " + spec.exit_status);
  return text;
}

}  // namespace rankmesh::cli

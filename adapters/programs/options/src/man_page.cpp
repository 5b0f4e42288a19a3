#include <algorithm>
#include <cctype>

#include "description.hpp"
#include "rankmesh/options/pages.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Text as roff prints it: dashes can be copied into a shell.
std::string escaped(std::string_view text) {
  std::string result = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) {
  return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + escaped(text) + "\\fR";
}

/// The page while it is written.
class Page {
 public:
  void request(const std::string& text) { text_ += text + "\n"; }
  /// In capitals, except for a heading that names an option.
  void heading(const std::string& text) {
    const bool has_option = text.find("--") != std::string::npos;
    request(".SH \"" + escaped(has_option ? text : upper(text)) + "\"");
  }
  /// Lines of a text are lines of the page.
  void text(std::string_view text) {
    bool is_first = true;
    for (const std::string_view line : split_text(text, '\n')) {
      if (!is_first) request(".br");
      request(escaped(line));
      is_first = false;
    }
  }
  void entry(const std::string& term, std::string_view meaning) {
    request(".TP\n" + term);
    text(meaning);
  }

  [[nodiscard]] const std::string& roff() const noexcept { return text_; }

 private:
  std::string text_;
};

std::string page_name(const Command& command) {
  std::string name = command.full_name();
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

/// `\fB\-\-tp\fR \fIN\fR`
std::string option_term(const Option& option) {
  if (option.is_argument()) return italic(option.name());
  std::string text;
  for (const std::string& spelling : spellings(option)) text += (text.empty() ? "" : ", ") + bold(spelling);
  return option.takes_value() ? text + " " + italic(value_name(option)) : text;
}

void put_synopsis(Page& page, const Command& command) {
  page.heading("Synopsis");
  page.request(".B " + escaped(command.full_name()));
  for (const Option* option : command.options()) {
    if (!option->is_argument()) continue;
    const std::string name = escaped(option->name()) + (option->spec().is_repeatable ? " ..." : "");
    page.request(option->spec().is_required ? ".I " + name : "[\\fI" + name + "\\fR]");
  }
  page.request(visible_commands_of(command).empty() ? "[\\fIoptions\\fR]"
                                                    : "\\fIcommand\\fR [\\fIoptions\\fR]");
}

void put_commands(Page& page, const Command& program) {
  const auto commands = visible_commands_of(program);
  if (commands.empty()) return;
  page.heading("Commands");
  for (const Command* command : commands) {
    page.entry(bold(command->name()), command->spec().summary + ", see " + page_name(*command) + "(1)");
  }
}

void put_options(Page& page, const Command& command) {
  for (const auto& [heading, options] : options_by_heading(command)) {
    page.heading(heading);
    for (const Option* option : options) {
      page.entry(option_term(*option), explained(*option));
      page.request(".RS");
      if (has_explained_choices(*option)) {
        for (const Choice& choice : option->spec().choices) page.entry(bold(choice.name), choice.description);
      }
      if (!option->spec().details.empty()) {
        page.request(".PP");
        page.text(option->spec().details);
      }
      page.request(".RE");
    }
  }
}

void put_notes(Page& page, const Command& command) {
  if (command.spec().notes.empty()) return;
  page.heading("Notes");
  for (const Note& note : command.spec().notes) {
    page.request(".PP");
    page.text(note.text);
    for (const auto& [term, meaning] : note.terms) page.entry(bold(term), meaning);
  }
}

void put_examples(Page& page, const Command& command) {
  if (command.spec().examples.empty()) return;
  page.heading("Examples");
  page.request(".PP\n.RS 4\n.nf");
  for (const std::string& example : command.spec().examples) page.text(example);
  page.request(".fi\n.RE");
}

void put_see_also(Page& page, const Command& command) {
  const Program* program = command.program();
  std::vector<std::string> pages;
  if (program != nullptr) pages.push_back(page_name(*program));
  const auto others = program == nullptr ? visible_commands_of(command) : program->visible_commands();
  for (const Command* other : others) {
    if (other != &command) pages.push_back(page_name(*other));
  }
  if (pages.empty()) return;
  page.heading("See also");
  for (const std::string& name : pages)
    page.request(".BR " + escaped(name) + " (1)" + (name == pages.back() ? "" : ","));
}

}  // namespace

std::string man_page(const Command& command, std::string_view version) {
  const CommandSpec& spec = command.spec();
  const std::string& program = command.program() == nullptr ? command.name() : command.program()->name();
  Page page;
  page.request(".TH \"" + escaped(upper(page_name(command))) + "\" 1 \"\" \"" + escaped(program) + " " +
               escaped(version) + "\" \"User commands\"");
  page.heading("Name");
  page.request(escaped(page_name(command)) + " \\- " + escaped(spec.summary));
  put_synopsis(page, command);
  if (!spec.description.empty()) {
    page.heading("Description");
    page.text(spec.description);
  }
  put_commands(page, command);
  put_options(page, command);
  put_notes(page, command);
  put_examples(page, command);
  if (!spec.exit_status.empty()) {
    page.heading("Exit status");
    page.text(spec.exit_status);
  }
  put_see_also(page, command);
  return page.roff();
}

}  // namespace rankmesh::cli

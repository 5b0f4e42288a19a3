#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cctype>
#include <sstream>

#include "rankmesh/options/pages.hpp"
#include "walk.hpp"

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

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The page while it is written.
class Page {
 public:
  void request(const std::string& text) { text_ += text + "\n"; }
  /// In capitals, but for options, which would be others then.
  void heading(const std::string& text) {
    const bool has_option = text.find("--") != std::string::npos;
    request(".SH \"" + escaped(has_option ? text : upper(text)) + "\"");
  }
  /// Lines that are filled, unless some of them stand in columns.
  void text(const std::string& text) {
    const bool is_table = text.find("  ") != std::string::npos;
    if (is_table) request(".nf");
    for (const std::string& line : lines_of(text)) request(escaped(line));
    if (is_table) request(".fi");
  }
  void example(const std::string& text) {
    request(".PP\n.RS 4\n.nf");
    for (const std::string& line : lines_of(text)) request(escaped(line));
    request(".fi\n.RE");
  }
  void entry(const std::string& name, const std::string& description) {
    request(".TP\n" + name);
    text(description);
  }

  [[nodiscard]] const std::string& roff() const noexcept { return text_; }

 private:
  std::string text_;
};

/// `rankmesh groups`
std::string command_name(const CLI::App& app) {
  const CLI::App* program = app.get_parent();
  return (program == nullptr ? "" : program->get_name() + " ") + app.get_name();
}

std::string page_name(const CLI::App& app) {
  std::string name = command_name(app);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

/// `\fB\-\-tp\fR \fIN\fR`
std::string option_text(const CLI::Option& option) {
  std::string text;
  for (const std::string& name : names_of(option)) {
    text.append(text.empty() ? "" : ", ").append("\\fB").append(escaped(name)).append("\\fR");
  }
  if (text.empty()) return "\\fI" + escaped(option.get_name(true)) + "\\fR";
  if (!option.get_type_name().empty()) text += " \\fI" + escaped(option.get_type_name()) + "\\fR";
  return text;
}

void put_synopsis(Page& page, const CLI::App& app) {
  page.heading("Synopsis");
  page.request(".B " + escaped(command_name(app)));
  for (const CLI::Option* option : app.get_options()) {
    if (is_named(*option)) continue;
    page.request(".I " + escaped(option->get_name(true)) + (option->get_expected_max() > 1 ? " ..." : ""));
  }
  page.request(visible_commands(app).empty() ? "[\\fIoptions\\fR]" : "\\fIcommand\\fR [\\fIoptions\\fR]");
}

void put_commands(Page& page, const CLI::App& app) {
  const auto commands = visible_commands(app);
  if (commands.empty()) return;
  page.heading("Commands");
  for (const CLI::App* command : commands) {
    page.entry("\\fB" + escaped(command->get_name()) + "\\fR",
               command->get_description() + ", see " + page_name(*command) + "(1)");
  }
}

void put_options(Page& page, const CLI::App& app) {
  for (const std::string& group : app.get_groups()) {
    const auto options = app.get_options([&](const CLI::Option* o) { return o->get_group() == group; });
    if (group.empty() || options.empty()) continue;
    page.heading(group);
    for (const CLI::Option* option : options) page.entry(option_text(*option), option->get_description());
  }
}

/// The parts of a footer: a line alone is a heading where indented lines follow it, `Exit status: ...` is one
/// with its text; other lines are text, and indented ones stand as they are.
void put_footer(Page& page, const std::string& footer) {
  static const std::string status = "Exit status: ";
  std::vector<std::string> lines = lines_of(footer);
  lines.emplace_back();
  std::string text;
  std::string example;
  const auto end_text = [&] {
    if (!text.empty()) page.request(".PP");
    page.text(text);
    text.clear();
  };
  const auto end_example = [&] {
    if (!example.empty()) page.example(example);
    example.clear();
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (line.starts_with(' ')) {
      end_text();
      example += line.substr(std::min<std::size_t>(2, line.size())) + "\n";
      continue;
    }
    end_example();
    const bool is_heading = text.empty() && !line.empty() &&
                            line.find_first_of(":.;,") == std::string::npos && i + 1 < lines.size() &&
                            lines[i + 1].starts_with(' ');
    if (line.empty()) {
      end_text();
    } else if (is_heading) {
      page.heading(line);
    } else if (line.starts_with(status)) {
      page.heading("Exit status");
      text = line.substr(status.size()) + "\n";
    } else {
      if (text.empty() && i == 0) page.heading("Notes");
      text += line + "\n";
    }
  }
}

void put_see_also(Page& page, const CLI::App& app) {
  const CLI::App* program = app.get_parent();
  std::vector<std::string> pages;
  if (program != nullptr) pages.push_back(page_name(*program));
  for (const CLI::App* other : visible_commands(program == nullptr ? app : *program)) {
    if (other != &app) pages.push_back(page_name(*other));
  }
  if (pages.empty()) return;
  page.heading("See also");
  for (const std::string& name : pages)
    page.request(".BR " + escaped(name) + " (1)" + (name == pages.back() ? "" : ","));
}

}  // namespace

std::string man_page(CLI::App& app, std::string_view version) {
  const CLI::App& program = app.get_parent() == nullptr ? app : *app.get_parent();
  Page page;
  page.request(".TH \"" + escaped(upper(page_name(app))) + "\" 1 \"\" \"" + escaped(program.get_name()) +
               " " + escaped(version) + "\" \"User commands\"");
  page.heading("Name");
  // A name and one line, which is what apropos finds; the rest is text of its own.
  const std::string& description = app.get_description();
  const std::size_t end = std::min(description.find("\n\n"), description.size());
  std::string brief = description.substr(0, std::min(description.find(". "), end));
  std::replace(brief.begin(), brief.end(), '\n', ' ');
  page.request(escaped(page_name(app)) + " \\- " + escaped(brief));
  put_synopsis(page, app);
  if (end < description.size()) {
    page.heading("Description");
    put_footer(page, description.substr(end + 2));
  }
  put_commands(page, app);
  put_options(page, app);
  put_footer(page, app.get_footer());
  put_see_also(page, app);
  return page.roff();
}

}  // namespace rankmesh::cli

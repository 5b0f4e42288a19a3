#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::size_t column = 30;

/// `  --tp N          tensor parallel size`, further lines of the description below its first.
std::string entry(const std::string& name, std::string_view description) {
  std::string text = "  " + name;
  text.append(text.size() < column ? column - text.size() : 2, ' ');
  for (const char c : description) {
    text.push_back(c);
    if (c == '\n') text.append(column, ' ');
  }
  return text + "\n";
}

std::string option_name(const CLI::Option& option) {
  std::string name = option.get_positional() ? option.get_name(true) : option.get_name(false, true);
  if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
  if (!option.get_positional() && !option.get_type_name().empty()) name += " " + option.get_type_name();
  return name;
}

/// The headings of options in the order of the help text: positional arguments first, and last the help
/// option's heading, which has the lesser ones.
std::vector<std::string> headings(const CLI::App& app) {
  const auto place = [&](const std::string& group) {
    const auto options = app.get_options([&](const CLI::Option* o) { return o->get_group() == group; });
    const auto is_positional = [](const CLI::Option* o) { return o->get_positional(); };
    if (std::any_of(options.begin(), options.end(), is_positional)) return 0;
    return group == app.get_help_ptr()->get_group() ? 2 : 1;
  };
  std::vector<std::string> groups = app.get_groups();
  std::erase(groups, "");
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  return groups;
}

/// Help texts that look the same whichever version of CLI11 is there.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override {
    std::string text = app->get_description() + "\n\nUsage: " + name;
    const auto commands = visible_commands(*app);
    for (const CLI::Option* option : app->get_options()) {
      if (!option->get_positional()) continue;
      text += " " + option->get_name(true) + (option->get_expected_max() > 1 ? "..." : "");
    }
    text += commands.empty() ? " [options]\n" : " <command> [options]\n";

    if (!commands.empty()) text += "\nCommands\n";
    for (const CLI::App* command : commands) text += entry(command->get_name(), command->get_description());
    for (const std::string& group : headings(*app)) {
      text += "\n" + group + "\n";
      for (const CLI::Option* option : app->get_options()) {
        if (option->get_group() == group) text += entry(option_name(*option), option->get_description());
      }
    }
    if (!app->get_footer().empty()) text += "\n" + app->get_footer() + "\n";
    return text;
  }
};

}  // namespace

void set_help_style(CLI::App& app) {
  std::vector<CLI::App*> apps = app.get_subcommands([](CLI::App*) { return true; });
  apps.push_back(&app);
  for (CLI::App* each : apps) {
    each->formatter(std::make_shared<HelpFormatter>());
    each->set_help_flag("-h,--help", "print this text and exit")->group("Options");
  }
}

}  // namespace rankmesh::cli

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>

#include "command.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/pages.hpp"

namespace rankmesh::cli {
namespace {

/// In the order of Shell.
constexpr std::array<std::string_view, 3> shells{"bash", "zsh", "fish"};

class CompletionCommand : public Command {
 public:
  explicit CompletionCommand(CLI::App& program)
      : Command(program, "completion", "A script that completes command lines in a shell"),
        shell_(add_value(app(), {.name = "SHELL",
                                 .description = "bash, zsh or fish",
                                 .group = "Argument",
                                 .choices = {shells.begin(), shells.end()}})) {
    app().footer(
        "Examples\n"
        "  source <(rankmesh completion bash)\n"
        "  rankmesh completion fish > ~/.config/fish/completions/rankmesh.fish");
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    if (shell_->count() == 0) problems.emplace_back("SHELL is missing: bash, zsh or fish");
    const auto shell = choice_of(*shell_, shells, problems);
    if (!shell || !problems.empty()) return {};
    return {.run = [text = completion(*app().get_parent(), static_cast<Shell>(*shell))](Writer& out, Style) {
      out.put(text);
      return success;
    }};
  }

 private:
  CLI::Option* shell_;
};

/// For the build, which installs what it writes; hidden from users.
class PagesCommand : public Command {
 public:
  explicit PagesCommand(CLI::App& program)
      : Command(program, "pages", "Writes the man pages and completions of the program"),
        folder_(add_value(app(), {.name = "FOLDER", .description = "where to", .group = "Argument"})) {
    app().group("");
  }

  [[nodiscard]] Task read(Problems& problems) const override {
    if (folder_->count() == 0) problems.emplace_back("FOLDER is missing");
    const auto folder = value_of(*folder_, problems);
    if (!folder || !problems.empty()) return {};
    write_pages(*app().get_parent(), RANKMESH_VERSION, *folder);
    return {.run = [](Writer&, Style) { return success; }};
  }

 private:
  CLI::Option* folder_;
};

}  // namespace

std::unique_ptr<Command> add_completion_command(CLI::App& program) {
  return std::make_unique<CompletionCommand>(program);
}

std::unique_ptr<Command> add_pages_command(CLI::App& program) {
  return std::make_unique<PagesCommand>(program);
}

}  // namespace rankmesh::cli

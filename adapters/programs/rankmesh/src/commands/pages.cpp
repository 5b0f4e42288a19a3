#include "rankmesh/options/pages.hpp"

#include "command.hpp"
#include "rankmesh/cli/run.hpp"

namespace rankmesh::cli {
namespace {

/// Writes the files that the build installs; hidden from users.
class PagesCommand : public RunnableCommand {
 public:
  PagesCommand()
      : RunnableCommand({.name = "pages",
                         .summary = "Writes the man pages and completions of the program",
                         .is_hidden = true}),
        folder_(add({.name = "FOLDER",
                     .description = "the folder to write to",
                     .heading = "Argument",
                     .takes_file = true,
                     .is_required = true})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto folder = value_of(folder_, problems);
    if (!folder || !problems.empty()) return {};
    write_pages(*program(), program()->version(), *folder);
    return {.run = [](Writer&, Style) { return success; }};
  }

 private:
  const Option& folder_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_pages_command() {
  return std::make_unique<PagesCommand>();
}

}  // namespace rankmesh::cli

#include "command.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/pages.hpp"

namespace rankmesh::cli {
namespace {

class CompletionCommand : public RunnableCommand {
 public:
  CompletionCommand()
      : RunnableCommand(
            {.name = "completion",
             .summary = "A script that completes command lines in a shell",
             .examples = {"source <(rankmesh completion bash)",
                          "rankmesh completion fish > ~/.config/fish/completions/rankmesh.fish"}}),
        // In the order of Shell.
        shell_(add({.name = "SHELL",
                    .heading = "Argument",
                    .choices = {"bash", "zsh", "fish"},
                    .is_required = true})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto shell = choice_of(shell_, problems);
    if (!shell || !problems.empty()) return {};
    return {.run = [text = completion(*program(), static_cast<Shell>(*shell))](Writer& out, Style) {
      out.put(text);
      return success;
    }};
  }

 private:
  const Option& shell_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_completion_command() {
  return std::make_unique<CompletionCommand>();
}

}  // namespace rankmesh::cli

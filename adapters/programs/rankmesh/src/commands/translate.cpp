#include "command.hpp"
#include "dialects.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/topology/error.hpp"

namespace rankmesh::cli {
namespace {

/// A layout in the words of a dialect, on a line; nothing if there is a problem.
std::string line_in(dialects::Dialect dialect, const ParallelConfig& config, bool is_named,
                    Problems& problems) {
  try {
    const std::string name = is_named ? std::string(name_of(dialect)) + ": " : "";
    return name + dialects::write(dialect, config) + "\n";
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      problems.push_back("--to " + std::string(name_of(dialect)) + ": " + diagnostic.message());
    }
  }
  return "";
}

class TranslateCommand : public RunnableCommand {
 public:
  TranslateCommand()
      : RunnableCommand(
            {.name = "translate",
             .summary = "A layout in another system's words",
             .examples =
                 {"rankmesh translate --from megatron 'tp=8 cp=2 pp=4' --world-size 256 --to devicemesh",
                  "rankmesh translate --from inner-to-outer '[TP,PP,DP]=[8,16,-1]' --world-size 1024 "
                  "--to megatron"}}),
        text_(add({.name = "TEXT",
                   .description = "the layout, in quotes: 'tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp'",
                   .heading = "Argument",
                   .is_required = true})),
        from_(add({.name = "--from",
                   .value_name = "DIALECT",
                   .description = "the dialect of TEXT",
                   .choices = dialect_choices(),
                   .is_required = true})),
        to_(add({.name = "--to",
                 .value_name = "DIALECT",
                 .description = "the dialect to print",
                 .choices = dialect_choices(),
                 .is_repeatable = true,
                 .is_required = true})),
        world_size_(add_world_size(*this)) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const auto world_size = number_of(world_size_, {.min = 1}, problems);
    const auto text = value_of(text_, problems);
    const auto from = choice_of(from_, problems);
    const std::vector<std::size_t> to = choices_of(to_, problems);
    if (!text || !from) return {};
    const auto config = layout_of(text_.name(), dialects::all()[*from], *text, world_size, problems);
    if (!config) return {};
    std::string lines;
    for (const std::size_t dialect : to)
      lines += line_in(dialects::all()[dialect], *config, to.size() > 1, problems);
    return {.run = [lines](Writer& out, Style) {
      out.put(lines);
      return success;
    }};
  }

 private:
  const Option& text_;
  const Option& from_;
  const Option& to_;
  const Option& world_size_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_translate_command() {
  return std::make_unique<TranslateCommand>();
}

}  // namespace rankmesh::cli

#include "print/model.hpp"
#include "command.hpp"
#include "common_options.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/files/model.hpp"

namespace rankmesh::cli {
namespace {

class ModelCommand : public RunnableCommand {
 public:
  ModelCommand()
      : RunnableCommand(
            {.name = "model",
             .summary = "Parameters and FLOPs of a model",
             .description = "Reads the config.json of a model as the Hugging Face hub has it, or a TOML file "
                            "with the keys that docs/planner.md lists.",
             .notes =
                 {{"FLOPs are those of a forward pass for one token; training takes three times as many. "
                   "With causal attention, a token sees half of the sequence on average."}},
             .examples = {"rankmesh model config.json", "rankmesh model config.json --format json"}}),
        file_(add({.name = "FILE",
                   .description = "config.json or TOML; - for standard input",
                   .heading = "Arguments",
                   .takes_file = true,
                   .is_required = true})),
        sequence_length_(add({.name = "--seq-length",
                              .value_name = "N",
                              .description = "tokens of a sequence, for the FLOPs of attention",
                              .default_value = "4096"})),
        format_(add_format(*this, {"text", "json"})) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    constexpr std::int64_t longest_sequence = std::int64_t{1} << 30;
    const std::int64_t length =
        number_of(sequence_length_, {.min = 1, .max = longest_sequence}, problems).value_or(4096);
    const bool as_json = format_of(format_, problems) == Format::json;
    const auto path = value_of(file_, problems);
    if (!path) return {};
    const files::ModelReading reading = files::parse_model_file(*path);
    for (const Diagnostic& diagnostic : reading.diagnostics) problems.push_back(diagnostic.message());
    return {.warnings = reading.notes,
            .run = [model = reading.model, length, as_json](Writer& out, Style style) {
              as_json ? print_model_json(model, length, out) : print_model(model, length, out, style);
              return success;
            }};
  }

 private:
  const Option& file_;
  const Option& sequence_length_;
  const Option& format_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_model_command() {
  return std::make_unique<ModelCommand>();
}

}  // namespace rankmesh::cli

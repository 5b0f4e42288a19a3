#include "print/reshard.hpp"
#include "common_options.hpp"
#include "rankmesh/cli/run.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "reshard_options.hpp"

namespace rankmesh::cli {
namespace {

class ReshardCommand : public RunnableCommand {
 public:
  ReshardCommand()
      : RunnableCommand(
            {.name = "reshard",
             .summary = "What each rank sends to which when a job changes its layout",
             .description =
                 "Weights and states of the optimizer, with the least traffic: processes keep what "
                 "they hold, and the nearest holder sends the rest (docs/reshard.md).",
             .notes = {layout_text_note()},
             .examples =
                 {"rankmesh reshard 'world=16 tp=2 pp=4' 'world=16 tp=4 pp=2' --layers 16 --hidden 4096",
                  "rankmesh reshard layout:old.toml layout:new.toml --model m.json --cluster 'node:2 gpu:8'",
                  "rankmesh reshard 'world=16 tp=2' 'world=8 tp=2' --layers 16 --hidden 4096 "
                  "--lost-ranks 3,5-7"}}),
        arguments_(*this),
        format_(add_format(*this, {"text", "json"})),
        all_(add_all(*this, "print every message of the text, as json always does")) {}

  [[nodiscard]] Task read(Problems& problems) const override {
    const bool as_json = format_of(format_, problems) == Format::json;
    const bool all = is_given(all_, problems);
    auto job = arguments_.read(problems);
    if (!job || !problems.empty()) return {};
    std::vector<std::string> warnings = job->warnings;
    return {.warnings = std::move(warnings),
            .run = [job = *std::move(job), as_json, all](Writer& out, Style style) {
              const Resharding result = reshard(job.from, job.to, job.classes, job.options);
              as_json ? print_reshard_json(job, result, out) : print_reshard(job, result, all, out, style);
              return success;
            }};
  }

 private:
  ReshardArguments arguments_;
  const Option& format_;
  const Option& all_;
};

}  // namespace

std::unique_ptr<RunnableCommand> make_reshard_command() {
  return std::make_unique<ReshardCommand>();
}

}  // namespace rankmesh::cli

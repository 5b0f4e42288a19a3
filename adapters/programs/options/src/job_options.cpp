#include "rankmesh/options/job_options.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace rankmesh::cli {
namespace {

constexpr const char* sizes_heading = "Sizes that the layout divides";

/// The options by the fields of `JobSizes`.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> names{
    {{"global_batch", "--global-batch"},
     {"micro_batch", "--micro-batch"},
     {"vocabulary", "--vocab"},
     {"vocabulary_multiple", "--make-vocab-size-divisible-by"},
     {"heads", "--heads"},
     {"kv_heads", "--kv-heads"}}};

OptionSpec number_spec(std::string_view field, std::string description) {
  const auto* found =
      std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == field; });
  return {.name = std::string(found->second),
          .value_name = "N",
          .description = std::move(description),
          .heading = sizes_heading};
}

}  // namespace

JobOptions::JobOptions(Command& command)
    : global_batch_(
          command.add(number_spec("global_batch", "samples of a step: also print the microbatches"))),
      micro_batch_(command.add(number_spec("micro_batch", "samples of a microbatch [1]"))),
      vocabulary_(
          command.add(number_spec("vocabulary", "entries of the vocabulary: also print its padding"))),
      vocabulary_multiple_(command.add(
          number_spec("vocabulary_multiple", "the padded vocabulary is a multiple of N times tp [128]"))),
      heads_(command.add(number_spec("heads", "attention heads: also print those of each rank"))),
      kv_heads_(command.add(number_spec("kv_heads", "heads of keys and values [as many]"))),
      context_(command.add({.name = "--cp-comm-type",
                            .description = "how context parallelism exchanges; with a2a it divides the heads",
                            .heading = sizes_heading,
                            .choices = {"p2p", "all_gather", "a2a"},
                            .default_value = "p2p"})) {}

std::optional<JobSizes> JobOptions::read(Problems& problems) const {
  const auto number = [&](const Option& option) { return number_of(option, {.min = 1}, problems); };
  JobSizes sizes{.global_batch = number(global_batch_),
                 .micro_batch = number(micro_batch_),
                 .vocabulary = number(vocabulary_)};
  if (const auto multiple = number(vocabulary_multiple_)) sizes.vocabulary_multiple = *multiple;
  sizes.heads = number(heads_);
  sizes.kv_heads = number(kv_heads_);
  sizes.heads_over_context = choice_of(context_, problems).value_or(0) == 2;
  return sizes == JobSizes() ? std::nullopt : std::optional(sizes);
}

std::string JobOptions::message(Diagnostic diagnostic) {
  const auto* found = std::find_if(names.begin(), names.end(),
                                   [&](const auto& name) { return name.first == diagnostic.field; });
  const std::string option(found == names.end() ? "" : found->second);
  if (diagnostic.kind == Diagnostic::Kind::missing) diagnostic.rule += ": give " + option + " N";
  return option.empty() ? diagnostic.message() : option + ": " + diagnostic.message();
}

}  // namespace rankmesh::cli

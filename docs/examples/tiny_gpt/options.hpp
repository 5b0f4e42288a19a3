#pragma once

#include <chrono>
#include <fstream>
#include <iterator>
#include <rankmesh/options/bound_options.hpp>
#include <rankmesh/options/config_options.hpp>

#include "parameters.hpp"

namespace tiny_gpt {

/// The settings of a run.
struct Options {
  rankmesh::ParallelConfig config;
  ModelSize size;
  double learning_rate = 0.003, clip = 0;
  std::int64_t steps = 200, batch = 16, every = 10;
  std::int64_t spares = 0, checkpoint_every = 0, kill = -1, kill_after = -1;
  double deadline = 30;  // seconds after which an operation does not end, or a process is lost
  std::string text_path = TINY_GPT_TEXT, csv_path, save_path, load_path, checkpoint_path;
  std::vector<unsigned char> text;
  std::vector<rankmesh::AgreementField> fields;  // values that must be equal on all ranks
  std::optional<std::string> answer;             // the help text, with --help
  rankmesh::cli::Problems problems;

  [[nodiscard]] rankmesh::Timeouts timeouts() const {
    const auto nanoseconds = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * deadline));
    return {.deadline = nanoseconds, .grace = nanoseconds / 4};
  }
};

/// Finds the problems of a model on a valid layout.
inline void check(const Options& options, rankmesh::cli::Problems& problems) {
  const rankmesh::ParallelConfig& config = options.config;
  const ModelSize& size = options.size;
  const auto report = [&](const std::optional<rankmesh::Diagnostic>& wrong) {
    if (wrong) problems.push_back("--" + wrong->message());
    return !wrong;
  };
  const auto divides = [&](const char* field, std::int64_t length, const char* by, std::int64_t parts) {
    return report(rankmesh::check_division(
        {.field = field, .length = length, .parts = parts, .by = by + (" = " + std::to_string(parts))}));
  };
  const auto fits = [&](const char* field, std::int64_t length, std::vector<std::string> divided_by) {
    return report(rankmesh::check_model_size(
        {.field = field, .length = length, .divided_by = std::move(divided_by)}, config));
  };
  divides("hidden", size.hidden, "heads", size.heads);
  fits("heads", size.heads, {"tensor", "sequence"});
  fits("length", size.length, {"sequence"});
  if (size.vocabulary % config.tensor != 0) problems.emplace_back("--tp: does not divide the 256 bytes");
  if (config.virtual_pipeline) problems.emplace_back("--vpp: this job has no virtual stages");
  if (config.fp8 && config.sequence > 1 && config.convention == rankmesh::Convention::reference &&
      config.amax_rule == rankmesh::AmaxRule::reference_blocks) {
    problems.emplace_back("--fp8 with --sp needs --amax-rule product: all ranks with a part of a tensor");
  }
  if (!fits("layers", size.layers, {"pipeline"})) return;
  const std::int64_t stage = (size.split_layer - 1) / (size.layers / config.pipeline);
  if (stage == 0 || stage == config.split_rank) return;
  problems.push_back("--split-layer: " + std::to_string(size.split_layer) +
                     " is on a stage without embeddings; give --split-rank, or a layer of stage 0");
}

/// @param world_size of the MPI job
inline Options read_options(const std::vector<std::string>& args, int world_size) {
  namespace cli = rankmesh::cli;
  Options options;
  ModelSize& size = options.size;
  cli::Program program(
      {.name = "example_tiny_gpt",
       .summary = "Trains a small language model on every parallel group",
       .description = "Start it with as many processes as the layout has ranks, and more as spares.",
       .examples = {"mpiexec -n 8 example_tiny_gpt --tp 2 --pp 2 --distributed-optimizer --clip 1",
                    "mpiexec --enable-recovery -n 9 example_tiny_gpt --tp 2 --spares 1 --deadline 5"}});
  const cli::ConfigOptions layout(program, "ranks of the MPI job");
  cli::BoundOptions training(program, "Training");
  const cli::NumberRange range{1, 1 << 24};
  training.add("--steps", options.steps, range, "steps to train");
  training.add("--batch", options.batch, range, "sequences of a step over all ranks; each is a microbatch");
  training.add("--length", size.length, range, "bytes of a sequence");
  training.add("--layers", size.layers, range, "layers of the model");
  training.add("--hidden", size.hidden, range, "width of the model");
  training.add("--heads", size.heads, range, "attention heads");
  training.add("--split-layer", size.split_layer, range, "layer before which the embeddings are added again");
  training.add("--learning-rate", options.learning_rate, {0, 1}, "of Adam");
  training.add("--clip", options.clip, {0, 1e9}, "limit of the norm of the whole gradient, 0 for none");
  training.add("--every", options.every, range, "steps between two lines of progress");
  training.add_file("--text", options.text_path, "the text to learn");
  training.add_file("--csv", options.csv_path, "write step, loss and tokens per second of each step");
  training.add_file("--save", options.save_path, "write the whole weights as text");
  cli::BoundOptions recovery(program, "When processes die");
  recovery.add("--spares", options.spares, {0, world_size - 1},
               "processes that take the places of lost ones");
  recovery.add("--deadline", options.deadline, {0.1, 1e6},
               "seconds until an operation counts as stuck, and a silent process as lost");
  recovery.add_file("--checkpoint", options.checkpoint_path, "write the state here after each rebuild");
  recovery.add("--checkpoint-every", options.checkpoint_every, {0, 1 << 24},
               "write it also after every so many steps, if not 0");
  recovery.add_file("--load", options.load_path, "start from this checkpoint");
  recovery.add("--kill", options.kill, {-1, world_size - 1},
               "process that kills itself, to see what happens");
  recovery.add("--kill-after", options.kill_after, {-1, 1 << 24}, "after this step");
  const cli::Parsed parsed = cli::parse(program, args);
  options.answer = parsed.answer;
  if (parsed.answer) return options;

  cli::Problems& problems = options.problems = parsed.problems;
  recovery.read(problems);
  const cli::OptionReading reading = layout.read(world_size - static_cast<int>(options.spares));
  problems.insert(problems.end(), reading.messages.begin(), reading.messages.end());
  training.read(problems);
  options.config = reading.config;
  std::ifstream file(options.text_path, std::ios::binary);
  options.text.assign(std::istreambuf_iterator<char>(file), {});
  if (static_cast<std::int64_t>(options.text.size()) <= size.length) {
    problems.push_back("--text: " + options.text_path +
                       (file ? " has no more than --length bytes" : " cannot be read"));
  }
  if (options.config.convention == rankmesh::Convention::megatron_core) {
    problems.emplace_back(
        "--convention: this job uses the kinds of the reference: choose reference or extended");
  } else if (reading.diagnostics.empty()) {
    check(options, problems);
  }
  for (const auto* group : {&training, &recovery}) {
    for (const auto& [name, value] : group->values()) options.fields.push_back({name, value});
  }
  const std::string text(options.text.begin(), options.text.end());
  options.fields.push_back({"text_hash", std::to_string(std::hash<std::string>{}(text))});
  return options;
}

}  // namespace tiny_gpt

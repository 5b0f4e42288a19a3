#pragma once

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <rankmesh/cli/config_options.hpp>
#include <rankmesh/cli/options.hpp>

#include "optimizer.hpp"

namespace tiny_gpt {

/// A run.
struct Options {
  rankmesh::ParallelConfig config;
  ModelSize size;
  AdamOptions adam;
  std::int64_t steps = 200;
  /// Sequences of a step, in all.
  std::int64_t batch = 16;
  /// Steps from one line of progress to the next.
  std::int64_t every = 10;
  std::string text;
  std::string csv_path, save_path;
  /// What all ranks must have alike.
  std::vector<rankmesh::AgreementField> fields;
  /// The help text, if that was asked for; what is wrong.
  std::optional<std::string> answer{};
  rankmesh::cli::Problems problems{};
};

/// What is wrong with a model on a valid layout. Sets the split layer where the layout says where it is.
inline void check(Options& options, bool has_split_layer) {
  const rankmesh::ParallelConfig& config = options.config;
  ModelSize& size = options.size;
  rankmesh::cli::Problems& problems = options.problems;
  const std::int64_t data = config.world_size / (config.tensor * config.pipeline * config.sequence);
  const auto divides = [&](const char* field, std::int64_t length, const char* by, std::int64_t parts) {
    const auto wrong = rankmesh::check_division(
        {.field = field, .length = length, .parts = parts, .by = by + (" = " + std::to_string(parts))});
    if (wrong) problems.push_back("--" + wrong->message());
    return !wrong;
  };
  divides("hidden", size.hidden, "heads", size.heads);
  divides("heads", size.heads, "tensor * sequence", config.tensor * config.sequence);
  divides("length", size.length, "sequence", config.sequence);
  divides("batch", options.batch, "data", data);
  if (size.vocabulary % config.tensor != 0) problems.emplace_back("--tp: does not divide the 256 bytes");
  if (config.virtual_pipeline) problems.emplace_back("--vpp: this job has no virtual stages");
  if (config.fp8 && config.sequence > 1 && config.convention == rankmesh::Convention::reference &&
      config.amax_rule == rankmesh::AmaxRule::reference_blocks) {
    problems.emplace_back(
        "--fp8 with --sp needs --amax-rule product: the groups of the reference do not hold all "
        "ranks that have a part of a tensor");
  }
  if (!divides("layers", size.layers, "pipeline", config.pipeline)) return;
  const std::int64_t per_stage = size.layers / config.pipeline;
  const std::int64_t split_stage = config.pipeline > 1 ? config.split_rank.value_or(0) : 0;
  if (!has_split_layer) size.split_layer = split_stage * per_stage + 1;
  const std::int64_t stage = (size.split_layer - 1) / per_stage;
  if (stage == 0 || stage == split_stage) return;
  problems.push_back("--split-layer: " + std::to_string(size.split_layer) +
                     " is on a stage without embeddings; give --split-rank, or a layer of stage 0");
}

/// @param world_size that of the MPI job
inline Options read_options(const std::vector<std::string>& args, int world_size) {
  namespace cli = rankmesh::cli;
  Options options;
  CLI::App app(
      "Trains a small language model on every parallel group. Start it with as many processes as the layout\n"
      "has ranks:\n  mpiexec -n 8 example_tiny_gpt --tp 2 --pp 2 --distributed-optimizer --clip 1",
      "example_tiny_gpt");
  const cli::ConfigOptions config_options(app, "ranks of the MPI job");
  const auto add = [&](const char* name, const char* value, const std::string& description) {
    return cli::add_value(app, {name, value, description, "Training"});
  };
  struct Number {
    const char* name;
    std::int64_t& value;
    std::int64_t least;
    const char* description;
    CLI::Option* option = nullptr;
  };
  std::array numbers{
      Number{"--steps", options.steps, 1, "steps to train"},
      Number{"--batch", options.batch, 1, "sequences of a step, in all; each is a microbatch"},
      Number{"--length", options.size.length, 2, "bytes of a sequence"},
      Number{"--layers", options.size.layers, 1, "layers of the model"},
      Number{"--hidden", options.size.hidden, 2, "width of the model"},
      Number{"--heads", options.size.heads, 1, "attention heads"},
      Number{"--every", options.every, 1, "steps from one line of progress to the next"},
      Number{"--split-layer", options.size.split_layer, 1,
             "the layer in front of which the embeddings are added\nonce more: first of --split-rank"}};
  for (Number& number : numbers) {
    const std::string value = " [" + std::to_string(number.value) + "]";
    number.option = add(number.name, "N", number.description + value);
  }
  const CLI::Option* rate = add("--learning-rate", "X", "of Adam [0.003]");
  const CLI::Option* clip = add("--clip", "X", "largest norm of the gradient [none]");
  const CLI::Option* text = add("--text", "FILE", "what to learn [" TINY_GPT_TEXT "]");
  const CLI::Option* csv = add("--csv", "FILE", "write step, loss and tokens per second of each step");
  const CLI::Option* save = add("--save", "FILE", "write the weights, each whole, as text");
  cli::set_help_style(app);
  const cli::Parsed parsed = cli::parse(app, args);
  options.answer = parsed.answer;
  if (parsed.answer) return options;

  cli::Problems& problems = options.problems = parsed.problems;
  const rankmesh::ConfigReading config = config_options.read(world_size);
  for (const auto& violation : config.violations) problems.push_back(cli::option_message(violation));
  options.config = config.config;
  for (const Number& number : numbers) {
    number.value = cli::number_of(*number.option, {number.least, 1 << 24}, problems).value_or(number.value);
  }
  options.adam.learning_rate = cli::decimal_of(*rate, {0, 1}, problems).value_or(0.003);
  options.adam.clip = cli::decimal_of(*clip, {0, 1e9}, problems).value_or(0);
  options.adam.is_distributed = options.config.distributed_optimizer;
  options.csv_path = cli::value_of(*csv, problems).value_or("");
  options.save_path = cli::value_of(*save, problems).value_or("");
  const std::string path = cli::value_of(*text, problems).value_or(TINY_GPT_TEXT);
  std::ifstream file(path, std::ios::binary);
  options.text.assign(std::istreambuf_iterator<char>(file), {});
  if (static_cast<std::int64_t>(options.text.size()) <= options.size.length) {
    problems.push_back("--text: " + path + (file ? " has no more than --length bytes" : " cannot be read"));
  }
  if (options.config.convention == rankmesh::Convention::megatron_core) {
    problems.emplace_back("--convention: this job knows the kinds of the reference; reference or extended");
  } else if (config.violations.empty()) {
    check(options, numbers.back().option->count() > 0);
  }
  for (const Number& number : numbers)
    options.fields.push_back({number.name + 2, std::to_string(number.value)});
  options.fields.push_back({"learning_rate", std::to_string(options.adam.learning_rate)});
  options.fields.push_back({"clip", std::to_string(options.adam.clip)});
  options.fields.push_back({"text_hash", std::to_string(std::hash<std::string>{}(options.text))});
  return options;
}

}  // namespace tiny_gpt

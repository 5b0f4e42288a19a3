#pragma once

#include <functional>

#include "options.hpp"
#include "stage.hpp"

namespace tiny_gpt {

/// This rank's part of the batch of a step. Which sequences a step has depends on its number alone.
inline std::vector<Microbatch> microbatches_of(const Options& options, const ParallelState& place,
                                               std::int64_t step) {
  const IndexRange sequences = place.shard(GroupKind::data, options.batch);
  const IndexRange positions = place.shard(GroupKind::sequence, options.size.length);
  std::vector<Microbatch> microbatches;
  for (auto sequence = sequences.first; sequence < sequences.end(); ++sequence) {
    std::seed_seq seed{step, sequence};
    const auto starts = options.text.size() - static_cast<std::size_t>(options.size.length);
    const auto start = std::mt19937_64(seed)() % starts + static_cast<std::size_t>(positions.first);
    const auto bytes = [&](std::size_t from) {
      const auto begin = options.text.begin() + static_cast<std::ptrdiff_t>(from);
      std::vector<int> result;
      std::transform(begin, begin + positions.count, std::back_inserter(result),
                     [](char c) { return static_cast<unsigned char>(c); });
      return result;
    };
    microbatches.push_back({.tokens = bytes(start), .targets = bytes(start + 1)});
  }
  return microbatches;
}

/// Trains, and says how it goes on rank 0.
/// @collective over the job
inline void train(const Options& options, const rankmesh::mpi::Communicators& made, Groups& groups) {
  const ParallelState place = made.state();
  // Gradients are summed over those who have the same weights and other tokens: of other sequences, or of
  // other parts of a sequence.
  const bool is_sequence_parallel = place.sequence_parallel_world_size() > 1;
  Group& data = groups.at(is_sequence_parallel ? GroupKind::sequence_data : GroupKind::data);
  Parameters parameters(parameters_of(options.size, place), data.size());
  const std::int64_t tokens = options.batch * options.size.length;
  Stage stage(options.size, place, {parameters, groups, options.config.fp8}, tokens);
  Adam adam(options.adam, parameters, groups, data);

  const bool is_speaker = made.rank() == 0;
  std::string csv = "step,loss,tokens_per_second\n";
  const double start = MPI_Wtime();
  double line_start = start;
  std::int64_t steps_told = 0;
  for (std::int64_t step = 1; step <= options.steps; ++step) {
    const double step_start = MPI_Wtime();
    stage.run(microbatches_of(options, place, step));
    if (options.config.fp8) stage.update_fp8_scales(groups.at(GroupKind::amax));
    adam.step();
    Vector loss = Vector::Constant(1, stage.take_loss());
    data.sum(loss);
    groups.at(GroupKind::pipeline).sum(loss);  // the last stage has it

    const double now = MPI_Wtime();
    std::array<char, 96> line{};
    std::snprintf(line.data(), line.size(), "%lld,%.17g,%.0f\n", static_cast<long long>(step), loss[0],
                  static_cast<double>(tokens) / (now - step_start));
    csv += line.data();
    if (is_speaker && (step % options.every == 0 || step == 1 || step == options.steps)) {
      std::printf("step %5lld  loss %8.5f  %9.0f tokens/s\n", static_cast<long long>(step), loss[0],
                  static_cast<double>(tokens * (step - steps_told)) / (now - line_start));
      std::fflush(stdout);
      line_start = now;
      steps_told = step;
    }
  }
  const double seconds = MPI_Wtime() - start;

  const int ranks = place.topology().world_size();
  const std::string costs = cost_table(groups, made.world(), ranks, seconds);
  const std::map<std::string, Vector> weights = gather(options.size, made, parameters.values);
  if (!is_speaker) return;
  std::printf("\n%s", ranks == 1 ? "one process: no communication\n" : costs.c_str());
  double square = 0;
  std::ofstream save;
  if (!options.save_path.empty()) save.open(options.save_path);
  save.precision(17);
  for (const auto& [name, weight] : weights) {
    square += weight.squaredNorm();
    save << name << " " << weight.transpose() << "\n";
  }
  std::printf("\n%.2f seconds; norm of the weights %.12g\n", seconds, std::sqrt(square));
  if (!options.csv_path.empty()) std::ofstream(options.csv_path) << csv;
}

/// The whole program between MPI_Init and MPI_Finalize.
/// @param make_groups for the tests, which make wrong ones
/// @returns the exit code
inline int run(const std::vector<std::string>& args,
               const std::function<Groups(const rankmesh::mpi::Communicators&)>& make_groups = groups_of) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const Options options = read_options(args, ranks);
  // A file may be missing on one machine: all end alike, and the first rank that cannot go on says why.
  int speaker = options.answer || !options.problems.empty() ? rank : ranks;
  MPI_Allreduce(MPI_IN_PLACE, &speaker, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (speaker < ranks) {
    if (rank == speaker && options.answer) std::fputs(options.answer->c_str(), stdout);
    for (const auto& problem : options.problems) {
      if (rank == speaker) std::fprintf(stderr, "example_tiny_gpt: %s\n", problem.c_str());
    }
    return options.answer ? 0 : 2;
  }
  try {
    rankmesh::mpi::Communicators made(MPI_COMM_WORLD, options.config, {.job_fields = options.fields});
    Groups groups = make_groups(made);
    train(options, made, groups);
    made.close();
    return 0;
  } catch (const rankmesh::DisagreementError& error) {
    if (rank == 0) std::fprintf(stderr, "%s\n", error.what());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rank %d: %s\n", rank, error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
    return 1;
  }
}

}  // namespace tiny_gpt

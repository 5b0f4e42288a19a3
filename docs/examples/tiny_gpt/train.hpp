#pragma once

#include <functional>
#include <iomanip>

#include "options.hpp"
#include "stage.hpp"

namespace tiny_gpt {

/// The Adam optimizer: computes the next weights from the gradients of all microbatches.
class Adam {
 public:
  /// @param data the ranks that hold the same weights and process other tokens
  Adam(const Options& options, Parameters& parameters, Groups& groups, Group& data)
      : options_(options),
        is_distributed_(options.config.distributed_optimizer),
        parameters_(parameters),
        groups_(groups),
        data_(data),
        counted_(own_part(parameters.counted)),
        mean_(Vector::Zero(counted_.size())),
        square_(mean_) {}

  void step() {
    // Several stages hold the embeddings, and each has a part of the gradient.
    if (auto words = parameters_.find("words")) groups_.at(GroupKind::embedding).sum(words->gradient);
    if (auto positions = parameters_.find("positions")) {
      groups_.at(GroupKind::position_embedding).sum(positions->gradient);
    }
    Vector gradient =
        is_distributed_ ? data_.sum_and_scatter(parameters_.gradients) : data_.sum(parameters_.gradients);
    if (options_.clip > 0) gradient *= std::min(1.0, options_.clip / (norm(gradient) + 1e-6));

    ++steps_;
    mean_ = 0.9 * mean_ + 0.1 * gradient;
    square_ = 0.95 * square_ + 0.05 * gradient.cwiseAbs2();
    const Vector deviation = (square_ / (1 - std::pow(0.95, steps_))).cwiseSqrt();
    Vector values = own_part(parameters_.values);
    values.array() -=
        options_.learning_rate / (1 - std::pow(0.9, steps_)) * mean_.array() / (deviation.array() + 1e-8);
    if (is_distributed_) values = data_.gather(values);
    std::copy(values.begin(), values.end(),
              parameters_.values.begin());  // in place, because the tensors point there
    parameters_.gradients.setZero();
  }

 private:
  [[nodiscard]] Vector own_part(const Vector& all) const {
    const IndexRange own = data_.shard(all.size());
    return is_distributed_ ? all.segment(own.first, own.count) : all;
  }
  /// The norm of the gradient of the whole model, with each weight counted once.
  [[nodiscard]] double norm(const Vector& gradient) {
    Vector square = Vector::Constant(1, counted_.dot(gradient.cwiseAbs2()));
    if (is_distributed_) data_.sum(square);
    groups_.at(GroupKind::model).sum(square);
    return std::sqrt(square[0]);
  }

  const Options& options_;
  bool is_distributed_;
  Parameters& parameters_;
  Groups& groups_;
  Group& data_;
  Vector counted_, mean_, square_;
  double steps_ = 0;
};

/// This rank's part of the batch of a step. The sequences of a step depend only on the number of the step.
inline std::vector<Microbatch> microbatches_of(const Options& options, const ParallelState& place,
                                               std::int64_t step) {
  const IndexRange sequences = place.shard(GroupKind::data, options.batch);
  const IndexRange positions = place.shard(GroupKind::sequence, options.size.length);
  std::vector<Microbatch> microbatches;
  for (auto sequence = sequences.first; sequence < sequences.end(); ++sequence) {
    std::seed_seq seed{step, sequence};
    const auto starts = options.text.size() - static_cast<std::size_t>(options.size.length);
    const auto start = static_cast<Index>(std::mt19937_64(seed)() % starts);
    const auto begin = options.text.begin() + start + positions.first;
    const auto end = begin + positions.count;
    microbatches.push_back({.tokens = {begin, end}, .targets = {begin + 1, end + 1}});
  }
  return microbatches;
}

/// Trains the model and prints the progress on rank 0.
/// @collective over the job
inline void train(const Options& options, const rankmesh::mpi::Communicators& made, Groups& groups) {
  const ParallelState place = made.state();
  // Gradients are summed over the ranks with the same weights and other tokens: tokens of other sequences, or
  // of other parts of the same sequence.
  const bool is_sequence_parallel = place.sequence_parallel_world_size() > 1;
  Group& data = groups.at(is_sequence_parallel ? GroupKind::sequence_data : GroupKind::data);
  Parameters parameters(parameters_of(options.size, place), data.size());
  const std::int64_t tokens = options.batch * options.size.length;
  Stage stage(options.size, place, groups.at(GroupKind::pipeline),
              {options.size, parameters, groups, options.config.fp8}, tokens);
  Adam adam(options, parameters, groups, data);

  const bool is_speaker = made.rank() == 0;
  std::ofstream csv(is_speaker ? options.csv_path : "");  // with an empty name, nothing is written
  csv << "step,loss,tokens_per_second\n" << std::setprecision(17);
  const double start = MPI_Wtime();
  for (std::int64_t step = 1; step <= options.steps; ++step) {
    const double step_start = MPI_Wtime();
    Vector loss = Vector::Constant(1, stage.run(microbatches_of(options, place, step)));
    if (options.config.fp8) stage.update_fp8_scales(groups.at(GroupKind::amax));
    adam.step();
    groups.at(GroupKind::pipeline).sum(data.sum(loss));  // only the last stage has it

    const double speed = static_cast<double>(tokens) / (MPI_Wtime() - step_start);
    csv << step << "," << loss[0] << "," << speed << "\n";
    if (is_speaker && (step % options.every == 0 || step == 1 || step == options.steps)) {
      std::printf("step %5d  loss %8.5f  %9.0f tokens/s\n", static_cast<int>(step), loss[0], speed);
      std::fflush(stdout);
    }
  }
  const double seconds = MPI_Wtime() - start;

  const int ranks = place.topology().world_size();
  const std::string costs = cost_table(groups, MPI_COMM_WORLD, ranks, seconds);
  const auto whole = parameters_of(options.size, ParallelState(rankmesh::Topology({.world_size = 1}), 0));
  const Vector weights = gather(whole, parameters, data.position() == 0, MPI_COMM_WORLD);
  if (!is_speaker) return;
  std::printf("\n%s", ranks == 1 ? "one process: no communication\n" : costs.c_str());
  std::printf("\n%.2f seconds; norm of the weights %.12g\n", seconds, weights.norm());
  std::ofstream save(options.save_path);
  save << std::setprecision(17);
  for (const Parameter& p : whole) {
    save << p.name << " " << weights.segment(p.offset, p.end() - p.offset).transpose() << "\n";
  }
}

/// The whole program between MPI_Init and MPI_Finalize.
/// @param make_groups tests replace it to make wrong groups
/// @returns the exit code
inline int run(const std::vector<std::string>& args,
               const std::function<Groups(const rankmesh::mpi::Communicators&)>& make_groups = groups_of) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const Options options = read_options(args, ranks);
  // A file may be missing on one machine only. All ranks end, and the first one with a problem prints it.
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
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rank %d: %s\n", rank, error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  return 1;
}

}  // namespace tiny_gpt

#include "train.hpp"

#include <csignal>
#include <iomanip>

#include "recovery.hpp"

namespace tiny_gpt {
namespace {

/// Prints the cost of communication and writes the weights.
/// @collective over the job
void report(const Options& options, Training& training, Groups& groups, double seconds) {
  const std::string costs = cost_table(groups, seconds);
  const Vector weights = training.whole_state().segment(1, training.whole().back().end());
  if (groups.world.position() != 0) return;
  std::printf("\n%s", groups.world.size() == 1 ? "one process: no communication\n" : costs.c_str());
  std::printf("\n%.2f seconds; norm of the weights %.12g\n", seconds, weights.norm());
  std::fflush(stdout);
  std::ofstream save(options.save_path);
  save << std::setprecision(17);
  for (const Parameter& p : training.whole()) {
    save << p.name << " " << weights.segment(p.offset, p.end() - p.offset).transpose() << "\n";
  }
}

/// Trains on the ranks of one generation of the job until the end, and prints the progress on rank 0.
/// @param history the last states of this process, for the next generation
/// @param change what the rebuild before has changed; nothing in the first generation
/// @collective over the ranks of the generation
/// @throws Stuck if a process is gone
void train(const Options& options, rankmesh::mpi::Job& job, Groups& groups, History& history,
           const std::optional<Change>& change) {
  const rankmesh::mpi::Communicators& made = job.communicators();
  Training training(options, made.state(), groups);
  const Checkpoint checkpoint(options.checkpoint_path);
  const bool is_speaker = made.rank() == 0;
  if (change) {
    restore(training, history, *change, job.generation(), groups.world, checkpoint);
    if (is_speaker) {
      std::printf("processes lost:");
      for (const int process : change->rebuilt.lost.to_vector()) std::printf(" %d", process);
      std::printf("; %d ranks go on after step %d\n", groups.world.size(),
                  static_cast<int>(training.steps()));
    }
    checkpoint.write(training, groups.world);
  } else {
    if (!options.load_path.empty()) Checkpoint(options.load_path).read(training);
    history = {training.state()};
  }

  // With an empty name, nothing is written.
  std::ofstream csv(is_speaker ? options.csv_path : "", change ? std::ios::app : std::ios::trunc);
  if (!change) csv << "step,loss,tokens_per_second\n";
  csv << std::setprecision(17);
  const std::int64_t tokens = options.batch * options.size.length;
  const double start = MPI_Wtime();
  while (training.steps() < options.steps) {
    if (job.process() == options.kill && training.steps() == options.kill_after) std::raise(SIGKILL);
    const double step_start = MPI_Wtime();
    const double loss = training.step();
    history.push_back(training.state());
    if (history.size() > 2) history.pop_front();

    const double speed = static_cast<double>(tokens) / (MPI_Wtime() - step_start);
    const std::int64_t step = training.steps();
    csv << step << "," << loss << "," << speed << std::endl;  // now: another process may have to go on
    if (is_speaker && (step % options.every == 0 || step == 1 || step == options.steps)) {
      std::printf("step %5d  loss %8.5f  %9.0f tokens/s\n", static_cast<int>(step), loss, speed);
      std::fflush(stdout);
    }
    if (options.checkpoint_every > 0 && step % options.checkpoint_every == 0) {
      checkpoint.write(training, groups.world);
    }
  }
  report(options, training, groups, MPI_Wtime() - start);
}

/// Trains through all generations of a job: when a process is gone, the others make new communicators,
/// restore the state and go on.
/// @param groups those of each generation, which must stay: MPI may still write to the buffers of operations
///        that did not end
void train(const Options& options, rankmesh::mpi::Job& job, std::list<Groups>& groups,
           const MakeGroups& make_groups) {
  const rankmesh::RebuildOptions rebuild{.timeouts = options.timeouts()};
  History history;
  std::optional<Change> change;
  for (;;) {
    const rankmesh::Generation before = job.generation();
    std::optional<rankmesh::Rebuilt> rebuilt;
    if (job.is_idle()) {
      rebuilt = job.stand_by(rebuild);
      if (!rebuilt) return;  // the others have finished
    } else {
      try {
        groups.push_back(make_groups(job.communicators(), options.deadline));
        train(options, job, groups.back(), history, change);
        return job.finish();
      } catch (const Stuck&) {
      }
      rebuilt = job.rebuild(rebuild);
    }
    // This process has no state to go on with if it is idle now, or has a rank with another state.
    const auto rank = job.generation().rank_of(job.process());
    const auto needs_state = [&](const rankmesh::StateSource& source) { return source.rank == rank; };
    const auto& sources = rebuilt->survival.sources;
    if (!rank || std::any_of(sources.begin(), sources.end(), needs_state)) history.clear();
    change = Change{before, std::move(*rebuilt)};
  }
}

}  // namespace

int run(const std::vector<std::string>& args, const MakeGroups& make_groups) {
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
    std::list<Groups> groups;
    rankmesh::mpi::Options bring_up{
        .timeouts = options.timeouts(), .duplicate_world = true, .job_fields = options.fields};
    bring_up.on_stuck = [](const rankmesh::mpi::StuckCall& stuck) {
      std::fprintf(stderr, "%s\n", stuck.message().c_str());
      std::_Exit(1);  // the call cannot be ended: the others go on without this process
    };
    rankmesh::mpi::Job job(MPI_COMM_WORLD, options.config, bring_up);
    train(options, job, groups, make_groups);
    if (job.generation().number == 0) return 0;
    // MPI_Finalize would wait for the processes that are gone.
    std::fflush(stdout);
    std::_Exit(0);
  } catch (const rankmesh::DisagreementError& error) {
    if (rank == 0) std::fprintf(stderr, "%s\n", error.what());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "process %d: %s\n", rank, error.what());
  }
  std::_Exit(1);  // not MPI_Abort, which would end the others too: they may go on
}

}  // namespace tiny_gpt

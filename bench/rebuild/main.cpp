// Times a rebuild after the death of one process, beside tearing down and bringing up anew. bench/rebuild/run
// starts it with mpiexec:
//   mpiexec --enable-recovery -n 17 rebuild_bench      16 ranks and a spare, which takes the place of rank 3
// Prints tab-separated: the ranks, then milliseconds until the last rank has finished: the rebuild; closing
// all communicators and making them anew in the same processes; MPI_Init and the first bring-up of the job,
// which a restart needs besides the start of the processes.

#include <mpi.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <thread>

#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/job.hpp"

namespace {

using namespace rankmesh;

/// The process that dies.
constexpr int victim = 3;
constexpr ParallelConfig layout_of(int ranks) {
  return {.world_size = ranks, .tensor = 2, .pipeline = 2};
}

/// Milliseconds on the monotonic clock of the machine, which all its processes share.
double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double reduced(double own, MPI_Op operation, MPI_Comm communicator) {
  double result = 0;
  MPI_Allreduce(&own, &result, 1, MPI_DOUBLE, operation, communicator);
  return result;
}

/// Sleeps, and returns at the same moment on all processes. Returns this moment.
double start_together(MPI_Comm communicator) {
  double start = now() + 100;
  MPI_Bcast(&start, 1, MPI_DOUBLE, 0, communicator);
  return start;
}

void sleep_until(double time) {
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(time - now()));
}

void run(double began, int processes) {
  const mpi::Options options{.duplicate_world = true};
  mpi::Job job(MPI_COMM_WORLD, layout_of(processes - 1), options);
  const double started = reduced(now(), MPI_MAX, MPI_COMM_WORLD) - reduced(began, MPI_MIN, MPI_COMM_WORLD);

  double start = start_together(MPI_COMM_WORLD);
  if (job.process() == victim) std::raise(SIGKILL);
  sleep_until(start);
  const RebuildOptions known{.lost = RankSet(victim)};
  if (job.is_idle()) {
    static_cast<void>(job.stand_by(known));
  } else {
    job.rebuild(known);
  }
  MPI_Comm world = job.communicators().world();
  const double rebuilt = reduced(now(), MPI_MAX, world) - start;

  std::optional<mpi::Communicators> anew;
  anew.emplace(world, layout_of(processes - 1));
  start = start_together(world);
  sleep_until(start);
  anew->close();
  anew.emplace(world, layout_of(processes - 1));
  const double made_anew = reduced(now(), MPI_MAX, world) - start;
  if (job.communicators().rank() == 0) {
    std::printf("%d\t%.2f\t%.2f\t%.1f\n", processes - 1, rebuilt, made_anew, started);
    std::fflush(stdout);
  }
  job.finish();
}

}  // namespace

int main(int argc, char** argv) {
  const double began = now();
  MPI_Init(&argc, &argv);
  int processes = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &processes);
  int code = EXIT_SUCCESS;
  try {
    run(began, processes);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    code = EXIT_FAILURE;
  }
  // MPI_Finalize would wait for the process that died.
  std::_Exit(code);
}

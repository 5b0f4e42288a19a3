// Times several strategies to create the MPI communicators of a layout, in turns. Start it with mpiexec:
//   mpiexec -n 16 mpi_bringup_bench REPETITIONS [LAYOUT...]     for example 11 tp=2 pp=4 fp8
// Prints a line with tab-separated values for each strategy: milliseconds from a common start until the last
// rank has finished (median, minimum), communicators and calls over the world at the busiest rank, messages
// of the library sent by the busiest rank and by all ranks.

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "rankmesh/topology/config_text.hpp"
#include "sent.hpp"
#include "strategy.hpp"

namespace {

using namespace rankmesh;

std::int64_t reduced(std::int64_t own, MPI_Op operation) {
  std::int64_t result = 0;
  MPI_Allreduce(&own, &result, 1, MPI_INT64_T, operation, MPI_COMM_WORLD);
  return result;
}

/// The measurements of a strategy.
struct Measured {
  std::vector<double> milliseconds;
  std::int64_t communicators = 0;
  std::int64_t world_calls = 0;
  std::int64_t most_sent = 0;
  std::int64_t sent = 0;
};

/// Milliseconds on the monotonic clock of the machine, which all its processes share.
double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Sleeps, and returns at the same moment on all ranks. Returns this moment.
double start_together() {
  double start = now() + 50;
  MPI_Bcast(&start, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(start - now()));
  return start;
}

void measure(const bench::Strategy& strategy, Measured& measured) {
  const std::int64_t before = bench::messages_sent();
  const double start = start_together();
  const bench::Created created = strategy.create();
  const double own = now() - start;
  const std::int64_t own_sent = bench::messages_sent() - before;
  double slowest = 0;
  MPI_Allreduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  measured.milliseconds.push_back(slowest);
  measured.communicators = reduced(created.communicators, MPI_MAX);
  measured.world_calls = reduced(created.world_calls, MPI_MAX);
  measured.most_sent = reduced(own_sent, MPI_MAX);
  measured.sent = reduced(own_sent, MPI_SUM);
  created.free();
}

void print(const bench::Strategy& strategy, Measured& measured) {
  std::vector<double>& all = measured.milliseconds;
  std::sort(all.begin(), all.end());
  const auto number = [](std::int64_t count) { return static_cast<long long>(count); };
  std::printf("%s\t%.3f\t%.3f\t%lld\t%lld\t%lld\t%lld\n", strategy.name.c_str(), all[all.size() / 2],
              all.front(), number(measured.communicators), number(measured.world_calls),
              number(measured.most_sent), number(measured.sent));
}

void run(int size, int rank, int repetitions, const std::string& layout) {
  const CommunicatorPlan plan{Topology(parse_config("world=" + std::to_string(size) + layout))};
  const std::vector<bench::Strategy> strategies = bench::all_strategies(plan);
  std::vector<Measured> measured(strategies.size());
  // The first communicators include one-time initialisation of MPI, so they are not measured.
  for (const bench::Strategy& strategy : strategies) strategy.create().free();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    for (std::size_t i = 0; i < strategies.size(); ++i) measure(strategies[i], measured[i]);
  }
  if (rank != 0) return;
  for (std::size_t i = 0; i < strategies.size(); ++i) print(strategies[i], measured[i]);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int size = 0;
  int rank = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  std::string layout;
  for (int i = 2; i < argc; ++i) layout += std::string(" ") + argv[i];
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 0;
  try {
    if (repetitions < 1)
      throw std::runtime_error("the first argument is the number of repetitions, for example 11");
    run(size, rank, repetitions, layout);
  } catch (const std::exception& error) {
    if (rank == 0) std::fprintf(stderr, "mpi_bringup_bench: %s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}

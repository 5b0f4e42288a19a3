// Times the ways to make the communicators of a layout, in turns, under mpiexec:
//   mpi_bringup_bench REPETITIONS [WORDS OF THE LAYOUT...]     mpi_bringup_bench 11 tp=2 pp=4 fp8
// A line for each way: milliseconds from a start that all ranks have in common until the last rank is done
// (median and least), communicators and calls over the world at the busiest rank, messages of the library
// sent by the busiest rank and by all; tab separated.

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
#include "way.hpp"

namespace {

using namespace rankmesh;

std::int64_t reduced(std::int64_t own, MPI_Op operation) {
  std::int64_t result = 0;
  MPI_Allreduce(&own, &result, 1, MPI_INT64_T, operation, MPI_COMM_WORLD);
  return result;
}

/// What was measured of a way.
struct Measured {
  std::vector<double> milliseconds;
  std::int64_t communicators = 0;
  std::int64_t world_calls = 0;
  std::int64_t most_sent = 0;
  std::int64_t sent = 0;
};

/// Milliseconds on the clock of the machine, which all processes share.
double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Returns at the same moment on all ranks, which are asleep before: the moment.
double start_together() {
  double start = now() + 50;
  MPI_Bcast(&start, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(start - now()));
  return start;
}

void measure(const bench::Way& way, Measured& measured) {
  const std::int64_t before = bench::messages_sent();
  const double start = start_together();
  const bench::Made made = way.make();
  const double own = now() - start;
  const std::int64_t own_sent = bench::messages_sent() - before;
  double slowest = 0;
  MPI_Allreduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  measured.milliseconds.push_back(slowest);
  measured.communicators = reduced(made.communicators, MPI_MAX);
  measured.world_calls = reduced(made.world_calls, MPI_MAX);
  measured.most_sent = reduced(own_sent, MPI_MAX);
  measured.sent = reduced(own_sent, MPI_SUM);
  made.free();
}

void print(const bench::Way& way, Measured& measured) {
  std::vector<double>& all = measured.milliseconds;
  std::sort(all.begin(), all.end());
  const auto number = [](std::int64_t count) { return static_cast<long long>(count); };
  std::printf("%s\t%.3f\t%.3f\t%lld\t%lld\t%lld\t%lld\n", way.name.c_str(), all[all.size() / 2], all.front(),
              number(measured.communicators), number(measured.world_calls), number(measured.most_sent),
              number(measured.sent));
}

void run(int size, int rank, int repetitions, const std::string& layout) {
  const CommunicatorPlan plan{Topology(parse_config("world=" + std::to_string(size) + layout))};
  const std::vector<bench::Way> ways = bench::all_ways(plan);
  std::vector<Measured> measured(ways.size());
  // What MPI does once, at the first communicator, is no way's.
  for (const bench::Way& way : ways) way.make().free();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    for (std::size_t i = 0; i < ways.size(); ++i) measure(ways[i], measured[i]);
  }
  if (rank != 0) return;
  for (std::size_t i = 0; i < ways.size(); ++i) print(ways[i], measured[i]);
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
    if (repetitions < 1) throw std::runtime_error("the first argument is how often to measure, 11 say");
    run(size, rank, repetitions, layout);
  } catch (const std::exception& error) {
    if (rank == 0) std::fprintf(stderr, "mpi_bringup_bench: %s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}

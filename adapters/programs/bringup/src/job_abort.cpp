#include "job_abort.hpp"

#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <thread>

#include "rankmesh/comm/duration_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::bringup {
namespace {

using namespace std::chrono_literals;

/// The index of this rank in the printing order: the ranks of `first`, then the others.
int print_order(const World& world, const RankSet& first) {
  const bool is_first = first.contains(world.rank);
  int index = is_first ? 0 : static_cast<int>(first.size());
  for (int other = 0; other < world.rank; ++other) index += first.contains(other) == is_first ? 1 : 0;
  return index;
}

/// Returns in the first thread that calls it; blocks in any other, so that a process prints one message.
void block_all_but_first_thread() {
  static std::atomic_flag is_taken = ATOMIC_FLAG_INIT;
  while (is_taken.test_and_set()) std::this_thread::sleep_for(1h);
}

/// Waits for the turn of this rank to print. A turn takes two seconds, longer than it takes to end the other
/// processes.
void wait_for_turn(const World& world, const RankSet& first) {
  constexpr int last_in_order = 10;
  std::this_thread::sleep_for(2s * std::min(print_order(world, first), last_in_order));
}

}  // namespace

void print_error(const std::string& message) {
  std::fprintf(stderr, "rankmesh-bringup: %s\n", message.c_str());
  std::fflush(stderr);
}

void report_unused_identifiers(const World& world, const InterruptedError& error) {
  const int count = error.abandoned_identifiers();
  if (count == 0) return;
  print_error("rank " + std::to_string(world.rank) + " created " + counted(count, "unique ID") +
              " that no communicator uses; NCCL keeps their resources until the process ends");
}

void abort_job(const World& world, const RankSet& first, const std::string& message, ExitCode code) {
  block_all_but_first_thread();
  wait_for_turn(world, first);
  if (!message.empty()) print_error(message);
  // Messages that other ranks print about themselves get time to appear.
  std::this_thread::sleep_for(200ms);
  MPI_Abort(MPI_COMM_WORLD, code);
  std::abort();
}

void abort_job(const World& world, const DeadlineError& error) {
  report_unused_identifiers(world, error);
  abort_job(world, error.details().missing.complement(world.size), error.what());
}

void abort_job(const World& world, const mpi::StuckCall& stuck) {
  abort_job(world, stuck.silent ? stuck.silent->complement(world.size) : RankSet(), stuck.message());
}

void abort_job(const World& world, const std::exception& error) {
  abort_job(world, RankSet(world.rank), "rank " + std::to_string(world.rank) + ": " + error.what());
}

void finalize(const World& world, std::chrono::nanoseconds deadline) {
  std::promise<void> returned;
  std::thread guard([&world, deadline, result = returned.get_future()] {
    if (result.wait_for(deadline) == std::future_status::ready) return;
    wait_for_turn(world, RankSet());
    print_error(
        "rank " + std::to_string(world.rank) + ": MPI_Finalize has not returned within " +
        duration_text(deadline) +
        ", although all ranks had arrived; one has died or stopped since: look at the output of each");
    // MPI_Abort may not be called during MPI_Finalize. The launcher ends the other processes.
    std::_Exit(exit_failure);
  });
  MPI_Finalize();
  returned.set_value();
  guard.join();
}

}  // namespace rankmesh::bringup

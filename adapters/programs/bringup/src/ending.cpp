#include "ending.hpp"

#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "exit_code.hpp"

namespace rankmesh::bringup {
namespace {

using namespace std::chrono_literals;

/// The place of a rank among all: first those present, in order, then the others.
int turn_of(const World& world, const RankSet& present) {
  const bool is_present = present.contains(world.rank);
  int turn = is_present ? 0 : static_cast<int>(present.size());
  for (int other = 0; other < world.rank; ++other) turn += present.contains(other) == is_present ? 1 : 0;
  return turn;
}

/// Keeps the second thread of this process that comes here, if one does, from printing again.
void come_first() {
  static std::atomic_flag is_taken = ATOMIC_FLAG_INIT;
  while (is_taken.test_and_set()) std::this_thread::sleep_for(1h);
}

}  // namespace

void complain(const std::string& message) {
  std::fprintf(stderr, "rankmesh-bringup: %s\n", message.c_str());
  std::fflush(stderr);
}

void note_abandoned_identifiers(const World& world, const InterruptedError& error) {
  const int count = error.abandoned_identifiers();
  if (count == 0) return;
  complain("rank " + std::to_string(world.rank) + " leaves " + std::to_string(count) + " unique " +
           (count == 1 ? "ID" : "IDs") + " unused, which NCCL keeps until the process ends");
}

void end_job(const World& world, const RankSet& present, const std::string& message) {
  come_first();
  constexpr int most_turns = 10;
  // Longer than it takes to end the processes, so that the next has no turn.
  std::this_thread::sleep_for(2s * std::min(turn_of(world, present), most_turns));
  if (!message.empty()) complain(message);
  // Time for what others print of themselves.
  std::this_thread::sleep_for(200ms);
  MPI_Abort(MPI_COMM_WORLD, exit_failed);
  std::abort();
}

void end_job(const World& world, const DeadlineError& error) {
  note_abandoned_identifiers(world, error);
  end_job(world, error.details().missing.complement(world.size), error.what());
}

void end_job(const World& world, const mpi::StuckCall& stuck) {
  end_job(world, stuck.silent ? stuck.silent->complement(world.size) : RankSet(), stuck.message());
}

void end_job(const World& world, const std::exception& error) {
  end_job(world, RankSet(world.rank), "rank " + std::to_string(world.rank) + ": " + error.what());
}

}  // namespace rankmesh::bringup

// A job one of whose ranks dies or hangs while communicators are made; each rank writes into a file of its
// own how it ended. Run by stuck_test.cpp:
//   mpiexec -n 4 stuck_job FOLDER THREADS WHERE HOW RANK ARRIVALS
// THREADS: single or multiple. WHERE: in the call, before it, or nowhere. HOW: kill, hang, or fail (the call
// only). ARRIVALS: once or each.

#include <mpi.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "rankmesh/mpi.hpp"

namespace {

constexpr unsigned deadline_seconds = 3;

struct Plan {
  std::string where;
  std::string how;
  int rank = -1;
};
Plan plan;

int own_rank() {
  int rank = 0;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

void happen(const std::string& where) {
  if (plan.where != where || plan.rank != own_rank()) return;
  if (plan.how == "fail") return;
  if (plan.how == "kill") std::raise(SIGKILL);
  if (plan.how == "late") {
    sleep(deadline_seconds + 2);
    return;
  }
  // Not for ever: nothing is left of the test when it is over.
  sleep(60);
  _exit(1);
}

/// Waits for the others to write, at most a second. Hydra may fail, and end all processes, if one leaves
/// while another one is still connecting to it.
void wait_for_others(const std::string& folder) {
  int size = 0;
  PMPI_Comm_size(MPI_COMM_WORLD, &size);
  const auto has_written = [&](int rank) {
    return std::filesystem::exists(folder + "/" + std::to_string(rank));
  };
  for (int tries = 0; tries < 50; ++tries) {
    int written = 0;
    for (int rank = 0; rank < size; ++rank) written += has_written(rank) ? 1 : 0;
    if (written == size) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

[[noreturn]] void end_with(const std::string& folder, const std::string& text) {
  std::ofstream(folder + "/" + std::to_string(own_rank())) << text;
  wait_for_others(folder);
  // Others may be gone: no collective call may follow.
  _exit(0);
}

}  // namespace

// In place of MPI's own, which is called by its other name.
extern "C" int MPI_Comm_create_group(MPI_Comm communicator, MPI_Group group, int tag, MPI_Comm* made) {
  happen("in");
  if (plan.where == "in" && plan.how == "fail" && plan.rank == own_rank()) return MPI_ERR_OTHER;
  return PMPI_Comm_create_group(communicator, group, tag, made);
}

int main(int argc, char** argv) {
  const std::string folder = argv[1];
  const int wanted = std::string(argv[2]) == "multiple" ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE;
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, wanted, &provided);
  plan = {argv[3], argv[4], std::atoi(argv[5])};

  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  rankmesh::mpi::Options options;
  if (std::string(argv[6]) == "each") options.arrivals = rankmesh::Arrivals::before_each_step;
  options.timeouts = {.deadline = std::chrono::seconds(deadline_seconds),
                      .grace = std::chrono::seconds(RANKMESH_GRACE_SECONDS)};
  // One communicator in all, made by MPI_Comm_create_group, where a duplicate of the world would serve.
  for (const rankmesh::GroupKind kind : {rankmesh::GroupKind::data, rankmesh::GroupKind::sequence_data}) {
    options.plan.sharing_keys[kind] = "apart";
  }
  options.on_progress = [](const rankmesh::Progress& progress) {
    if (progress.part == "agreement") happen("before");
  };
  options.on_stuck = [&](const rankmesh::mpi::StuckCall& stuck) { end_with(folder, stuck.message()); };
  try {
    rankmesh::mpi::Communicators groups(MPI_COMM_WORLD, {.world_size = size}, options);
    groups.close();
  } catch (const rankmesh::Error& error) {
    end_with(folder, error.what());
  }
  end_with(folder, "made everything");
}

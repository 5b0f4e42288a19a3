// Causes every error of the library and prints its message, as docs/guide.md shows it. mpiexec -n 4 messages
#include <chrono>
#include <concepts>
#include <cstdio>
#include <string>
#include <thread>

#include "rankmesh/mpi.hpp"
#include "rankmesh/nccl.hpp"
#include "rankmesh/nccl/options_file.hpp"
#include "rankmesh/nccl_double.hpp"

using namespace rankmesh;
using namespace std::chrono_literals;
using nccl::Communicators;
using K = GroupKind;

namespace {

const ParallelConfig job{.world_size = 4, .tensor = 2};
constexpr int last = 3;

int own_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

using Steer = nccl_double::ScopedSetting;

void print(const std::string& name, const std::string& text) {
  if (own_rank() == 0) std::printf("== %s\n%s\n", name.c_str(), text.c_str());
}

/// Prints the error that `act` must throw on every rank.
template <typename Expected>
void show(const char* name, const std::invocable auto& act) {
  try {
    act();
  } catch (const Expected& error) {
    print(name, error.what());
    MPI_Barrier(MPI_COMM_WORLD);
    return;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s was expected, but this came: %s\n", name, error.what());
  }
  std::fprintf(stderr, "%s did not come\n", name);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

void show_errors_of_the_input() {
  show<ConfigError>("ConfigError", [] {
    const Communicators groups(MPI_COMM_WORLD, {.world_size = 4, .tensor = 3, .pipeline = 0});
  });
  show<DisagreementError>("DisagreementError", [] {
    const Communicators groups(MPI_COMM_WORLD, {.world_size = 4, .tensor = own_rank() == last ? 4 : 2});
  });
  show<nccl::OptionsError>("nccl::OptionsError", [] {
    nccl::Options options;
    options.kinds[K::tensor].communicator.max_ctas = 0;
    options.share_split_resources = true;
    const Communicators groups(MPI_COMM_WORLD, job, options);
  });
  show<files::FileError>("files::FileError", [] {
    static_cast<void>(nccl::parse_kind_options("tp:\n  max_ctas: 0\n  net: IB\n", "nccl.yaml"));
  });
}

void show_errors_of_the_bring_up() {
  show<BringUpError>("BringUpError", [] {
    const Steer device("RANKMESH_DOUBLE_UUIDS",
                       own_rank() < 2 ? "of-both" : std::to_string(own_rank()).c_str());
    const Communicators groups(MPI_COMM_WORLD, job);
  });
  show<DeadlineError>("DeadlineError", [] {
    nccl::Options options;
    options.bring_up.timeouts = {.deadline = 1s, .grace = 1s};
    if (own_rank() == last) std::this_thread::sleep_for(2s);
    try {
      const Communicators groups(MPI_COMM_WORLD, job, options);
    } catch (const DeadlineError& error) {
      DeadlineError::Details details = error.details();
      details.waited = 1s;  // the measured time varies
      throw DeadlineError(details);
    }
  });
  print("mpi::StuckCall", mpi::StuckCall{.call = "MPI_Comm_create_group",
                                         .part = "tensor",
                                         .rank = 0,
                                         .elapsed = 120s,
                                         .silent = RankSet(last)}
                              .message());
}

void show_errors_of_one_rank() {
  show<mpi::MpiError>("mpi::MpiError",
                      [] { const mpi::Communicators groups(MPI_COMM_WORLD, job, {.first_tag = -5000}); });
  show<ProtocolError>("ProtocolError", [] {
    const char foreign = 0;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Isend(&foreign, 1, MPI_BYTE, 0, mpi::MpiTransport::default_first_tag, MPI_COMM_SELF, &request);
    MPI_Request_free(&request);
    const mpi::Communicators groups(MPI_COMM_SELF, {.world_size = 1});
  });
  show<nccl::NcclError>("nccl::NcclError", [] {
    Communicators groups(MPI_COMM_WORLD, job);
    const Steer fault("RANKMESH_DOUBLE_FAULTS", "ncclCommFinalize@*=hang");
    groups.close(100ms);
  });
  Communicators groups(MPI_COMM_WORLD, job);
  show<StateError>("StateError", [&] { static_cast<void>(groups.at(K::sequence).native()); });
  show<RangeError>("RangeError", [&] { static_cast<void>(groups.at(K::amax)); });
  groups.close();
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  show_errors_of_the_input();
  show_errors_of_the_bring_up();
  show_errors_of_one_rank();
  MPI_Finalize();
}

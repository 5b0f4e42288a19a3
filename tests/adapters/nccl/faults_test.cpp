// Each fault ends the bring-up before a time limit, with the same error on every rank. The error names the
// rank and the cause, and only the resources that it counts remain.
#include <new>
#include <stdexcept>
#include <thread>

#include "rankmesh/nccl/error.hpp"
#include "support.hpp"
#include "support/allocations.hpp"
#include "support/faulty_mpi.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicators;
using nccl::Strategy;
using nccl::Stream;
using K = GroupKind;

namespace {

ParallelConfig one_group() {
  return {.world_size = world_size()};
}

nccl::Options patient(const Way& way) {
  nccl::Options options = rankmesh::tests::patient();
  way.apply(options);
  return options;
}

/// The data group gets a separate communicator instead of the one over the world.
nccl::Options apart(nccl::Options options) {
  options.bring_up.plan.sharing_keys[K::data] = "apart";
  return options;
}

nccl::Options impatient(const Way& way) {
  nccl::Options options = rankmesh::tests::impatient();
  way.apply(options);
  return options;
}

std::string rank_text(int rank) {
  return "rank " + std::to_string(rank);
}

/// The strategies whose waits have a deadline.
std::vector<Way> non_blocking_ways() {
  std::vector<Way> result;
  for (const Way& way : ways) {
    if (!way.blocking) result.push_back(way);
  }
  return result;
}

}  // namespace

TEST_CASE("fault: a leader that gets no ID") {
  if (world_size() < 2) return;
  for (const Way& way : ways) {
    CAPTURE(way.name());
    const Faults faults("ncclGetUniqueId@0=error:2");
    const std::string text = common_error<BringUpError>(one_group(), patient(way));
    CHECK_THAT(text,
               ContainsSubstring("failed on 1 rank, so it is given up on all:\n  rank 0: ncclGetUniqueId "
                                 "failed"));
    if (way.strategy != Strategy::nccl_split) {
      CHECK_THAT(text, ContainsSubstring("making the data communicator of group 0: "));
    }
  }
}

TEST_CASE("fault: an initialisation that fails on one rank") {
  if (world_size() < 2) return;
  const int last = world_size() - 1;
  for (const Way& way : non_blocking_ways()) {
    CAPTURE(way.name());
    const Faults faults("init@" + std::to_string(last) + "=error:3");
    const std::string text = common_error<BringUpError>(one_group(), patient(way));
    CHECK_THAT(text, ContainsSubstring("\n  " + rank_text(last) + ": ncclCommInitRankConfig failed"));
  }
}

TEST_CASE("fault: an initialisation that fails later on one rank") {
  if (world_size() < 2) return;
  for (const Way& way : non_blocking_ways()) {
    CAPTURE(way.name());
    const Faults faults("init@1=async:3");
    const std::string text = common_error<BringUpError>(one_group(), patient(way));
    CHECK_THAT(text, ContainsSubstring("\n  rank 1: ncclCommInitRankConfig failed"));
  }
}

TEST_CASE("fault: a split that fails on one rank") {
  if (world_size() < 2) return;
  const int last = world_size() - 1;
  const Way way{Strategy::nccl_split, false};
  const Faults faults("ncclCommSplit@" + std::to_string(last) + "=error:3");
  const std::string text = common_error<BringUpError>(one_group(), apart(patient(way)));
  CHECK_THAT(text, ContainsSubstring("\n  " + rank_text(last) +
                                     ": ncclCommSplit failed, making the data communicator of group 0: "));
}

TEST_CASE("fault: a rank that hangs while communicators are made") {
  if (world_size() < 2) return;
  const int last = world_size() - 1;
  for (const Way& way : non_blocking_ways()) {
    CAPTURE(way.name());
    const std::string call = way.strategy == Strategy::nccl_split ? "ncclCommSplit" : "init";
    const Faults faults(call + "@" + std::to_string(last) + "=hang");
    const std::string text = common_error<DeadlineError>(one_group(), apart(impatient(way)));
    CHECK_THAT(text, ContainsSubstring("deadline missed at step initialisation: "));
    CHECK_THAT(text, ContainsSubstring(std::to_string(last)));
  }
}

TEST_CASE("fault: a rank that has the size of a group wrong") {
  if (world_size() < 3) return;
  for (const Way& way : non_blocking_ways()) {
    CAPTURE(way.name());
    const Faults faults("init@1=size:" + std::to_string(world_size() + 1));
    // Its group (here the world) never completes: the first rank that learns of it fails, or the deadline
    // passes.
    const std::string text = common_error<InterruptedError>(one_group(), impatient(way), true);
    CHECK_THAT(text, ContainsSubstring("step initialisation"));
  }
}

TEST_CASE("fault: a rank that comes too late") {
  if (world_size() < 2) return;
  for (const int late : {0, 1, world_size() - 1}) {
    CAPTURE(late);
    nccl::Options options;
    // The arrival does not depend on the strategy, so each late rank tests another one.
    ways[static_cast<std::size_t>(late) % ways.size()].apply(options);
    // Long enough for 16 ranks on two cores: ranks that hear of no verdict end by themselves.
    options.bring_up.timeouts = {.deadline = 700ms, .grace = 1s};
    if (world_rank() == late) std::this_thread::sleep_for(4s);
    const std::string text = common_error<DeadlineError>(one_group(), options);
    CHECK_THAT(text, ContainsSubstring("deadline missed at step agreement: " + rank_text(late) + " did not"));
  }
}

TEST_CASE("fault: a slow rank is waited for") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    const Faults faults("init@0=slow:400;ncclCommSplit@0=slow:400");
    const nccl::Options options = patient(way);
    CHECK(ending_of<Error>(one_group(), options).text == "no error");
  }
}

TEST_CASE("fault: ranks that share a GPU are both named, unless that is allowed") {
  if (world_size() < 2) return;
  const Steer devices("RANKMESH_DOUBLE_DEVICES", "1");
  const auto before = nccl_double::counters();
  for (const Way& way : ways) {
    CAPTURE(way.name());
    const std::string text = common_error<BringUpError>(one_group(), patient(way));
    CHECK_THAT(text, ContainsSubstring("step device failed on " + std::to_string(world_size()) + " ranks"));
    CHECK_THAT(text, ContainsSubstring("rank 0: shares GPU-"));
    CHECK_THAT(text,
               ContainsSubstring("with rank 1: give each rank a GPU of its own, or allow shared devices"));
    CHECK_THAT(text, ContainsSubstring("\n  " + rank_text(world_size() - 1) + ": shares GPU-"));
  }
  CHECK(nccl_double::counters().ids_made == before.ids_made);  // no unused ID is made
  const Steer several("NCCL_MULTI_RANK_GPU_ENABLE", "1");
  nccl::Options options = rankmesh::tests::patient();
  options.allow_shared_device = true;
  CHECK(ending_of<Error>(one_group(), options).text == "no error");
}

TEST_CASE("fault: a device that is not there") {
  nccl::Options options = rankmesh::tests::patient();
  options.device = 7;
  const std::string text = common_error<BringUpError>(one_group(), options);
  CHECK_THAT(text, ContainsSubstring("rank 0: device 7 does not exist: this process sees "));
}

TEST_CASE("fault: a stream that cannot be made on one rank") {
  if (world_size() < 2) return;
  const Faults faults("cudaStreamCreateWithPriority@1=error:2");
  nccl::Options options = rankmesh::tests::patient();
  options.kinds[K::data].stream = nccl::Stream::high_priority;
  const std::string text = common_error<BringUpError>(one_group(), options);
  CHECK_THAT(text, ContainsSubstring("\n  rank 1: cudaStreamCreateWithPriority failed"));
}

TEST_CASE("fault: an exception between two steps on one rank") {
  if (world_size() < 2) return;
  struct Interrupted : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  for (const Way& way : ways) {
    for (const int bad : {0, world_size() - 1}) {
      for (const std::string part : {"agreement", "device", "data"}) {
        CAPTURE(way.name(), bad, part);
        nccl::Options options = patient(way);
        // The rank that leaves waits so long for the verdict of the others.
        options.bring_up.timeouts.grace = 500ms;
        options.bring_up.on_progress = [&](const Progress& progress) {
          if (world_rank() == bad && progress.part == part) throw Interrupted("no more disk space");
        };
        std::string text = "no error";
        try {
          const Communicators groups(MPI_COMM_WORLD, one_group(), options);
        } catch (const BringUpError& error) {
          text = error.what();
        } catch (const Interrupted& error) {
          text = error.what();
        }
        if (world_rank() == bad) {
          CHECK(text == "no more disk space");
        } else {
          CHECK_THAT(text, ContainsSubstring("\n  " + rank_text(bad) + ": no more disk space"));
        }
        CHECK(nccl_double::counters().live_communicators == 0);
        MPI_Barrier(MPI_COMM_WORLD);
      }
    }
  }
}

TEST_CASE("fault: ranks that disagree, in each field") {
  if (world_size() < 2) return;
  using Change = std::function<void(ParallelConfig&, nccl::Options&)>;
  const std::vector<std::pair<std::string, Change>> changes = {
      {"tensor", [](ParallelConfig& c, nccl::Options&) { c.tensor = 7; }},
      {"fp8", [](ParallelConfig& c, nccl::Options&) { c.fp8 = true; }},
      {"sharing_key.data",
       [](ParallelConfig&, nccl::Options& o) { o.bring_up.plan.sharing_keys[K::data] = "x"; }},
      {"options.data",
       [](ParallelConfig&, nccl::Options& o) { o.kinds[K::data].communicator.max_ctas = 16; }},
      {"stream.data", [](ParallelConfig&, nccl::Options& o) { o.kinds[K::data].stream = Stream::normal; }},
      // This layout has no amax groups.
      {"options.amax", [](ParallelConfig&, nccl::Options& o) { o.kinds[K::amax] = {}; }},
      {"nccl_strategy", [](ParallelConfig&, nccl::Options& o) { o.strategy = Strategy::mpi_split; }},
      {"nccl_blocking", [](ParallelConfig&, nccl::Options& o) { o.blocking = true; }},
      {"ranks_per_identifier", [](ParallelConfig&, nccl::Options& o) { o.ranks_per_identifier = 64; }},
      {"share_split_resources", [](ParallelConfig&, nccl::Options& o) { o.share_split_resources = true; }},
      {"host_communicators", [](ParallelConfig&, nccl::Options& o) { o.host_communicators = true; }},
      {"allow_shared_device", [](ParallelConfig&, nccl::Options& o) { o.allow_shared_device = true; }},
  };
  const int odd_one = world_size() - 1;
  for (const auto& [field, change] : changes) {
    CAPTURE(field);
    ParallelConfig config = one_group();
    nccl::Options options = rankmesh::tests::patient();
    if (world_rank() == odd_one) change(config, options);
    const std::string text = common_error<DisagreementError>(config, options);
    CHECK_THAT(text, ContainsSubstring("the ranks do not agree on 1 field:\n  " + field + " = "));
    CHECK_THAT(text, ContainsSubstring(" on " + rank_text(odd_one)));
  }
}

TEST_CASE("fault: ranks that ask for streams of different priorities") {
  if (world_size() < 2) return;
  nccl::Options options = rankmesh::tests::patient();
  options.kinds[K::data].stream = world_rank() == 0 ? Stream::high_priority : Stream::normal;
  const std::string text = common_error<DisagreementError>(one_group(), options);
  CHECK_THAT(text, ContainsSubstring("\n  stream.data = high_priority on rank 0, normal on rank"));
}

TEST_CASE("fault: memory that runs out on one rank after the agreement, before the first step") {
  if (world_size() < 2) return;
  for (const int bad : {0, world_size() - 1}) {
    CAPTURE(bad);
    nccl::Options options = rankmesh::tests::patient();
    options.bring_up.on_progress = [&](const Progress& progress) {
      if (world_rank() == bad && progress.part == "agreement") fail_allocation(1);
    };
    std::string text = "no error";
    try {
      const Communicators groups(MPI_COMM_WORLD, one_group(), options);
    } catch (const BringUpError& error) {
      text = error.what();
    } catch (const std::bad_alloc&) {
      text = "no memory";
    }
    if (world_rank() == bad) {
      CHECK(fail_allocation(0) == 0);
      CHECK(text == "no memory");
    } else {
      CHECK_THAT(text, ContainsSubstring("failed on 1 rank, so it is given up on all:\n  " + rank_text(bad) +
                                         ": std::bad_alloc"));
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST_CASE("fault: MPI cannot split off the ranks of a host") {
  // On all ranks: if it fails on one alone, the others wait for that one in their next call.
  fail_mpi("MPI_Comm_split", 1);
  const std::string text = common_error<BringUpError>(one_group(), rankmesh::tests::patient());
  CHECK(mpi_has_failed());
  CHECK_THAT(text, ContainsSubstring("step device failed on " + std::to_string(world_size()) + " rank"));
  CHECK_THAT(text, ContainsSubstring("\n  rank 0: MPI_Comm_split failed"));
}

TEST_CASE("fault: a call of MPI that fails on one rank, on communicators whose handler ends the job") {
  if (world_size() < 2) return;
  struct Fault {
    std::string call;
    std::string where;
    Strategy strategy;
  };
  const std::vector<Fault> all = {{"MPI_Allgather", "device", Strategy::unique_id},
                                  {"MPI_Comm_dup", "host communicators", Strategy::mpi_split},
                                  {"MPI_Comm_group", "device", Strategy::mpi_split},
                                  {"MPI_Bcast", "", Strategy::mpi_split},
                                  {"MPI_Bcast", "", Strategy::nccl_split}};
  for (const Fault& fault : all) {
    for (const int bad : {0, world_size() - 1}) {
      CAPTURE(fault.call, nccl::to_string(fault.strategy), bad);
      nccl::Options options = rankmesh::tests::patient();
      options.bring_up.timeouts.grace = 5s;
      options.strategy = fault.strategy;
      // Each rank makes an ID after it has received those of the ranks before it.
      options.ranks_per_identifier = 1;
      if (world_rank() == bad) fail_mpi(fault.call, 1);
      const Ending ending = ending_of<BringUpError>(one_group(), options);
      CHECK(mpi_has_failed());
      fail_mpi("", 0);
      CHECK(ending.is_expected);
      CHECK(same_everywhere(ending.text));
      CHECK_THAT(ending.text, ContainsSubstring("step " + fault.where));
      CHECK_THAT(ending.text, ContainsSubstring("failed on 1 rank, so it is given up on all:\n  " +
                                                rank_text(bad) + ": " + fault.call + " failed"));
      nccl_double::rankmesh_nccl_double_discard_ids();
    }
  }
}

TEST_CASE("fault: ranks with different versions of NCCL") {
  if (world_size() < 2) return;
  const Steer version("RANKMESH_DOUBLE_NCCL_VERSION_1", "21805");
  const std::string text = common_error<DisagreementError>(one_group(), rankmesh::tests::patient());
  CHECK_THAT(text, ContainsSubstring("nccl_version = "));
  CHECK_THAT(text, ContainsSubstring("2.18.5 on rank 1"));
}

TEST_CASE("after an error the job can bring up again") {
  if (world_size() < 2) return;
  {
    const Faults faults("init@1=error:3");
    static_cast<void>(common_error<BringUpError>(one_group(), rankmesh::tests::patient()));
  }
  Communicators groups(MPI_COMM_WORLD, one_group());
  CHECK(gathered(groups.at(K::data).native(), world_size()).size() == static_cast<std::size_t>(world_size()));
  groups.close();
}

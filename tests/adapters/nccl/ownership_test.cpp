// Ownership and destruction of communicators: see rankmesh/nccl/communicators.hpp.
#include <stdexcept>

#include "rankmesh/nccl/error.hpp"
#include "support.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicators;
using K = GroupKind;

TEST_CASE("an exception between bring-up and close aborts and waits for nobody") {
  for (const Way& way : ways) {
    CAPTURE(way.name());
    nccl::Options options;
    way.apply(options);
    const auto before = nccl_double::counters();
    try {
      const Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
      throw std::runtime_error("unwind");
    } catch (const std::runtime_error&) {
    }
    const auto after = nccl_double::counters();
    // With nccl_split, a kind whose only group is the world uses the communicator over the world.
    const int made = world_size() > 1 || way.strategy == nccl::Strategy::nccl_split ? 1 : 0;
    CHECK(after.live_communicators == 0);
    CHECK(after.abort_calls - before.abort_calls == made);
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

TEST_CASE("without close, the destructor destroys what is at rest") {
  const auto before = nccl_double::counters();
  { const Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}); }
  const auto after = nccl_double::counters();
  CHECK(after.live_communicators == 0);
  CHECK(after.abort_calls == before.abort_calls);
  CHECK(after.destroy_calls - before.destroy_calls == (world_size() > 1 ? 1 : 0));
}

TEST_CASE("moving hands everything over; what is assigned to ends first") {
  Communicators first(MPI_COMM_WORLD, {.world_size = world_size()});
  Communicators second(MPI_COMM_WORLD, {.world_size = world_size()});
  second = std::move(first);
  CHECK(nccl_double::counters().live_communicators == (world_size() > 1 ? 1 : 0));
  Communicators third(std::move(second));
  CHECK(third.rank() == world_rank());
  third.close();
  CHECK(nccl_double::counters().live_communicators == 0);
}

TEST_CASE("a released communicator is the caller's, and so are its name and the other kinds' share of it") {
  ncclComm_t native = nullptr;
  {
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()});
    if (world_size() > 1) {
      nccl::Communicator own = groups.release(K::data);
      CHECK_THROWS_AS(groups.at(K::data), StateError);
      CHECK_THROWS_WITH(groups.at(K::sequence_data), ContainsSubstring("was released"));
      CHECK_THROWS_AS(groups.release(K::data), StateError);
      native = own.release();
    } else {
      CHECK_THROWS_AS(groups.release(K::data), StateError);
    }
    CHECK_THROWS_AS(groups.release(K::amax), RangeError);
    groups.close();
  }
  if (native == nullptr) return;
  CHECK(nccl_double::counters().live_communicators == 1);
#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 27, 0)
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  CHECK(nccl_double::rankmesh_nccl_double_config(native, &config) != 0);
  CHECK(std::string(config.commName) == "data/0");
#endif
  CHECK(gathered(native, world_size()).size() == static_cast<std::size_t>(world_size()));
  CHECK(ncclCommDestroy(native) == ncclSuccess);
  CHECK(nccl_double::counters().live_communicators == 0);
}

TEST_CASE("communicators made elsewhere are taken over, if they are right") {
  if (world_size() < 2) return;
  const ParallelConfig config{.world_size = world_size()};
  Communicators source(MPI_COMM_WORLD, config);
  const CommunicatorPlan plan = source.plan();
  ncclComm_t native = source.release(K::data).release();
  source.close();

  Communicators adopted =
      Communicators::from_native_handles(plan, world_rank(), {{K::sequence_data, native}});
  CHECK(adopted.at(K::data).native() == native);
  CHECK(adopted.at(K::sequence_data).position == world_rank());
  CHECK(adopted.rank() == world_rank());
  adopted.close();
  CHECK(nccl_double::counters().live_communicators == 0);
}

TEST_CASE("communicators that do not fit the plan are refused, all of them at once, and stay the caller's") {
  if (world_size() < 2) return;
  const int size = world_size();
  Communicators source(MPI_COMM_WORLD, {.world_size = size});
  ncclComm_t native = source.at(K::data).native();
  const CommunicatorPlan plan = source.plan();

  CHECK_THROWS_WITH(Communicators::from_native_handles(plan, world_rank(), {}),
                    ContainsSubstring("data: no communicator is given"));
  CHECK_THROWS_WITH(Communicators::from_native_handles(plan, world_rank(), {{K::data, nullptr}}),
                    ContainsSubstring("data: is no communicator that works"));
  const auto too_many = [&] {
    return Communicators::from_native_handles(
        plan, (world_rank() + 1) % size,
        {{K::data, native}, {K::sequence_data, native}, {K::tensor, native}});
  };
  CHECK_THROWS_WITH(too_many(), ContainsSubstring("tensor: this rank needs no communicator") &&
                                    ContainsSubstring("sequence_data: shares its communicator with data") &&
                                    ContainsSubstring("data: has " + std::to_string(size) +
                                                      " members and this "
                                                      "rank at position " +
                                                      std::to_string(world_rank())));
  CHECK(nccl_double::counters().live_communicators == 1);
  source.close();
}

TEST_CASE("close gives up on members that do not come, and aborts") {
  if (world_size() < 2) return;
  const Faults faults("ncclCommFinalize@0=hang");
  bool has_failed = false;
  {
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()});
    try {
      groups.close(500ms);
    } catch (const nccl::NcclError& error) {
      has_failed = true;
      CHECK_THAT(error.what(), ContainsSubstring("still in progress when the deadline had passed"));
    }
  }
  // The other ranks may succeed after rank 0 has aborted.
  if (world_rank() == 0) CHECK(has_failed);
  CHECK(nccl_double::counters().live_communicators == 0);
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("closing with the longest deadline waits as long as it takes") {
  if (world_size() < 2) return;
  const Faults faults("ncclCommFinalize@0=slow:300");
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()});
  CHECK_NOTHROW(groups.close(std::chrono::nanoseconds::max()));
  CHECK(nccl_double::counters().live_communicators == 0);
  MPI_Barrier(MPI_COMM_WORLD);
}

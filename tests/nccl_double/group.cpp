#include "group.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "communicator.hpp"
#include "counters.hpp"
#include "faults.hpp"

namespace rankmesh::nccl_double {

namespace {

/// The current group of a thread.
struct Group {
  int depth = 0;
  ncclResult_t error = ncclSuccess;
  std::vector<Work> works;
};

thread_local Group group;

/// The work on one communicator, in the order of the calls.
using Lane = std::vector<Work>;

std::vector<Lane> lanes_of(std::vector<Work> works) {
  std::vector<Lane> lanes;
  for (Work& work : works) {
    const auto found = std::find_if(lanes.begin(), lanes.end(), [&](const Lane& lane) {
      return lane.front().communicator == work.communicator;
    });
    if (found == lanes.end()) {
      lanes.emplace_back().push_back(std::move(work));
    } else {
      found->push_back(std::move(work));
    }
  }
  return lanes;
}

/// Counts the work of a lane as work in progress, before a thread is there to run it.
void enter(const Lane& lane) {
  if (!lane.back().ends_communicator) ++lane.front().communicator->inside;
}

/// Runs a lane up to its first error.
ncclResult_t run(Lane& lane) {
  ncclComm_t const communicator = lane.front().communicator;
  const bool ends = lane.back().ends_communicator;
  ncclResult_t result = ncclSuccess;
  for (Work& work : lane) {
    if (result == ncclSuccess) result = work.run();
  }
  if (ends) return result;
  lane.clear();  // releases, for example, the stream before the communicator becomes ready
  communicator->state = result;
  --communicator->inside;
  return result;
}

ncclResult_t run_blocking(std::vector<Lane>& lanes) {
  std::vector<ncclResult_t> results(lanes.size(), ncclSuccess);
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    threads.push_back(counted_thread([&, i] { results[i] = run(lanes[i]); }));
  }
  if (!lanes.empty()) results[0] = run(lanes[0]);
  for (std::thread& thread : threads) thread.join();
  const auto failed =
      std::find_if(results.begin(), results.end(), [](ncclResult_t r) { return r != ncclSuccess; });
  return failed == results.end() ? ncclSuccess : *failed;
}

bool is_blocking(const Lane& lane) {
  return lane.back().ends_communicator || lane.front().communicator->blocking;
}

ncclResult_t start(std::vector<Work> works) {
  std::vector<Lane> lanes = lanes_of(std::move(works));
  const auto first_background = std::stable_partition(lanes.begin(), lanes.end(), is_blocking);
  std::vector<Lane> background(std::make_move_iterator(first_background),
                               std::make_move_iterator(lanes.end()));
  lanes.erase(first_background, lanes.end());
  for (const Lane& lane : lanes) enter(lane);
  for (const Lane& lane : background) {
    enter(lane);
    lane.front().communicator->state = ncclInProgress;
  }
  for (Lane& lane : background) {
    ncclComm_t const communicator = lane.front().communicator;
    if (communicator->worker.joinable()) communicator->worker.join();
    communicator->worker = counted_thread([lane = std::move(lane)]() mutable { std::ignore = run(lane); });
  }
  const ncclResult_t result = run_blocking(lanes);
  return result == ncclSuccess && !background.empty() ? ncclInProgress : result;
}

}  // namespace

ncclResult_t noted(ncclResult_t result) {
  if (group.depth > 0 && result != ncclSuccess && result != ncclInProgress && group.error == ncclSuccess) {
    group.error = result;
  }
  return result;
}

ncclResult_t launch(Work work) {
  if (group.depth == 0) {
    std::vector<Work> alone;
    alone.push_back(std::move(work));
    return start(std::move(alone));
  }
  const bool mixed = std::any_of(group.works.begin(), group.works.end(), [&](const Work& other) {
    return !work.ends_communicator && !other.ends_communicator &&
           other.communicator->blocking != work.communicator->blocking;
  });
  group.works.push_back(std::move(work));
  return mixed ? noted(fail(ncclInvalidArgument, "blocking and non-blocking communicators in one group"))
               : ncclSuccess;
}

}  // namespace rankmesh::nccl_double

using namespace rankmesh::nccl_double;

extern "C" ncclResult_t ncclGroupStart() {
  if (const int code = undergo_fault_of("ncclGroupStart"); code != 0) return static_cast<ncclResult_t>(code);
  ++group.depth;
  return ncclSuccess;
}

extern "C" ncclResult_t ncclGroupEnd() {
  if (group.depth == 0) return fail(ncclInvalidUsage, "ncclGroupEnd outside a group");
  if (const int code = undergo_fault_of("ncclGroupEnd"); code != 0) noted(static_cast<ncclResult_t>(code));
  if (--group.depth > 0) return ncclSuccess;
  const ncclResult_t error = std::exchange(group.error, ncclSuccess);
  std::vector<Work> works = std::exchange(group.works, {});
  if (error == ncclSuccess) return start(std::move(works));
  for (const Work& work : works) work.drop();
  return error;
}

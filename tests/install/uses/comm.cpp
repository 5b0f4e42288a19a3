#include <cstdio>
#include <rankmesh/comm.hpp>

int main() {
  const rankmesh::CommunicatorPlan plan(rankmesh::Topology({.world_size = 16, .tensor = 2, .pipeline = 4}));
  std::printf("rank 5 gets %d communicators\n", plan.communicator_count(5));
  try {
    (void)plan.communicator_count(16);
  } catch (const rankmesh::RangeError&) {  // thrown in the library, caught here
    std::printf("there is no rank 16\n");
  }
}

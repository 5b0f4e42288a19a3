#include <cstdio>
#include <rankmesh/nccl.hpp>
#include <rankmesh/pmix.hpp>

int main() try {
  rankmesh::pmix::Job job;
  rankmesh::nccl::Communicators groups(job, {.world_size = job.size(), .tensor = 2});
  const auto tensor = groups.at(rankmesh::GroupKind::tensor);
  if (job.rank() == 0) std::printf("tensor group of %d ranks, in a job of %d\n", tensor.size, job.size());
  groups.close();
} catch (const rankmesh::Error& error) {
  // The same on every rank.
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

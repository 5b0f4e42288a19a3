#include <cstdio>
#include <rankmesh/pmix.hpp>

int main() {
  try {
    const rankmesh::pmix::Job job;
    std::printf("rank %d of %d\n", job.rank(), job.size());
  } catch (const rankmesh::pmix::PmixError& error) {
    std::printf("%s failed\n", error.details().call.c_str());
  }
}

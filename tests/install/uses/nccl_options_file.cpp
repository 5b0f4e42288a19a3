#include <cstdio>
#include <rankmesh/nccl/options_file.hpp>

int main() {
  const auto options = rankmesh::nccl::parse_kind_options("tp: {max_ctas: 16}");
  std::printf("options for %zu kind\n", options.size());
  try {
    (void)rankmesh::nccl::parse_kind_options("tp: {no_such_option: 1}");
  } catch (const rankmesh::Error&) {  // thrown in the library, caught here
    std::printf("there is no such option\n");
  }
}

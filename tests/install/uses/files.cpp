#include <cstdio>
#include <rankmesh/files.hpp>

int main() {
  const auto options = rankmesh::files::parse_nccl_options("tp: {max_ctas: 16}");
  std::printf("options for %zu kind\n", options.size());
  try {
    (void)rankmesh::files::parse_nccl_options("tp: {no_such_option: 1}");
  } catch (const rankmesh::Error&) {  // thrown in the library, caught here
    std::printf("there is no such option\n");
  }
}

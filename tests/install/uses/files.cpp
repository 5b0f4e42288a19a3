#include <cstdio>
#include <rankmesh/files.hpp>

// Also without a reader of TOML it can be linked; then it says so of every file.
int main() {
  namespace files = rankmesh::files;
  const auto reading = files::check_layout(files::parse_layout("world_size = 8\ntensor = 2\n"));
  const bool as_it_should_be = files::can_read_layouts()
                                   ? reading.diagnostics.empty() && reading.config.tensor == 2
                                   : reading.diagnostics.size() == 1;
  std::printf("%s\n", as_it_should_be ? "read" : reading.diagnostics.front().message().c_str());
}

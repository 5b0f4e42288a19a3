#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "rankmesh/cli/run.hpp"

namespace {

/// The columns of the terminal that is the standard output; 0 if it is none.
std::size_t columns_of_terminal() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rankmesh::cli;
  // With SIGPIPE ignored, writing to a closed pipe is an error that `run` handles.
  std::signal(SIGPIPE, SIG_IGN);
  // getenv is safe since there is no other thread.
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  const char* columns = std::getenv("COLUMNS");    // NOLINT(concurrency-mt-unsafe)
  DescriptorSink out(STDOUT_FILENO);
  DescriptorSink err(STDERR_FILENO);
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  return run(args, {.out = out,
                    .err = err,
                    .colour_out = wants_colour(::isatty(STDOUT_FILENO) == 1, no_color),
                    .colour_err = wants_colour(::isatty(STDERR_FILENO) == 1, no_color),
                    .width = width_of_lines(columns_of_terminal(), columns)});
}

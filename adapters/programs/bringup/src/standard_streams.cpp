#include "standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "job_abort.hpp"
#include "rankmesh/output/sink.hpp"

namespace rankmesh::bringup {

void protect_standard_streams() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1) continue;
    // Gets the lowest free number, that of the stream, and is open in the direction that nobody uses.
    static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

ExitCode write_to_stdout(std::string_view text) {
  try {
    cli::DescriptorSink(STDOUT_FILENO).write(text);
  } catch (const cli::WriteError& error) {
    if (!error.is_closed_pipe()) {
      print_error(error.what());
      return exit_failure;
    }
  }
  return exit_success;
}

}  // namespace rankmesh::bringup

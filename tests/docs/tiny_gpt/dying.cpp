// The training job with processes that die at a chosen moment, before their n-th call of a function of MPI.
// tiny_gpt_dying EVENT,... [options of example_tiny_gpt], with the events
//   sum:PROCESS:N      dies before its n-th MPI_Iallreduce
//   barrier:PROCESS:N  dies before its n-th MPI_Ibarrier, the end of step n
//   ahead:PROCESS:N    does not wait at that barrier: as if it had just ended there, but not on the others

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "train.hpp"

namespace {

struct Event {
  std::string what;
  int process = 0;
  long call = 0;
};

std::vector<Event> events;
int own_process = 0;
long sums = 0;
long barriers = 0;

void read_events(const std::string& text) {
  std::istringstream list(text);
  for (std::string word; std::getline(list, word, ',');) {
    const auto first = word.find(':');
    const auto second = word.find(':', first + 1);
    events.push_back(
        {word.substr(0, first), std::stoi(word.substr(first + 1)), std::stol(word.substr(second + 1))});
  }
}

bool happens(const std::string& what, long call) {
  for (const Event& event : events) {
    if (event.what == what && event.process == own_process && event.call == call) return true;
  }
  return false;
}

}  // namespace

extern "C" int MPI_Iallreduce(const void* in, void* out, int count, MPI_Datatype type, MPI_Op operation,
                              MPI_Comm communicator, MPI_Request* request) {
  if (happens("sum", ++sums)) std::raise(SIGKILL);
  return PMPI_Iallreduce(in, out, count, type, operation, communicator, request);
}

extern "C" int MPI_Ibarrier(MPI_Comm communicator, MPI_Request* request) {
  ++barriers;
  if (happens("barrier", barriers)) std::raise(SIGKILL);
  const int code = PMPI_Ibarrier(communicator, request);
  // The barrier stays unfinished, since the other process never comes.
  if (happens("ahead", barriers)) *request = MPI_REQUEST_NULL;
  return code;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc < 2) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Comm_rank(MPI_COMM_WORLD, &own_process);
  read_events(argv[1]);
  const int code = tiny_gpt::run(std::vector<std::string>(argv + 2, argv + argc));
  MPI_Finalize();
  return code;
}

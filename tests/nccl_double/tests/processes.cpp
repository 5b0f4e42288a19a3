#include "processes.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <thread>

#include "support/catch.hpp"

namespace rankmesh::tests {

struct SharedPage {
  std::array<ncclUniqueId, 32> ids;
  std::array<std::atomic<bool>, 32> has_id;
  std::array<std::atomic<int>, 32> flags;
  std::array<std::array<char, 2048>, 32> failures;
};

namespace {

int entries_of(const char* directory) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++count;
  return count;
}

void nap() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

[[noreturn]] void be_child(int rank, int size, SharedPage& page, const Environment& environment,
                           const std::function<void(Process&)>& body) {
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(60);
  ::setenv("RANKMESH_DOUBLE_RANK", std::to_string(rank).c_str(), 1);
  ::setenv("RANKMESH_DOUBLE_LOCAL_RANK", std::to_string(rank).c_str(), 1);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::thread([] {
  }).join();  // a sanitizer opens descriptors for the first thread; they must exist before the count
  Process process(rank, size, page);
  body(process);
  std::_Exit(page.failures.at(static_cast<std::size_t>(rank))[0] == '\0' ? 0 : 1);
}

}  // namespace

void Process::check(bool condition, Place where) {
  if (!condition) note("check failed", where);
}

void Process::check(ncclResult_t expected, ncclResult_t result, Place where) {
  if (result == expected) return;
  note(std::string("expected ") + ncclGetErrorString(expected) + ", got " + ncclGetErrorString(result) +
           " (" + ncclGetLastError(nullptr) + ")",
       where);
}

void Process::note(const std::string& text, Place where) {
  auto& buffer = page_.failures.at(static_cast<std::size_t>(rank_));
  const std::size_t used = std::strlen(buffer.data());
  std::snprintf(buffer.data() + used, buffer.size() - used, "rank %d, %s:%d: %s\n", rank_, where.file,
                where.line, text.c_str());
}

ncclUniqueId Process::id(int slot, int maker, const std::function<ncclResult_t(ncclUniqueId*)>& make) {
  const auto index = static_cast<std::size_t>(slot);
  if (rank_ == maker) {
    check(ncclSuccess, make(&page_.ids.at(index)));
    page_.has_id.at(index) = true;
  }
  while (!page_.has_id.at(index)) nap();
  return page_.ids.at(index);
}

void Process::raise(int flag) {
  ++page_.flags.at(static_cast<std::size_t>(flag));
}

void Process::await(int flag, int count) {
  while (page_.flags.at(static_cast<std::size_t>(flag)) < count) nap();
}

Outcome run_processes(int size, const Environment& environment, const std::function<void(Process&)>& body) {
  void* const memory =
      ::mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* const page = new (memory) SharedPage{};
  std::fflush(nullptr);
  std::vector<pid_t> children;
  for (int rank = 0; rank < size; ++rank) {
    const pid_t child = ::fork();
    if (child == 0) be_child(rank, size, *page, environment, body);
    children.push_back(child);
  }
  Outcome outcome;
  for (std::size_t rank = 0; rank < children.size(); ++rank) {
    int status = 0;
    ::waitpid(children[rank], &status, 0);
    outcome.statuses.push_back(WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    outcome.failures += page->failures[rank].data();
  }
  ::munmap(memory, sizeof(SharedPage));
  return outcome;
}

void expect_well(int size, const Environment& environment, const std::function<void(Process&)>& body) {
  const Outcome outcome = run_processes(size, environment, body);
  CHECK(outcome.failures == "");
  CHECK(outcome.statuses == std::vector<int>(static_cast<std::size_t>(size), 0));
}

Held held_now() {
  return {.threads = entries_of("/proc/self/task"), .descriptors = entries_of("/proc/self/fd")};
}

bool back_to(const Held& before) {
  for (int i = 0; i < 10000; ++i) {
    if (held_now() == before) return true;
    nap();
  }
  return false;
}

ncclResult_t settle(ncclComm_t communicator, int milliseconds) {
  ncclResult_t state = ncclInProgress;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (state == ncclInProgress && std::chrono::steady_clock::now() < end) {
    if (const ncclResult_t result = ncclCommGetAsyncError(communicator, &state); result != ncclSuccess)
      return result;
    nap();
  }
  return state;
}

}  // namespace rankmesh::tests

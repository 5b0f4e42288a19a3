#pragma once

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "rankmesh/bringup/operations.hpp"

namespace rankmesh::bringup {

/// Runs work that may block for ever in a new thread and waits for it. If `while_waiting` throws, the thread
/// is detached, so the work must own all that it uses.
/// @return what the work returns
/// @throws what the work or `while_waiting` throws
template <typename Work>
auto run_in_thread(Work work, const WhileWaiting& while_waiting) {
  std::packaged_task task(std::move(work));
  auto result = task.get_future();
  std::thread thread(std::move(task));
  try {
    while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) while_waiting();
  } catch (...) {
    thread.detach();
    throw;
  }
  thread.join();
  return result.get();
}

}  // namespace rankmesh::bringup

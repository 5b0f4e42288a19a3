#pragma once

#include <pmix.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rankmesh/pmix/transport.hpp"

namespace rankmesh::pmix {

/// What PMIx answered to a get.
struct Reply {
  int from = 0;
  /// The value; nothing if there is none, yet.
  std::optional<Bytes> bytes{};
};

/// The answers to gets, from a thread of PMIx, perhaps after their reader has ended.
class Replies {
 public:
  void add(Reply reply);
  [[nodiscard]] std::vector<Reply> take();

 private:
  std::mutex mutex_{};
  std::vector<Reply> arrived_{};
};

/// The PMIx of this process: its place in the job, the values that it puts, and those of others.
///
/// A key is put once only: PMIx 4.2 does not reliably show a value that was put again.
class Client {
 public:
  /// @throws PmixError
  Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  [[nodiscard]] int rank() const noexcept { return static_cast<int>(self_.rank); }
  [[nodiscard]] int size() const noexcept { return size_; }
  [[nodiscard]] const std::vector<int>& ranks_of_node() const noexcept { return ranks_of_node_; }

  /// The number of the next session.
  [[nodiscard]] std::uint64_t next_session() noexcept { return next_session_++; }

  /// Shows all ranks a value.
  /// @throws PmixError
  void put(const std::string& key, Bytes bytes);
  /// Begins to get a value of a rank. The answer is among the replies later, or, if that rank's node is gone,
  /// never.
  /// @throws PmixError
  void ask(int rank, const std::string& key, const std::shared_ptr<Replies>& replies) const;

 private:
  struct Request;

  /// Waits until all ranks are here, or a moment after the last value was put.
  void stay() const;
  static void take_value(pmix_status_t status, pmix_value_t* value, void* request);
  [[nodiscard]] std::optional<Bytes> own_value(const std::string& key) const;

  pmix_proc_t self_{};
  int size_ = 0;
  std::vector<int> ranks_of_node_{};
  /// How many objects of this class the process has had before.
  int jobs_before_ = 0;
  std::uint64_t next_session_ = 0;
  /// Whether PMIx is finalised with this object: not if MPI has initialised it, too.
  bool ends_pmix_ = true;
  std::optional<std::chrono::steady_clock::time_point> last_put_{};
};

}  // namespace rankmesh::pmix

#pragma once

#include <pmix.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "box.hpp"

namespace rankmesh::pmix {

/// A rank's box as PMIx has delivered it.
struct Reply {
  int from = 0;
  /// Nothing if there is none, yet.
  std::optional<Bytes> bytes{};
};

/// The PMIx of this process: its place in the job, its box, and the boxes of others.
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

  /// Begins the next session. Returns its number.
  [[nodiscard]] std::uint64_t open();
  void close(std::uint64_t session);
  /// Puts a message into the box, for `publish`.
  void add(std::uint64_t session, int to, int channel, std::span<const std::byte> bytes);
  /// Shows the others what was added.
  /// @throws PmixError
  void publish();

  /// Begins to get the box of a rank. The answer is among the replies later.
  /// @throws PmixError
  void ask(int rank);
  [[nodiscard]] std::vector<Reply> take_replies();

 private:
  /// What PMIx writes to from a thread of its own, perhaps after this object has ended.
  struct Replies {
    std::mutex mutex{};
    std::vector<Reply> arrived{};
  };
  struct Request;

  static void take_value(pmix_status_t status, pmix_value_t* value, void* request);
  [[nodiscard]] std::optional<Box> own_box_of_before();

  pmix_proc_t self_{};
  int size_ = 0;
  std::vector<int> ranks_of_node_{};
  std::shared_ptr<Replies> replies_ = std::make_shared<Replies>();
  /// Of the box.
  std::mutex mutex_{};
  Box box_{};
  std::uint64_t next_ = 0;
  bool is_published_ = true;
};

}  // namespace rankmesh::pmix

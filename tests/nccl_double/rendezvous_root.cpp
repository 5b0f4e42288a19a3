// The thread that listens for the ranks of a unique ID.
#include "rendezvous_root.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "counters.hpp"

namespace rankmesh::nccl_double {

namespace {

/// The open listeners of this process, so that they can be shut down.
struct OpenListeners {
  std::mutex mutex;
  std::set<int> descriptors;
};

OpenListeners& open_listeners() {
  static OpenListeners* const instance = new OpenListeners;  // outlives the threads at the end of the process
  return *instance;
}

/// Accepts the ranks of one unique ID and connects them to one communicator.
class Root {
 public:
  explicit Root(Descriptor listener) : listener_(std::move(listener)) {}
  ~Root() {
    const std::scoped_lock lock(open_listeners().mutex);
    open_listeners().descriptors.erase(listener_.get());
    listener_.reset();
  }

  /// Runs until the group is complete or cannot be completed, or until the listener is shut down.
  void serve() {
    while (!finished_) {
      std::vector<pollfd> polled{{listener_.get(), POLLIN, 0}};
      for (const Descriptor& connection : connections_) {
        if (connection) polled.push_back({connection.get(), POLLIN, 0});
      }
      if (::poll(polled.data(), polled.size(), -1) < 0) continue;
      if ((polled[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return;
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents != 0) drop(polled[i].fd);
      }
      if ((polled[0].revents & POLLIN) != 0) accept_one();
    }
  }

 private:
  struct Block {
    bool here = false;
  };

  void accept_one() {
    Descriptor connection = accept_from(listener_);
    Hello hello{};
    // A rank sends its hello immediately after connecting.
    if (!connection || receive_value(connection.get(), hello, -1) != ncclSuccess) return;
    if (hello.magic != protocol_magic) return;
    if (connections_.empty()) adopt(hello);
    if (hello.size != first_.size || hello.ids != first_.ids || hello.first_token != first_.first_token) {
      return give_up(std::move(connection));
    }
    if (hello.kind == HelloKind::block) {
      receive_block(connection, hello);
    } else {
      receive_rank(std::move(connection), hello);
    }
    if (!finished_ && own_missing_ == 0 && blocks_missing_ == 0) complete();
  }

  /// The first hello determines the expected size, whichever rank sends it.
  void adopt(const Hello& hello) {
    first_ = hello;
    const Dealing dealing{.size = hello.size, .ids = hello.ids};
    // Only the thread of the first ID receives blocks from the others.
    own_index_ = hello.kind == HelloKind::block ? 0 : hello.id_index;
    own_missing_ = ranks_of_id(dealing, own_index_);
    blocks_missing_ = own_index_ == 0 ? hello.ids - 1 : 0;
    connections_.resize(static_cast<std::size_t>(hello.size));
    arrived_.resize(static_cast<std::size_t>(hello.size));
  }

  void receive_rank(Descriptor connection, const Hello& hello) {
    const auto rank = static_cast<std::size_t>(hello.rank);
    if (arrived_[rank] || hello.id_index != own_index_) return give_up(std::move(connection));
    arrived_[rank] = true;
    connections_[rank] = std::move(connection);
    --own_missing_;
  }

  void receive_block(const Descriptor& connection, const Hello& hello) {
    const int count = ranks_of_id({.size = hello.size, .ids = hello.ids}, hello.id_index);
    for (int i = 0; i < count; ++i) {
      Passed passed{};
      Descriptor member;
      if (receive_with_descriptor(connection.get(), std::as_writable_bytes(std::span(&passed, 1)), member,
                                  -1) != ncclSuccess) {
        return give_up({});
      }
      connections_.at(static_cast<std::size_t>(passed.rank)) = std::move(member);
    }
    --blocks_missing_;
  }

  /// A rank that dies or aborts after its arrival still counts: the others find out in their next exchange
  /// with it.
  void drop(int fd) {
    for (Descriptor& connection : connections_) {
      if (connection.get() == fd) connection.reset();
    }
  }

  void give_up(Descriptor last) {
    connections_.push_back(std::move(last));
    for (const Descriptor& connection : connections_) {
      if (connection) std::ignore = send_value(connection.get(), Verdict::given_up, -1);
    }
    finished_ = true;
  }

  void complete() {
    finished_ = true;
    if (own_index_ != 0) return pass_on();
    for (const Descriptor& connection : connections_) {
      if (connection) std::ignore = send_value(connection.get(), Verdict::complete, -1);
    }
    if (connections_[0]) pass(connections_[0], 1, first_.size);
  }

  /// Sends the connections of this block to the thread of the first ID.
  void pass_on() {
    const Descriptor first = connect_to(first_.first_token);
    Hello hello = first_;
    hello.kind = HelloKind::block;
    hello.id_index = own_index_;
    if (!first || send_value(first.get(), hello, -1) != ncclSuccess) return give_up({});
    int begin = 0;
    const Dealing dealing{.size = first_.size, .ids = first_.ids};
    while (id_of_rank(dealing, begin) != own_index_) ++begin;
    pass(first, begin, begin + ranks_of_id(dealing, own_index_));
  }

  void pass(const Descriptor& to, int begin, int end) {
    for (int rank = begin; rank < end; ++rank) {
      const Passed passed{rank};
      std::ignore = send_with_descriptor(to.get(), std::as_bytes(std::span(&passed, 1)),
                                         connections_[static_cast<std::size_t>(rank)].get(), -1);
    }
  }

  Descriptor listener_;
  Hello first_{};
  int own_index_ = 0;
  int own_missing_ = 0;
  int blocks_missing_ = 0;
  std::vector<Descriptor> connections_;
  std::vector<bool> arrived_;
  bool finished_ = false;
};

}  // namespace

ncclResult_t make_unique_id(ncclUniqueId& id) {
  const std::uint64_t token = random_token();
  Descriptor listener = listen_at(token);
  if (!listener) return ncclSystemError;
  {
    const std::scoped_lock lock(open_listeners().mutex);
    open_listeners().descriptors.insert(listener.get());
  }
  id = unique_id_of(token);
  ++atomic_counters().ids_made;
  ++atomic_counters().unconsumed_ids;
  counted_thread([root = std::make_unique<Root>(std::move(listener))]() mutable {
    root->serve();
    root.reset();
    --atomic_counters().unconsumed_ids;
  }).detach();
  return ncclSuccess;
}

extern "C" void rankmesh_nccl_double_discard_ids() {
  while (atomic_counters().unconsumed_ids > 0) {
    {
      const std::scoped_lock lock(open_listeners().mutex);
      for (const int listener : open_listeners().descriptors) ::shutdown(listener, SHUT_RDWR);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace rankmesh::nccl_double

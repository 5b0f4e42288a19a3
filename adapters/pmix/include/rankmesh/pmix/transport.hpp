#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rankmesh/comm/transport.hpp"
#include "rankmesh/pmix/export.hpp"

namespace RANKMESH_PMIX_API rankmesh {
namespace pmix {

class Job;
class [[gnu::visibility("hidden")]] Client;
class [[gnu::visibility("hidden")]] Replies;
struct [[gnu::visibility("hidden")]] Letter;

/// A transport over PMIx, without a server of its own. What a rank sends, it puts and commits under keys of
/// its own, `rankmesh.<session>.<number>`; the other ranks get one after another and take what is for them.
/// Gets are non-blocking and have a time limit, so a dead process, or a dead node, delays nobody.
///
/// A rank looks for messages of ranks that it has exchanged messages with every few milliseconds, of all
/// others one after another, four times a second each.
///
/// Each transport is a session; sessions are numbered in the order of construction, which must be the same on
/// every rank. PMIx keeps what was put as long as its process lives. So a rank that is late for a session
/// still finds its verdict, and a rank that has skipped a session gets the verdict of that one first. A
/// commit takes longer the more a process has put: from 0.3 ms for the first messages to 10 ms after 300.
class PmixTransport final : public Transport {
 public:
  /// @param job must outlive this
  explicit PmixTransport(Job& job);
  PmixTransport(const PmixTransport&) = delete;
  PmixTransport& operator=(const PmixTransport&) = delete;
  /// Puts what was not put yet.
  ~PmixTransport() override;

  /// The number of the session.
  [[nodiscard]] std::uint64_t session_ordinal() const noexcept { return session_; }

  [[nodiscard]] int rank() const noexcept override;
  [[nodiscard]] int size() const noexcept override;
  void send(int to, Channel channel, std::span<const std::byte> bytes) override;
  /// @throws PmixError
  [[nodiscard]] bool sends_done(Channel channel) override;
  /// @throws PmixError
  /// @throws ProtocolError if another program uses the key
  [[nodiscard]] std::optional<Message> receive(Channel channel) override;
  [[nodiscard]] Duration now() override;
  void idle() override;

 private:
  /// What this rank has of another.
  struct Peer {
    /// How many of its values were read.
    std::uint64_t read = 0;
    /// Whether it is looked at often.
    bool is_near = false;
    /// When a get was begun that has not been answered.
    std::optional<Duration> asked{};
    /// When to look next, if it is near, and the pause after that.
    Duration due{0};
    Duration pause{0};
  };

  [[nodiscard]] Peer& at(int rank) { return peers_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] std::string key(std::uint64_t number) const;
  /// Puts the messages that were not put yet, together.
  void publish();
  void make_near(int rank);
  void take_replies();
  void look();
  void ask(int rank);

  std::shared_ptr<Client> client_;
  std::uint64_t session_;
  std::vector<Letter> unsent_;
  std::uint64_t published_ = 0;
  std::shared_ptr<Replies> replies_;
  std::vector<Peer> peers_;
  std::vector<int> near_{};
  /// The next of all ranks to look at, when, and the pause after that.
  int cursor_ = 0;
  Duration due_{0};
  Duration pause_{0};
  std::map<Channel, std::deque<Message>> arrived_{};
  int idle_polls_ = 0;
};

}  // namespace pmix
}  // namespace rankmesh

#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rankmesh/comm/bring_up_options.hpp"
#include "rankmesh/comm/transport.hpp"
#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

class [[gnu::visibility("hidden")]] Sessions;
struct [[gnu::visibility("hidden")]] Envelope;
struct [[gnu::visibility("hidden")]] Session;

/// A transport over an intra-communicator: point-to-point messages, without a duplicate or a collective call.
///
/// Each transport on a communicator is a session. All sessions use the same tags, and every message carries
/// the number of its session, so that a late message of one bring-up is never received by the next. Sessions
/// are numbered in the order of construction: every rank of the communicator must construct its transports in
/// the same order. Messages of sessions that have ended are received and dropped by later transports.
///
/// A transport may be among some ranks of the communicator. The sessions of each such group of ranks are
/// numbered by themselves: only members of the group construct them, and transports of different groups may
/// be constructed in any order.
///
/// A rank that skipped a session is one number behind. After a session that ended with `mark_failed`, the
/// next one therefore asks the ranks that it exchanges messages with for their number, and takes over a
/// higher one. Its first messages wait for the first answer, at most a quarter of a second.
///
/// MPI may give a new communicator the internal identifier of a freed one, and deliver there what a late rank
/// has sent on the freed one. So a transport leaves a persistent receive on the communicator, which keeps its
/// identifier in use when it is freed: until MPI_Finalize if a session has failed, else until sessions have
/// ended on eight more communicators. Free the communicator with MPI_Comm_free: with MPICH,
/// MPI_Comm_disconnect waits for ever while the receive exists.
class MpiTransport final : public Transport {
 public:
  /// All transports use the tags `first_tag` to `first_tag + tag_count - 1`. With the default `first_tag`
  /// they are below 32767, the largest tag that MPI guarantees.
  static constexpr int tag_count = 8;
  /// The first tag, unless the caller chooses another.
  static constexpr int default_first_tag = rankmesh::default_first_tag;
  /// The bytes that MPI transfers for each message besides its contents.
  static constexpr std::size_t envelope_size = 24;

  /// @param communicator must outlive this; its error handler must be MPI_ERRORS_RETURN during that time
  /// @throws MpiError
  /// @throws ProtocolError if a message of other code has arrived and the session before has failed
  explicit MpiTransport(MPI_Comm communicator, int first_tag = default_first_tag);
  /// A transport among some ranks of the communicator. Its ranks are the positions in the list; errors name
  /// the ranks of the communicator.
  /// @param members ranks of the communicator, each once, this one among them. Ranks with another list, or
  ///        with the same in another order, do not hear of each other
  MpiTransport(MPI_Comm communicator, std::vector<int> members, int first_tag = default_first_tag);
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;
  /// Drops the messages of this session that are not yet sent, and those that have arrived.
  ~MpiTransport() override;

  /// Notes that the session has failed on this rank: other ranks may be ahead in the next one.
  void mark_failed() noexcept;

  /// The number of the session, the same on all ranks once one of its messages has been received.
  [[nodiscard]] std::uint64_t session_ordinal() const;

  [[nodiscard]] int rank() const noexcept override { return position_; }
  [[nodiscard]] int size() const noexcept override { return size_; }
  [[nodiscard]] std::span<const int> rank_names() const& noexcept override { return members_; }
  std::span<const int> rank_names() const&& = delete;
  void send(int to, Channel channel, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool sends_done(Channel channel) override;
  /// @throws MpiError
  /// @throws ProtocolError if a message of other code has arrived
  [[nodiscard]] std::optional<Message> receive(Channel channel) override;
  [[nodiscard]] Duration now() override;
  void idle() override;

 private:
  struct Sending {
    int to = 0;
    int tag = 0;
    /// The envelope and the contents.
    Bytes bytes{};
    MPI_Request request = MPI_REQUEST_NULL;
  };

  [[nodiscard]] int tag(Channel channel) const noexcept;
  /// Receives and sorts in one message with a tag. Returns whether one had arrived.
  bool sort_in_next(int tag);
  /// Receives and sorts in what has arrived with any tag.
  void drain();
  void answer_questions();
  /// Sends the messages that wait, once the number of the session is certain.
  void post_waiting();
  void post_questions();
  void post(int to, const Envelope& envelope);
  void start(Sending& sending, const Envelope& envelope);
  void close_session();
  /// Removes the messages that have been sent.
  void collect_sent();

  [[nodiscard]] static std::uint32_t group_of(const std::vector<int>& members);

  MPI_Comm communicator_;
  int first_tag_;
  /// The ranks of the communicator by position; empty for all of them.
  std::vector<int> members_;
  /// By rank of the communicator, where not all are members.
  std::map<int, int> positions_;
  int rank_ = 0;
  int position_ = 0;
  int size_ = 0;
  int idle_polls_ = 0;
  /// All sessions of the communicator, and those of the group.
  std::shared_ptr<Sessions> sessions_;
  Sessions* own_sessions_ = nullptr;
  std::shared_ptr<Session> session_;
  /// Not yet given to MPI.
  std::list<Sending> waiting_;
  /// A list, since MPI keeps the addresses of the bytes.
  std::list<Sending> sending_;
};

}  // namespace mpi
}  // namespace rankmesh

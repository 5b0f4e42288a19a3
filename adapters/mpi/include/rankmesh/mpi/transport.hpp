#pragma once

#include <mpi.h>

#include <list>

#include "rankmesh/comm/transport.hpp"
#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// The transport over an intra-communicator: point-to-point messages, no duplicate, no collective call.
///
/// Each transport on a communicator is a session with tags of its own, numbered in the order of construction,
/// so that a late message of one bring-up is never taken for one of the next. Every rank of the communicator
/// must construct the same sessions in the same order.
class MpiTransport final : public Transport {
 public:
  /// Tags a transport may use: `first_tag` to `first_tag + tag_count - 1`. All lie below the 32767 that MPI
  /// guarantees with the default `first_tag`.
  static constexpr int tag_count = 1024;
  /// The first of the 1024 tags in use.
  static constexpr int default_first_tag = 31000;

  /// @param communicator must outlive this, and return errors (MPI_ERRORS_RETURN) meanwhile
  /// @throws MpiError
  explicit MpiTransport(MPI_Comm communicator, int first_tag = default_first_tag);
  /// Another transport for the same session, on channels of its own: for another thread.
  struct SharedTags {};
  /// @param other the transport whose session it is
  MpiTransport(const MpiTransport& other, SharedTags /*tag*/);
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;
  /// Gives up on messages that have not left.
  ~MpiTransport() override;

  [[nodiscard]] int rank() const noexcept override { return rank_; }
  [[nodiscard]] int size() const noexcept override { return size_; }
  void send(int to, Channel channel, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool sends_done(Channel channel) override;
  [[nodiscard]] std::optional<Message> receive(Channel channel) override;
  [[nodiscard]] Duration now() override;
  void idle() override;

 private:
  struct Sending {
    Channel channel = Channel::agreement;
    Bytes bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  [[nodiscard]] int tag(Channel channel) const noexcept;
  /// Forgets the messages that have left.
  void collect_sent();
  void require_success(int code, const char* call) const;

  MPI_Comm communicator_;
  int first_tag_;
  int tag_block_ = 0;
  int rank_ = 0;
  int size_ = 0;
  int idle_polls_ = 0;
  /// A list, since MPI holds the addresses of the bytes.
  std::list<Sending> sending_;
};

}  // namespace mpi
}  // namespace rankmesh

#pragma once

#include <mpi.h>

#include <list>

#include "rankmesh/comm/transport.hpp"
#include "rankmesh/mpi/export.hpp"

namespace RANKMESH_MPI_API rankmesh {
namespace mpi {

/// A transport over an intra-communicator: point-to-point messages, without a duplicate or a collective call.
///
/// Each transport on a communicator has a block of tags of its own, numbered in the order of construction, so
/// that a late message of one bring-up is never received by the next. Every rank of the communicator must
/// construct its transports in the same order.
class MpiTransport final : public Transport {
 public:
  /// All transports use the tags `first_tag` to `first_tag + tag_count - 1`. With the default `first_tag`
  /// they are below 32767, the largest tag that MPI guarantees.
  static constexpr int tag_count = 1024;
  /// The first tag, unless the caller chooses another.
  static constexpr int default_first_tag = 31000;

  /// @param communicator must outlive this and return errors (MPI_ERRORS_RETURN) as long
  /// @throws MpiError
  explicit MpiTransport(MPI_Comm communicator, int first_tag = default_first_tag);
  /// Selects the constructor below.
  struct SharedTags {};
  /// A transport with the block of tags of another one, for another thread that uses other channels.
  /// @param other the transport whose tags are shared
  MpiTransport(const MpiTransport& other, SharedTags /*tag*/);
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;
  /// Abandons messages that have not been sent.
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
  /// Removes the messages that have been sent.
  void collect_sent();
  void require_success(int code, const char* call) const;

  MPI_Comm communicator_;
  int first_tag_;
  int tag_block_ = 0;
  int rank_ = 0;
  int size_ = 0;
  int idle_polls_ = 0;
  /// A list, since MPI keeps the addresses of the bytes.
  std::list<Sending> sending_;
};

}  // namespace mpi
}  // namespace rankmesh

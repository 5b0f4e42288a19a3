#include "rankmesh/mpi/transport.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <new>
#include <thread>
#include <utility>

#include "rankmesh/mpi/error.hpp"
#include "tag_block.hpp"

namespace rankmesh::mpi {
namespace {

constexpr int channel_count = 4;
/// Polls before the first sleep: usually all ranks arrive at about the same time.
constexpr int eager_polls = 512;
/// Polls between two yields of the core. If MPI knows that ranks share cores it yields at every poll itself,
/// and doing so twice would double the time that a message takes.
constexpr int polls_per_yield = 8;
constexpr auto longest_sleep = std::chrono::microseconds(500);

}  // namespace

MpiTransport::MpiTransport(MPI_Comm communicator, int first_tag)
    : communicator_(communicator),
      first_tag_(first_tag) {
  require_success(MPI_Comm_rank(communicator_, &rank_), "MPI_Comm_rank");
  require_success(MPI_Comm_size(communicator_, &size_), "MPI_Comm_size");
  tag_block_ = next_tag_block(communicator_) % (tag_count / channel_count);
}

MpiTransport::MpiTransport(const MpiTransport& other, SharedTags /*tag*/)
    : communicator_(other.communicator_),
      first_tag_(other.first_tag_),
      tag_block_(other.tag_block_),
      rank_(other.rank_),
      size_(other.size_) {}

MpiTransport::~MpiTransport() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) collect_sent();
  for (Sending& sending : sending_) {
    // MPI may still read the bytes, perhaps for ever if the receiver is dead: they must not be freed. The
    // object made here is never destroyed, and moving into it allocates nothing.
    alignas(Bytes) std::byte place[sizeof(Bytes)];
    static_cast<void>(new (place) Bytes(std::move(sending.bytes)));
    if (finalized == 0) MPI_Request_free(&sending.request);
  }
}

int MpiTransport::tag(Channel channel) const noexcept {
  return first_tag_ + tag_block_ * channel_count + static_cast<int>(channel);
}

void MpiTransport::require_success(int code, const char* call) const {
  if (code != MPI_SUCCESS) {
    throw MpiError({.call = call, .code = code, .rank = rank_});
  }
}

void MpiTransport::send(int to, Channel channel, std::span<const std::byte> bytes) {
  Sending& sending = sending_.emplace_back();
  sending.channel = channel;
  sending.bytes.assign(bytes.begin(), bytes.end());
  require_success(MPI_Isend(sending.bytes.data(), static_cast<int>(sending.bytes.size()), MPI_BYTE, to,
                            tag(channel), communicator_, &sending.request),
                  "MPI_Isend");
}

void MpiTransport::collect_sent() {
  sending_.remove_if([](Sending& sending) {
    int done = 0;
    // An error means that the receiver has died: the message is lost.
    return MPI_Test(&sending.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
  });
}

bool MpiTransport::sends_done(Channel channel) {
  collect_sent();
  return std::none_of(sending_.begin(), sending_.end(),
                      [&](const Sending& sending) { return sending.channel == channel; });
}

std::optional<Message> MpiTransport::receive(Channel channel) {
  int found = 0;
  MPI_Message handle = MPI_MESSAGE_NULL;
  MPI_Status status;
  require_success(MPI_Improbe(MPI_ANY_SOURCE, tag(channel), communicator_, &found, &handle, &status),
                  "MPI_Improbe");
  if (found == 0) return std::nullopt;
  int count = 0;
  require_success(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  Message message{status.MPI_SOURCE, Bytes(static_cast<std::size_t>(count))};
  require_success(MPI_Mrecv(message.bytes.data(), count, MPI_BYTE, &handle, MPI_STATUS_IGNORE), "MPI_Mrecv");
  idle_polls_ = 0;
  return message;
}

MpiTransport::Duration MpiTransport::now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

void MpiTransport::idle() {
  if (++idle_polls_ <= eager_polls) {
    if (idle_polls_ % polls_per_yield == 0) std::this_thread::yield();
  } else {
    // Longer each time, so that ranks that share a core let each other work.
    std::this_thread::sleep_for(std::min<std::chrono::microseconds>(
        longest_sleep, std::chrono::microseconds(idle_polls_ - eager_polls)));
  }
}

}  // namespace rankmesh::mpi

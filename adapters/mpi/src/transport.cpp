#include "rankmesh/mpi/transport.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "require_success.hpp"
#include "sessions.hpp"

namespace rankmesh::mpi {
namespace {

/// Polls before the first sleep: usually all ranks arrive at about the same time.
constexpr int eager_polls = 512;
/// Polls between two yields of the core. If MPI knows that ranks share cores it yields at every poll itself,
/// and doing so twice would double the time that a message takes.
constexpr int polls_per_yield = 8;
constexpr auto longest_sleep = std::chrono::microseconds(500);
/// A receiver that is gone stays gone; any other error may pass, and the receiver waits for the message.
constexpr int send_attempts = 3;

/// Whether an error of MPI_Isend may mean that the receiver is gone. Only MPI implementations with fault
/// tolerance have a class for that; MPICH reports MPI_ERR_OTHER.
bool may_mean_dead_receiver(int code) {
  int error_class = MPI_SUCCESS;
  MPI_Error_class(code, &error_class);
#ifdef MPI_ERR_PROC_FAILED
  if (error_class == MPI_ERR_PROC_FAILED) return true;
#endif
#ifdef MPI_ERR_PROC_ABORTED
  if (error_class == MPI_ERR_PROC_ABORTED) return true;
#endif
  return error_class == MPI_ERR_OTHER;
}

}  // namespace

MpiTransport::MpiTransport(MPI_Comm communicator, int first_tag)
    : MpiTransport(communicator, std::vector<int>{}, first_tag) {}

MpiTransport::MpiTransport(MPI_Comm communicator, std::vector<int> members, int first_tag)
    : communicator_(communicator),
      first_tag_(first_tag),
      members_(std::move(members)) {
  require_success(MPI_Comm_rank(communicator_, &rank_), "MPI_Comm_rank");
  require_success(MPI_Comm_size(communicator_, &size_), "MPI_Comm_size");
  position_ = rank_;
  if (!members_.empty()) {
    size_ = static_cast<int>(members_.size());
    for (int position = 0; position < size_; ++position) positions_[name_of(position)] = position;
    position_ = positions_.at(rank_);
  }
  sessions_ = sessions_on(communicator_);
  const std::lock_guard lock(sessions_->mutex());
  sessions_->first_tags().insert(first_tag_);
  own_sessions_ = &sessions_->of(group_of(members_));
  session_ = own_sessions_->open();
  if (!session_->follows_failure) return;
  try {
    // Shows how far other ranks are.
    drain();
  } catch (...) {
    close_session();
    keep_identifier(communicator_, sessions_);
    throw;
  }
}

MpiTransport::~MpiTransport() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  {
    const std::lock_guard lock(sessions_->mutex());
    try {
      if (finalized == 0) drain();
    } catch (const std::exception&) {
      // What cannot be received stays where it is.
    }
    close_session();
    if (finalized == 0) keep_identifier(communicator_, sessions_);
  }
  if (finalized == 0) collect_sent();
  for (Sending& sending : sending_) {
    // MPI may still read the bytes, perhaps for ever if the receiver is dead: they must not be freed. The
    // object made here is never destroyed, and moving into it allocates nothing.
    alignas(Bytes) std::byte place[sizeof(Bytes)];
    static_cast<void>(new (place) Bytes(std::move(sending.bytes)));
    // If this fails, the request stays as it is, like its bytes.
    if (finalized == 0) static_cast<void>(MPI_Request_free(&sending.request));
  }
}

std::uint32_t MpiTransport::group_of(const std::vector<int>& members) {
  if (members.empty()) return 0;
  std::uint32_t hash = 2166136261U;
  for (const int member : members) {
    for (int shift = 0; shift < 32; shift += 8) {
      hash = (hash ^ (static_cast<std::uint32_t>(member) >> shift & 0xffU)) * 16777619U;
    }
  }
  return std::max(hash, 1U);
}

void MpiTransport::close_session() {
  own_sessions_->close(*session_);
  if (session_->has_failed) sessions_->note_failure();
}

void MpiTransport::mark_failed() noexcept {
  const std::lock_guard lock(sessions_->mutex());
  session_->has_failed = true;
}

std::uint64_t MpiTransport::session_ordinal() const {
  const std::lock_guard lock(sessions_->mutex());
  return session_->ordinal;
}

int MpiTransport::tag(Channel channel) const noexcept {
  return first_tag_ + static_cast<int>(channel);
}

void MpiTransport::send(int to, Channel channel, std::span<const std::byte> bytes) {
  Sending& sending = waiting_.emplace_back(Sending{.to = name_of(to), .tag = tag(channel)});
  sending.bytes.reserve(sizeof(Envelope) + bytes.size());
  sending.bytes.resize(sizeof(Envelope));
  sending.bytes.insert(sending.bytes.end(), bytes.begin(), bytes.end());
  const std::lock_guard lock(sessions_->mutex());
  own_sessions_->ask_once(*session_, sending.to);
  post_questions();
  post_waiting();
}

void MpiTransport::post_waiting() {
  while (session_->is_settled && !waiting_.empty()) {
    sending_.splice(sending_.end(), waiting_, waiting_.begin());
    start(sending_.back(), {.ordinal = session_->ordinal});
  }
}

void MpiTransport::post_questions() {
  for (const int rank : own_sessions_->take_questions()) {
    post(rank, {.kind = MessageKind::question, .ordinal = session_->ordinal, .asker = session_->number});
  }
}

void MpiTransport::post(int to, const Envelope& envelope) {
  start(sending_.emplace_back(
            Sending{.to = to, .tag = first_tag_ + question_offset, .bytes = Bytes(sizeof envelope)}),
        envelope);
}

void MpiTransport::start(Sending& sending, const Envelope& envelope) {
  std::memcpy(sending.bytes.data(), &envelope, sizeof envelope);
  int code = MPI_SUCCESS;
  for (int attempt = 0; attempt < send_attempts; ++attempt) {
    code = MPI_Isend(sending.bytes.data(), static_cast<int>(sending.bytes.size()), MPI_BYTE, sending.to,
                     sending.tag, communicator_, &sending.request);
    if (code == MPI_SUCCESS) return;
    sending.request = MPI_REQUEST_NULL;
  }
  // A message to a dead rank is lost, whether MPI says so or not: the verdict names the rank.
  if (!may_mean_dead_receiver(code)) require_success(code, "MPI_Isend", rank_);
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
  const auto is_of_channel = [&](const Sending& sending) { return sending.tag == tag(channel); };
  return std::none_of(waiting_.begin(), waiting_.end(), is_of_channel) &&
         std::none_of(sending_.begin(), sending_.end(), is_of_channel);
}

bool MpiTransport::sort_in_next(int tag) {
  std::optional<Arrived> arrived = receive_any(communicator_, rank_, tag);
  if (!arrived) return false;
  idle_polls_ = 0;
  const int from = arrived->message.from;
  if (const auto answer = sessions_->sort_in(std::move(*arrived))) post(from, *answer);
  return true;
}

void MpiTransport::drain() {
  for (int tag = first_tag_; tag < first_tag_ + channel_count; ++tag) {
    while (sort_in_next(tag)) {
    }
  }
  answer_questions();
}

void MpiTransport::answer_questions() {
  while (sort_in_next(first_tag_ + question_offset)) {
  }
}

std::optional<Message> MpiTransport::receive(Channel channel) {
  const std::lock_guard lock(sessions_->mutex());
  // Ranks ask after a failure only, and most of the others have had it, too. Those that have not answer when
  // a transport is made or destroyed; the rank that asks does not wait for long.
  if (session_->follows_failure) answer_questions();
  std::optional<Message> message = own_sessions_->take(*session_, tag(channel));
  while (!message && sort_in_next(tag(channel))) message = own_sessions_->take(*session_, tag(channel));
  post_questions();
  post_waiting();
  if (message && !positions_.empty()) {
    const auto sender = positions_.find(message->from);
    // Another group whose members have the same hash.
    if (sender == positions_.end()) return std::nullopt;
    message->from = sender->second;
  }
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

#pragma once

#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "rankmesh/comm/transport.hpp"
#include "rankmesh/mpi/transport.hpp"

namespace rankmesh::mpi {

/// What a message is. The upper bytes tell the messages of this version from those of other code.
enum class MessageKind : std::uint64_t {
  /// A message of a protocol.
  data = 0xD3'72'61'6E'6B'6D'00'01,
  /// Asks a rank which session it is in.
  question = 0xD3'72'61'6E'6B'6D'00'02,
  /// The answer.
  answer = 0xD3'72'61'6E'6B'6D'00'03,
};

/// The first bytes of every message.
struct Envelope {
  MessageKind kind = MessageKind::data;
  /// The session of the sender. The upper half is the group of its transport, see `Sessions`.
  std::uint64_t ordinal = 0;
  /// With a question, the `Session::number` of the session that asks; the answer repeats it.
  std::uint64_t asker = 0;
};
static_assert(sizeof(Envelope) == MpiTransport::envelope_size);

/// A message as MPI delivers it.
struct [[gnu::visibility("hidden")]] Arrived {
  int tag = 0;
  Envelope envelope{};
  Message message{};
};

/// One transport.
struct Session {
  using Clock = std::chrono::steady_clock;

  /// The number by which all ranks know the session.
  std::uint64_t ordinal = 0;
  /// The number by which this rank knows it: the first ordinal that it had.
  std::uint64_t number = 0;
  /// Whether the session before has failed here: other ranks may be ahead.
  bool follows_failure = false;
  /// Whether the ordinal is final. Until then nothing is sent and nothing delivered.
  bool is_settled = true;
  bool has_failed = false;
  /// Whom an unsettled session has asked, and since when.
  std::set<int> asked{};
  std::optional<Clock::time_point> first_question{};
};

/// The group of ranks that a session is among, as the upper half of its ordinal says.
[[nodiscard]] constexpr std::uint32_t group_of(std::uint64_t ordinal) noexcept {
  return static_cast<std::uint32_t>(ordinal >> 32);
}

/// The sessions of this process on one communicator, and the messages that have arrived for them. Callers
/// hold the mutex.
///
/// Sessions among all ranks of the communicator are group 0. Each group of some of its ranks counts its own
/// sessions from the start, since ranks outside of the group do not take part in them.
class Sessions {
 public:
  Sessions() = default;

  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
  /// The sessions of a group.
  [[nodiscard]] Sessions& of(std::uint32_t group);

  /// Begins the next session.
  [[nodiscard]] std::shared_ptr<Session> open();
  /// Ends a session and drops the messages that have arrived for it.
  void close(const Session& session);
  /// Notes that a session of a group has failed.
  void note_failure() noexcept { any_failed_ = true; }
  /// Whether a session has failed.
  [[nodiscard]] bool any_failed() const noexcept { return any_failed_; }
  /// The first tags of all sessions so far.
  [[nodiscard]] std::set<int>& first_tags() noexcept { return first_tags_; }

  /// Sorts in a message that has arrived: keeps data for a session that is live or to come, drops data for
  /// others, and handles questions and answers. The message may be one of any group.
  /// @return the answer to a question, for the sender
  std::optional<Envelope> sort_in(Arrived arrived);
  /// How many messages are kept.
  [[nodiscard]] std::size_t stored() const;
  /// The next message of a session. An unsettled session asks the senders instead; it is settled once it has
  /// waited long enough for an answer.
  [[nodiscard]] std::optional<Message> take(Session& session, int tag);

  /// Notes that an unsettled session must ask a rank, unless it has.
  void ask_once(Session& session, int rank);
  /// The ranks to ask since the last call.
  [[nodiscard]] std::vector<int> take_questions() { return std::exchange(to_ask_, {}); }

 private:
  explicit Sessions(std::uint32_t group) : group_(group), next_(std::uint64_t{group} << 32) {}

  [[nodiscard]] bool is_over(std::uint64_t ordinal) const;
  void drop_what_is_over();
  void deliver(Arrived arrived);
  /// Moves the newest session up to an ordinal that another rank has, if it is not settled. Never moves it to
  /// a session that no rank has begun.
  void follow(std::uint64_t ordinal);

  std::mutex mutex_;
  std::set<int> first_tags_;
  std::uint32_t group_ = 0;
  std::uint64_t next_ = 0;
  bool last_failed_ = false;
  bool any_failed_ = false;
  std::map<std::uint64_t, Session*> live_;
  /// By ordinal and tag.
  std::map<std::pair<std::uint64_t, int>, std::deque<Message>> ready_;
  std::vector<int> to_ask_;
  /// The sessions of the other groups; none in these.
  std::map<std::uint32_t, std::unique_ptr<Sessions>> groups_;
};

/// The sessions on a communicator. They live as long as it, or as a transport that uses them.
/// @throws MpiError
[[nodiscard]] std::shared_ptr<Sessions> sessions_on(MPI_Comm communicator);

/// MPI may give a new communicator the internal identifier of a freed one, and deliver there what was sent on
/// the freed one. So when a session ends, a persistent receive is made on the communicator, which is never
/// started: as long as it exists, MPI keeps the identifier in use, also when the communicator is freed. It
/// exists until MPI_Finalize if a session has failed, since a late rank may still begin that session, or else
/// until sessions have ended on eight more communicators.
///
/// Only this works with Open MPI and MPICH: MPICH reuses the identifier although a receive is pending, and
/// does not count what is made while it deletes the attributes of a communicator.
///
/// Callers hold the mutex of the sessions.
void keep_identifier(MPI_Comm communicator, const std::shared_ptr<Sessions>& sessions) noexcept;

/// Receives a message with a tag, if one has arrived.
/// @param rank the caller's, for messages
/// @throws MpiError
/// @throws ProtocolError if it is not a message of this version of rankmesh
[[nodiscard]] std::optional<Arrived> receive_any(MPI_Comm communicator, int rank, int tag);

/// The tags of the channels come first, that of questions and answers last. Nothing is ever sent with the one
/// before: the receives that keep identifiers in use have it.
inline constexpr int channel_count = 3;
inline constexpr int question_offset = MpiTransport::tag_count - 1;
inline constexpr int kept_offset = MpiTransport::tag_count - 2;
static_assert(channel_count <= kept_offset);

}  // namespace rankmesh::mpi

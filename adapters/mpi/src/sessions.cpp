#include "sessions.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>

#include "fault_tolerance.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "require_success.hpp"

namespace rankmesh::mpi {
namespace {

/// How long an unsettled session waits for an answer. Running ranks answer at their next poll; without an
/// answer the session begins with the ordinal that it has.
constexpr auto longest_wait_for_answer = std::chrono::milliseconds(250);

}  // namespace

Sessions& Sessions::of(std::uint32_t group) {
  if (group == group_) return *this;
  std::unique_ptr<Sessions>& sessions = groups_[group];
  if (!sessions) sessions.reset(new Sessions(group));
  return *sessions;
}

std::shared_ptr<Session> Sessions::open() {
  auto session = std::make_shared<Session>(Session{
      .ordinal = next_, .number = next_, .follows_failure = last_failed_, .is_settled = !last_failed_});
  live_[next_++] = session.get();
  return session;
}

void Sessions::close(const Session& session) {
  live_.erase(session.ordinal);
  last_failed_ = session.has_failed;
  any_failed_ = any_failed_ || session.has_failed;
  drop_what_is_over();
}

bool Sessions::is_over(std::uint64_t ordinal) const {
  return ordinal < next_ && !live_.contains(ordinal);
}

void Sessions::drop_what_is_over() {
  std::erase_if(ready_, [&](const auto& entry) { return is_over(entry.first.first); });
}

std::optional<Envelope> Sessions::sort_in(Arrived arrived) {
  const Envelope envelope = arrived.envelope;
  if (const std::uint32_t group = group_of(envelope.ordinal); group != group_) {
    return of(group).sort_in(std::move(arrived));
  }
  follow(envelope.ordinal);
  switch (envelope.kind) {
    case MessageKind::data:
      if (is_over(envelope.ordinal)) break;
      ready_[{envelope.ordinal, arrived.tag}].push_back(std::move(arrived.message));
      break;
    case MessageKind::question:
      if (live_.empty()) break;
      return Envelope{.kind = MessageKind::answer,
                      .ordinal = live_.contains(envelope.ordinal) ? envelope.ordinal : live_.rbegin()->first,
                      .asker = envelope.asker};
    case MessageKind::answer:
      for (const auto& [ordinal, session] : live_) {
        if (session->number == envelope.asker) session->is_settled = true;
      }
      break;
  }
  return std::nullopt;
}

void Sessions::follow(std::uint64_t ordinal) {
  if (live_.empty()) return;
  Session& newest = *live_.rbegin()->second;
  if (newest.is_settled || newest.ordinal + 1 != next_ || ordinal <= newest.ordinal) return;
  live_.erase(newest.ordinal);
  newest.ordinal = ordinal;
  live_[ordinal] = &newest;
  next_ = ordinal + 1;
  drop_what_is_over();
}

std::optional<Message> Sessions::take(Session& session, int tag) {
  const auto found = ready_.find({session.ordinal, tag});
  if (!session.is_settled) {
    if (found != ready_.end()) {
      for (const Message& message : found->second) ask_once(session, message.from);
    }
    const auto now = Session::Clock::now();
    if (!session.first_question || now - *session.first_question < longest_wait_for_answer)
      return std::nullopt;
    session.is_settled = true;
  }
  if (found == ready_.end()) return std::nullopt;
  Message message = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) ready_.erase(found);
  return message;
}

std::size_t Sessions::stored() const {
  std::size_t count = 0;
  for (const auto& [key, messages] : ready_) count += messages.size();
  return count;
}

void Sessions::ask_once(Session& session, int rank) {
  if (session.is_settled || !session.asked.insert(rank).second) return;
  if (!session.first_question) session.first_question = Session::Clock::now();
  to_ask_.push_back(rank);
}

namespace {

/// The identifiers of communicators that are kept in use, each by a persistent receive that is never started.
class KeptIdentifiers {
 public:
  KeptIdentifiers() = default;
  KeptIdentifiers(const KeptIdentifiers&) = delete;
  KeptIdentifiers& operator=(const KeptIdentifiers&) = delete;
  ~KeptIdentifiers() {
    for (std::deque<Kept>* list : {&lasting_, &recent_}) {
      while (!list->empty()) free_first(*list);
    }
  }

  /// Keeps an identifier, or moves it to the end of its list.
  /// @throws MpiError
  void keep(MPI_Comm communicator, const std::shared_ptr<Sessions>& sessions) {
    const std::lock_guard lock(mutex_);
    if (find(lasting_, sessions) != lasting_.end()) return;
    if (const auto found = find(recent_, sessions); found != recent_.end()) {
      Kept kept = std::move(*found);
      recent_.erase(found);
      list_of(*sessions).push_back(std::move(kept));
      return;
    }
    Kept& kept = list_of(*sessions).emplace_back(Kept{.sessions = sessions});
    int rank = 0;
    MPI_Comm_rank(communicator, &rank);
    const int tag = *sessions->first_tags().begin() + kept_offset;
    if (const int code = MPI_Recv_init(nullptr, 0, MPI_BYTE, rank, tag, communicator, &kept.request);
        code != MPI_SUCCESS) {
      list_of(*sessions).pop_back();
      require_success(code, "MPI_Recv_init", rank);
    }
    if (recent_.size() > most_recent) free_first(recent_);
  }

 private:
  static constexpr std::size_t most_recent = 8;

  struct Kept {
    /// Tells the communicator from others, also when it is freed.
    std::shared_ptr<Sessions> sessions{};
    MPI_Request request = MPI_REQUEST_NULL;
  };

  static std::deque<Kept>::iterator find(std::deque<Kept>& list, const std::shared_ptr<Sessions>& sessions) {
    return std::find_if(list.begin(), list.end(),
                        [&](const Kept& kept) { return kept.sessions == sessions; });
  }

  static void free_first(std::deque<Kept>& list) {
    // If this fails, the identifier stays in use.
    static_cast<void>(MPI_Request_free(&list.front().request));
    list.pop_front();
  }

  std::deque<Kept>& list_of(const Sessions& sessions) { return sessions.any_failed() ? lasting_ : recent_; }

  std::mutex mutex_;
  std::deque<Kept> lasting_;
  std::deque<Kept> recent_;
};

template <typename T>
int delete_attribute(void* attribute) {
  delete static_cast<T*>(attribute);
  return MPI_SUCCESS;
}

/// The attribute of a type on a communicator; made where it is missing.
template <typename T>
T& attribute_of(MPI_Comm communicator, int keyval) {
  // Threads may bring up at the same time, each on its own communicator, and share what MPI_COMM_SELF has.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  void* found = nullptr;
  int is_found = 0;
  require_success(MPI_Comm_get_attr(communicator, keyval, &found, &is_found), "MPI_Comm_get_attr");
  if (is_found != 0) return *static_cast<T*>(found);
  auto made = std::make_unique<T>();
  require_success(MPI_Comm_set_attr(communicator, keyval, made.get()), "MPI_Comm_set_attr");
  return *made.release();
}

int new_keyval(MPI_Comm_delete_attr_function* remove) {
  int made = MPI_KEYVAL_INVALID;
  require_success(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, remove, &made, nullptr),
                  "MPI_Comm_create_keyval");
  return made;
}

struct Attribute {
  std::shared_ptr<Sessions> sessions = std::make_shared<Sessions>();
};

extern "C" int rankmesh_delete_kept_identifiers(MPI_Comm /*communicator*/, int /*keyval*/, void* attribute,
                                                void* /*extra*/) {
  return delete_attribute<KeptIdentifiers>(attribute);
}

/// They end when MPI_Finalize deletes the attributes of MPI_COMM_SELF, before anything else.
KeptIdentifiers& kept_identifiers() {
  static const int keyval = new_keyval(rankmesh_delete_kept_identifiers);
  return attribute_of<KeptIdentifiers>(MPI_COMM_SELF, keyval);
}

/// MPI_Finalize frees these, and their identifiers are never used again.
bool is_never_freed(MPI_Comm communicator) {
  return communicator == MPI_COMM_WORLD || communicator == MPI_COMM_SELF;
}

/// Drops what has arrived on a communicator that is freed.
void drop_arrived(MPI_Comm communicator, Sessions& sessions) {
  const ErrorHandlerGuard guard(communicator);
  int rank = 0;
  MPI_Comm_rank(communicator, &rank);
  for (const int first_tag : sessions.first_tags()) {
    for (int tag = first_tag; tag < first_tag + MpiTransport::tag_count; ++tag) {
      while (receive_any(communicator, rank, tag)) {
      }
    }
  }
}

extern "C" int rankmesh_delete_sessions(MPI_Comm communicator, int /*keyval*/, void* attribute,
                                        void* /*extra*/) {
  if (!is_never_freed(communicator)) {
    try {
      drop_arrived(communicator, *static_cast<Attribute*>(attribute)->sessions);
    } catch (const std::exception&) {
      // The communicator is broken. An error could only keep the caller from freeing it.
    }
  }
  return delete_attribute<Attribute>(attribute);
}

bool is_known(MessageKind kind) {
  return kind == MessageKind::data || kind == MessageKind::question || kind == MessageKind::answer;
}

}  // namespace

std::shared_ptr<Sessions> sessions_on(MPI_Comm communicator) {
  // Made once for the process and never changed; each communicator holds its own sessions.
  static const int keyval = new_keyval(rankmesh_delete_sessions);
  return attribute_of<Attribute>(communicator, keyval).sessions;
}

void keep_identifier(MPI_Comm communicator, const std::shared_ptr<Sessions>& sessions) noexcept {
  if (is_never_freed(communicator)) return;
  try {
    kept_identifiers().keep(communicator, sessions);
  } catch (const std::exception&) {
    // The communicator works without, and the caller cannot do anything about it.
  }
}

std::optional<Arrived> receive_any(MPI_Comm communicator, int rank, int tag) {
  int found = 0;
  MPI_Message handle = MPI_MESSAGE_NULL;
  MPI_Status status;
  const auto probe = [&] { return MPI_Improbe(MPI_ANY_SOURCE, tag, communicator, &found, &handle, &status); };
  int code = probe();
  if (is_process_failure(code)) {
    acknowledge_failures(communicator);
    code = probe();
    // One more has failed meanwhile: the next call goes on.
    if (is_process_failure(code)) return std::nullopt;
  }
  require_success(code, "MPI_Improbe", rank);
  if (found == 0) return std::nullopt;
  int count = 0;
  require_success(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count", rank);
  Bytes bytes(static_cast<std::size_t>(count));
  code = MPI_Mrecv(bytes.data(), count, MPI_BYTE, &handle, MPI_STATUS_IGNORE);
  // The sender has failed before the message was complete.
  if (is_process_failure(code)) return std::nullopt;
  require_success(code, "MPI_Mrecv", rank);
  Arrived arrived{.tag = tag};
  const bool has_envelope = bytes.size() >= sizeof(Envelope);
  if (has_envelope) std::memcpy(&arrived.envelope, bytes.data(), sizeof(Envelope));
  if (!has_envelope || !is_known(arrived.envelope.kind)) {
    throw ProtocolError("rank " + std::to_string(status.MPI_SOURCE) + " sent a message of " +
                        std::to_string(count) +
                        " bytes that is none of this version of rankmesh: start every rank with the same "
                        "version, and keep its tags to itself");
  }
  bytes.erase(bytes.begin(), bytes.begin() + sizeof(Envelope));
  arrived.message = {status.MPI_SOURCE, std::move(bytes)};
  return arrived;
}

}  // namespace rankmesh::mpi
